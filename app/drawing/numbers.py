"""A number as the page writes it: four significant digits, never a rounded integer below 100,000.

The same rules as ``short`` in static/js/format.js; a browser test holds the two equal.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

MINUS = "\u2212"
DIGITS = 4
LARGEST_PLAIN_INTEGER = 1e5
SMALLEST_PLAIN = 1e-3

# JavaScript rounds a tie away from zero, on the exact value of the double.
_ROUNDING = Context(prec=DIGITS, rounding=ROUND_HALF_UP)


def short(value: float) -> str:
    """Four significant digits for the eye.

    A trailing zero is kept only where digits were cut: ``0.3`` is exactly the double 0.3, and
    ``0.3000`` is merely close to it.

    Args:
        value: any float, also not finite; -0 is written 0.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{MINUS if value < 0 else ''}\u221e"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < LARGEST_PLAIN_INTEGER:
        return f"{int(value)}".replace("-", MINUS)
    rounded = _ROUNDING.create_decimal(Decimal(value))
    exponent = rounded.adjusted()
    digits = "".join(map(str, rounded.as_tuple().digits)).ljust(DIGITS, "0")
    sign = MINUS if value < 0 else ""
    if exponent >= DIGITS or abs(value) < SMALLEST_PLAIN:
        text, tail = f"{digits[0]}.{digits[1:]}", f"e{exponent}".replace("-", MINUS)
    elif exponent < 0:
        text, tail = "0." + "0" * (-exponent - 1) + digits, ""
    else:
        text, tail = f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}".rstrip("."), ""
    if float(rounded) == value and "." in text:
        text = text.rstrip("0").rstrip(".")
    return sign + text + tail


def as_sent(value: np.generic) -> float:
    """The double that the page has for a cell: the API writes a float32 in its shortest form."""
    return float(str(value)) if isinstance(value, np.float32) else float(value)

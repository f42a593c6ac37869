"""Numbers as the page writes them, with the same number of decimals within one tensor.

The same rule as ``shorts`` in static/js/format.js; a browser test holds the two equal.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

import numpy as np

MINUS = "\u2212"
DIGITS = 4
# Significant digits that a number among others has at least; with fewer it is written with e.
LEAST_DIGITS = 2
# Digits before and after the point, at most: as many as a cell of the figure has room for.
MOST_PLACES = 7
# Powers of ten that are written without e: from 0.001 up to 9999, and whole numbers to 99999.
LEAST_PLAIN, MOST_PLAIN, MOST_PLAIN_WHOLE = -3, 3, 4
# A number this near to a shorter one, relative to its size, differs by float accident alone.
ACCIDENT = 1e-12


class _Size(NamedTuple):
    """A number above 0: the exponent of its four digits, how many decimals write it whole."""

    exponent: int
    clean: int | None
    plain: bool


def short(value: float) -> str:
    """A number by itself for the eye: `shorts` of it alone.

    Args:
        value: any float, also not finite; -0 is written 0.
    """
    return shorts([value])[0]


def shorts(values: Sequence[float]) -> list[str]:
    """The numbers of one tensor for the eye, with the same number of decimals in all of them.

    The largest has four significant digits and every other at least two; trailing zeros go where
    no number needs them, so that 0.1 + 0.2 reads 0.3. What that many decimals cannot show is
    written with e, as are all numbers where all are very small or very large. Only 0 reads 0.

    Args:
        values: all cells of the tensor, in any order; also not finite.
    """
    sizes = {abs(v): _size(abs(v)) for v in values if v != 0 and math.isfinite(v)}
    plain = [size for size in sizes.values() if size.plain]
    decimals = _decimals(plain)
    mantissa = max((_mantissa(value, DIGITS) for value in sizes), default=0)
    return [_written(value, sizes, decimals if plain else None, mantissa) for value in values]


def _written(
    value: float, sizes: dict[float, _Size], decimals: int | None, mantissa: int
) -> str:  # fmt: skip
    """One of them; ``decimals`` is None where all are written with e."""
    if math.isnan(value):
        return "NaN"
    sign, size = MINUS if value < 0 else "", abs(value)
    if math.isinf(value):
        return f"{sign}\u221e"
    if size == 0:
        return str(_fixed(0.0, decimals or 0))
    if decimals is None:
        return sign + _exponential(size, mantissa)
    is_large = size >= 1 and not sizes[size].plain
    if not is_large and _shows(size, decimals):
        return sign + str(_fixed(size, decimals))
    return sign + _exponential(size, _mantissa(size, DIGITS if is_large else LEAST_DIGITS))


def _size(value: float) -> _Size:
    exponent = _rounded(value, DIGITS - 1).adjusted()
    if not LEAST_PLAIN <= exponent <= MOST_PLAIN_WHOLE:
        return _Size(exponent, None, plain=False)
    most = max(0, DIGITS - 1 - exponent)
    clean = next((k for k in range(most + 1) if _is_near(value, _fixed(value, k))), None)
    return _Size(exponent, clean, exponent <= (MOST_PLAIN_WHOLE if clean == 0 else MOST_PLAIN))


def _decimals(sizes: list[_Size]) -> int:
    """Decimals of the numbers that are written without e."""
    if not sizes:
        return 0
    largest = max(size.exponent for size in sizes)
    if all(size.clean is not None for size in sizes):
        wanted = [size.clean or 0 for size in sizes]
    else:
        wanted = [LEAST_DIGITS - 1 - size.exponent for size in sizes] + [DIGITS - 1 - largest]
    return max(0, min(max(wanted), MOST_PLACES - 1 - max(0, largest)))


def _shows(size: float, decimals: int) -> bool:
    """Whether so many decimals show a number: whole, or in enough significant digits."""
    fixed = _fixed(size, decimals)
    return _is_near(size, fixed) or fixed.scaleb(decimals) >= 10 ** (LEAST_DIGITS - 1)


def _is_near(value: float, rounded: Decimal) -> bool:
    return abs(value - float(rounded)) <= ACCIDENT * value


def _mantissa(size: float, digits: int) -> int:
    """Decimals of a mantissa of at most so many significant digits."""
    return next((k for k in range(digits - 1) if _is_near(size, _rounded(size, k))), digits - 1)


def _exponential(size: float, decimals: int) -> str:
    rounded = _rounded(size, decimals)
    digits = "".join(map(str, rounded.as_tuple().digits)).ljust(decimals + 1, "0")
    point = "." if decimals else ""
    return f"{digits[0]}{point}{digits[1:]}e{rounded.adjusted()}".replace("-", MINUS)


# JavaScript rounds a tie away from zero, on the exact value of the double.
def _rounded(size: float, decimals: int) -> Decimal:
    """As ``toExponential(decimals)``."""
    return Context(prec=decimals + 1, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))


def _fixed(size: float, decimals: int) -> Decimal:
    """As ``toFixed(decimals)``."""
    return Decimal(size).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def as_sent(value: np.generic) -> float:
    """The double that the page has for a cell: the API writes a float32 in its shortest form."""
    return float(str(value)) if isinstance(value, np.float32) else float(value)

"""Answers as people write them: 0.25, 1/4, 2.5e-1, -3; shapes as (2, 3), 2 x 3 or [2, 3]."""

import re
from dataclasses import dataclass
from fractions import Fraction

from app.engine.errors import EngineError

MAX_LENGTH = 60
# What is written with fewer digits than this says too little, unless it is exact.
LEAST_DIGITS = 3
# The largest power of ten that is read: beyond it no double reaches.
MOST_POWER = 400

_MINUS = str.maketrans({"−": "-", "‐": "-", "–": "-", "－": "-", "．": ".", "／": "/", "⁄": "/"})
_DECIMAL = re.compile(r"([+-]?)(\d{1,40})?(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,4}))?")
_FRACTION = re.compile(r"([+-]?\d{1,20})\s*/\s*(\d{1,20})")
_SHAPE = re.compile(r"[(\[]?\s*(\d{1,6}(?:\s*[,xX×*]\s*\d{1,6})*)?\s*,?\s*[)\]]?")


@dataclass(frozen=True)
class Typed:
    """A number as it was written.

    Attributes:
        value: It.
        within: Half of its last digit: how far off the number may be that is meant by it.
        digits: How many digits count; None for a fraction or a whole number, which are exact.
    """

    value: float
    within: float
    digits: int | None

    def means(self, number: float) -> bool:
        """Whether it is the number, to as many digits as were written, three at least.

        A double's own rounding, 1e-9 of it, is forgiven.
        """
        off = abs(self.value - number)
        if off <= 1e-9 * max(abs(self.value), abs(number)):
            return True
        return self.digits is not None and self.digits >= LEAST_DIGITS and off <= self.within


def read_number(text: str) -> Typed:
    """A number from a text.

    Raises:
        EngineError: it is none, or too long to be one.
    """
    plain = text.strip().translate(_MINUS)
    if len(plain) <= MAX_LENGTH:
        if fraction := _FRACTION.fullmatch(plain):
            bottom = int(fraction[2])
            if bottom:
                return Typed(float(Fraction(int(fraction[1]), bottom)), 0.0, None)
        elif (decimal := _DECIMAL.fullmatch(plain)) and (decimal[2] or decimal[3]):
            return _decimal(decimal)
    raise EngineError("an answer is a number, as 0.25, 1/4 or 2.5e-1", "answer", "type")


def _decimal(found: re.Match[str]) -> Typed:
    sign, whole, rest, power = found.groups()
    places = len(rest or "")
    exponent = int(power or 0)
    if abs(exponent) > MOST_POWER:
        raise EngineError("an answer is a number, as 0.25, 1/4 or 2.5e-1", "answer", "type")
    written = (whole or "") + (rest or "")
    scale = Fraction(10) ** (exponent - places)
    value = int(sign + "1") * int(written) * scale
    digits = len(written.lstrip("0")) if rest or power else None
    try:
        return Typed(float(value), float(scale / 2), digits)
    except OverflowError:
        raise EngineError("this number is too large", "answer", "range") from None


def read_shape(text: str) -> tuple[int, ...]:
    """A shape from a text; of a single number it is ().

    Raises:
        EngineError: it is none.
    """
    found = _SHAPE.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise EngineError("an answer is a shape, as (2, 3) or 2 x 3", "answer", "type")
    return tuple(int(size) for size in re.findall(r"\d+", found[1] or ""))

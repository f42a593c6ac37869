"""What a number may be: said once, checked by it, told in words and as JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass

Allowed = Mapping[str, object]


@dataclass(frozen=True)
class Bounds:
    """A range of numbers; an end that is None is open.

    Attributes:
        minimum, maximum: The smallest and the largest number that may be.
        above, below: The same, but not themselves allowed.
        whole: Only whole numbers.
    """

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    whole: bool = False

    def holds(self, value: float) -> bool:
        """Whether ``value`` may be; NaN never may."""
        return (
            value == value
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (not self.whole or value == value // 1)
        )

    @property
    def words(self) -> str:
        """Such as ``a whole number from 0 to 2``."""
        kind = "a whole number" if self.whole else "a number"
        if self.minimum is not None and self.maximum is not None:
            return f"{kind} from {self.minimum:,g} to {_text(self.maximum)}"
        if self.minimum is not None and self.below is not None:
            return f"{kind} from {self.minimum:g} to below {_text(self.below)}"
        parts = []
        if self.minimum is not None:
            parts.append(f"of at least {_text(self.minimum)}")
        if self.above is not None:
            parts.append(f"above {_text(self.above)}")
        if self.maximum is not None:
            parts.append(f"at most {_text(self.maximum)}")
        if self.below is not None:
            parts.append(f"below {_text(self.below)}")
        return f"{kind} {', '.join(parts)}".strip()

    @property
    def schema(self) -> dict[str, object]:
        """The same in the words of JSON Schema."""
        ends = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        kind = "integer" if self.whole else "number"
        return {"type": kind} | {name: end for name, end in ends.items() if end is not None}


def whole(minimum: int, maximum: int | None = None) -> Bounds:
    """Whole numbers from ``minimum``, to ``maximum`` where there is one."""
    return Bounds(minimum=minimum, maximum=maximum, whole=True)


def _text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"

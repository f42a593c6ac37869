"""The learning rate of every step: a schedule, and changes that somebody made on the way.

The rate of a step follows from its number alone, so a training that is made again from any of its
steps has the same rates.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.bounds import Bounds, whole
from app.engine.errors import EngineError

# The settings of each type, by their names.
SETTINGS = {
    "constant": ("type",),
    "step": ("type", "every", "factor"),
    "cosine": ("type", "floor"),
}
SCHEDULES = tuple(SETTINGS)
EVERY = whole(1, 1_000_000)
FACTOR = Bounds(above=0, maximum=1)
FLOOR = Bounds(minimum=0, maximum=1)


@dataclass(frozen=True)
class Schedule:
    """How the rate falls; what a type does not use stays at its default.

    ``step`` multiplies it by ``factor`` after every ``every`` steps. ``cosine`` lets it fall along
    half a cosine from its whole at the first step to its share ``floor`` at the last (Loshchilov
    and Hutter 2017, without restarts).

    Raises:
        EngineError: names the field, such as ``schedule/factor``.
    """

    type: str = "constant"
    every: int = 1_000
    factor: float = 0.5
    floor: float = 0.0

    def __post_init__(self) -> None:
        if self.type not in SCHEDULES:
            raise EngineError(
                f"type is one of {', '.join(SCHEDULES)}",
                "schedule/type",
                "type",
                {"enum": SCHEDULES},
            )
        for name, bounds in (("every", EVERY), ("factor", FACTOR), ("floor", FLOOR)):
            if not bounds.holds(getattr(self, name)):
                raise EngineError(
                    f"{name} is {bounds.words}", f"schedule/{name}", "range", bounds.schema
                )

    def settings(self) -> dict[str, Any]:
        """The type and what else this type has, by name."""
        return {name: getattr(self, name) for name in SETTINGS[self.type]}

    def share(self, step: int, steps: int) -> float:
        """What is left of the rate at ``step`` of ``steps``, counted from 1."""
        if self.type == "step":
            return float(self.factor ** ((step - 1) // self.every))
        if self.type == "cosine" and steps > 1:
            turned = math.cos(math.pi * (step - 1) / (steps - 1))
            return self.floor + (1 - self.floor) * (1 + turned) / 2
        return 1.0


CONSTANT = Schedule()


class Rates:
    """The rate of every step of a training.

    Args:
        first: The rate that it begins with.
        schedule: How it falls.
        steps: How many steps there are in all.
        changes: ``(step, rate)``: from this step on, counted from 1, the schedule is of this rate.
    """

    def __init__(
        self,
        first: float,
        schedule: Schedule = CONSTANT,
        steps: int = 1,
        changes: Sequence[tuple[int, float]] = (),
    ) -> None:
        self.first = first
        self.schedule = schedule
        self.steps = steps
        self.changes = sorted(changes, key=lambda change: change[0])

    def change(self, step: int, rate: float) -> None:
        """Another rate from ``step`` on; changes are made in the order of their steps."""
        if self.changes and self.changes[-1][0] == step:
            self.changes.pop()
        self.changes.append((step, rate))

    def at(self, step: int) -> float:
        """The rate of a step, counted from 1."""
        rate = self.first
        for since, changed in reversed(self.changes):
            if since <= step:
                rate = changed
                break
        share = self.schedule.share(step, self.steps)
        return rate if share == 1 else rate * share

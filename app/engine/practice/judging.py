"""Whether an answer is right; and if it is not, which mistake gives it."""

from dataclasses import dataclass

import numpy as np

from app.engine.faults.fault import Context
from app.engine.faults.naming import named, shapes_named
from app.engine.faults.updates import updates_named
from app.engine.practice.answers import read_number, read_shape
from app.engine.practice.exercise import SHAPE, Exercise
from app.engine.update import PHASE


@dataclass(frozen=True)
class Judged:
    """What is to be said of an answer.

    Attributes:
        right: Whether it is.
        faults: Names of the mistakes that give it, in the order of their table.
        few_digits: Whether it would be right, had it more digits.
    """

    right: bool
    faults: tuple[str, ...] = ()
    few_digits: bool = False


@np.errstate(all="ignore")
def judged(exercise: Exercise, text: str) -> Judged:
    """Judge an answer as it was written.

    Raises:
        EngineError: it cannot be read as a number, or as a shape where that is asked for.
    """
    trace, key = exercise.trace, exercise.tensor
    if exercise.kind == SHAPE:
        shape = read_shape(text)
        if shape == exercise.right:
            return Judged(True)
        return Judged(False, shapes_named(trace, key, shape))
    typed = read_number(text)
    right = exercise.right
    assert isinstance(right, float)
    if typed.means(right):
        return Judged(True)
    if typed.digits is not None and abs(typed.value - right) <= typed.within:
        return Judged(False, few_digits=True)
    maker = trace.maker(key)
    if maker is not None and maker.phase == PHASE:
        return Judged(False, updates_named(trace, key, exercise.index, typed.means))
    if not key.endswith(".grad"):
        return Judged(False)
    within = max(typed.within if typed.digits is not None else 0.0, 1e-9 * abs(typed.value))
    found = named(
        trace, key, np.asarray(typed.value), within, Context(rate=exercise.rate), exercise.index
    )
    return Judged(False, tuple(name.fault for name in found))

"""Whether an answer is right; and if it is not, which mistake gives it."""

from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.faults.fault import Context
from app.engine.faults.naming import named, shapes_named
from app.engine.faults.updates import updates_named
from app.engine.practice.answers import read_number, read_shape
from app.engine.practice.exercise import SHAPE, Exercise
from app.engine.trace import NotComputed, Trace
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


def judged(exercise: Exercise, text: str) -> Judged:
    """Judge an answer to an exercise as it was written; raises as `judged_in`."""
    is_shape = exercise.kind == SHAPE
    index = None if is_shape else exercise.index
    return judged_in(exercise.trace, exercise.tensor, index, text, exercise.rate)


@np.errstate(all="ignore")
def judged_in(
    trace: Trace, key: str, index: tuple[int, ...] | None, text: str, rate: float | None = None
) -> Judged:
    """Judge what somebody says of a pass.

    Args:
        trace: The pass.
        key: The tensor that is asked about, ``affine1.W.grad``.
        index: The cell, () of a scalar; None where the shape is asked for.
        text: The answer as it was written.
        rate: The learning rate, which some mistakes hang on.

    Raises:
        EngineError: it cannot be read as a number, or as a shape where that is asked for; or there
            is no such tensor or cell in the pass.
    """
    if index is None:
        shape = read_shape(text)
        if shape == _shape(trace, key):
            return Judged(True)
        return Judged(False, shapes_named(trace, key, shape))
    typed = read_number(text)
    right = trace.cell(key, index)
    if typed.means(right):
        return Judged(True)
    if typed.digits is not None and abs(typed.value - right) <= typed.within:
        return Judged(False, few_digits=True)
    maker = trace.maker(key)
    if maker is not None and maker.phase == PHASE:
        return Judged(False, updates_named(trace, key, index, typed.means))
    if not key.endswith(".grad"):
        return Judged(False)
    within = max(typed.within if typed.digits is not None else 0.0, 1e-9 * abs(typed.value))
    found = named(trace, key, np.asarray(typed.value), within, Context(rate=rate), index)
    return Judged(False, tuple(name.fault for name in found))


def _shape(trace: Trace, key: str) -> tuple[int, ...]:
    try:
        value = trace.value(key)
    except KeyError:
        raise EngineError("the network has no such tensor", "tensor", "name") from None
    if isinstance(value, NotComputed):
        raise EngineError("this tensor is not computed in this pass", "tensor", "name")
    return value.shape

"""An exercise as it stands on paper: what is given, by the book's names, and what is blank."""

from dataclasses import dataclass

import numpy as np

from app.engine.layer_types import LAYERS
from app.engine.loss_types import LOSSES
from app.engine.practice.exercise import SHAPE, Exercise

Array = np.ndarray

# The book's names of a network's tensors.
_NAMES = {"x": "X", "W": "W", "b": "B", "output": "Y", "t": "T"}


@dataclass(frozen=True)
class Paper:
    """What is printed of an exercise.

    Attributes:
        given: Numbers by name, in the order of the pass; of a shape to find, only theirs count.
        asked: The name of what is asked for, ``∂L/∂W``.
        shape: Its shape.
        index: The cell of it; None where the shape is asked for.
        made_by: The line or lines of a program, or what stands in the layer's box.
    """

    given: tuple[tuple[str, Array], ...]
    asked: str
    shape: tuple[int, ...]
    index: tuple[int, ...] | None
    made_by: str


def on_paper(exercise: Exercise) -> Paper:
    """What of an exercise is to be printed."""
    trace, key = exercise.trace, exercise.tensor
    of, _, part = key.rpartition(".")
    if part not in ("grad", "new"):
        of, part = key, ""
    name = _name(exercise, of)
    if part == "new":
        parameter, gradient = trace.array(of), trace.array(f"{of}.grad")
        given = [(name, parameter), (f"∂L/∂{name}", gradient)]
    else:
        given = _given(exercise)
    return Paper(
        tuple(given),
        f"∂L/∂{name}" if part == "grad" else name,
        trace.array(key).shape,
        None if exercise.kind == SHAPE else exercise.index,
        exercise.code or _title(exercise),
    )


def _title(exercise: Exercise) -> str:
    if exercise.loss is not None:
        return LOSSES[exercise.loss].title
    [layer] = exercise.layers
    return LAYERS[layer.type].title


def _name(exercise: Exercise, tensor: str) -> str:
    if exercise.code:
        return tensor
    last = tensor.rpartition(".")[2]
    # The scores that go into the loss.
    return "A" if tensor == "x" and exercise.loss is not None else _NAMES[last]


def _given(exercise: Exercise) -> list[tuple[str, Array]]:
    trace = exercise.trace
    if exercise.skill == "sigmoid":
        # What goes in is a logarithm; the round numbers are what comes out.
        result = trace.array("Y" if exercise.code else "sigmoid1.output")
        return [("Y", result), *_above(exercise)]
    if exercise.loss is not None:
        return [("Y", trace.array("loss.probabilities")), ("T", trace.array("t"))]
    if "T" in exercise.values:
        return [("Y", trace.array("Y")), ("T", trace.array("T"))]
    if exercise.code:
        return [*((name, np.asarray(a)) for name, a in exercise.values.items()), *_above(exercise)]
    parameters = [(_name(exercise, name), a) for name, a in exercise.parameters.items()]
    return [("X", trace.array("x")), *parameters, *_above(exercise)]


def _above(exercise: Exercise) -> list[tuple[str, Array]]:
    is_forward = not exercise.tensor.endswith((".grad", ".new"))
    if exercise.grad_output is None or is_forward:
        return []
    return [("∂L/∂Y", exercise.grad_output)]

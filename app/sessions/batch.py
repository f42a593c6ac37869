"""Many passes of one network or one program: each with some numbers of its own, all checked before
the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from app.engine.code.compiling import MOST_WORK
from app.engine.code.running import check_rows_chosen, check_start, graph_of
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError, TooLarge
from app.engine.spec import Limits, check_limits
from app.engine.targets import check_numbers, fitted, samples_of
from app.sessions.creation import (
    Numbers,
    Wanted,
    WantedCode,
    check,
    checked_gradient,
    checked_targets,
)

Array = np.ndarray

MAX_VARIATIONS = 1_000
# Numbers that the passes of one batch may hold together, one after the other: less than a second.
MAX_BATCH_CELLS = 64_000_000
# Ops of programs: a small one takes two microseconds forward, and so many times that with its
# gradients.
MAX_BATCH_OPS, BACKWARD = 400_000, 5


@dataclass(frozen=True)
class Variation:
    """What one pass has in place of the network's own; None for what it has not.

    ``parameters`` may be some of them.
    """

    parameters: Mapping[str, Array] | None = None
    x: Array | None = None
    t: Array | None = None
    grad_output: Array | None = None

    @property
    def own(self) -> set[str]:
        """The names of what it has."""
        return {field.name for field in fields(self) if getattr(self, field.name) is not None}


def check_batch(
    wanted: Wanted, variations: Sequence[Variation], limits: Limits, backward: bool
) -> list[Numbers]:
    """The checked numbers of every variation; arrays that they share are one.

    Args:
        wanted: The network, with what the variations do not have; ``x`` may be the first one's.
        variations: In the order of the answer.
        limits: For each pass.
        backward: Whether there are backward halves as well.

    Raises:
        EngineError: as `check`; a fault of variation k is one of ``batch/k`` or a field below it.
        TooLarge: all of them together are too much work.
    """
    try:
        base = check(wanted, limits)
    except EngineError as error:
        if error.field.partition("/")[0] == "x" and wanted.x is variations[0].x:
            raise EngineError(
                error.message, f"batch/0/{error.field}", error.code, error.allowed
            ) from None
        raise
    checked = []
    cells = 0
    for index, variation in enumerate(variations):
        try:
            numbers = _varied(base, variation, limits)
        except EngineError as error:
            # What is not its own was well before: then the two do not go together.
            is_own = error.field.partition("/")[0] in variation.own
            field = f"batch/{index}/{error.field}" if is_own else f"batch/{index}"
            raise EngineError(error.message, field, error.code, error.allowed) from None
        cells += numbers.spec.pass_cells(len(numbers.x)) // (1 if backward else 2)
        if cells > MAX_BATCH_CELLS:
            raise TooLarge(
                f"up to this variation the passes would hold {cells:,} numbers, at most "
                f"{MAX_BATCH_CELLS:,} are allowed; send the rest with another call",
                f"batch/{index}",
                {"maxItems": index},
            )
        checked.append(numbers)
    return checked


def _varied(base: Numbers, variation: Variation, limits: Limits) -> Numbers:
    spec = base.spec
    x, t, grad_output = base.x, base.t, base.grad_output
    if variation.x is not None:
        check_limits(spec, len(variation.x), limits)
        x = samples_of(spec, variation.x)
    if variation.t is not None:
        t = checked_targets(variation.t, spec, len(x))
    elif t is not None and len(t) != len(x):
        raise EngineError(f"x has {len(x)} rows, t has {len(t)}", "x", "shape")
    if variation.grad_output is not None:
        grad_output = checked_gradient(variation.grad_output, spec, len(x))
    elif grad_output is not None and len(grad_output) != len(x):
        raise EngineError(f"x has {len(x)} rows, grad_output has {len(grad_output)}", "x", "shape")
    parameters = base.parameters
    if variation.parameters is not None:
        parameters = parameters | {
            name: _parameter(base, name, value) for name, value in variation.parameters.items()
        }
    return replace(base, parameters=parameters, x=x, t=t, grad_output=grad_output)


def _parameter(base: Numbers, name: str, value: Array) -> Array:
    field = f"parameters/{name}"
    shape = base.spec.parameter_shapes.get(name)
    if shape is None:
        raise EngineError("the network has no such parameter", field, "name")
    return fitted(check_numbers(value, base.spec.dtype, field), shape, name, field)


@dataclass(frozen=True)
class CodeVariation:
    """What one pass of a program has in place of the program's own; ``values`` may be some."""

    values: Mapping[str, Array] | None = None
    grad_output: Array | None = None


def check_code_batch(
    wanted: WantedCode, variations: Sequence[CodeVariation], limits: Limits, backward: bool
) -> list[Numbers]:
    """As `check_batch`, for a program: it is read once, so all passes have the same shapes.

    Args:
        wanted: The program, with what the variations do not have; where that is nothing under a
            name, the first one tells its shape.
        variations: In the order of the answer.
        limits: For each pass.
        backward: Whether there are backward halves as well.

    Raises:
        EngineError: as `check`; a fault of variation k is one of ``batch/k`` or a field below it.
        TooLarge: all of them together are too much work.
    """
    first = variations[0]
    lent = {k: v for k, v in (first.values or {}).items() if k not in wanted.values}
    start = first.grad_output if wanted.grad_output is None else wanted.grad_output
    try:
        base = check(replace(wanted, values={**wanted.values, **lent}, grad_output=start), limits)
    except EngineError as error:
        _, _, name = error.field.partition("values/")
        is_lent = name.partition("/")[0] in lent or (
            error.field == "grad_output" and wanted.grad_output is None
        )
        if is_lent:
            raise _moved(error, 0) from None
        raise
    spec = base.spec
    assert isinstance(spec, CodeSpec)
    _check_code_work(spec, len(variations), backward)
    checked = []
    for index, variation in enumerate(variations):
        own = variation.values or {}
        for name in lent:
            if name not in own:
                raise EngineError(
                    "this field is required, unless it stands beside batch",
                    f"batch/{index}/values/{name}",
                    "missing",
                )
        try:
            values = base.parameters | {k: _value(spec, k, v) for k, v in own.items()}
            if own:
                check_rows_chosen(graph_of(spec), values)
            given = wanted.grad_output if variation.grad_output is None else variation.grad_output
            grad_output = None if given is None else check_start(spec, given)
        except EngineError as error:
            raise _moved(error, index) from None
        checked.append(replace(base, parameters=values, grad_output=grad_output))
    return checked


def _moved(error: EngineError, index: int) -> EngineError:
    """A fault of a variation, told of its place in the batch."""
    return EngineError(error.message, f"batch/{index}/{error.field}", error.code, error.allowed)


def _value(spec: CodeSpec, name: str, value: Array) -> Array:
    field = f"values/{name}"
    if name not in spec.shapes:
        raise EngineError("the program has no such name to be given", field, "name")
    checked = check_numbers(value, spec.dtype, field)
    if checked.shape != spec.shapes[name]:
        raise EngineError(
            f"has shape {checked.shape}; in all variations {name} is {spec.shapes[name]}",
            field,
            "shape",
            {"shapes": [list(spec.shapes[name])]},
        )
    return checked


def _check_code_work(spec: CodeSpec, count: int, backward: bool) -> None:
    """Refuse passes that are too much together.

    Raises:
        TooLarge: tells how many can be sent.
    """
    ops = len(graph_of(spec).nodes) * (BACKWARD if backward else 1)
    most = min(
        MAX_BATCH_CELLS // max(1, spec.cells // (1 if backward else 2)),
        MAX_BATCH_OPS // max(1, ops),
        MOST_WORK // max(1, spec.work * (3 if backward else 1)),
    )
    if count > max(1, most):
        raise TooLarge(
            f"of this program at most {max(1, most):,} passes go into one call; send the rest "
            "with another",
            "batch",
            {"maxItems": max(1, most)},
        )

"""Many passes of one network: each with some numbers of its own, all checked before the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from app.engine.errors import EngineError, TooLarge
from app.engine.spec import Limits, check_limits
from app.engine.targets import check_numbers, check_rows, fitted
from app.sessions.creation import Numbers, Wanted, check, checked_gradient, checked_targets

Array = np.ndarray

MAX_VARIATIONS = 1_000
# Numbers that the passes of one batch may hold together, one after the other: less than a second.
MAX_BATCH_CELLS = 64_000_000


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
        x = check_rows(variation.x, spec.input_size, spec.dtype, "x")
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

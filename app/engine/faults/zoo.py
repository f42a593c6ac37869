"""A network with a mistake in it, alive: checked numerically, and trained beside the right one.

Most mistakes do not crash. The loss often falls all the same, more slowly or to another place, and
only the numerical check of section 5.7.3 tells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.faults.fault import Array, Context, Fault
from app.engine.faults.passes import NOWHERE, Site, sites, wrong_gradients
from app.engine.objective import Differentiated
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.trace import Trace

# A pass with these parameters.
Passes = Callable[[Mapping[str, Array]], Trace]


class FaultyObjective:
    """What is differentiated, with gradients as the mistake makes them.

    Args:
        right: The same without it; its values are these, too, since forward is not touched.
        passes: Makes a recorded pass of the same.
        fault: The mistake.
        site: Where alone it is made; everywhere it can be where it is None.
        context: What it needs beyond the pass.
    """

    def __init__(
        self, right: Differentiated, passes: Passes, fault: Fault, site: Site | None = None,
        context: Context | None = None,
    ) -> None:  # fmt: skip
        self.right, self.passes, self.fault, self.site = right, passes, fault, site
        self.context = context or Context()

    @property
    def parameters(self) -> Mapping[str, Array]:
        """Arrays by name; may be changed in place between two calls."""
        return self.right.parameters

    def at(self, parameters: Mapping[str, Array]) -> "FaultyObjective":
        """The same with other parameters."""
        right = self.right.at(parameters)
        return FaultyObjective(right, self.passes, self.fault, self.site, self.context)

    def value(self) -> float:
        """The number."""
        return self.right.value()

    def gates(self) -> list[Array]:
        """Which way gradients take, since the last `value`."""
        return self.right.gates()

    def gradients(self) -> dict[str, Array]:
        """Its gradient by every parameter that is learned, with the mistake."""
        trace = self.passes(self.parameters)
        wrong = wrong_gradients(trace, self.fault, self.site, self.context)
        return {
            name: np.array(wrong.get(f"{name}.grad", gradient))
            for name, gradient in self.right.gradients().items()
        }


def usual_site(trace: Trace, fault: Fault, context: Context = NOWHERE) -> Site | None:
    """Where a network has the mistake: None for wherever it can be, or the place next to the loss.

    Raises:
        LookupError: it changes nothing in this pass.
    """
    first = next(sites(trace, fault, context, fits=True), None)
    if first is None:
        raise LookupError(fault.id)
    return first if fault.once else None


@dataclass(frozen=True)
class Curves:
    """The loss before each step and after the last, without the mistake and with it."""

    right: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def still_falls(self) -> bool:
        """Whether the loss falls in spite of the mistake."""
        return bool(self.wrong[-1] < self.wrong[0])


@np.errstate(all="ignore")  # With a wrong sign it may grow beyond all numbers; that is the lesson.
def trained_beside(
    right: Differentiated,
    passes: Passes,
    fault: Fault,
    optimizer: OptimizerConfig,
    steps: int,
    site: Site | None = None,
) -> Curves:
    """Train from the same start without the mistake and with it, on the same samples.

    The mistakes that hang on the step before get it: its pass, and the learning rate.
    """
    start = {name: np.array(value) for name, value in right.parameters.items()}
    return Curves(
        _losses(right.at(start), passes, None, optimizer, steps, site),
        _losses(right.at(start), passes, fault, optimizer, steps, site),
    )


def _losses(
    right: Differentiated, passes: Passes, fault: Fault | None, config: OptimizerConfig,
    steps: int, site: Site | None,
) -> tuple[float, ...]:  # fmt: skip
    optimizer = make_optimizer(config)
    losses: list[float] = []
    before: Trace | None = None
    for _ in range(steps):
        losses.append(right.value())
        gradients = right.gradients()
        if fault is not None:
            context = Context(before, config.learning_rate)
            before = passes(right.parameters)
            gradients = _wrong(before, fault, site, context, gradients)
        changes = optimizer.changes(gradients)
        new = {name: value + changes.get(name, 0.0) for name, value in right.parameters.items()}
        right = right.at(new)
    return (*losses, right.value())


def _wrong(
    trace: Trace, fault: Fault, site: Site | None, context: Context,
    gradients: Mapping[str, Array],
) -> dict[str, Array]:  # fmt: skip
    wrong = wrong_gradients(trace, fault, site, context)
    return {name: wrong.get(f"{name}.grad", right) for name, right in gradients.items()}


def faulty(names: Sequence[str], wrong: Mapping[str, Array], trace: Trace) -> tuple[str, ...]:
    """Of these parameters, those whose gradient the mistake changes by more than rounding."""
    return tuple(
        name
        for name in names
        if f"{name}.grad" in wrong
        and not np.allclose(wrong[f"{name}.grad"], trace.array(f"{name}.grad"), rtol=1e-12, atol=0)
    )

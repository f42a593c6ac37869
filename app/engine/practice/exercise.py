"""One exercise: a pass with small numbers, and what is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from app.engine.code.objective import CodeObjective
from app.engine.code.running import read_code, trace_code
from app.engine.network import Network
from app.engine.objective import Objective
from app.engine.optimizers import OptimizerConfig
from app.engine.run import closed_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.trace import Trace
from app.engine.update import with_update

Array = np.ndarray

NUMBER, SHAPE = "number", "shape"
# The two ways in which each skill is asked: as layers of a network, and as lines of a program.
SURFACES = NETWORK, PROGRAM = ("network", "program")


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        skill: What it practises.
        seed: Which of the skill's exercises it is.
        kind: ``number`` or ``shape``.
        tensor: The key that is asked about, ``affine1.W.grad``.
        index: The cell of it; empty for a shape.
        layers: Of a network; with ``loss`` there is one.
        loss: Its type, or None.
        parameters: Of the network.
        x, t, grad_output: Its samples ``(N, D)``, one-hot targets ``(N, C)``, and dL/dY where there
            is no loss, of a program's result, too.
        code: Of a program, in place of a network.
        values: What the program is given.
        rate: The learning rate, where an update is asked for.
    """

    skill: str
    seed: int
    kind: str
    tensor: str
    index: tuple[int, ...] = ()
    layers: tuple[LayerSpec, ...] = ()
    loss: str | None = None
    parameters: Mapping[str, Array] = field(default_factory=dict)
    x: Array | None = None
    t: Array | None = None
    grad_output: Array | None = None
    code: str = ""
    values: Mapping[str, Array] = field(default_factory=dict)
    rate: float | None = None

    @property
    def surface(self) -> str:
        """``network`` or ``program``."""
        return PROGRAM if self.code else NETWORK

    @cached_property
    def trace(self) -> Trace:
        """Its pass, each layer as one op, with the update where one is asked for."""
        if self.code:
            spec, given, above = read_code(self.code, self.values, self.grad_output)
            trace = trace_code(spec, given, above)
            if self.rate is None:
                return trace
            learned = {name: given[name] for name in spec.learned}
            config = OptimizerConfig(learning_rate=self.rate)
            return with_update(trace, learned, config, {}, CodeObjective(spec, given, above))
        assert self.x is not None
        network = NetworkSpec.build(self.x.shape[1], self.layers, self.loss)
        trace = closed_trace(network, self.parameters, self.x, self.t, self.grad_output)
        if self.rate is None:
            return trace
        objective = Objective(Network(network, self.parameters), self.x, self.t, self.grad_output)
        config = OptimizerConfig(learning_rate=self.rate)
        return with_update(trace, dict(self.parameters), config, {}, objective)

    @property
    def right(self) -> float | tuple[int, ...]:
        """The answer."""
        if self.kind == SHAPE:
            return self.trace.array(self.tensor).shape
        return self.trace.cell(self.tensor, self.index)

    @property
    def asked(self) -> tuple[object, ...]:
        """What makes two exercises the same: what is given, and what is asked for."""
        arrays = {**self.parameters, **self.values, "x": self.x, "t": self.t}
        given = [(name, None if a is None else a.tolist()) for name, a in sorted(arrays.items())]
        above = None if self.grad_output is None else self.grad_output.tolist()
        shown = repr((given, above)) if self.kind == NUMBER else repr(_shapes(self))
        return (self.skill, self.code, self.kind, self.tensor, self.index, shown, self.rate)


def _shapes(exercise: Exercise) -> list[tuple[str, tuple[int, ...]]]:
    trace = exercise.trace
    return [(key, trace.array(key).shape) for key in trace.inputs]

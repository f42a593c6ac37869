"""What a program computes, as a number that can be differentiated and tried at other values."""

from collections.abc import Mapping

import numpy as np

from app.engine.code.running import graph_of
from app.engine.code.spec import CodeSpec
from app.engine.code.unrecorded import UnrecordedPass, plain
from app.engine.objective import weighted
from app.engine.ops import OPS

Array = np.ndarray


class CodeObjective:
    """A program's result; or, where it is an array, the sum of dL/d(result) times the result.

    Attributes:
        spec: The program.
        parameters: All that it is given; may be changed in place between two calls.
        grad_output: dL/d(result) of an array.
    """

    def __init__(
        self, spec: CodeSpec, values: Mapping[str, Array], grad_output: Array | None = None
    ) -> None:
        self.spec = spec
        self.parameters = {name: np.array(value) for name, value in values.items()}
        self.grad_output = grad_output
        self._run = UnrecordedPass(spec)

    def at(self, parameters: Mapping[str, Array]) -> "CodeObjective":
        """The same with other values of what ``parameters`` names."""
        return CodeObjective(self.spec, {**self.parameters, **parameters}, self.grad_output)

    @np.errstate(all="ignore")
    def value(self) -> float:
        """The number."""
        output = self._forward()
        return float(output) if self.grad_output is None else weighted(self.grad_output, output)

    def gates(self) -> list[Array]:
        """Which way gradients take through every op that has several, since the last `value`."""
        found = []
        graph = graph_of(self.spec)
        for node in graph.nodes:
            # A mask that flips is a kink, although no gradient comes through what made it.
            if (switches := OPS[node.op].switches) is not None:
                inputs = [self._run.values[graph.edge[id].tensor] for id in node.inputs]
                found.append(switches(inputs, node.attributes))
        return found

    @np.errstate(all="ignore")
    def gradients(self) -> dict[str, Array]:
        """Its gradient by all that is learned, in the bits of a recorded pass."""
        self._forward()
        start = np.ones(()) if self.grad_output is None else self.grad_output
        return self._run.backward(start)

    def _forward(self) -> Array:
        return self._run.forward({name: plain(one) for name, one in self.parameters.items()})

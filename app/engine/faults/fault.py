"""One row of the table of mistakes, and what it is given to make its number of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from app.engine.applied import closed_of, gradient, results, row_of
from app.engine.graph import Edge, Node, OpGraph
from app.engine.rules import IndexRule
from app.engine.trace import Trace

Array = np.ndarray


@dataclass(frozen=True)
class Context:
    """What a mistake may need beyond the pass itself.

    Attributes:
        before: The pass of the step before, in which cached and added-up values come from.
        rate: The learning rate, for an update that is made too early.
    """

    before: Trace | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Step:
    """The gradient of one op for one of its operands, and all that it is computed from.

    Attributes:
        trace: The pass.
        node: The op in its place.
        k: The number of the operand.
        inputs: The operands.
        out: The op's result.
        grad: dL/d(result), as it arrives; of a pass that goes wrong, the wrong one.
        context: What lies outside the pass.
    """

    trace: Trace
    node: Node
    k: int
    inputs: tuple[Array, ...]
    out: Array
    grad: Array
    context: Context = field(default_factory=Context)

    @property
    def graph(self) -> OpGraph:
        """The graph of the pass."""
        return self.trace.graph

    @property
    def edge(self) -> Edge:
        """The way of the operand to the op."""
        return self.graph.edge[self.node.inputs[self.k]]

    @property
    def input(self) -> Array:
        """The operand whose gradient is made."""
        return self.inputs[self.k]

    @property
    def is_parameter(self) -> bool:
        """Whether that operand is learned."""
        return self.graph.tensors[self.edge.tensor].role == "parameter"

    @cached_property
    def right(self) -> Array:
        """The gradient without the mistake, from the gradient that arrives."""
        return self.gradient()

    def gradient(self, grad: Array | None = None, inputs: tuple[Array, ...] | None = None) -> Array:
        """The op's own gradient for the operand, of another upstream gradient or other operands."""
        above = self.grad if grad is None else grad
        operands = self.inputs if inputs is None else inputs
        out = self.out if inputs is None else results(self.node, operands)[-1]
        return gradient(self.node, self.k, operands, out, above)

    @cached_property
    def rule(self) -> IndexRule | None:
        """The index rule of the gradient; None where the op has none of its own."""
        if closed_of(self.node) is not None:
            return None
        shapes = [array.shape for array in self.inputs]
        return row_of(self.node).gradient_rule(self.k, shapes, self.node.attributes)

    def before(self, key: str) -> Array | None:
        """A number of the step before under the same key and of the same shape."""
        earlier = self.context.before
        if earlier is None or key not in earlier.known:
            return None
        array = earlier.array(key)
        return array if array.shape == self.trace.array(key).shape else None


# The number that the mistake gives; None where it cannot be made.
Makes = Callable[[Step], Array | None]


@dataclass(frozen=True)
class Fault:
    """One row of the table.

    Attributes:
        id: Its name for programs and for the language files.
        makes: The wrong gradient of a step. It may have another shape than the right one: then it
            is an answer that somebody could give, but no pass can go on with it.
        spoils: What becomes of dL/d(result) itself, for a mistake that writes into it.
        joins: Whether it is made where branches meet, by keeping the last one's share alone.
        needs: ``before`` or ``rate``, where it hangs on what lies outside the pass.
        once: Whether a program has it at one place, not wherever it could be made: two wrong signs
            are none.
    """

    id: str
    makes: Makes | None = None
    spoils: Makes | None = None
    joins: bool = False
    needs: str = ""
    once: bool = False

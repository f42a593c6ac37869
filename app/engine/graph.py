"""The op graph: what feeds what, with shapes and names but without a single number."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from app.engine.names import loss_symbol

Shape = tuple[int, ...]
# The type of a group that is a line of a program.
LINE = "line"
NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Tensor:
    """A value of the pass.

    Attributes:
        name: ``x``, ``affine1.W``, ``affine1.output``, ``loss`` ...
        role: ``input``, ``target``, ``parameter``, ``mask``, ``constant``, ``value`` or ``loss``.
        symbol: Its name in formulas, as LaTeX.
        grad_symbol: The name of its gradient, as LaTeX; None for what has none.
        value: The number or the array, for what is known beforehand.
    """

    name: str
    shape: Shape
    role: str
    symbol: str
    grad_symbol: str | None = None
    value: float | np.ndarray | None = None
    row: int | None = None


@dataclass(frozen=True)
class Node:
    """An op in its place: it reads edges in operand order and makes its output tensors."""

    id: str
    op: str
    symbol: str
    layer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=lambda: NO_ATTRIBUTES)
    row: int | None = None


@dataclass(frozen=True)
class Edge:
    """A tensor, or one cell of it, on its way from the node that makes it to one that uses it.

    ``source`` is None for what the graph is given, ``target`` is None for what it hands out.
    The gradient on the edge is this use's own contribution; a tensor's gradient is the sum over
    its edges.
    """

    id: str
    tensor: str
    cell: tuple[int, ...] | None
    source: str | None
    target: str | None
    shape: Shape
    symbol: str
    grad_symbol: str | None
    row: int | None = None

    @property
    def differentiable(self) -> bool:
        """Whether a gradient ever arrives here: not for targets and constants."""
        return self.grad_symbol is not None


@dataclass(frozen=True)
class LayerGroup:
    """The nodes that one layer of the network opened into."""

    name: str
    type: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Whole:
    """A number inside an opened layer that the layer has as a whole, too.

    The layer's own formula may keep digits that the chain of ops loses, as y - t does where y is
    nearly 1. One number has one answer, so it is taken from there (`app.engine.whole`).

    Attributes:
        quantity: Which of the layer's numbers.
        source: The tensor that enters the layer.
        row: The scalar row, counted from 1; None for a whole tensor.
    """

    quantity: str
    source: str
    row: int | None = None


@dataclass(frozen=True)
class OpGraph:
    """A network's op graph; ``nodes`` stand in the order in which they run.

    Attributes:
        level: ``op`` (tensors) or ``element`` (the loss in scalar rows).
        loss_form: None without a loss; ``closed``; or opened: ``book`` (figure 5-29), ``shifted``
            (the row maximum subtracted first) or ``logsumexp`` (log y without y).
        n: Samples in the pass.
        whole: Keys (names, with ``.grad`` for gradients) whose numbers are those of a closed layer.
        sample: Which of several samples is passed alone; None where all are, or there is but one.
        objective: The name of what is differentiated, where it is not L.
        parts: Of a result in single numbers, which cell of it each tensor is.
        cells: Of single numbers, which cell of which tensor of the graph in arrays each is.
        averages: Whether a loss is the mean of several samples.
        is_program: Whether the groups are the lines of a program, not the layers of a network.
        clash: Of a program whose shapes do not fit, the last op: it has operands and no result.
        single: Whether the one sample is written without its axis, as in figures 5-24 and 5-25.
    """

    level: str
    loss_form: str | None
    n: int
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    layers: tuple[LayerGroup, ...]
    output: str
    whole: Mapping[str, Whole] = field(default_factory=dict)
    sample: int | None = None
    single: bool = False
    objective: str | None = None
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cells: Mapping[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    averages: bool = False
    is_program: bool = False
    clash: str | None = None

    @property
    def results(self) -> tuple[str, ...]:
        """Names of the tensors that are handed out: the output, or all parts of it."""
        return tuple(self.parts) or (self.output,)

    @property
    def loss_symbol(self) -> str:
        """What the loss is called, as LaTeX."""
        return self.objective or loss_symbol(self.sample)

    @cached_property
    def edge(self) -> Mapping[str, Edge]:
        """Edges by id."""
        return {edge.id: edge for edge in self.edges}

    @cached_property
    def node(self) -> Mapping[str, Node]:
        """Nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def edges_of(self) -> Mapping[str, tuple[Edge, ...]]:
        """Edges by the tensor they carry."""
        grouped: dict[str, list[Edge]] = {name: [] for name in self.tensors}
        for edge in self.edges:
            grouped[edge.tensor].append(edge)
        return {name: tuple(edges) for name, edges in grouped.items()}


def for_one_sample(graph: OpGraph) -> OpGraph:
    """The graph with the names that the book uses where a sample has no axis (figure 5-25).

    Y has the shape of B there, nothing is added up, and dL/dY stands on B's arrow. Wherever x has
    rows, dL/dB is their sum, be it of one row.

    Raises:
        ValueError: more than one sample.
    """
    if graph.single:
        return graph
    if graph.n != 1:
        raise ValueError("only one sample can be written without its axis")

    def renamed(edge: Edge) -> Edge:
        if graph.tensors[edge.tensor].role != "parameter" or len(edge.shape) != 1:
            return edge
        output = graph.node[edge.target or ""].outputs[-1]
        return replace(edge, grad_symbol=graph.tensors[output].grad_symbol)

    return replace(graph, edges=tuple(map(renamed, graph.edges)), single=True)

"""Collects tensors and nodes, then ties them with edges once every use is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.engine.graph import Edge, LayerGroup, Node, OpGraph, Shape, Tensor, Whole
from app.engine.names import derivative, loss_symbol
from app.engine.ops import OPS, sign_of


@dataclass(frozen=True)
class Use:
    """A tensor, or one cell of it, as the operand of a node.

    ``symbol`` and ``grad_symbol`` are this edge's own names where they differ from the tensor's:
    a branch carries a part of the gradient, a cell has a name such as a_1.
    ``flows`` says that a gradient comes back this way.
    """

    tensor: str
    grad_symbol: str | None = None
    cell: tuple[int, ...] | None = None
    edge: str | None = None
    symbol: str | None = None
    row: int | None = None
    flows: bool = True

    @property
    def name(self) -> str:
        """What an arrow that carries this is called: by the tensor, and by the cell from 1 on."""
        return ".".join([self.tensor, *(str(at + 1) for at in self.cell or ())])


class GraphBuilder:
    """Builds an :class:`OpGraph`: sources first, then nodes in the order in which they run."""

    def __init__(
        self,
        n: int,
        sample: int | None = None,
        averages: bool = True,
        decays: bool = False,
    ) -> None:
        """Begin a graph.

        Args:
            n: Samples.
            sample: Which of several the only one is.
            averages: Whether the loss is the mean over the samples, not the sum.
            decays: Whether something joins the loss that the samples make.
        """
        self.n = n
        self.sample = sample
        self.loss = loss_symbol(sample)
        self.averages = averages and n > 1
        self.decays = decays
        self.tensors: dict[str, Tensor] = {}
        self._whole: dict[str, Whole] = {}
        self._makers: dict[str, str] = {}
        self._nodes: list[
            tuple[str, str, str, str, tuple[Use, ...], tuple[str, ...], Any, Any]
        ] = []
        self._layers: dict[str, tuple[str, list[str]]] = {}

    def source(
        self,
        name: str,
        shape: Shape,
        role: str,
        symbol: str,
        grad_symbol: str | None = None,
        value: float | np.ndarray | None = None,
    ) -> str:
        """Add a tensor that the graph is given; its name."""
        self.tensors[name] = Tensor(name, shape, role, symbol, grad_symbol, value)
        return name

    def node(
        self,
        layer: tuple[str, str],
        id: str,
        op: str,
        uses: Sequence[Use | str],
        outputs: Sequence[Tensor],
        attributes: Mapping[str, Any] | None = None,
        row: int | None = None,
        symbol: str | None = None,
    ) -> str:
        """Add a node and the tensors it makes; the name of the first.

        Args:
            layer: Name and type of the layer it belongs to.
            id: Unique in the graph.
            op: A row of the table of ops.
            uses: Its operands in order; a plain name is the whole tensor.
            outputs: What it makes, as tensors.
            attributes: The op's attributes.
            row: The lane in which it is drawn.
            symbol: What stands in the circle, where it is not the op's own.
        """
        operands = tuple(Use(use) if isinstance(use, str) else use for use in uses)
        for tensor in outputs:
            self.tensors[tensor.name] = tensor
            self._makers[tensor.name] = id
        sign = symbol or sign_of(op, attributes or {})
        names = tuple(tensor.name for tensor in outputs)
        self._nodes.append((layer[0], id, op, sign, operands, names, attributes or {}, row))
        self._layers.setdefault(layer[0], (layer[1], []))[1].append(id)
        return outputs[0].name

    def derivative(self, symbol: str) -> str:
        """dL/d(symbol), as LaTeX."""
        return derivative(symbol, self.loss)

    def data_loss(self) -> Tensor:
        """The loss that the samples make: all of it, unless something joins it."""
        if self.decays:
            return Tensor("loss.data", (), "value", "E", "1")
        return Tensor("loss", (), "loss", self.loss, "1")

    def whole(self, key: str, quantity: str, source: str, row: int | None = None) -> None:
        """Note that the number under ``key`` is one that the closed layer has, too."""
        self._whole[key] = Whole(quantity, source, row)

    def shape_of(self, op: str, uses: Sequence[str], **attributes: Any) -> Shape:
        """The result's shape of ``op`` on these tensors."""
        return OPS[op].shape([self.tensors[name].shape for name in uses], attributes)

    def finish(self, level: str, loss_form: str | None, output: str) -> OpGraph:
        """Tie everything: one edge for each use, and one for each result that nobody uses.

        What is given and goes nowhere has none: `ids` of ``W[ids]`` in single numbers, which only
        says where the other lines lead, or `w` where just ``len(w)`` is asked for.
        """
        counts: dict[str, int] = {}
        for _, _, _, _, uses, _, _, _ in self._nodes:
            for use in uses:
                if use.edge is None:
                    counts[use.name] = counts.get(use.name, 0) + 1
        edges: list[Edge] = []
        nodes: list[Node] = []
        used: set[str] = set()
        for layer, id, op, sign, uses, outputs, attributes, row in self._nodes:
            inputs: list[str] = []
            for use in uses:
                edge = self._edge(use, id, layer, counts)
                if edge.id in inputs:
                    # Both operands are the same tensor: x * x.
                    edge = replace(edge, id=f"{edge.id}.{len(inputs)}")
                used.add(use.tensor)
                edges.append(edge)
                inputs.append(edge.id)
            nodes.append(Node(id, op, sign, layer, tuple(inputs), outputs, attributes, row))
        for name, tensor in self.tensors.items():
            if name not in used and (name in self._makers or name == output):
                edges.append(
                    Edge(
                        name, name, None, self._makers.get(name), None, tensor.shape,
                        tensor.symbol, tensor.grad_symbol, tensor.row,
                    )
                )  # fmt: skip
        groups = tuple(
            LayerGroup(name, type, tuple(ids)) for name, (type, ids) in self._layers.items()
        )
        return OpGraph(
            level, loss_form, self.n, self.tensors, tuple(nodes), tuple(edges), groups, output,
            self._whole, self.sample, averages=self.averages,
        )  # fmt: skip

    def _edge(self, use: Use, target: str, layer: str, counts: Mapping[str, int]) -> Edge:
        tensor = self.tensors[use.tensor]
        if use.edge is not None:
            id = use.edge
        elif counts[use.name] == 1:
            id = use.name
        else:
            id = f"{use.name}:{target.removeprefix(layer + '.')}"
        return Edge(
            id,
            use.tensor,
            use.cell,
            self._makers.get(use.tensor),
            target,
            () if use.cell is not None else tensor.shape,
            use.symbol or tensor.symbol,
            (use.grad_symbol or tensor.grad_symbol) if tensor.grad_symbol and use.flows else None,
            use.row if use.row is not None else tensor.row,
        )

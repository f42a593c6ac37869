"""A small graph opened into single numbers, by the index rules of its ops.

Every cell of every tensor becomes a number of its own: a dot is products and a + for each cell, a
function is taken of each number, and what only moves cells (reshape, transpose, a slice) is no node
at all, but where a line leads. So the picture of a neuron with its inputs and weights needs no
drawing of its own.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.engine.branches import with_gradients
from app.engine.builder import GraphBuilder, Use
from app.engine.errors import TooLarge
from app.engine.graph import Edge, Node, OpGraph, Tensor
from app.engine.names import derivative
from app.engine.op import Op, as_one, formula
from app.engine.ops import OPS
from app.engine.rules import IndexRule, expand
from app.engine.trace import Trace

Array = np.ndarray
Index = tuple[int, ...]

# More ops than these are past reading, one number each.
MOST_SCALARS = 96
# Ops that take numbers one by one, and so stay what they are.
_SAME = frozenset(
    {
        "add", "subtract", "multiply", "divide", "maximum", "where", "greater", "less",
        "greater_equal", "less_equal",
    }
)  # fmt: skip
_SYMBOL = re.compile(r"\\mathbf\{(\w)\}(?:_\{(\w+)\})?('*)$")
_NAME = re.compile(r"(\\mathbf\{\w\}|\\mathrm\{[\w ]+\}|\\?\w+)(_\{[^{}]*\})?'*")
LONGEST = 18


def shared(graph: OpGraph, whole: Trace) -> dict[str, Array]:
    """The numbers that a graph in single numbers has in common with the pass in arrays.

    One number has one answer, to the last bit, however it is shown: a sum of few numbers one by one
    may differ in its last digit from the product of matrices that it is a cell of.
    """
    found: dict[str, Array] = {}
    for name, (tensor, index) in graph.cells.items():
        found[name] = np.asarray(whole.array(tensor)[index])
        if f"{tensor}.grad" in whole.known:
            found[f"{name}.grad"] = np.asarray(whole.array(f"{tensor}.grad")[index])
    for name in whole.inputs:
        if f"{name}.grad" in whole.known and name in graph.tensors:
            found[f"{name}.grad"] = whole.array(f"{name}.grad")
    return found


@np.errstate(all="ignore")  # The cells count here, not what is in them.
def as_scalars(graph: OpGraph, values: Mapping[str, Array] | None = None) -> OpGraph:
    """The graph with a node for each single number.

    Args:
        graph: Of ops of the table.
        values: Of what it is given; only numbers that choose rows are looked at.

    Raises:
        TooLarge: it would have more than `MOST_SCALARS` nodes.
    """
    opener = _Opener(graph, values or {})
    for node in graph.nodes:
        opener.open(node)
    return opener.finished()


def fits(graph: OpGraph) -> bool:
    """Whether a graph is small enough to be opened so."""
    try:
        # How many numbers there are does not hang on which rows are chosen.
        as_scalars(graph)
    except TooLarge:
        return False
    return True


class _Opener:
    """Adds the scalar nodes of one op after the other; knows where each cell of a tensor is."""

    def __init__(self, graph: OpGraph, values: Mapping[str, Array]) -> None:
        self.graph = graph
        self.values = values
        self.builder = GraphBuilder(1, graph.sample)
        self.loss = graph.loss_symbol
        self.where: dict[str, dict[Index, Use]] = {}
        self.count = 0
        self.cells: dict[str, tuple[str, Index]] = {}
        self.types = {group.name: group.type for group in graph.layers}
        for tensor in graph.tensors.values():
            if not any(tensor.name in node.outputs for node in graph.nodes):
                self._give(tensor)

    def _give(self, tensor: Tensor) -> None:
        """A tensor that the graph is given, each of its cells on a line of its own."""
        self.builder.source(
            tensor.name, tensor.shape, tensor.role, tensor.symbol, tensor.grad_symbol, tensor.value
        )
        cells = {}
        for index in np.ndindex(tensor.shape):
            symbol = cell_symbol(tensor.symbol, index, tensor.shape)
            grad = None
            if tensor.grad_symbol is not None:
                grad = derivative(symbol, self.loss)
            cell = index if tensor.shape else None
            cells[index] = Use(tensor.name, grad, cell, symbol=symbol)
        self.where[tensor.name] = cells

    def open(self, node: Node) -> None:
        """Add what makes each cell of a node's result."""
        row = OPS[node.op]
        edges = [self.graph.edge[id] for id in node.inputs]
        rule = row.rule([edge.shape for edge in edges], node.attributes)
        # Only where the cells lie counts here, not what is in them.
        operands = {
            str(k): self.values.get(edge.tensor, np.broadcast_to(np.zeros(()), edge.shape))
            for k, edge in enumerate(edges)
        }
        made = self.graph.tensors[node.outputs[-1]]
        cells: dict[Index, Use] = {}
        for number, index in enumerate(np.ndindex(made.shape)):
            place = (number,) if rule.flat else index
            products = [
                tuple(self._operand(edges[int(cell.operand)], cell.index) for cell in product.cells)
                for product in expand(rule, place, operands)
            ]
            cells[index] = self._cell(node, row, rule, made, index, products)
        self.where[made.name] = cells

    def _operand(self, edge: Edge, index: Index) -> Use:
        return self.where[edge.tensor][edge.cell if edge.cell is not None else index]

    def _cell(
        self, node: Node, row: Op, rule: IndexRule, made: Tensor, index: Index,
        products: Sequence[tuple[Use, ...]],
    ) -> Use:  # fmt: skip
        step = _Step(self, node, made, index)
        if node.op in _SAME:
            # Every operand once, in its order: the rule may take them in another.
            return step.last(node.op, self._in_order(node, index, made), node.attributes)
        if not products:
            return step.constant(0.0)
        if len(products) == 1 and len(products[0]) == 1 and _moves(rule):
            return products[0][0]
        if len(products) == 1 and len(products[0]) == 1 and not rule.largest:
            return step.last(node.op, list(products[0]), node.attributes)
        terms = [
            product[0] if len(product) == 1 else step.product(product, len(products) == 1)
            for product in products
        ]
        if rule.largest:
            return step.last("max", terms)
        if rule.scale != 1:
            total = step.inner("add", terms) if len(terms) > 1 else terms[0]
            return step.last("multiply", [total, step.constant(rule.scale)])
        return step.last("add", terms) if len(terms) > 1 else terms[0]

    def _in_order(self, node: Node, index: Index, made: Tensor) -> list[Use]:
        found = []
        for id in node.inputs:
            edge = self.graph.edge[id]
            own = index[len(index) - len(edge.shape) :]
            place = tuple(0 if size == 1 else at for at, size in zip(own, edge.shape, strict=True))
            found.append(self._operand(edge, place))
        return found

    def finished(self) -> OpGraph:
        """The graph; its results are the cells of the one of before."""
        made = self.graph.tensors[self.graph.output]
        node = next(node for node in self.graph.nodes if made.name in node.outputs)
        results: dict[str, Index] = {}
        for index, use in self.where[made.name].items():
            if use.cell is not None or use.tensor in results or self._is_given(use.tensor):
                # What only was moved, or is handed out twice, comes out of a node of its own.
                use = _Step(self, node, made, index).last("add", [use])
            results[use.tensor] = index
        first = next(iter(results))
        tensor = self.builder.tensors[first]
        self.builder.tensors[first] = replace(tensor, role=made.role)
        graph = self.builder.finish("element", None, first)
        graph = replace(graph, cells=self.cells, parts=results if made.shape else {})
        return with_gradients(graph, self.loss)

    def _is_given(self, name: str) -> bool:
        return (
            name in self.graph.tensors
            and self.builder.tensors[name].role != "value"
            and (name != self.graph.output)
        )


class _Step:
    """The nodes that make one cell of a result."""

    def __init__(self, opener: _Opener, node: Node, made: Tensor, index: Index) -> None:
        self.opener = opener
        self.node = node
        self.made = made
        self.index = index
        self.name = ".".join([made.name, *(str(at + 1) for at in index)])
        self.symbol = cell_symbol(made.symbol, index, made.shape)
        self.count = itertools.count(1)

    def last(
        self, op: str, uses: Sequence[Use], attributes: Mapping[str, Any] | None = None
    ) -> Use:
        """The node that makes the cell itself."""
        self.opener.cells[self.name] = (self.made.name, self.index)
        symbol = self.symbol if _is_name(self.made.symbol) else self._formula(op, uses, attributes)
        return self._node(op, uses, attributes, self.name, symbol, self.made.role)

    def inner(
        self, op: str, uses: Sequence[Use], attributes: Mapping[str, Any] | None = None
    ) -> Use:
        """A node on the way to it."""
        name = f"{self.name}.{op}{next(self.count)}"
        return self._node(op, uses, attributes, name, self._formula(op, uses, attributes), "value")

    def product(self, factors: Sequence[Use], is_whole: bool) -> Use:
        """The product of several numbers."""
        whole = factors[0]
        for k, factor in enumerate(factors[1:]):
            is_last = is_whole and k == len(factors) - 2
            whole = (self.last if is_last else self.inner)("multiply", [whole, factor])
        return whole

    def constant(self, value: float) -> Use:
        """A number that is known beforehand."""
        name = f"{self.name}.constant{next(self.count)}"
        parts = round(1 / value) if value else 0
        shown = (
            rf"\frac{{1}}{{{parts}}}" if value and abs(parts * value - 1) < 1e-12 else f"{value:g}"
        )
        self.opener.builder.source(name, (), "constant", shown, None, value)
        return Use(name)

    def _formula(self, op: str, uses: Sequence[Use], attributes: Mapping[str, Any] | None) -> str:
        tensors = self.opener.builder.tensors
        names = [use.symbol or tensors[use.tensor].symbol for use in uses]
        shown = formula(OPS[op].formula, names, attributes or {})
        bare = re.sub(r"\\[A-Za-z]+|[{}^_\s]", "", shown)
        return shown if len(bare) <= LONGEST else f"v_{{{self.opener.count + 1}}}"

    def _node(
        self, op: str, uses: Sequence[Use], attributes: Mapping[str, Any] | None, name: str,
        symbol: str, role: str,
    ) -> Use:  # fmt: skip
        opener = self.opener
        opener.count += 1
        if opener.count > MOST_SCALARS:
            raise TooLarge(
                f"single numbers are shown of at most {MOST_SCALARS} operations; this computation "
                "has more",
                "view/level",
                {"maximum": MOST_SCALARS},
            )
        flows = any(
            (use.grad_symbol or opener.builder.tensors[use.tensor].grad_symbol) is not None
            for k, use in enumerate(uses)
            if OPS[op].reaches(k)
        )
        grad = derivative(as_one(symbol), opener.loss) if flows else None
        if role == "loss":
            grad = self.made.grad_symbol
        tensor = Tensor(name, (), role, symbol, grad)
        layer = (self.node.layer, opener.types.get(self.node.layer, "line"))
        opener.builder.node(layer, f"{name}.{op}", op, list(uses), [tensor], attributes)
        return Use(name)


def _moves(rule: IndexRule) -> bool:
    """Whether a rule hands cells on as they are."""
    return (
        rule.scale == 1
        and rule.outer == "identity"
        and all(
            term.coefficient == 1 and [factor.function for factor in term.factors] == ["identity"]
            for term in rule.terms
        )
    )


def _is_name(symbol: str) -> bool:
    """Whether a tensor has a name, and not a formula for one."""
    return _NAME.fullmatch(symbol) is not None


def cell_symbol(symbol: str, index: Index, shape: Sequence[int]) -> str:
    r"""The name of one cell: ``w_{12}`` of **W**, ``w^{(1)}_{12}`` of **W**\ :sub:`1`; the one
    row of a single sample is not counted.
    """
    if not shape:
        return symbol
    own = index[1:] if len(shape) == 2 and shape[0] == 1 else index
    at = (
        "".join(str(i + 1) for i in own)
        if all(i < 9 for i in own)
        else ",".join(str(i + 1) for i in own)
    )
    found = _SYMBOL.match(symbol)
    if found is None:
        return rf"{{{symbol}}}_{{{at}}}" if "_" in symbol else f"{symbol}_{{{at}}}"
    letter, sub, primes = found.groups()
    above = f"^{{({sub})}}" if sub else ""
    return f"{letter.lower()}{primes}{above}_{{{at}}}"

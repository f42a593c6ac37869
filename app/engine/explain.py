"""The derivation of one number: which numbers it was made of, and how.

Everything comes from the op's one index rule. The terms add up to the value, or, where one
factor such as 1/N is common to all, to the value over ``scale``.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine import fused
from app.engine.errors import EngineError
from app.engine.graph import Edge
from app.engine.ops import OPS, largest_mask
from app.engine.rules import IndexRule, Product, count, expand
from app.engine.trace import Event, NotComputed, Trace

Array = np.ndarray
MAX_TERMS = 2_000


@dataclass(frozen=True)
class FactorValue:
    """A cell that went in: where it stands, its number, and the number's own function if any."""

    tensor: str
    index: tuple[int, ...]
    value: float
    function: str = "identity"
    cell_value: float = 0.0


@dataclass(frozen=True)
class TermValue:
    """A product of factors and its value."""

    factors: tuple[FactorValue, ...]
    value: float
    coefficient: float = 1.0


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    Attributes:
        tensor: The key asked for.
        index: The cell asked for; empty for a scalar.
        value: The number itself.
        rule: LaTeX; empty for an input, which comes from nowhere.
        rule_name: The rule's name for programs; ``input`` for an input.
        shapes: Shapes of all that takes part, by key.
        terms: At most 2,000; ``omitted`` more have the sum ``omitted_value``.
        scale: The factor common to all terms.
        combine: ``sum``, or ``max`` where the largest term is the value.
    """

    tensor: str
    index: tuple[int, ...]
    value: float
    rule: str
    rule_name: str
    shapes: dict[str, tuple[int, ...]]
    terms: tuple[TermValue, ...]
    scale: float = 1.0
    combine: str = "sum"
    omitted: int = 0
    omitted_value: float = 0.0


@np.errstate(all="ignore")
def explain(trace: Trace, key: str, index: tuple[int, ...]) -> Explanation:
    """Derive cell ``index`` of ``key`` (a tensor's or edge's name, ``.grad`` for its gradient).

    Raises:
        EngineError: no such tensor, nothing computed under it, or no such cell.
    """
    try:
        array = trace.value(key)
    except KeyError:
        raise EngineError("the network has no such tensor", "tensor", "name") from None
    if isinstance(array, NotComputed):
        raise EngineError("this number is not computed in this pass", "tensor", "name")
    if len(index) != array.ndim or any(
        not 0 <= place < size for place, size in zip(index, array.shape, strict=False)
    ):
        raise EngineError(f"index needs a cell of shape {array.shape}", "index", "range")
    value = float(array[index])
    event = trace.maker(key)
    if event is None or event.op == "seed":
        rule, name = (event.rule, event.rule_name) if event else ("", "input")
        given = TermValue((FactorValue(key, index, value, cell_value=value),), value)
        return Explanation(key, index, value, rule, name, {key: array.shape}, (given,))
    if event.is_gradient and key in event.totals:
        return _total(trace, key, index, value, event)
    if not event.is_gradient and key in trace.graph.edge:
        cell = trace.graph.edge[key].cell
        # One cell of a tensor on an edge of its own is made as that cell of the tensor.
        index = cell if cell is not None else index
    return _Derivation(trace, event).explain(key, index, value)


def _total(
    trace: Trace, key: str, index: tuple[int, ...], value: float, event: Event
) -> Explanation:
    """A tensor used more than once: the parts that its uses hand back add up."""
    edges = trace.graph.edges_of[key.removesuffix(".grad")]
    terms = []
    for edge in edges:
        if edge.differentiable and edge.cell in (None, index):
            part = f"{edge.id}.grad"
            place = () if edge.cell is not None else index
            number = float(trace.array(part)[place])
            terms.append(TermValue((FactorValue(part, place, number, cell_value=number),), number))
    tensor = trace.graph.tensors[key.removesuffix(".grad")]
    shapes = {key: trace.array(key).shape}
    return Explanation(
        key, index, value, tensor.grad_symbol or "", "total.gradient", shapes, tuple(terms)
    )


class _Derivation:
    """One event's rule with its operands at hand."""

    def __init__(self, trace: Trace, event: Event) -> None:
        self.trace = trace
        self.event = event
        self.node = trace.graph.node[event.node]
        self.inputs = [trace.array(id) for id in self.node.inputs]
        self.names: dict[str, tuple[str, ...]] = {}

    def explain(self, key: str, index: tuple[int, ...], value: float) -> Explanation:
        rule, operands = self._fused() if self.node.op in fused.FUSED else self._op()
        place = self._place(rule, index)
        total = count(rule, operands)
        terms: list[TermValue] = []
        products = expand(rule, place, operands)
        for product in itertools.islice(products, MAX_TERMS):
            terms.extend(self._terms(product))
        rest = [product.value for product in products]
        scale = self._scale(rule)
        named = dict.fromkeys(factor.tensor for term in terms for factor in term.factors)
        shapes = {name: self.trace.array(name).shape for name in (key, *named) if self._has(name)}
        return Explanation(
            key,
            index if len(shapes[key]) == len(index) else (),
            value,
            self.event.rule,
            self.event.rule_name,
            shapes,
            tuple(terms),
            scale,
            "max" if rule.largest else "sum",
            max(total - MAX_TERMS, 0),
            math.fsum(rest) if all(map(math.isfinite, rest)) else sum(rest),
        )

    def _has(self, name: str) -> bool:
        try:
            return not isinstance(self.trace.value(name), NotComputed)
        except KeyError:
            return False

    def _op(self) -> tuple[IndexRule, Mapping[str, Array]]:
        op = OPS[self.node.op]
        shapes = [array.shape for array in self.inputs]
        operands: dict[str, Array] = {str(k): array for k, array in enumerate(self.inputs)}
        self.names = {str(k): (id,) for k, id in enumerate(self.node.inputs)}
        if not self.event.is_gradient:
            return op.rule(shapes, self.node.attributes), operands
        k = self.node.inputs.index(self.event.writes[0].removesuffix(".grad"))
        self._add_output(operands)
        if self.node.op == "max":
            operands["largest"] = largest_mask(self.inputs, k, self.node.attributes)
            self.names["largest"] = (f"{self.node.id}.largest",)
        return op.gradient_rule(k, shapes, self.node.attributes), operands

    def _add_output(self, operands: dict[str, Array]) -> None:
        out = self.node.outputs[-1]
        edges = [edge for edge in self.trace.graph.edges_of[out] if edge.differentiable]
        operands["out"] = self.trace.array(out)
        self.names["out"] = (self.trace.graph.edges_of[out][0].id,)
        operands["grad"] = self._upstream(out, edges)
        self.names["grad"] = tuple(f"{edge.id}.grad" for edge in edges)

    def _upstream(self, out: str, edges: list[Edge]) -> Array:
        if len(edges) == 1 and edges[0].cell is None:
            return self.trace.array(f"{edges[0].id}.grad")
        return self.trace.array(f"{out}.grad")

    def _fused(self) -> tuple[IndexRule, Mapping[str, Array]]:
        kept = fused.kept(self.inputs)
        layer = self.node.layer
        self.names = {name: (f"{layer}.{name}",) for name in kept}
        rows = self.inputs[0].ndim == 0
        n = 1 if rows else len(self.inputs[0])
        if rows:
            size = len(self.inputs) // 2
            self.names["y"] = tuple(f"{layer}.y.{i}" for i in range(1, size + 1))
            self.names["t"] = tuple(f"{layer}.t.{i}" for i in range(1, size + 1))
        else:
            self.names["y"] = (f"{layer}.probabilities",)
            self.names["t"] = ("t",)
        if self.event.is_gradient:
            return fused.gradient_rule(n), kept
        is_loss = self.trace.graph.tensors[self.event.writes[0]].role == "loss"
        return fused.loss_rule(n) if is_loss else fused.PROBABILITIES, kept

    def _place(self, rule: IndexRule, index: tuple[int, ...]) -> tuple[int, ...]:
        """The cell in the rule's axes: a scalar row i stands for column i - 1 of one sample."""
        row = self._row(self.event.writes[0].removesuffix(".grad"))
        is_row = self.node.op in fused.FUSED and row is not None and rule.result == "nh"
        return (0, row - 1) if is_row and row is not None else index

    def _row(self, id: str) -> int | None:
        return self.trace.graph.edge[id].row

    def _scale(self, rule: IndexRule) -> float:
        if self.node.op in fused.FUSED and self.event.is_gradient:
            return rule.scale * float(self.trace.array("loss.grad"))
        return rule.scale

    def _terms(self, product: Product) -> list[TermValue]:
        """A product as terms: one for each branch where the gradient arrives on several."""
        coefficient = product.coefficient
        branches = self.names.get("grad", ())
        split = len(branches) > 1 and any(cell.operand == "grad" for cell in product.cells)
        if not split:
            factors = tuple(
                self._factor(cell.operand, cell.index, cell.value, cell.function, cell.raw)
                for cell in product.cells
            )
            return [TermValue(factors, product.value, coefficient)]
        terms = []
        for branch in branches:
            edge = self.trace.graph.edge[branch.removesuffix(".grad")]
            grad = next(cell for cell in product.cells if cell.operand == "grad")
            if edge.cell not in (None, grad.index):
                continue
            place = () if edge.cell is not None else grad.index
            number = float(self.trace.array(branch)[place])
            others = [cell for cell in product.cells if cell is not grad]
            factors = (
                FactorValue(branch, place, number, cell_value=number),
                *(
                    self._factor(cell.operand, cell.index, cell.value, cell.function, cell.raw)
                    for cell in others
                ),
            )
            value = coefficient * number * math.prod(cell.value for cell in others)
            terms.append(TermValue(factors, value, coefficient))
        return terms

    def _factor(
        self, operand: str, index: tuple[int, ...], value: float, function: str, raw: float
    ) -> FactorValue:
        names = self.names[operand]
        edge = self.trace.graph.edge.get(names[0].removesuffix(".grad"))
        if edge is not None and len(index) > len(edge.shape):
            # Scalar rows: the column says which of them.
            return FactorValue(names[index[-1]], (), value, function, raw)
        return FactorValue(names[0], index, value, function, raw)

"""The derivation of one number: which numbers it was made of, and how.

Everything comes from the op's one index rule. The terms add up to the value, or, where one
factor such as 1/N is common to all, to the value over ``scale``.
"""

import math
from collections.abc import Mapping

import numpy as np

from app.engine.applied import ids_of, operand_of, operands, operands_shapes, result_of, row_of
from app.engine.derivation import Divisor, Explanation, FactorValue, TermValue, longest
from app.engine.digits import with_all_digits
from app.engine.forms import loss_form
from app.engine.graph import Edge
from app.engine.many import MANY, most, term_count
from app.engine.op import Closed, Result
from app.engine.rules import Cell, IndexRule, Product, expand
from app.engine.trace import Event, Trace
from app.engine.update import PHASE, explain_update

Array = np.ndarray
MAX_TERMS = 2_000


@np.errstate(all="ignore")
def explain(
    trace: Trace, key: str, index: tuple[int, ...], max_terms: int = MAX_TERMS
) -> Explanation:
    """Derive cell ``index`` of ``key`` (a tensor's or edge's name, ``.grad`` for its gradient).

    Args:
        trace: The pass.
        key: What to explain.
        index: The cell; empty for a scalar.
        max_terms: Of more terms, only this many are listed, those that count most.

    Raises:
        EngineError: no such tensor, nothing computed under it, or no such cell.
    """
    value = trace.cell(key, index)
    event = trace.maker(key)
    if event is None or event.op == "seed":
        rule, name = (event.rule, event.rule_name) if event else ("", "input")
        given = TermValue((FactorValue(key, index, value, cell_value=value),), value)
        return Explanation(key, index, value, rule, name, {key: trace.array(key).shape}, (given,))
    if event.phase == PHASE:
        return explain_update(trace, key, index, value, event)
    if event.is_gradient and key in event.totals:
        found = _total(trace, key, index, value, event)
    else:
        cell = None
        if not event.is_gradient and key in trace.graph.edge:
            # One cell of a tensor on an edge of its own is made as that cell of the tensor.
            cell = trace.graph.edge[key].cell
        place = index if cell is None else cell
        found = _Derivation(trace, event, max_terms).explain(key, place, value)
    return with_all_digits(trace, found, max_terms)


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

    def __init__(self, trace: Trace, event: Event, max_terms: int) -> None:
        self.trace = trace
        self.event = event
        self.max_terms = max_terms
        self.node = trace.graph.node[event.node]
        self.inputs = [trace.array(id) for id in self.node.inputs]
        self.names: dict[str, tuple[str, ...]] = {}
        self.index: tuple[int, ...] = ()
        self.closed: Closed | None = row_of(self.node).closed
        self.result: Result | None = None
        if not event.is_gradient:
            self.result = result_of(self.node, self._made())

    def _made(self) -> str:
        """The tensor that a forward event makes."""
        key = (*self.event.totals, *self.event.writes)[0]
        edge = self.trace.graph.edge.get(key)
        return key if edge is None else edge.tensor

    def explain(self, key: str, index: tuple[int, ...], value: float) -> Explanation:
        rule, own = self._op() if self.closed is None else self._closed(self.closed)
        if rule.over is not None:
            return self._quotient(rule, own, key, index, value)
        self.index = index
        place = self._place(rule, index, self.trace.array(key).shape)
        if self.closed is None and term_count(rule, own) > MANY:
            kept, omitted, omitted_value = most(rule, place, own, self.max_terms)
        else:
            products = expand(rule, place, own)
            if self.result is not None and self.result.skips_zeros:
                # Only the right class counts: the rest of the sum is 0 times a logarithm.
                products = (one for one in products if one.cells[0].value != 0)
            kept, omitted, omitted_value = longest(products, self.max_terms, rule.largest)
        terms = tuple(term for product in kept for term in self._terms(product))
        shapes = {
            name: self.trace.array(name).shape
            for name in (key, *(factor.tensor for term in terms for factor in term.factors))
        }
        return Explanation(
            key,
            index if len(shapes[key]) == len(index) else (),
            value,
            self.event.rule,
            self.event.rule_name,
            shapes,
            terms,
            self._scale(rule),
            "max" if rule.largest else "sum" if rule.outer == "identity" else "positive",
            omitted,
            omitted_value,
        )

    def _quotient(
        self, rule: IndexRule, own: Mapping[str, Array], key: str, index: tuple[int, ...],
        value: float,
    ) -> Explanation:  # fmt: skip
        """exp(a_i) over the sum of all exp(a_j), the largest score subtracted where it must be."""
        (factor,) = rule.terms[0].factors
        ids = ids_of(self.node, factor.operand)
        scores = own[factor.operand].astype(np.float64)
        rows = "classes" in self.node.attributes
        n, i = (0, (self._row(self.event.writes[0]) or 1) - 1) if rows else index
        is_safe = loss_form(scores[n : n + 1], "float64") == "book"
        shift = 0.0 if is_safe else float(scores[n].max())
        powers = np.exp(scores[n] - shift)

        def term(j: int) -> TermValue:
            name, place = (ids[j], ()) if rows else (ids[0], (n, j))
            power = float(powers[j])
            function = "exp" if is_safe else "exp_shifted"
            factor = FactorValue(name, place, power, function, float(scores[n, j]))
            return TermValue((factor,), power)

        terms, omitted, omitted_value = longest(map(term, range(len(powers))), self.max_terms)
        total = math.fsum(powers)
        divisor = Divisor(terms, total, shift, omitted, omitted_value)
        names = (key, *(factor.tensor for one in terms for factor in one.factors))
        return Explanation(
            key,
            () if rows else index,
            value,
            self.event.rule,
            self.event.rule_name,
            {name: self.trace.array(name).shape for name in names},
            (term(i),),
            1 / total,
            divisor=divisor,
        )

    def _op(self) -> tuple[IndexRule, Mapping[str, Array]]:
        op = row_of(self.node)
        shapes = [array.shape for array in self.inputs]
        own: dict[str, Array] = {str(k): array for k, array in enumerate(self.inputs)}
        self.names = {str(k): (id,) for k, id in enumerate(self.node.inputs)}
        if not self.event.is_gradient:
            return op.rule(shapes, self.node.attributes), own
        k = self.node.inputs.index(self.event.writes[0].removesuffix(".grad"))
        self._add_output(own)
        if op.mask is not None:
            own["largest"] = op.mask(k, self.inputs, self.node.attributes)
            self.names["largest"] = (self.node.inputs[k],)
        return op.gradient_rule(k, shapes, self.node.attributes), own

    def _add_output(self, own: dict[str, Array]) -> None:
        out = self.node.outputs[-1]
        edges = [edge for edge in self.trace.graph.edges_of[out] if edge.differentiable]
        own["out"] = self.trace.array(out)
        # The first arrow that carries it, or the first of every scalar row.
        first = {edge.cell: edge.id for edge in reversed(self.trace.graph.edges_of[out])}
        self.names["out"] = tuple(
            first[cell] for cell in sorted(first, key=lambda cell: cell or ())
        )
        own["grad"] = self._upstream(out, edges)
        self.names["grad"] = tuple(f"{edge.id}.grad" for edge in edges)

    def _upstream(self, out: str, edges: list[Edge]) -> Array:
        if len(edges) == 1 and edges[0].cell is None:
            return self.trace.array(f"{edges[0].id}.grad")
        return self.trace.array(f"{out}.grad")

    def _closed(self, closed: Closed) -> tuple[IndexRule, Mapping[str, Array]]:
        own = operands(self.node, self.inputs)
        arrays = {str(k): array for k, array in enumerate(own)} | dict(closed.kept(own))
        for name in (*map(str, range(len(own))), *(result.key for result in closed.results)):
            self.names[name] = ids_of(self.node, name)
        # A logarithm is of a tensor of the pass.
        self.names |= {name: self.names[of] for name, of in closed.logs.items()}
        shapes = operands_shapes(self.node, [array.shape for array in self.inputs])
        if self.result is not None:
            return self.result.rule(shapes, self.node.attributes), arrays
        k = self.node.inputs.index(self.event.writes[0].removesuffix(".grad"))
        row = row_of(self.node)
        return row.gradient_rule(operand_of(self.node, k), shapes, self.node.attributes), arrays

    def _place(
        self, rule: IndexRule, index: tuple[int, ...], shape: tuple[int, ...]
    ) -> tuple[int, ...]:
        """The cell in the rule's axes: a scalar row i stands for column i - 1 of one sample."""
        if rule.flat:
            return (int(np.ravel_multi_index(index, shape)) if shape else 0,)
        row = self._row(self.event.writes[0].removesuffix(".grad"))
        is_row = "classes" in self.node.attributes and rule.result == "nh"
        return (0, row - 1) if is_row and row is not None else index

    def _row(self, id: str) -> int | None:
        return self.trace.graph.edge[id].row

    def _scale(self, rule: IndexRule) -> float:
        if self.closed is not None and self.event.is_gradient:
            return rule.scale * float(self.trace.array(f"{self.node.outputs[-1]}.grad"))
        return rule.scale

    def _terms(self, product: Product) -> list[TermValue]:
        """A product as terms: one for each branch where the gradient arrives on several."""
        coefficient = product.coefficient
        branches = self.names.get("grad", ())
        split = len(branches) > 1 and any(cell.operand == "grad" for cell in product.cells)
        if not split:
            factors = tuple(map(self._factor, product.cells))
            return [TermValue(factors, product.value + 0.0, coefficient)]
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
                *map(self._factor, others),
            )
            value = coefficient * number * math.prod(cell.value for cell in others)
            terms.append(TermValue(factors, value + 0.0, coefficient))
        return terms

    def _factor(self, cell: Cell) -> FactorValue:
        function, raw = cell.function, cell.raw
        if cell.operand == "largest":
            # 1 or 0 is said of the cell whose gradient this is, which can be looked at.
            k = self.names["largest"][0]
            raw = float(self.trace.array(k)[self.index])
            return FactorValue(k, self.index, cell.value + 0.0, "is_largest", raw)
        elif self.closed is not None and cell.operand in self.closed.logs:
            name = self.names[cell.operand]
            y = self.trace.array(name[cell.index[-1]] if len(name) > 1 else name[0])
            function, raw = "log", float(y if y.ndim == 0 else y[cell.index])
        names = self.names[cell.operand]
        edge = self.trace.graph.edge.get(names[0].removesuffix(".grad"))
        value = cell.value + 0.0
        if edge is not None and len(cell.index) > len(edge.shape):
            # Scalar rows: the column says which of them.
            return FactorValue(names[cell.index[-1]], (), value, function, raw)
        return FactorValue(names[0], cell.index, value, function, raw)

"""Runs an op graph forward and backward and records the trace."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from app.engine import notation
from app.engine.applied import (
    forward_name,
    forward_reads,
    gradient,
    gradient_name,
    gradient_reads,
    results,
)
from app.engine.build import build_graph
from app.engine.errors import TooLarge
from app.engine.forms import loss_form, unsafe_sigmoids
from app.engine.graph import Node, OpGraph, for_one_sample
from app.engine.loss_types import decay
from app.engine.network import Network
from app.engine.open_ops import opened_in
from app.engine.scalars import MOST_SCALARS, as_scalars, fits, shared
from app.engine.spec import NetworkSpec
from app.engine.trace import Event, Trace
from app.engine.whole import WholeLayers

Array = np.ndarray


@np.errstate(all="ignore")  # An overflow is part of the answer: it shows as Infinity or NaN.
def make_trace(
    spec: NetworkSpec,
    parameters: Mapping[str, Array],
    x: Array,
    t: Array | None = None,
    grad_output: Array | None = None,
    level: str = "op",
    loss: str = "closed",
    sample: int = 0,
    form: str | None = None,
    stable: bool = False,
    single: bool = False,
    open_ops: Collection[str] = (),
) -> Trace:
    """One whole pass of a network as a trace.

    Args:
        spec: The network.
        parameters: Every parameter of it.
        x: Inputs ``(N, D)``.
        t: One-hot targets ``(N, C)``; with a loss and t there is a backward half.
        grad_output: dL/d(scores) ``(N, C)`` to start the backward half of a network without loss.
        level: ``op``, or ``element`` for one sample on its own with the loss in scalar rows.
        loss: ``closed`` or ``opened``.
        sample: The row that level ``element`` shows.
        form: Forces the form of an opened loss; by default the book's wherever it is safe.
        stable: Subtract the largest score first also where the book's form would be safe.
        single: Name the gradients as the book does for one sample without an axis of its own.
        open_ops: Names of ops that are opened, as for `build_graph`.
    """
    alone = None
    if level == "element":
        alone = sample if len(x) > 1 else None
        rows = slice(sample, sample + 1)
        x = x[rows]
        t = None if t is None else t[rows]
        grad_output = None if grad_output is None else grad_output[rows]
    x = x.reshape(len(x), *spec.sample)
    if grad_output is not None:
        grad_output = grad_output.reshape(len(x), *spec.sizes[-1])
    given = {"x": x, **parameters}
    if level == "element" and spec.loss is None and spec.layers and spec.vocabulary is None:
        trace = _single(spec, given, grad_output, alone)
        if trace is not None:
            return trace
    numbers = (spec, parameters, x, t, grad_output)
    chosen, closed = _forms(*numbers, opened=loss == "opened", form=form, stable=stable)
    graph = build_graph(
        spec, len(x), level, loss, chosen, targets=t is not None, closed=closed, sample=alone,
        open_ops=open_ops,
    )  # fmt: skip
    if single:
        graph = for_one_sample(graph)
    if t is not None and "t" in graph.tensors:
        given["t"] = t
    return Recorder(graph, given, spec.dtype).record(grad_output)


@np.errstate(all="ignore")
def closed_trace(
    spec: NetworkSpec,
    parameters: Mapping[str, Array],
    x: Array,
    t: Array | None = None,
    grad_output: Array | None = None,
) -> Trace:
    """One whole pass with every layer as one op; the arguments are those of `make_trace`."""
    closed = frozenset(layer.name for layer in spec.layers)
    graph = build_graph(spec, len(x), targets=t is not None, closed=closed)
    given = {"x": x, **parameters}
    if t is not None and "t" in graph.tensors:
        given["t"] = t
    return Recorder(graph, given, spec.dtype).record(grad_output)


def fits_single(spec: NetworkSpec) -> bool:
    """Whether a network without a loss is small enough for a figure in single numbers."""
    few = spec.parameter_count <= 4 * MOST_SCALARS
    # What is looked up is the cell of the table itself: there is no op to be shown.
    has_ops = bool(spec.layers) and spec.vocabulary is None
    return has_ops and few and fits(_for_single(spec))


def _single(
    spec: NetworkSpec, given: Mapping[str, Array], grad_output: Array | None, sample: int | None
) -> Trace | None:
    """A network without a loss in single numbers, for one sample; None where that is too much."""
    return single_numbers(_for_single(spec, sample), given, spec.dtype, grad_output)


def _for_single(spec: NetworkSpec, sample: int | None = None) -> OpGraph:
    """The graph that is opened into single numbers."""
    # A closed function keeps the digits that the ops it opens into would lose.
    closed = frozenset(layer.name for layer in spec.layers if layer.kind.opens)
    return build_graph(spec, 1, closed=closed, sample=sample)


def single_numbers(
    graph: OpGraph, given: Mapping[str, Array], dtype: str, grad_output: Array | None
) -> Trace | None:
    """A pass over a graph opened into single numbers; None where they are too many.

    Args:
        graph: In arrays.
        given: Its inputs and parameters.
        dtype: Of all numbers.
        grad_output: As for `Recorder.record`.
    """
    try:
        scalars = as_scalars(graph, given)
    except TooLarge:
        return None
    whole = Recorder(graph, given, dtype).record(grad_output)
    return Recorder(scalars, given, dtype, shared(scalars, whole)).record(grad_output)


def _forms(
    spec: NetworkSpec, parameters: Mapping[str, Array], x: Array, t: Array | None,
    grad_output: Array | None, *, opened: bool, form: str | None, stable: bool,
) -> tuple[str, frozenset[str]]:  # fmt: skip
    """The form of the loss, and the sigmoids that stay closed.

    Both hang on the numbers that meet an exp, which only a pass can tell; a graph that opens no
    exp is the same for all numbers, and no pass is run for it.
    """
    has_sigmoids = any(layer.kind.opens for layer in spec.layers)
    has_forms = spec.loss is not None and spec.loss.kind.opens
    chooses_loss = has_forms and opened and form is None
    if has_sigmoids:
        evaluation = Network(spec, parameters).evaluate(x, t, grad_output)
        closed = unsafe_sigmoids(spec, x, evaluation)
        scores = evaluation.layers[-1].output
    elif chooses_loss:
        closed, scores = frozenset(), Network(spec, parameters).forward(x)
    else:
        return form or "book", frozenset()
    if form or not has_forms:
        return form or "book", closed
    return loss_form(scores, spec.dtype, stable=stable), closed


def opened_graph(spec: NetworkSpec, trace: Trace, *, stable: bool = False) -> OpGraph:
    """The graph of a trace with its loss opened, in the form that the trace's scores call for.

    Args:
        spec: The network, which has a loss.
        trace: A pass of it with the loss closed.
        stable: As for `make_trace`.
    """
    graph = trace.graph
    opened = build_graph(
        spec,
        graph.n,
        graph.level,
        "opened",
        opened_form(spec, trace, stable=stable),
        targets="t" in graph.tensors,
        closed=closed_sigmoids(graph),
        sample=graph.sample,
        open_ops=opened_in(graph),
    )
    return for_one_sample(opened) if graph.single else opened


def opened_form(spec: NetworkSpec, trace: Trace, *, stable: bool = False) -> str:
    """The form that the loss of a trace has when it is opened."""
    has_forms = spec.loss is not None and spec.loss.kind.opens
    if trace.graph.loss_form != "closed" or not has_forms:
        return trace.graph.loss_form or ""
    return loss_form(trace.array(spec.output_tensor), spec.dtype, stable=stable)


def closed_sigmoids(graph: OpGraph) -> frozenset[str]:
    """Names of the sigmoid layers that are left as one op."""
    return frozenset(
        group.name for group in graph.layers if group.type == "sigmoid" and len(group.nodes) == 1
    )


class Recorder:
    """Runs the nodes of one graph and keeps every event and array."""

    def __init__(
        self,
        graph: OpGraph,
        given: Mapping[str, Array],
        dtype: str,
        known: Mapping[str, Array] = MappingProxyType({}),
    ) -> None:
        """Begin a pass; ``known`` are numbers that another way to compute them has made already."""
        self.graph = graph
        self.known = known
        self.dtype = np.dtype(dtype)
        self.events: list[Event] = []
        self.values: dict[str, Array] = {}
        self.tensors: dict[str, Array] = {}
        self.whole = WholeLayers(graph, self.values, self.tensors)
        for name, tensor in graph.tensors.items():
            if tensor.value is not None:
                self._keep(name, np.asarray(tensor.value))
            elif name in given:
                self._keep(name, given[name])
        self.inputs = tuple(self.values)

    def record(self, grad_output: Array | None) -> Trace:
        """Run forward, and backward where there is something to start from."""
        for node in self.graph.nodes:
            if node.id != self.graph.clash:
                self._forward(node)
        output = self.graph.tensors[self.graph.output]
        if output.role == "loss" and output.grad_symbol is not None:
            node = self.graph.node[self.graph.edge[self.graph.output].source or ""]
            self._seed(np.ones(()), node.layer, "seed.loss", notation.seed_rule(self.graph))
        elif grad_output is not None and self.graph.parts:
            for name, cell in self.graph.parts.items():
                if self.graph.tensors[name].grad_symbol is not None:
                    self._seed_part(name, grad_output[cell])
        elif grad_output is not None and output.grad_symbol is not None:
            layer = self.graph.nodes[-1].layer if self.graph.nodes else "x"
            self._seed(grad_output, layer, "seed.given", output.grad_symbol)
        if self.events and self.events[-1].op == "seed":
            for node in reversed(self.graph.nodes):
                # What the result does not depend on has no gradient.
                if self.graph.tensors[node.outputs[-1]].grad_symbol is not None:
                    self._backward(node)
        return Trace(self.graph, self.inputs, tuple(self.events), self.values)

    def _keep(self, tensor: str, value: Array) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Store a tensor under its own name and every edge's; the edges' keys, and its own."""
        array = self._own(tensor, value)
        self.tensors[tensor] = array
        self.values[tensor] = array
        edges = self.graph.edges_of[tensor]
        for edge in edges:
            self.values[edge.id] = array if edge.cell is None else np.array(array[edge.cell])
        keys = tuple(edge.id for edge in edges)
        return keys, () if tensor in keys else (tensor,)

    def _own(self, key: str, value: Array) -> Array:
        """The array to keep under ``key``: a copy, or the number of the layer as a whole.

        Adding 0 turns -0, the product of a closed gate and a negative number, into 0.
        """
        if key in self.known:
            value = self.known[key]
        elif self.whole.has(key):
            value = self.whole.number(key)
        return np.asarray(np.add(value, 0.0, dtype=self.dtype))

    def _operands(self, node: Node) -> list[Array]:
        return [self.values[id] for id in node.inputs]

    def _forward(self, node: Node) -> None:
        inputs = self._operands(node)
        values = results(node, inputs)
        for tensor, value in zip(node.outputs, values, strict=True):
            name, reads = forward_name(node, tensor), forward_reads(node, tensor)
            writes, totals = self._keep(tensor, value)
            rule = notation.forward_rule(self.graph, node, tensor)
            phase = "loss" if node.layer in ("loss", decay.LAYER) else "forward"
            self._event(phase, node.layer, node.id, node.op, name, rule, reads, writes, totals)

    def _seed_part(self, name: str, value: Array) -> None:
        key = f"{name}.grad"
        self.values[key] = self._own(key, value)
        source = self.graph.edges_of[name][0].source or ""
        layer = self.graph.node[source].layer if source else name
        rule = self.graph.tensors[name].grad_symbol or ""
        self._event("backward", layer, source, "seed", "seed.given", rule, (), (key,), ())

    def _seed(self, value: Array, layer: str, name: str, rule: str) -> None:
        key = f"{self.graph.output}.grad"
        self.values[key] = self._own(key, value)
        node = self.graph.edge[self.graph.output].source or ""
        self._event("backward", layer, node, "seed", name, rule, (), (key,), ())

    def _backward(self, node: Node) -> None:
        inputs = self._operands(node)
        out = node.outputs[-1]
        grad, parts = self._total(out)
        for k, id in enumerate(node.inputs):
            edge = self.graph.edge[id]
            if not edge.differentiable:
                continue
            value = gradient(node, k, inputs, self.tensors[out], grad)
            name = gradient_name(node, k)
            reads = (*parts, *gradient_reads(self.graph, node, k))
            self.values[f"{id}.grad"] = self._own(f"{id}.grad", value)
            totals = self._complete(edge.tensor)
            rule = notation.gradient_rule(self.graph, node, k)
            self._event(
                "backward", node.layer, node.id, node.op, name, rule, reads, (f"{id}.grad",), totals
            )

    def _total(self, tensor: str) -> tuple[Array, tuple[str, ...]]:
        """dL/d(tensor) and the keys it is the sum of: one for each use."""
        edges = [edge for edge in self.graph.edges_of[tensor] if edge.differentiable]
        parts = tuple(f"{edge.id}.grad" for edge in edges)
        if f"{tensor}.grad" in self.values:
            return self.values[f"{tensor}.grad"], parts
        total = np.zeros(self.graph.tensors[tensor].shape, self.dtype)
        for edge in edges:
            if edge.cell is None:
                total = total + self.values[f"{edge.id}.grad"]
            else:
                total[edge.cell] += self.values[f"{edge.id}.grad"]
        return total, parts

    def _complete(self, tensor: str) -> tuple[str, ...]:
        """Keep a tensor's total gradient when its last part has come; its key then."""
        key = f"{tensor}.grad"
        edges = [edge for edge in self.graph.edges_of[tensor] if edge.differentiable]
        if key in self.values or any(f"{edge.id}.grad" not in self.values for edge in edges):
            return ()
        self.values[key] = self._own(key, self._total(tensor)[0])
        return (key,)

    def _event(
        self, phase: str, layer: str, node: str, op: str, name: str, rule: str,
        reads: tuple[str, ...], writes: tuple[str, ...], totals: tuple[str, ...],
    ) -> None:  # fmt: skip
        shape = self.values[writes[0]].shape if writes else self.values[totals[0]].shape
        if totals and not totals[0].endswith(".grad"):
            shape = self.values[totals[0]].shape
        self.events.append(
            Event(
                len(self.events), phase, layer, node, op, name, rule, reads, writes, totals, shape
            )
        )

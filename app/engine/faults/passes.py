"""The backward half of a pass with a mistake in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.faults.fault import Array, Context, Fault, Step
from app.engine.graph import Edge, Node
from app.engine.trace import Trace


@dataclass(frozen=True)
class Site:
    """Where a mistake is made: at the operand of an op, or where branches of a tensor meet."""

    node: str = ""
    k: int = 0
    tensor: str = ""


NOWHERE = Context()


@np.errstate(all="ignore")
def sites(
    trace: Trace, fault: Fault, context: Context = NOWHERE, *, fits: bool = False
) -> Iterator[Site]:
    """Every place of a pass where the mistake changes a number, nearest to the loss first.

    Where it changes none (a mask that lets all pass, say), nobody could tell.

    Args:
        trace: The pass.
        fault: The mistake.
        context: What it needs beyond the pass.
        fits: Only where a pass could go on with the number, since it has the right shape.
    """
    graph = trace.graph
    if fault.joins:
        for tensor in reversed(tuple(graph.tensors)):
            shares = _shares(trace, tensor)
            if len(shares) > 1 and not _same(
                _sum(trace, tensor, shares[-1:]), _sum(trace, tensor, shares)
            ):
                yield Site(tensor=tensor)
        return
    for node in reversed(graph.nodes):
        for k, step in _steps(trace, node, context):
            made = _made(fault, step)
            if made is None:
                continue
            before = step.right if fault.spoils is None else step.grad
            if not _same(made, before) and (not fits or made.shape == before.shape):
                yield Site(node.id, k)


@np.errstate(all="ignore")
def wrong_gradients(
    trace: Trace, fault: Fault, site: Site | None = None, context: Context = NOWHERE
) -> Mapping[str, Array]:
    """The gradients of a pass in which the mistake is made, under their keys.

    Args:
        trace: The pass without it.
        fault: The mistake.
        site: Where alone it is made; everywhere it can be where it is None.
        context: What the mistake needs beyond the pass.

    Returns:
        Only those that differ from the trace's, or might: what no changed number flows into is
        not there.
    """
    return _WrongPass(trace, fault, site, context).run()


class _WrongPass:
    def __init__(self, trace: Trace, fault: Fault, site: Site | None, context: Context) -> None:
        self.trace, self.fault, self.site, self.context = trace, fault, site, context
        self.changed: dict[str, Array] = {}

    def run(self) -> Mapping[str, Array]:
        for node in reversed(self.trace.graph.nodes):
            self._join(node.outputs[-1])
            out = f"{node.outputs[-1]}.grad"
            for k, recorded in _steps(self.trace, node, self.context):
                self._make(recorded, out, k)
        for tensor in self.trace.graph.tensors:
            self._join(tensor)
        return self.changed

    def _make(self, recorded: Step, out: str, k: int) -> None:
        is_dirty = out in self.changed
        step = recorded
        if is_dirty:
            step = Step(
                recorded.trace, recorded.node, k, recorded.inputs, recorded.out,
                self.changed[out], recorded.context,
            )  # fmt: skip
        key = f"{step.edge.id}.grad"
        here = self.site is None or self.site == Site(step.node.id, k)
        made = _made(self.fault, step) if here and not self.fault.joins else None
        if made is not None and self.fault.spoils is not None:
            self._spoil(out, made)
            made = None
        if made is not None and made.shape == step.input.shape:
            self.changed[key] = np.add(made, 0.0, dtype=step.input.dtype)
        elif is_dirty:
            self.changed[key] = np.add(step.right, 0.0, dtype=step.input.dtype)

    def _spoil(self, out: str, made: Array) -> None:
        """Write into dL/d(result): every name of that array has the new numbers."""
        graph = self.trace.graph
        tensor = out.removesuffix(".grad")
        for edge in graph.edges_of[tensor]:
            if edge.cell is None and edge.differentiable:
                self.changed[f"{edge.id}.grad"] = made
                # An addition hands one array to both of its operands.
                target = graph.node.get(edge.target or "")
                if target is not None and target.op == "add":
                    for id in target.inputs:
                        other = graph.edge[id]
                        if other.differentiable and other.shape == made.shape:
                            self.changed[f"{id}.grad"] = made
        self.changed[out] = made

    def _join(self, tensor: str) -> None:
        """dL/d(tensor) as the sum over its uses, where one of them has changed."""
        key = f"{tensor}.grad"
        shares = _shares(self.trace, tensor)
        stops = self.fault.joins and (self.site is None or self.site.tensor == tensor)
        if stops and len(shares) > 1:
            self.changed[key] = self._sum(tensor, shares[-1:])
        elif key not in self.changed and any(f"{e.id}.grad" in self.changed for e in shares):
            self.changed[key] = self._sum(tensor, shares)

    def _sum(self, tensor: str, shares: list[Edge]) -> Array:
        return _sum(self.trace, tensor, shares, self.changed)


def _made(fault: Fault, step: Step) -> Array | None:
    makes = fault.makes or fault.spoils
    return None if makes is None else makes(step)


def _steps(trace: Trace, node: Node, context: Context) -> Iterator[tuple[int, Step]]:
    """The recorded steps of an op's backward half, by operand."""
    out = node.outputs[-1]
    if f"{out}.grad" not in trace.known:
        return
    inputs = tuple(trace.array(id) for id in node.inputs)
    for k, id in enumerate(node.inputs):
        if f"{id}.grad" in trace.known and trace.graph.edge[id].differentiable:
            grad = trace.array(f"{out}.grad")
            yield k, Step(trace, node, k, inputs, trace.array(out), grad, context)


def _shares(trace: Trace, tensor: str) -> list[Edge]:
    return [
        edge
        for edge in trace.graph.edges_of[tensor]
        if edge.differentiable and f"{edge.id}.grad" in trace.known
    ]


def _sum(
    trace: Trace, tensor: str, shares: list[Edge], changed: Mapping[str, Array] | None = None
) -> Array:
    known = changed or {}
    total = np.zeros_like(trace.array(tensor))
    for edge in shares:
        key = f"{edge.id}.grad"
        share = known[key] if key in known else trace.array(key)
        if edge.cell is None:
            total = total + share
        else:
            total[edge.cell] += share
    return total


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-12, atol=0.0, equal_nan=True)

"""How a program fares while it learns: of each line what `health` has of each layer of a network.

What a line makes is looked at, and what its ops let through on the way: a ReLU or a flat sigmoid
may stand anywhere in it. The thresholds are those of networks.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from app.engine.alarms import (
    DEAD,
    FEW_SAMPLES,
    LARGE_GRADIENT,
    LARGE_RATIO,
    RISEN,
    SATURATED,
    SMALL_RATIO,
    Alarm,
    first_of,
    largest_of,
)
from app.engine.by_layer import known
from app.engine.code.samples import samples_of
from app.engine.code.spec import CodeSpec
from app.engine.graph import LINE, LayerGroup, Node, OpGraph
from app.engine.health import LayerHealth, flat_cells, ratio, size
from app.engine.history import Rows
from app.engine.trace import Trace

Array = np.ndarray

_CURVES = ("sigmoid", "tanh")


@np.errstate(all="ignore")
def line_health(
    spec: CodeSpec, trace: Trace, changes: Mapping[str, Array]
) -> tuple[LayerHealth, ...]:
    """The health of every line.

    Args:
        spec: The program, with a loss.
        trace: Its pass in arrays, with a backward half.
        changes: By name, what the next step of the optimiser adds to what is learned.
    """
    return tuple(_line(spec, trace, group, changes) for group in trace.graph.layers)


def _line(
    spec: CodeSpec, trace: Trace, group: LayerGroup, changes: Mapping[str, Array]
) -> LayerHealth:
    graph = trace.graph
    gradient = known(trace, f"{group.name}.grad")
    read = [name for name in _first_read(graph, group) if name in changes]
    # The weights among them, not their bias.
    weights = max(read, key=lambda name: changes[name].size, default=None)
    gates, curves = (list(_of(trace, group.nodes, ops)) for ops in (("relu",), _CURVES))
    shut = [float(_dead(spec, out).mean()) for _, out in gates]
    flat = [float(flat_cells(out, node.op).mean()) for node, out in curves]
    return LayerHealth(
        group.name,
        LINE,
        size(trace.array(graph.node[group.nodes[-1]].outputs[0])),
        None if gradient is None else size(gradient),
        None if weights is None else ratio(changes[weights], trace.array(weights)),
        max(shut, default=None),
        max(flat, default=None),
    )


def _first_read(graph: OpGraph, group: LayerGroup) -> list[str]:
    nodes = set(group.nodes)
    return [
        name
        for name, tensor in graph.tensors.items()
        if tensor.role == "parameter" and graph.edges_of[name][0].target in nodes
    ]


def _of(trace: Trace, nodes: Sequence[str], ops: Sequence[str]) -> Iterator[tuple[Node, Array]]:
    for id in nodes:
        node = trace.graph.node[id]
        if node.op in ops:
            yield node, trace.array(node.outputs[0])


def _dead(spec: CodeSpec, out: Array) -> Array:
    """Which units no sample opens; every cell is one where no rows are samples."""
    samples = samples_of(spec)
    if samples is None or not out.ndim or len(out) != samples.rows:
        return np.asarray(out <= 0)
    return np.asarray(~(out > 0).any(axis=0))


@np.errstate(all="ignore")
def line_alarms(
    spec: CodeSpec,
    trace: Trace,
    changes: Mapping[str, Array],
    losses: tuple[float, float],
    history: Rows | None = None,
) -> tuple[Alarm, ...]:
    """What has gone wrong, causes before what follows from them.

    Args:
        spec: The program, with a loss.
        trace: Its pass in arrays, with a backward half.
        changes: By name, what the next step of the optimiser adds to what is learned.
        losses: Before that step and after it.
        history: What a run that led here has noted.
    """
    weights = _weights(changes)
    found = (
        _not_finite(trace, spec),
        _rate_high(trace, weights, losses, history),
        _rate_low(trace, weights),
        _saturated(spec, trace),
        _dead_relus(spec, trace),
    )
    return tuple(alarm for alarm in found if alarm is not None)


def _weights(changes: Mapping[str, Array]) -> dict[str, Array]:
    """Of what is learned that of most axes: a bias begins at 0, and any step is large beside it."""
    most = max((change.ndim for change in changes.values()), default=0)
    return {name: change for name, change in changes.items() if change.ndim == most}


def _not_finite(trace: Trace, spec: CodeSpec) -> Alarm | None:
    """The first number that is none, forward or else backward."""
    made = [(node.outputs[0], node.outputs[0], node.layer) for node in trace.graph.nodes]
    keys = [*made, *((f"{name}.grad", name, _reader(trace.graph, name)) for name in spec.learned)]
    for key, _, line in keys:
        bad = ~np.isfinite(trace.array(key))
        if bad.any():
            return Alarm("not_finite", float(bad.mean()), 0, line, None, key, first_of(bad))
    return None


def _reader(graph: OpGraph, name: str) -> str:
    return graph.node[graph.edges_of[name][0].target or ""].layer


def _rate_high(
    trace: Trace, changes: Mapping[str, Array], losses: tuple[float, float], history: Rows | None
) -> Alarm | None:
    ratios = {name: ratio(change, trace.array(name)) for name, change in changes.items()}
    # What begins at 0 gains infinitely much of that.
    finite = {name: value for name, value in ratios.items() if np.isfinite(value)}
    worst = max(finite, key=lambda name: finite[name], default=None)
    before, after = losses
    if worst is not None and finite[worst] > LARGE_RATIO and not after <= RISEN * before:
        cell = largest_of(changes[worst])
        return Alarm("rate_high", finite[worst], LARGE_RATIO, worst, None, f"{worst}.change", cell)
    return None if history is None else _blown_up(history, changes)


def _blown_up(rows: Rows, weights: Mapping[str, Array]) -> Alarm | None:
    """The largest update of a run whose loss has risen far over its first one."""
    told = np.where(np.isnan(rows.loss), np.inf, rows.loss)
    if len(told) == 0 or not told.max() > RISEN * abs(told[0]):
        return None
    found = None
    for name in [name for name in rows.update_ratios if name in weights]:
        column = rows.update_ratios[name]
        usable = np.where(np.isfinite(column), column, 0)
        place = int(usable.argmax())
        if usable[place] > (LARGE_RATIO if found is None else found.measured):
            step = int(rows.step[place])
            found = Alarm("rate_high", float(usable[place]), LARGE_RATIO, name, step=step)
    return found


def _rate_low(trace: Trace, changes: Mapping[str, Array]) -> Alarm | None:
    asked = {
        name: ratio(trace.array(f"{name}.grad"), trace.array(name))
        for name in changes
        if size(trace.array(name)) > 0
    }
    if not asked:
        return None
    most = max(asked, key=lambda name: asked[name])
    highest = max(ratio(changes[name], trace.array(name)) for name in asked)
    if not (np.isfinite(asked[most]) and asked[most] >= LARGE_GRADIENT and highest < SMALL_RATIO):
        return None
    cell = largest_of(changes[most])
    return Alarm("rate_low", highest, SMALL_RATIO, most, None, f"{most}.change", cell)


def _saturated(spec: CodeSpec, trace: Trace) -> Alarm | None:
    for node in _with_samples(spec, trace, _CURVES):
        share = float(flat_cells(trace.array(node.outputs[0]), node.op).mean())
        into = trace.graph.edge[node.inputs[0]].tensor
        if share >= SATURATED and known(trace, f"{into}.grad") is not None:
            cell = largest_of(trace.array(into))
            return Alarm("saturated", share, SATURATED, node.layer, cell[-1], f"{into}.grad", cell)
    return None


def _dead_relus(spec: CodeSpec, trace: Trace) -> Alarm | None:
    for node in _with_samples(spec, trace, ("relu",)):
        dead = _dead(spec, trace.array(node.outputs[0]))
        tensor = trace.graph.edge[node.inputs[0]].tensor
        into = trace.array(tensor)
        if dead.mean() < DEAD or not into.any() or not np.isfinite(into).all():
            continue
        # The one that is shut most firmly, at the sample that comes nearest to opening it.
        firmest = np.where(dead, into.max(axis=0), np.inf)
        unit = tuple(int(at) for at in np.unravel_index(int(firmest.argmin()), dead.shape))
        cell = (int(np.moveaxis(into, 0, -1)[unit].argmax()), *unit)
        share = float(dead.mean())
        return Alarm("dead_relus", share, DEAD, node.layer, cell[-1], tensor, cell)
    return None


def _with_samples(spec: CodeSpec, trace: Trace, ops: Sequence[str]) -> Iterator[Node]:
    """Nodes over so many samples that they say something about a unit."""
    samples = samples_of(spec)
    if samples is None or samples.rows < FEW_SAMPLES:
        return
    for node, out in _of(trace, [node.id for node in trace.graph.nodes], ops):
        if out.ndim > 1 and len(out) == samples.rows:
            yield node

"""How far through a pass an event stands, in a number that all ways to show the pass share.

Another level, the loss opened or closed, another form: the trace then has other events, but the
pass is the same, and whoever stood at one of its events wants to stand there again. Each event
gets a number that depends on what it does and not on which others are shown. What is the same event
has the same number, and within a trace the numbers rise; so an event that another trace does not
have is followed there by the first with a larger number.
"""

from collections import Counter

from app.engine.trace import Event, Trace

# The ops of a loss in the order in which they run, whether or not a form of it has them; `END` is
# whichever op makes the loss. The way back meets them the other way round.
END = "end"
FORWARD = (
    "max", "subtract", "exp", "sum", "log_sum", "reciprocal", "multiply", "log", "times_t", "add",
    "negate", END,
)  # fmt: skip
SEED = "seed"
BACKWARD = (
    SEED, "mean", "negate", "add", "times_t", "log", "multiply", "reciprocal", "log_sum", "sum",
    "exp", "subtract", "max", END,
)  # fmt: skip


def progress(trace: Trace) -> tuple[float, ...]:
    """For every event how far the pass has come with it, in layers.

    Layer k of L goes forward from k to k + 1; the loss follows, then the loss and the layers on
    the way back. Events of one layer, and of one op of the loss, share their span evenly.
    """
    parts = [_part(trace, event) for event in trace.events]
    sizes, done = Counter(parts), Counter[tuple[float, float]]()
    found = []
    for part in parts:
        start, span = part
        done[part] += 1
        found.append(start + span * (done[part] / sizes[part]))
    return tuple(found)


def _part(trace: Trace, event: Event) -> tuple[float, float]:
    """Where the part of the pass that an event belongs to begins, and how long it is."""
    layers = [group.name for group in trace.graph.layers if group.name != "loss"]
    if event.layer != "loss":
        place = layers.index(event.layer) if event.layer in layers else 0
        if event.phase == "backward":
            place = 2 * len(layers) + 1 - place
        return float(place), 1.0
    stations = BACKWARD if event.is_gradient else FORWARD
    start = len(layers) + event.is_gradient
    span = 1 / len(stations)
    return start + stations.index(_station(trace, event)) * span, span


def _station(trace: Trace, event: Event) -> str:
    """The op of the loss whose work an event does; a closed loss does that of the last."""
    graph = trace.graph
    if event.op == SEED:
        return SEED
    closed = graph.loss_form == "closed"
    if not event.is_gradient:
        if graph.tensors[_made(trace, event)].role == "loss":
            return END
        if closed:
            return "multiply"
    elif closed or _base(trace, event.node) == _base(trace, _first(trace)):
        return END
    base = _base(trace, event.node)
    if graph.loss_form == "logsumexp":
        return {"log": "log_sum", "log_y": "log"}.get(base, base)
    return base


def _made(trace: Trace, event: Event) -> str:
    key = (*event.writes, *event.totals)[0]
    edge = trace.graph.edge.get(key)
    return key if edge is None else edge.tensor


def _first(trace: Trace) -> str:
    """The first node of the loss: the last on the way back."""
    return next(node.id for node in trace.graph.nodes if node.layer == "loss")


def _base(trace: Trace, id: str) -> str:
    """``loss.exp.2`` -> ``exp``."""
    row = trace.graph.node[id].row
    name = id if row is None else id.removesuffix(f".{row}")
    return name.removeprefix("loss.")

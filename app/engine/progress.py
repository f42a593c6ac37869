"""How far through a pass an event stands, in a number that all ways to show the pass share.

Another level, the loss or an op opened or closed, another form: the trace then has other events,
but the pass is the same, and whoever stood at one of its events wants to stand there again. Each
event gets a number that depends on what it does and not on which others are shown. What is the same
event has the same number, and within a trace the numbers rise; so an event that another trace does
not have is followed there by the first with a larger number.
"""

from collections import Counter
from collections.abc import Sequence

from app.engine.applied import result_of
from app.engine.loss_types import LOSSES, decay
from app.engine.trace import Event, Trace
from app.engine.update import PHASE

# The same of an Affine, whose + may be opened. On the way back the tensors say what is made.
AFFINE = ("dot", "repeat", "add")
AFFINE_BACK = ("seed", "dot", "repeat", "b", "x", "W")

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
    the way back, and then the update. Each op of an Affine and of the loss has a span of its own
    in its layer's; events of one op there, and of any other layer, share their span evenly.
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
    groups = {group.name: group.type for group in trace.graph.layers}
    layers = [name for name in groups if name not in ("loss", decay.LAYER)]
    if event.phase == PHASE:
        return 2.0 * len(layers) + 2, 1.0
    if event.layer in ("loss", decay.LAYER) and (
        decay.LAYER in groups or not LOSSES[groups["loss"]].opens
    ):
        return _of_parts(trace, event, len(layers), decay.LAYER in groups)
    if event.layer == "loss":
        ops = BACKWARD if event.is_gradient else FORWARD
        return _within(len(layers) + event.is_gradient, ops, _station(trace, event))
    place = layers.index(event.layer) if event.layer in layers else 0
    if event.is_gradient:
        place = 2 * len(layers) + 1 - place
    types = {group.name: group.type for group in trace.graph.layers}
    if types.get(event.layer) == "affine" and not trace.graph.is_program:
        made = AFFINE_BACK if event.is_gradient else AFFINE
        return _within(place, made, _of_affine(event))
    return float(place), 1.0


def _of_parts(trace: Trace, event: Event, layers: int, decays: bool) -> tuple[float, float]:
    """The loss before weight decay, and after it on the way back: half a layer each, if both."""
    span = 0.5 if decays else 1.0
    is_later = decays and (event.layer == decay.LAYER) is not event.is_gradient
    start = layers + event.is_gradient + span * is_later
    kind = next(g.type for g in trace.graph.layers if g.name == "loss")
    if event.layer == decay.LAYER or not LOSSES[kind].opens:
        return start, span
    ops = BACKWARD if event.is_gradient else FORWARD
    place, part = _within(0, ops, _station(trace, event))
    return start + span * place, span * part


def _within(start: int, stations: Sequence[str], station: str) -> tuple[float, float]:
    span = 1 / len(stations)
    return start + stations.index(station) * span, span


def _of_affine(event: Event) -> str:
    if event.op == SEED:
        return SEED
    if not event.is_gradient:
        return event.node.removeprefix(f"{event.layer}.")
    # A weight that weight decay uses, too, has an edge for each use.
    made = event.writes[0].removesuffix(".grad").partition(":")[0]
    # What comes in is the output of the layer before, or x.
    return made.removeprefix(f"{event.layer}.") if made.startswith(f"{event.layer}.") else "x"


def _station(trace: Trace, event: Event) -> str:
    """The op of the loss whose work an event does; a closed loss does that of the last."""
    graph = trace.graph
    if event.op == SEED:
        return SEED
    if not event.is_gradient:
        made = _made(trace, event)
        if made in ("loss", "loss.data"):
            return END
        result = result_of(graph.node[event.node], made)
        if result is not None:
            return result.made_by
    elif _base(trace, event.node) == _base(trace, _first(trace)):
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

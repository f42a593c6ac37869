"""A session's pass with a mistake in its backward half: homework compared, and mistakes at work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.engine.check import TOLERANCE, ParameterCheck, check_objective
from app.engine.code.running import trace_code
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError, TooLarge
from app.engine.faults import FAULTS, Context, Fault, Site, compared, sites, wrong_gradients
from app.engine.faults.naming import Compared, written_within
from app.engine.faults.zoo import Curves, FaultyObjective, trained_beside, usual_site
from app.engine.practice import Judged, judged_in
from app.engine.run import closed_trace
from app.engine.trace import Trace
from app.sessions.learning import require_gradient
from app.sessions.state import Session
from app.sessions.stepping import objective_of

Array = np.ndarray

MAX_STEPS = 200
# Numbers that all passes of one training beside another may hold: a second or two.
WORK = 40_000_000
# The check nudges no more cells than these of all parameters: enough to tell right from wrong.
CHECKED_CELLS = 200


@dataclass(frozen=True)
class Place:
    """Where a mistake can be made: a site, with what is there for a reader."""

    site: Site
    layer: str
    op: str
    operand: str

    @property
    def node(self) -> str:
        """The op's name in the graph; empty where branches meet."""
        return self.site.node


@dataclass(frozen=True)
class Specimen:
    """A mistake at work in a session.

    Attributes:
        fault: The mistake.
        site: Where alone it is made; None for wherever it can be.
        gradients: By key, all that the mistake changes.
        checks: By parameter, what the numerical check says of the wrong gradients.
        curves: The losses of a training without it and with it, from the same start.
    """

    fault: Fault
    site: Site | None
    gradients: Mapping[str, Array]
    checks: Mapping[str, ParameterCheck]
    curves: Curves

    @property
    def flagged(self) -> tuple[str, ...]:
        """Parameters that the check finds fault with."""
        return tuple(
            name
            for name, check in self.checks.items()
            if check.max_relative_error is not None and not check.max_relative_error <= TOLERANCE
        )


@np.errstate(all="ignore")
def closed_pass(session: Session, parameters: Mapping[str, Array] | None = None) -> Trace:
    """The session's pass over all its samples with every layer as one op.

    Args:
        session: With anything.
        parameters: In place of its own.
    """
    numbers = session.parameters if parameters is None else {**session.parameters, **parameters}
    if isinstance(session.spec, CodeSpec):
        return trace_code(session.spec, numbers, session.grad_output)
    return closed_trace(session.network, numbers, session.x, session.targets, session.grad_output)


def context_of(session: Session) -> Context:
    """What mistakes may hang on beyond the pass."""
    return Context(rate=session.optimizer.learning_rate)


def compare(
    session: Session, key: str, answer: Array
) -> tuple[Compared, Mapping[str, tuple[Place, ...]]]:
    """Somebody's gradient beside the session's, and where the mistakes are made that give it.

    Raises:
        EngineError: there is no such gradient.
    """
    trace = closed_pass(session)
    found = compared(trace, key, answer, written_within(answer), context_of(session))
    return found, {
        named.fault: tuple(place_of(trace, site) for site in named.sites) for named in found.named
    }


def predicted(
    session: Session, shown: Trace, key: str, index: tuple[int, ...] | None, text: str
) -> tuple[Judged, float | tuple[int, ...]]:
    """What is to be said of somebody's prediction, and what is right.

    Args:
        session: The session.
        shown: Its pass at the view in which the prediction was asked for.
        key: The tensor that was asked about.
        index: The cell; None where the shape was.
        text: The prediction as it was written.

    Raises:
        EngineError: it cannot be read, or there is no such tensor or cell.
    """
    closed = closed_pass(session)
    # A mistake is one of a whole layer; what only the opened figure has is judged in that.
    trace = closed if key in closed.known else shown
    judged = judged_in(trace, key, index, text, session.optimizer.learning_rate)
    return judged, trace.array(key).shape if index is None else trace.cell(key, index)


def places(session: Session) -> Mapping[str, tuple[Place, ...]]:
    """The mistakes that change something in the session's pass, and where, nearest to L first."""
    trace, context = closed_pass(session), context_of(session)
    found = {
        id: tuple(place_of(trace, site) for site in sites(trace, fault, context, fits=True))
        for id, fault in FAULTS.items()
    }
    return {id: where for id, where in found.items() if where}


def gradients(session: Session) -> Mapping[str, tuple[int, ...]]:
    """The gradients that can be compared, under their keys, with their shapes.

    Those of parameters come first, in the order of the layers: they are what homework is about.
    """
    trace = closed_pass(session)
    tensors = trace.graph.tensors
    found = {
        key: trace.array(key).shape for name in tensors if (key := f"{name}.grad") in trace.known
    }
    learned = [name for name, tensor in tensors.items() if tensor.role == "parameter"]
    first = [f"{name}.grad" for name in learned if f"{name}.grad" in found]
    return {key: found[key] for key in (*first, *(key for key in found if key not in first))}


def place_of(trace: Trace, site: Site) -> Place:
    """What is at a site, for a reader."""
    graph = trace.graph
    if site.tensor:
        return Place(site, site.tensor, "", site.tensor)
    node = graph.node[site.node]
    return Place(site, node.layer, node.op, graph.edge[node.inputs[site.k]].tensor)


@np.errstate(all="ignore")
def specimen(
    session: Session, id: str, number: int | None, steps: int
) -> tuple[Specimen, Place | None]:
    """A mistake at work, and where it is made; None for wherever it can be.

    Args:
        session: With something to learn.
        id: The mistake.
        number: Which of its `places` alone; None for the usual: wherever it can be, mostly.
        steps: Of the training beside the right one.

    Raises:
        EngineError: no such mistake or place, or it changes nothing here.
        TooLarge: so many steps of this session take too long.
        Conflict: the session learns nothing.
    """
    require_gradient(session)
    if id not in FAULTS:
        raise EngineError(
            f"fault is one of {', '.join(FAULTS)}", "fault", "name", {"enum": tuple(FAULTS)}
        )
    most = max(1, WORK // (10 * session.spec.pass_cells(session.n)))
    if steps > most:
        raise TooLarge(
            f"at most {most} steps of a session of this size are made here",
            "steps",
            {"maximum": most},
        )
    fault, trace, context = FAULTS[id], closed_pass(session), context_of(session)
    where = list(sites(trace, fault, context, fits=True))
    if not where and fault.needs != "before":
        raise EngineError("this mistake changes nothing in this pass", "fault", "value")
    if number is not None and number >= len(where):
        raise EngineError(
            f"this mistake has {len(where)} places here", "site", "range",
            {"minimum": 0, "maximum": len(where) - 1},
        )  # fmt: skip
    site = where[number] if number is not None else None
    if number is None and where:
        site = usual_site(trace, fault, context)
    exact = replace(session, spec=replace(session.spec, dtype="float64"))

    def passes(parameters: Mapping[str, Array]) -> Trace:
        return closed_pass(exact, parameters)

    right = objective_of(exact)
    faulty = FaultyObjective(right, passes, fault, site, context)
    found = Specimen(
        fault,
        site,
        wrong_gradients(trace, fault, site, context),
        check_objective(faulty, max_cells=CHECKED_CELLS).parameters,
        trained_beside(right, passes, fault, session.optimizer, steps, site),
    )
    return found, None if site is None else place_of(trace, site)

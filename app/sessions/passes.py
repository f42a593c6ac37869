"""What follows from a session's numbers: its pass, its trace and its drawing, each made once."""

import hashlib
from bisect import bisect_left
from dataclasses import dataclass, replace

from app.drawing.figure.graph_json import Drawing, draw
from app.engine.by_layer import by_layer
from app.engine.code.running import by_program, trace_code
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.network import Evaluation
from app.engine.optimizers import OptimizerConfig
from app.engine.progress import progress
from app.engine.run import closed_sigmoids, make_trace, opened_form, opened_graph
from app.engine.strides import Cursor, clamp
from app.engine.trace import Trace
from app.engine.update import all_rules as update_rules
from app.engine.update import with_update
from app.sessions.opened import shown
from app.sessions.presets import PRESETS
from app.sessions.state import Session, View
from app.sessions.stepping import learns, objective_of
from app.sessions.store.cache import ByteCache

TRACE_BYTES = 64 << 20
# How many are found again at once.
DRAWINGS = 500
# The pass that answers for the numbers of a session, whatever its view shows of it.
WHOLE_PASS = View(level="op", loss="closed")
# An event costs about this much beside its numbers.
EVENT_BYTES = 1500


@dataclass(frozen=True)
class Position:
    """A cursor among the events of its trace.

    ``goes_on``: after the last event the next step of learning begins; ``goes_back``: before the
    first lies the end of the step before.
    """

    cursor: Cursor
    events: int
    phase: str
    step: int
    goes_on: bool
    goes_back: bool

    @property
    def at_start(self) -> bool:
        """Whether nothing has been passed."""
        return self.cursor == Cursor(0, 0)

    @property
    def at_end(self) -> bool:
        """Whether there is nothing left to pass."""
        return self.cursor.seq >= self.events


class Passes:
    """Traces of sessions, bounded by bytes, and what is read from them.

    Whoever wants numbers of a session gets them from the same pass: its layers, its loss and its
    events are one trace. Keys hold the data version, so an edit makes new entries and can never be
    answered with old numbers.

    Args:
        capacity: Bytes of traces that are kept.
    """

    def __init__(self, capacity: int = TRACE_BYTES) -> None:
        self._drawings: ByteCache[tuple[str, int, OptimizerConfig, View], Drawing] = ByteCache(
            DRAWINGS, lambda _: 1
        )
        self._traces: ByteCache[
            tuple[str, int, OptimizerConfig, str, str, int, str, bool, tuple[str, ...], bool], Trace
        ] = ByteCache(capacity, lambda trace: trace.nbytes + EVENT_BYTES * len(trace.events))

    def trace(self, session: Session, view: View | None = None) -> Trace:
        """The session's pass in the form that belongs to ``view`` (default: its own)."""
        view = view or session.view
        level, loss, sample, form = view.trace_level
        single = view.single and (level == "element" or session.n == 1)
        return self._traces.get(
            (
                session.id,
                session.data_version,
                session.optimizer,
                level,
                loss,
                sample,
                form,
                single,
                view.open_ops,
                view.update,
            ),
            lambda: _made(session, view, single),
        )

    def evaluation(self, session: Session) -> Evaluation:
        """The session's pass over all samples, layer by layer."""
        # Written as the session's view has it, which is then mostly the very same pass.
        view = replace(WHOLE_PASS, single=session.view.single)
        if isinstance(session.spec, CodeSpec):
            return by_program(session.spec, self.trace(session, view))
        return by_layer(session.spec, self.trace(session, view))

    def drawing(self, session: Session, view: View | None = None) -> Drawing:
        """The drawing that belongs to ``view`` (default: the session's own)."""
        view = view or session.view
        # Drawings are shared by all that look alike; to find out whether it does takes longer.
        key = (session.id, session.data_version, session.optimizer, view)
        return self._drawings.get(key, lambda: self._drawn(session, view))

    def _drawn(self, session: Session, view: View) -> Drawing:
        if view.single and session.n > 1 and view.level != "element":
            raise EngineError("shapes of a single sample need a single sample", "single", "range")
        trace = self.trace(session, view)
        graph = trace.graph
        backward = any(event.is_gradient for event in trace.events)
        inner = None
        if graph.loss_form == "closed":
            inner = opened_graph(session.spec, trace, stable=view.form == "stable")
        preset = PRESETS.get(session.preset or "")
        return draw(
            graph, view.level, view.single, backward, view.open_layers, inner,
            names_batch=preset is not None and preset.names_batch,
            rules=update_rules(trace),
        )  # fmt: skip

    def topology(self, session: Session, view: View) -> str:
        """Names the graph of ``view``'s pass among all that the session's numbers may call for.

        Two drawings of one session at one view are the same where these are.
        """
        trace = self.trace(session, view)
        graph = trace.graph
        spec = session.spec
        if isinstance(spec, CodeSpec):
            # Other lines, or other shapes, are another drawing.
            inner = hashlib.blake2b(
                repr((spec.code, sorted(spec.shapes.items()))).encode(), digest_size=9
            ).hexdigest()
        else:
            inner = opened_form(spec, trace, stable=view.form == "stable")
        closed = "+".join(sorted(closed_sigmoids(graph)))
        alone = f"{graph.sample}-{graph.single:d}"
        update = trace.update.config.type if trace.update else ""
        return f"{graph.n}.{len(trace.events)}.{graph.loss_form}.{inner}.{closed}.{alone}{update}"

    def position(self, session: Session) -> Position:
        """The session's cursor, within the trace as it is now."""
        trace = self.trace(session)
        cursor = clamp(session.cursor, trace)
        events = trace.events
        if cursor.seq >= len(events):
            phase = "end" if events else "start"
        elif cursor == Cursor(0, 0):
            phase = "start"
        else:
            phase = events[cursor.seq].phase
        steps, opened = session.steps, shown(session)
        goes_on, goes_back, made = trace.update is not None, steps.behind > 0, steps.made
        if opened is not None:
            made = opened.step - 1
            goes_on, goes_back = goes_on and opened.step < opened.last, made > 0
        return Position(cursor, len(events), phase, made, goes_on, goes_back)

    def same_place(self, old: Session, new: Session) -> Cursor:
        """Where the cursor of ``old`` stands among the events of ``new``.

        Another view, or another number of rows, can have other events: what was in play is in
        play again, or, where it is not among them, the first after it that is.
        """
        before, after = self.trace(old), self.trace(new)
        cursor = clamp(old.cursor, before)
        done = cursor.seq if cursor.element else cursor.seq - 1
        if done < 0:
            return Cursor(0, 0)
        reached = progress(before)[done]
        seq = bisect_left(progress(after), reached)
        if seq >= len(after.events):
            return Cursor(len(after.events), 0)
        cells = min(cursor.element, after.events[seq].elements - 1)
        is_same = progress(after)[seq] == reached
        return Cursor(seq, cells) if cells and is_same else Cursor(seq + 1, 0)

    def forget(self, id: str) -> None:
        """Drop what was made for a session that is gone."""
        self._traces.forget(lambda key: key[0] == id)
        self._drawings.forget(lambda key: key[0] == id)


def _made(session: Session, view: View, single: bool) -> Trace:
    level, loss, sample, form = view.trace_level
    if isinstance(session.spec, CodeSpec):
        trace = trace_code(session.spec, session.parameters, session.grad_output, level)
        return _with_update(session, view, trace, True)
    trace = make_trace(
        session.network,
        session.parameters,
        session.x,
        session.targets,
        session.grad_output,
        level,
        loss,
        sample,
        stable=form == "stable",
        single=single,
        open_ops=view.open_ops,
    )
    # One row of several, seen alone, is not what the optimiser learns from.
    return _with_update(session, view, trace, level != "element" or session.n == 1)


def _with_update(session: Session, view: View, trace: Trace, is_whole: bool) -> Trace:
    """The pass with its update where the view asks for it and there is one."""
    if view.update and learns(session) and is_whole:
        return with_update(
            trace,
            {name: session.parameters[name] for name in session.spec.learned},
            session.optimizer,
            session.optimizer_state,
            objective_of(session),
        )
    return trace

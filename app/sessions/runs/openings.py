"""Steps of runs opened in their session: put just before it, with its mini-batch for samples.

What the run has come to stays as it is, and so do its samples: it can go on, and other steps can be
opened. Whatever trains the session next does so on all samples of the run again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.engine import bounds
from app.engine.code.running import fits_scalars
from app.engine.code.samples import samples_of, with_rows
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.strides import Cursor
from app.sessions.edits import Loader
from app.sessions.keeper import Keeper, Versions
from app.sessions.opened import Opened
from app.sessions.pools import drawn, is_drawn, kept
from app.sessions.repeats import Once
from app.sessions.run import OVER
from app.sessions.runs.archive import Archive, Data
from app.sessions.runs.claims import Claims
from app.sessions.state import Session, Source
from app.sessions.store.errors import Conflict, Unknown

Placed = Callable[[Session], Session]


def at_start(session: Session) -> Session:
    """A session that is shown from the beginning of its pass."""
    return session


class Openings:
    """Opens steps, and closes them again."""

    def __init__(self, keeper: Keeper, loader: Loader, archive: Archive, manager: Claims) -> None:
        self._keeper = keeper
        self._loader = loader
        self._archive = archive
        self._manager = manager

    def open(
        self,
        id: str,
        token: str,
        versions: Versions,
        run: Mapping[str, Any],
        step: int | None,
        placed: Placed = at_start,
        once: Once | None = None,
    ) -> Session:
        """Put the session at a step of a run.

        Args:
            id: Which session.
            token: Its edit token.
            versions: Those that it may have.
            run: As JSON.
            step: Counted from 1. Without one: all samples, and the parameters as the run left them.
            placed: Puts the cursor where it is to stand.
            once: See `Keeper.change`.

        Raises:
            Unknown: nothing is kept of that step.
            Conflict: the run goes on.
            RunsFull: it takes too long now.
            EngineError: there is no such step.
        """
        run_id: str = run["id"]
        if run["state"] not in (*OVER, "paused"):
            raise Conflict("the run goes on; pause it before you open a step", "run-active")
        if step is None:

            def left(session: Session) -> Session:
                return self._left(session, run_id)

            return self._change(id, token, versions, left, placed, once)
        most = min(run["step"] + 1, run["steps"])
        if not 1 <= step <= most:
            allowed = bounds.whole(1, most)
            raise EngineError(f"step is {allowed.words}", "step", "range", allowed.schema)
        order = replace(self._archive.order(self._keeper.get(id), run_id, step - 1), until=step - 1)
        if order.start.step < step - 1:
            order = replace(order, start=self._manager.replay(order))
        training = order.training()
        rows = training.rows(step)
        assert training.rates is not None
        optimizer = replace(training.optimizer.config, learning_rate=training.rates.at(step))

        def opened(session: Session) -> Session:
            data = self._archive.data(session, run_id)
            return replace(
                with_learned(self._at_samples(session, data, rows), order.start.parameters),
                optimizer=optimizer,
                optimizer_state=order.start.optimizer_state,
                opened=Opened(run_id, step, most, session.data_version + 1),
            )

        return self._change(id, token, versions, opened, placed, once)

    def whole(self, session: Session) -> Session:
        """The session with all that it learns from: all of its pool, or of the run that it shows.

        To be looked at, never to be kept.

        Raises:
            Conflict: the data set is gone.
        """
        session = self.closed(session)
        if session.pool is None:
            return session
        x, labels = kept(session.spec, session.pool, self._loader)
        return replace(session, x=x, t=None if session.t is None else labels)

    def batch(self, session: Session, runs: Sequence[Mapping[str, Any]]) -> np.ndarray | None:
        """Which rows the step at hand learns from, or else the newest run's last step.

        Args:
            session: Which one.
            runs: All of its runs as JSON, the newest last.
        """
        opened = session.opened
        if is_drawn(session):
            assert session.source is not None
            return np.array(session.source.rows)
        if opened is None and not (runs and runs[-1]["step"]):
            return None
        run_id, step = (opened.run, opened.step) if opened else (runs[-1]["id"], runs[-1]["step"])
        try:
            return self._archive.order(session, run_id).training().rows(step)
        except Unknown:
            return None

    def close_again(self, id: str, run_id: str) -> None:
        """Before a paused run goes on: all its samples, and the parameters where it stands."""
        with self._keeper.lock(id):
            active, session = self._manager.active(id), self._keeper.get(id)
            if active is None or active.id != run_id or session.opened is None:
                return
            new = replace(
                self._left(session, run_id),
                optimizer=active.optimizer,
                steps=session.steps.cut(),
                data_version=session.data_version + 1,
            )
            self._keeper.write(session, new)

    def _change(
        self,
        id: str,
        token: str,
        versions: Versions,
        make: Callable[[Session], Session],
        placed: Placed,
        once: Once | None,
    ) -> Session:
        """The session with other numbers."""

        def change(session: Session) -> Session:
            active = self._manager.active(id)
            if active is not None and active.state != "paused":
                raise Conflict("a run is active; pause it before you open a step", "run-active")
            return placed(
                replace(
                    make(session),
                    steps=session.steps.cut(),
                    data_version=session.data_version + 1,
                    cursor=Cursor(0, 0),
                )
            )

        return self._keeper.change(id, token, versions, change, once)

    def _left(self, session: Session, run_id: str) -> Session:
        """The session as a run has left it."""
        start = self._archive.order(session, run_id).start
        data = self._archive.data(session, run_id)
        return replace(
            with_learned(self._at_samples(session, data), start.parameters),
            optimizer_state=start.optimizer_state,
            opened=None,
        )

    def closed(self, session: Session) -> Session:
        """The session with the samples of the run of which it shows a step."""
        if session.opened is None:
            return session
        data = self._archive.data(session, session.opened.run)
        return replace(self._at_samples(session, data), opened=None)

    def _at_samples(self, session: Session, data: Data, rows: np.ndarray | None = None) -> Session:
        """The session with samples of a run in place of its own: all, or some rows of them.

        All there are of a pool is the mini-batch of the session's next step.
        """
        if isinstance(data.spec, CodeSpec):
            return _given(session, data.spec, data.given, rows)
        session = replace(session, pool=data.pool)
        if rows is None and data.pool is not None:
            return drawn(session, self._loader)
        x, t, source = data.x, data.t, data.source
        if rows is not None:
            x, t = x[rows], t[rows]
            if data.pool is not None:
                source = Source(data.pool.dataset, data.pool.split, tuple(rows.tolist()))
            elif source is not None:
                source = replace(source, rows=tuple(source.rows[row] for row in rows))
        view = session.view
        sample, single = min(view.sample, len(x) - 1), view.single and len(x) == 1
        return replace(
            session, x=x, t=t, source=source, view=replace(view, sample=sample, single=single)
        )


def with_learned(session: Session, parameters: Mapping[str, np.ndarray]) -> Session:
    """The session with other numbers of what it learns; a program is given others beside them."""
    return replace(session, parameters={**session.parameters, **parameters})


def _given(
    session: Session, spec: CodeSpec, given: Mapping[str, np.ndarray], rows: np.ndarray | None
) -> Session:
    """The session with a run's program and what that was given: all of it, or some of its samples.

    What it learns stays as the session has it.
    """
    samples = samples_of(spec)
    if rows is not None and samples is not None:
        drawn = {name: given[name][rows] for name in samples.names}
        given, spec = {**given, **drawn}, with_rows(spec, samples.names, len(rows))
    view = session.view
    if view.level == "element" and not fits_scalars(spec):
        view = replace(view, level="op")
    found = {**session.parameters, **given}
    parameters = {name: found[name] for name in spec.shapes if name in found}
    return replace(session, spec=spec, parameters=parameters, grad_output=None, view=view)

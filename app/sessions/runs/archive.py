"""What lies beside a session for its runs, so that they can go on and be gone back to.

    active            the run that is active, as JSON; found when a server starts
    run/ID/plan       what it is to do, and where its samples are
    run/ID/at/STEP    a snapshot, some of which are kept; see `ring`
    run/ID/history    what was noted up to the newest of them
    run/ID/changes    from which steps on the learning rate was another
    data/DIGEST       samples of runs that are no rows of a data set

All of it is written together with the session (`Store.replace`), so one never tells of what the
other has not.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from app.engine.history import History
from app.engine.rates import Rates
from app.engine.spec import NetworkSpec
from app.sessions.edits import Loader
from app.sessions.pool import Pool
from app.sessions.pools import whole
from app.sessions.run import Run
from app.sessions.runs.ring import Kept, dropped
from app.sessions.runs.work.frames import pack, unpack
from app.sessions.runs.work.order import Order, Plan, Snapshot, given_of
from app.sessions.samples import loaded
from app.sessions.state import (
    NO_SAMPLES,
    Session,
    Source,
    kept_network,
    network_spec,
    source_json,
)
from app.sessions.store.errors import Unknown
from app.sessions.store.store import Store, VersionConflict

log = logging.getLogger(__name__)

Array = np.ndarray
Attached = dict[str, bytes | None]

ACTIVE = "active"
_RUN, _DATA = "run", "data"


@dataclass(frozen=True)
class Data:
    """The samples of a run: x ``(N, D)`` and t as the session had it, and where they are from.

    Those of a ``pool`` are named by their places in it, and have no other ``source``. ``held_out``:
    x and labels that it is tested on. ``spec``: what learns from them; of a program, ``given`` is
    what it does not learn, in place of x and t.
    """

    x: Array
    t: Array
    spec: NetworkSpec
    source: Source | None = None
    pool: Pool | None = None
    held_out: tuple[Array, Array] | None = None
    given: Mapping[str, Array] = field(default_factory=dict)


class Archive:
    """Reads what is beside sessions, and says what is to be put there.

    Args:
        store: Is only read here.
        loader: Gives the rows of a data set.
    """

    def __init__(self, store: Store, loader: Loader) -> None:
        self._store = store
        self._loader = loader

    def begun(self, session: Session, run: Run, order: Order, test: Pool | None) -> Attached:
        """For a run that has just been started, on the session's samples; ``test``: held out."""
        plan, batches = order.plan.parts()
        attached: Attached = {ACTIVE: _encoded(run)}
        samples = source = pool = None
        if session.pool is not None:
            pool = session.pool.as_json()
        elif session.source is not None:
            source = source_json(session.source)
        else:
            data = pack({}, order.samples())
            samples = f"{_DATA}/{hashlib.sha256(data).hexdigest()[:32]}"
            attached[samples] = data
        document = {"plan": plan, "source": source, "pool": pool, "data": samples}
        document["test"] = None if test is None else test.as_json()
        if order.spec.is_program:
            # Its lines may have changed by the time that a step of the run is opened.
            document["program"] = kept_network(order.spec)
        attached[f"{_RUN}/{run.id}/plan"] = pack(document, batches)
        return attached | _snapshot(run.id, order.start)

    def came_on(self, session: Session, run: Run, snapshot: Snapshot | None) -> Attached:
        """For a run that has come on, or is over."""
        attached: Attached = {ACTIVE: _encoded(run) if run.active else None}
        if run.changes:
            attached[f"{_RUN}/{run.id}/changes"] = json.dumps(run.changes).encode()
        return attached if snapshot is None else attached | _snapshot(run.id, snapshot)

    def thinned(self, session: Session, attached: Attached, max_bytes: int) -> Attached:
        """What has to go so that snapshots take no more room; of runs nobody tells of, all.

        Args:
            session: As it is to be written, with the runs that stay.
            attached: What is about to be put beside it.
            max_bytes: For the snapshots.
        """
        sizes = self._store.attachments(session.id)
        sizes |= {name: len(data) for name, data in attached.items() if data is not None}
        runs = [run["id"] for run in session.runs]
        gone: Attached = {}
        kept: dict[str, list[Kept]] = {id: [] for id in runs}
        for name, size in sizes.items():
            kind, _, rest = name.partition("/")
            id, _, rest = rest.partition("/")
            if kind != _RUN:
                continue
            if id not in kept:
                gone[name] = None
            elif rest.startswith("at/"):
                kept[id].append(Kept(id, int(rest.removeprefix("at/")), size))
        ordered = [item for id in runs for item in sorted(kept[id], key=lambda item: item.step)]
        gone |= {_at(item.run, item.step): None for item in dropped(ordered, max_bytes)}
        if any(name.endswith("/plan") for name in gone):
            used = {self._plan(session.id, id, attached)[0]["data"] for id in runs if kept[id]}
            gone |= {
                name: None for name in sizes if name.startswith(f"{_DATA}/") and name not in used
            }
        return gone

    def steps(self, session_id: str, run_id: str) -> list[int]:
        """After which steps there are snapshots of a run, in order."""
        prefix = f"{_RUN}/{run_id}/at/"
        return sorted(
            int(name.removeprefix(prefix))
            for name in self._store.attachments(session_id)
            if name.startswith(prefix)
        )

    def data(self, session: Session, run_id: str) -> Data:
        """The samples that a run learns from.

        Raises:
            Unknown: nothing is kept of such a run.
        """
        document, _ = self._plan(session.id, run_id, {})
        pool, test = Pool.of(document.get("pool")), Pool.of(document.get("test"))
        spec = session.spec
        if "program" in document:
            spec = network_spec(document["program"])
        held_out = None if test is None else whole(spec, test, self._loader)
        if pool is not None:
            return Data(*whole(spec, pool, self._loader), spec, None, pool, held_out)
        if document["data"] is None:
            source = Source(**{**document["source"], "rows": tuple(document["source"]["rows"])})
            samples = loaded(spec, self._loader, source)
            return Data(samples.x, samples.labels, spec, source, None, held_out)
        found = self._store.attachment(session.id, document["data"])
        if found is None:
            raise Unknown("nothing is kept of such a run")
        _, arrays = unpack(found)
        if spec.is_program:
            given = given_of(arrays)
            return Data(session.x, NO_SAMPLES, spec, given=given)
        return Data(arrays["x"], arrays["t"], spec, None, None, held_out)

    def order(self, session: Session, run_id: str, step: int | None = None) -> Order:
        """An order to go on with a run.

        Args:
            session: Whose run.
            run_id: Which run.
            step: From the last snapshot after at most so many steps; None for the last of all.

        Raises:
            Unknown: nothing is kept of such a run, or nothing so early.
        """
        steps = [at for at in self.steps(session.id, run_id) if step is None or at <= step]
        found = self._store.attachment(session.id, _at(run_id, steps[-1])) if steps else None
        if found is None:
            raise Unknown("nothing is kept of such a run, or nothing so early")
        document, batches = self._plan(session.id, run_id, {})
        data = self.data(session, run_id)
        start = Snapshot.of(*unpack(found))
        if step is None:
            start = replace(start, history=self._history(session.id, run_id))
        return Order(
            data.spec,
            data.x,
            data.t,
            Plan.of(document["plan"], batches),
            start,
            self._changes(session.id, run_id),
            data.held_out,
            data=None if data.pool is None else data.pool.name(data.spec),
            given=data.given,
        )

    def history(self, session: Session, run_id: str) -> tuple[History, Rates]:
        """What a run has noted, and the learning rates of its steps.

        Raises:
            Unknown: nothing is kept of such a run.
        """
        document, batches = self._plan(session.id, run_id, {})
        plan = Plan.of(document["plan"], batches)
        assert plan.optimizer is not None
        steps = plan.steps or len(plan.batches or ())
        changes = self._changes(session.id, run_id)
        rates = Rates(plan.optimizer.learning_rate, plan.schedule, steps, changes)
        spec = network_spec(document["program"]) if "program" in document else session.spec
        names = spec.learned
        relus = tuple(layer.name for layer in spec.layers if layer.type == "relu")
        kept = self._history(session.id, run_id)
        return (History.of(names, relus, kept) if kept else History(names, relus)), rates

    def active(self, session_id: str) -> Run | None:
        """The session's active run as it was saved last."""
        found = self._store.attachment(session_id, ACTIVE)
        return None if found is None else _decoded(found)

    def unpause(self, session_id: str, run_id: str) -> Run | None:
        """Note that a run is paused no more; the run, or None where it is not active.

        Raises:
            NotFound: there is no such session.
        """
        while True:
            record = self._store.get(session_id)
            run = self.active(session_id)
            if run is None or run.id != run_id or run.state != "paused":
                return run if run is not None and run.id == run_id else None
            run = replace(run, state="interrupted")
            with suppress(VersionConflict):
                self._store.replace(
                    session_id, record.version, record.meta, {}, {ACTIVE: _encoded(run)}
                )
                return run

    def interrupted(self) -> Iterator[tuple[str, Run]]:
        """The runs that were active when the last server ended, with their sessions' ids."""
        for session_id, data in self._store.attached(ACTIVE).items():
            try:
                run = _decoded(data)
            except (LookupError, TypeError, ValueError) as error:
                # It stands still, and nobody else's does for it.
                log.error("the run of session %s is damaged: %r", session_id, error)
                continue
            yield session_id, run

    def _history(self, session_id: str, run_id: str) -> dict[str, Array]:
        found = self._store.attachment(session_id, f"{_RUN}/{run_id}/history")
        return {} if found is None else unpack(found)[1]

    def _changes(self, session_id: str, run_id: str) -> list[tuple[int, float]]:
        found = self._store.attachment(session_id, f"{_RUN}/{run_id}/changes")
        return [] if found is None else [(step, rate) for step, rate in json.loads(found)]

    def _plan(
        self, session_id: str, run_id: str, attached: Mapping[str, bytes | None]
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        name = f"{_RUN}/{run_id}/plan"
        found = attached.get(name) or self._store.attachment(session_id, name)
        if found is None:
            raise Unknown("nothing is kept of such a run")
        return unpack(found)


def _at(run_id: str, step: int) -> str:
    return f"{_RUN}/{run_id}/at/{step}"


def _snapshot(run_id: str, snapshot: Snapshot) -> Attached:
    attached: Attached = {
        # One history is enough for all of them.
        _at(run_id, snapshot.step): pack(*replace(snapshot, history={}).parts())
    }
    if snapshot.history:
        attached[f"{_RUN}/{run_id}/history"] = pack({}, snapshot.history)
    return attached


def _encoded(run: Run) -> bytes:
    return json.dumps(asdict(run)).encode()


def _decoded(data: bytes) -> Run:
    return Run.of(json.loads(data))

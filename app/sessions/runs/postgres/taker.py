"""Runs as a worker has them: taken from the table of claims, trained, given back.

Once a second, and whenever there is a notice, it says that it lives, hears what is asked of its
runs and takes others. What it has lost to another, having been away for too long, it drops; until
it knows, the fence keeps what it writes and tells from anybody's eyes.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from app.sessions.edits import Loader
from app.sessions.keeper import Keeper
from app.sessions.run import RunConflict, event_of
from app.sessions.runs.postgres.table import CHANNEL, Claim, ClaimsTable
from app.sessions.runs.runs import RunManager
from app.sessions.runs.trainer import Trainer
from app.sessions.store.bus import Bus
from app.sessions.store.errors import Unknown
from app.sessions.store.postgres.bus import PostgresBus
from app.sessions.store.postgres.store import PostgresStore
from app.sessions.store.store import Fenced, NotFound, StoreError, StoreFull, StoreUnavailable
from app.sessions.store.wire import STATE

log = logging.getLogger(__name__)
T = TypeVar("T")

BEAT_SECONDS = 1.0
RETRY_SECONDS = 0.5
# Who has much to do lets others come first.
YIELD_SECONDS, MOST_YIELD = 0.004, 0.05
OBEY_SECONDS = 20.0


class Taker:
    """A worker: takes runs and trains them until it is closed.

    Args:
        store: Closed with it.
        loader: Gives the rows of a data set.
        processes: Processes that train at most; as many as there are cores where it is None.
    """

    def __init__(self, store: PostgresStore, loader: Loader, processes: int | None = None) -> None:
        # The number of the process helps whoever looks into the table.
        self.name = f"{secrets.token_hex(8)}-{os.getpid()}"
        self._store = store
        self._table = ClaimsTable(store.database)
        self._fences: dict[str, int] = {}
        self._obeying: set[str] = set()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._bus = PostgresBus(store.database, {CHANNEL: self._hear})
        keeper = Keeper(store)
        bus = _Fenced(self._bus, self._fences)
        self.trainer = Trainer(
            keeper, bus, loader,
            claims=lambda _: RunManager(bus, self._save, self._recall, processes),
        )  # fmt: skip
        manager = self.trainer.manager
        assert isinstance(manager, RunManager)
        self.manager = manager
        manager.warm()
        self._clerks = ThreadPoolExecutor(4, thread_name_prefix="obey")
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._serve, "claims"), (self._watch, "settling"))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Save all runs and give them back, so that others go on with them."""
        self._closing.set()
        self._wake.set()
        self._threads[0].join(2)
        self._clerks.shutdown(wait=False, cancel_futures=True)
        self.manager.close()
        try:
            self._table.leave(self.name)
        except StoreError as error:
            log.warning("claims are not given back: %s", error)
        self._bus.close()
        self._store.close()

    def _hear(self, notice: str | None) -> None:
        if notice is not None:
            self._wake.set()

    def _watch(self) -> None:
        while not self._closing.is_set():
            self.manager.wait_for_change(BEAT_SECONDS)
            self._wake.set()
            time.sleep(0.01)  # what changes together is seen together

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                again = self._turn()
            except StoreError as error:
                if not isinstance(error, StoreUnavailable):
                    log.error("claims could not be seen to: %s", error)
                self._closing.wait(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("claims could not be seen to")
                self._closing.wait(RETRY_SECONDS)
                continue
            if not again:
                self._wake.wait(BEAT_SECONDS)
                self._wake.clear()

    def _turn(self) -> bool:
        """One look at all claims; whether there may be more to take at once."""
        held = {claim.session_id: claim for claim in self._table.beat(self.name)}
        for id, fence in list(self._fences.items()):
            if id not in held or held[id].fence != fence:
                self._lose(id)
        for id, claim in held.items():
            if id not in self._fences:
                self._begin(claim)
            elif (claim.asked or claim.rate is not None or claim.look) and id not in self._obeying:
                self._obeying.add(id)
                self._clerks.submit(self._obey, claim)
        for id, fence in list(self._fences.items()):
            if id not in self._obeying:
                self._give_back(id, fence)
        if self._fences:
            self._closing.wait(min(MOST_YIELD, YIELD_SECONDS * len(self._fences)))
        if self._closing.is_set():
            return False
        taken = self._table.take(self.name, 1)
        for claim in taken:
            self._begin(claim)
        return bool(taken)

    def _begin(self, claim: Claim) -> None:
        """Train a run, from what was saved last."""
        id = claim.session_id
        try:
            # From here on nothing of whoever had it before is written or heard.
            self._store.fence(id, claim.fence)
            run = self.trainer.archive.active(id)
        except (NotFound, Fenced):
            run = None
        if run is None:
            self._tell_end(claim)
            self._table.over(id, claim.fence)
            return
        if claim.again and run.state == "queued":
            run = replace(run, state="interrupted")
        self._fences[id] = claim.fence
        self.manager.adopt(id, run)

    def _tell_end(self, claim: Claim) -> None:
        """Tell that a run is over, where whoever had it has saved that and could not say so."""
        try:
            runs = self.trainer.keeper.get(claim.session_id).runs
        except NotFound:
            return
        told = self._table.latest(claim.session_id)
        last = {} if told is None else orjson.loads(told)
        if runs and (last.get("run"), last.get("state")) != (runs[-1]["id"], runs[-1]["state"]):
            self._bus.publish(claim.session_id, STATE, event_of(runs[-1]), claim.fence)

    def _give_back(self, id: str, fence: int) -> None:
        """Let go of a run that is over, or paused."""
        resting = self.manager.resting(id)
        if resting is None:
            return
        if not resting:
            self._table.over(id, fence)
        elif not self._table.park(id, fence, resting):
            return
        self._lose(id)

    def _lose(self, id: str) -> None:
        self.manager.forget(id)
        self._fences.pop(id, None)

    def _obey(self, claim: Claim) -> None:
        """Do what is asked of a run, and say so when it has come about."""
        id = claim.session_id
        try:
            with suppress(Unknown, RunConflict):
                active = self.manager.active(id)
                if active is not None and active.id == claim.run_id:
                    if claim.rate is not None:
                        self.manager.change_rate(id, active.id, claim.rate)
                    if claim.asked is not None:
                        asks: Mapping[str, Callable[[str, str], object]] = {
                            "pause": self.manager.pause,
                            "resume": self.manager.resume,
                            "stop": self.manager.stop,
                        }
                        asks[claim.asked](id, active.id)
                    if claim.look:
                        self.manager.refresh(id, active.id)
                    if claim.asked is not None or claim.rate is not None:
                        self.manager.settled(id, active.id, OBEY_SECONDS)
            self._table.done(claim)
        except StoreError as error:
            log.warning("what was asked of a run will be seen to again: %s", error)
        except Exception:
            log.exception("what was asked of a run could not be done")
        finally:
            self._obeying.discard(id)
            self._wake.set()

    # Called by the manager.

    def _save(self, id: str, run: Any, snapshot: Any) -> None:
        with suppress(NotFound):
            self._patiently(id, lambda fence: self.trainer.save(id, run, snapshot, fence))

    def _recall(self, id: str, run_id: str) -> Any:
        return self._patiently(id, lambda _: self.trainer.recall(id, run_id))

    def _patiently(self, id: str, call: Callable[[int], T]) -> T:
        """Call until the database is there, or somebody else has the run.

        Raises:
            NotFound: somebody else has it, or nobody needs it any more.
        """
        while True:
            fence = self._fences.get(id)
            if fence is None:
                raise NotFound(id)
            try:
                return call(fence)
            except Fenced:
                log.warning("another worker has taken over a run")
                self.manager.forget(id)
                self._wake.set()
                raise NotFound(id) from None
            except StoreFull:
                raise
            except StoreUnavailable:
                if self._closing.wait(RETRY_SECONDS):
                    raise


class _Fenced:
    """A bus by which only those are heard who still have their claim."""

    def __init__(self, bus: Bus, fences: Mapping[str, int]) -> None:
        self._bus, self._fences = bus, fences
        self.subscribe, self.forget = bus.subscribe, bus.forget
        self.subscribers, self.readers, self.close = bus.subscribers, bus.readers, bus.close

    def publish(
        self, session_id: str, event: str, data: Mapping[str, Any], fence: int | None = None
    ) -> None:
        """See `Bus.publish`."""
        claimed = self._fences.get(session_id)
        if claimed is not None:
            self._bus.publish(session_id, event, data, claimed)

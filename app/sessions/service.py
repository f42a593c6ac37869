"""Everything one can do with sessions, without a word of HTTP."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from app.engine.code.spec import CodeSpec
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import Limits
from app.engine.strides import Cursor, Passed, advance
from app.engine.trace import Trace
from app.sessions import presets
from app.sessions.batch import CodeVariation, Variation, check_batch, check_code_batch
from app.sessions.creation import Made, Numbers, Wanted, WantedCode, begin, check
from app.sessions.draft import apply_edits
from app.sessions.edits import ChangeView, Edit, Loader, changed_view
from app.sessions.filled import filled
from app.sessions.keeper import Keeper, Versions, allow, hash_token
from app.sessions.learning import UpdateResult, require_mini_batches, update
from app.sessions.opened import changed, leads_to, shown
from app.sessions.origin import Recipe, origin_of, recipe
from app.sessions.own_data import OwnData
from app.sessions.passes import WHOLE_PASS, Passes
from app.sessions.programs import as_program
from app.sessions.regions import Doubtful, Regions, doubtful, regions
from app.sessions.repeats import Call, Once, receipt
from app.sessions.runs.health import (
    Health,
    Looked,
    at_start,
    has_blown_up,
    health,
    joined,
    program_health,
)
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.trainer import Trainer
from app.sessions.state import Session, View
from app.sessions.stepping import move
from app.sessions.store.clock import now
from app.sessions.store.errors import Unknown
from app.sessions.store.events import Subscription
from app.sessions.store.open_store import open_bus
from app.sessions.store.store import NotFound, SessionDamaged, Store

LIMITS = Limits()
IDLE_SECONDS = 24 * 3600.0


class Service:
    """Sessions: created, read, edited, stepped, forked and deleted.

    All methods are synchronous and thread-safe. ``token`` is the edit token as sent; ``versions``
    are those that the caller's condition allows, None for any.

    Raises (every method that takes an id):
        NotFound: no session of this id.
        SessionDamaged: it cannot be read; it can still be deleted.
        Forbidden: the token is not its edit token.
        Stale: the session has another version.
        EngineError: a wrong value.
    """

    def __init__(
        self,
        store: Store,
        loader: Loader,
        limits: Limits = LIMITS,
        idle_seconds: float = IDLE_SECONDS,
        runs: RunLimits = RunLimits(),
    ) -> None:
        self.passes = Passes()
        self.keeper = Keeper(store, self.passes.forget)
        self.own_data = OwnData(store, loader)
        self.loader = self.own_data.load
        self.limits = limits
        self.idle_seconds = idle_seconds
        self.hub = open_bus(store)
        self.trainer = Trainer(self.keeper, self.hub, self.loader, runs)

    def check(self, wanted: Wanted | WantedCode) -> Numbers:
        """The checked numbers of a network that is asked for."""
        return check(wanted, self.limits)

    def check_batch(
        self, wanted: Wanted, variations: Sequence[Variation], backward: bool
    ) -> list[Numbers]:
        """The checked numbers of every variation of a network that is asked for."""
        return check_batch(wanted, variations, self.limits, backward)

    def check_code_batch(
        self, wanted: WantedCode, variations: Sequence[CodeVariation], backward: bool
    ) -> list[Numbers]:
        """The checked numbers of every variation of a program that is asked for."""
        return check_code_batch(wanted, variations, self.limits, backward)

    def create(
        self, wanted: Wanted | WantedCode, owner: str = "", call: Call | None = None
    ) -> tuple[Session, str]:
        """A new session, and the edit token that only the caller will ever see.

        ``owner`` is who is charged for it, see `store.Limits`; a ``call`` that comes again gets
        the session that it made, as it is now; so in all that makes sessions.

        Raises:
            StoreFull: no room, and no idle session to make some.
            KeyReused: see `repeats`.
        """
        return self._create(wanted, None, origin_of(wanted), owner, call)

    def create_preset(
        self, preset: str, row: int | None, owner: str = "", call: Call | None = None
    ) -> tuple[Session, str]:
        """A new session from a preset; ``row`` chooses the digit where it shows one."""
        origin = {} if row is None else {"row": row}
        return self._create(presets.wanted(preset, row, self.loader), preset, origin, owner, call)

    def _create(
        self,
        wanted: Wanted | WantedCode,
        preset: str | None,
        origin: Mapping[str, Any],
        owner: str,
        call: Call | None,
    ) -> tuple[Session, str]:
        asked = wanted.x
        if isinstance(wanted, Wanted):
            wanted = filled(wanted, self.limits, self.loader)
        made = asked.step if isinstance(asked, Made) and wanted.pool is not None else 0
        numbers = self.check(wanted)
        classes: tuple[str, ...] = ()
        if isinstance(asked, Made) and numbers.spec.loss is not None:
            classes = self.own_data.class_names(asked.dataset, numbers.spec.output_size)
        if classes:
            origin = {**origin, "classes": list(classes)}
        new = receipt(self.keeper.store, call, owner)
        session = begin(new.id, hash_token(new.token), now(), wanted, numbers, preset, origin, made)
        return self._keep(replace(session, classes=classes), owner, call), new.token

    def fork(self, id: str, owner: str = "", call: Call | None = None) -> tuple[Session, str]:
        """One's own copy of a session that one may read, with a token of its own."""
        source = self.get(id)
        at = now()
        new = receipt(self.keeper.store, call, owner)
        session = replace(
            source,
            id=new.id,
            token_hash=hash_token(new.token),
            version=1,
            created=at,
            touched=at,
            runs=(),
            opened=None,
        )
        return self._keep(session, owner, call), new.token

    def _keep(self, session: Session, owner: str, call: Call | None) -> Session:
        """A new session; of a call that comes again, the one that is there."""
        if call is not None:
            with suppress(NotFound):
                return self.get(session.id)
        try:
            self.keeper.store.create(session.record(), owner)
        except ValueError:
            # Another one of the same call was faster.
            if call is None:
                raise
            return self.get(session.id)
        return session

    def fork_as_program(
        self, id: str, owner: str = "", call: Call | None = None
    ) -> tuple[Session, str]:
        """The same, with a network's layers as lines of NumPy, which may be changed freely.

        Raises:
            TooLarge: it is more than a program may be.
        """
        source = self.get(id)
        if isinstance(source.spec, CodeSpec):
            return self.fork(id, owner, call)
        return self.create(as_program(source), owner, call)

    def get(self, id: str) -> Session:
        """The session as it is in the store."""
        return self.keeper.get(id)

    def delete(self, id: str, token: str, versions: Versions = None) -> None:
        """Forget a session, whether or not it can be read."""
        with self.keeper.lock(id):
            try:
                allow(self.get(id), token, versions)
            except SessionDamaged as damaged:
                if not damaged.token_hash:
                    raise  # nobody can say whose it is
                allow(damaged, token, versions)
            self.keeper.store.delete(id)
        self._forget(id)

    def edit(self, id: str, token: str, versions: Versions, edits: Sequence[Edit]) -> Session:
        """All edits, or none of them.

        Raises:
            Conflict: a run is active.
        """

        def change(session: Session) -> Session:
            self.trainer.require_idle(session.id)
            edited = apply_edits(session, edits, self.limits, self.loader)
            if (edited.data_version, edited.optimizer) != (session.data_version, session.optimizer):
                edited = replace(edited, steps=edited.steps.cut(), opened=changed(edited.opened))
            return replace(edited, cursor=self.passes.same_place(session, edited))

        return self.keeper.change(id, token, versions, change)

    def step(
        self,
        id: str,
        token: str,
        versions: Versions,
        direction: str,
        stride: str,
        once: Once | None = None,
    ) -> tuple[Session, Trace, tuple[Passed, ...]]:
        """One stride of the cursor: the session after it, its trace, and what was passed.

        The answer of ``once`` is made of the same three.

        Raises:
            Conflict: it would go on into another step of learning while a run is active.
            Repeated, KeyReused: see `repeats`.
        """
        passed: tuple[Passed, ...] = ()
        found = self.get(id)
        if shown(found) is not None:
            self.keeper.allow(found, token, versions, once)
            step = leads_to(found, self.passes.trace(found), direction, stride)
            if step is not None:
                return self._along(found, token, step, direction, stride, once)

        def change(session: Session) -> Session:
            nonlocal passed
            moved, passed = move(self.passes, session, direction, stride, self.loader)
            if moved.data_version != session.data_version:
                self.trainer.require_idle(session.id)
            return moved

        told = _with(once, lambda session: (session, self.passes.trace(session), passed))
        session = self.keeper.change(id, token, versions, change, told)
        return session, self.passes.trace(session), passed

    def _along(
        self,
        found: Session,
        token: str,
        step: int,
        direction: str,
        stride: str,
        once: Once | None,
    ) -> tuple[Session, Trace, tuple[Passed, ...]]:
        """The same from the step of a run that is shown to another one of it."""
        passed: tuple[Passed, ...] = ()
        assert found.opened is not None
        run = found.opened.run
        told = _with(once, lambda session: (session, self.passes.trace(session), passed))
        # Only as it was just looked at: another stride may have come between.
        versions = (found.version,)
        if step == found.opened.step:
            if told is not None:
                found = self.keeper.change(found.id, token, versions, lambda now: now, told)
            return found, self.passes.trace(found), passed

        def placed(session: Session) -> Session:
            nonlocal passed
            trace, cursor = self.passes.trace(session), Cursor()
            if direction == "back":
                cursor = Cursor(len(trace.events))
            elif stride == "step":
                cursor, passed = advance(trace, cursor, direction, stride)
            return replace(session, cursor=cursor)

        session = self.trainer.open(found.id, token, versions, run, step, placed, told)
        return session, self.passes.trace(session), passed

    def update(
        self,
        id: str,
        token: str,
        versions: Versions,
        optimizer: OptimizerConfig | None,
        once: Once | None = None,
    ) -> tuple[Session, UpdateResult]:
        """One step of the optimiser on all samples.

        The answer of ``once`` is made of the same two.

        Raises:
            Conflict: a run is active, or there is nothing to learn from.
            Repeated, KeyReused: see `repeats`.
        """
        result: UpdateResult | None = None

        def change(session: Session) -> Session:
            nonlocal result
            self.trainer.require_idle(session.id)
            evaluation = self.passes.evaluation(session)
            session, result = update(session, optimizer, evaluation, self.loader)
            return session

        told = _with(once, lambda session: (session, result))
        session = self.keeper.change(id, token, versions, change, told)
        assert result is not None
        return session, result

    def owned(self, id: str, token: str) -> Session:
        """The session, for work that changes nothing but is left to whoever has the token."""
        session = self.get(id)
        allow(session, token, None)
        return session

    def health(self, id: str, run: str | None = None) -> tuple[Session, Health]:
        """How the network fares: its pass, its next update, and the run that led there.

        Raises:
            Conflict: there is nothing to learn from.
            Unknown: the session has no such run, or nothing is kept of it.
        """
        session = self.get(id)
        require_mini_batches(session)
        history = None if run is None else self.trainer.history(id, run)[0]
        if isinstance(session.spec, CodeSpec):
            trace = self.passes.trace(session, WHOLE_PASS)
            return session, program_health(session, session.spec, trace, history)
        labels = self.trainer.openings.whole(session).targets
        assert session.t is not None
        assert labels is not None
        looked = Looked(
            session.network,
            session.parameters,
            session.x,
            session.t,
            labels.argmax(axis=1),
            session.optimizer,
            session.optimizer_state,
        )
        opened = shown(session)
        step = opened.step if opened is not None and opened.run == run else None
        found = health(looked, self.passes.evaluation(session), history, step)
        if run is not None and has_blown_up(found):
            with suppress(Unknown):
                first = at_start(self.trainer.archive.order(session, run, 0))
                found = replace(found, alarms=joined(found.alarms, first))
        return session, found

    def regions(self, id: str, size: int) -> tuple[Session, Regions]:
        """The plane that the session's samples lie in, as its network sorts it.

        The mini-batch is that of the step that is opened, or else of the newest run's last step.

        Raises:
            Unknown: the network does not take points of a plane.
        """
        session = self.get(id)
        batch = self.trainer.openings.batch(session, self.trainer.all_runs(session.id))
        return session, regions(session, self.trainer.openings.whole(session), batch, size)

    def doubtful(self, id: str, split: str, count: int) -> tuple[Session, Doubtful]:
        """Digits that the session's network gets wrong, or is not sure of.

        Raises:
            Unknown: the network does not take digits.
        """
        session = self.get(id)
        return session, doubtful(session, self.loader, split, count)

    def recipe(self, session: Session) -> Recipe:
        """What makes the session's numbers again."""
        return recipe(session, self.limits, self.loader)

    def view(self, session: Session, change: ChangeView) -> View:
        """The session's view with what a reader asks for instead."""
        return changed_view(session.view, change, session, "")

    def sweep(self) -> None:
        """Let go of sessions that were idle too long; to be called now and then."""
        for id in self.keeper.store.sweep():
            self._forget(id)

    def close(self) -> None:
        """Stop and save all runs, end all streams and close the store."""
        self.trainer.close()
        self.hub.close()
        self.keeper.store.close()

    def subscribe(self, id: str, last_event_id: str | None) -> Subscription:
        """A reader of the session's events; to be called in the reader's event loop."""
        return self.hub.subscribe(id, last_event_id)

    def _forget(self, id: str) -> None:
        self.passes.forget(id)
        self.trainer.forget(id)
        self.hub.forget(id)


def _with(once: Once | None, parts: Callable[[Session], tuple[Any, ...]]) -> Once | None:
    """``once`` where its answer is made of more than the session."""
    if once is None:
        return None
    return Once(once.call, lambda session: once.answer(*parts(session)))

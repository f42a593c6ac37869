"""Runs train in turn, obey at once, save before they say so, and survive what goes wrong."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.optimizers import OptimizerConfig
from app.engine.training import Training
from app.sessions.run import KEPT_RUNS, Run, RunConflict, RunsFull
from app.sessions.runs import runs as runs_module
from app.sessions.runs.desk import MOST_DEATHS
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.runs import RunManager
from app.sessions.runs.work.order import Order, Plan, Snapshot
from app.sessions.store.errors import Unknown
from app.sessions.store.events import Hub
from tests.engine.networks import make_case

Array = np.ndarray
ENDLESS = 1_000_000
# Seconds after which something is taken to hang, on a busy machine too.
PATIENCE = 60


class Spy(Hub):
    """Keeps what is published."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, dict[str, Any]]] = []

    def publish(
        self, session_id: str, event: str, data: Mapping[str, Any], fence: int | None = None
    ) -> None:
        self.told.append((event, dict(data)))
        super().publish(session_id, event, data)

    def states(self, run_id: str) -> list[str]:
        return [
            data["state"] for event, data in self.told if event == "state" and data["run"] == run_id
        ]


class Bench:
    """A manager, what it saved and what it told."""

    def __init__(self, **settings: Any) -> None:
        self.hub = Spy()
        self.saved: list[tuple[str, Run]] = []
        self.orders: dict[str, Order] = {}
        self.on_save: Callable[[Run], None] = lambda run: None
        self.manager = RunManager(self.hub, self.save, self.recall, **settings)

    def save(self, session_id: str, run: Run, snapshot: Snapshot | None) -> None:
        self.on_save(run)
        self.saved.append((session_id, run))
        if snapshot is not None:
            self.orders[session_id] = replace(self.orders[session_id], start=snapshot)

    def recall(self, session_id: str, run_id: str) -> Order:
        return self.orders[session_id]

    def start(self, session_id: str, steps: int = ENDLESS, **settings: Any) -> Run:
        return self.begin(session_id, make_order(steps, **settings))

    def begin(self, session_id: str, order: Order, owner: str = "") -> Run:
        def make() -> Order:
            self.orders[session_id] = order
            return order

        return self.manager.start(session_id, make, owner)

    def last(self, session_id: str) -> Snapshot:
        """What was saved last."""
        return self.orders[session_id].start

    def wait(self, session_id: str, run: Run, *states: str) -> Run:
        """The run in one of ``states``, which it must reach soon."""
        end = time.monotonic() + PATIENCE
        while (now := self.manager.get(session_id, run.id)).state not in states:
            assert time.monotonic() < end, f"still {now.state}"
            time.sleep(0.002)
        return now


def soon(condition: Callable[[], bool]) -> None:
    """Wait until it holds, which must be soon, on a busy machine too."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def make_order(steps: int, rate: float = 0.1, **settings: Any) -> Order:
    case = make_case([2, 8, 3], ["relu"], 20, 3)
    plan = Plan(OptimizerConfig("momentum", rate), 5, steps, **settings)
    return Order(case.spec, case.x, case.t, plan, Snapshot(0, case.parameters))


def alone(steps: int, **settings: Any) -> Training:
    """The same training, here and in one piece."""
    training = make_order(steps, **settings).training()
    while not training.finished:
        training.advance()
    return training


def signal_workers(bench: Bench, what: signal.Signals = signal.SIGKILL) -> None:
    for process in bench.manager._workshop.staff.processes:
        os.kill(process.pid, what)


def same(snapshot: Snapshot, training: Training) -> bool:
    """Whether they agree in every bit."""
    mine, other = snapshot.parts(), Snapshot.taken(training).parts()
    return mine[0] == other[0] and {name: array.tobytes() for name, array in mine[1].items()} == {
        name: array.tobytes() for name, array in other[1].items()
    }


def make_broken() -> Order:
    """One whose shapes do not fit."""
    return replace(make_order(100), x=np.ones((20, 7)))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(processes=2)
    yield bench
    bench.manager.close()


def test_a_run_ends_where_training_alone_ends_bit_for_bit(bench: Bench) -> None:
    run = bench.start("s", 300, seed=4)
    assert (run.state, run.step, run.steps, run.batch_size, run.seed) == ("queued", 0, 300, 5, 4)
    assert (run.loss, run.accuracy, run.gradient_norms) == (None, None, {})
    done = bench.wait("s", run, "finished")
    training = alone(300, seed=4)
    stats = training.stats()
    assert (done.step, done.loss, done.accuracy) == (300, stats.loss, stats.accuracy)
    assert done.gradient_norms == stats.gradient_norms
    assert bench.saved[-1] == ("s", done)
    assert same(bench.last("s"), training)
    assert bench.hub.states(run.id) == ["queued", "running", "finished"]


def test_pausing_and_going_on_changes_no_bit(bench: Bench) -> None:
    steps = 4000
    run = bench.start("s", steps)
    for _ in range(3):
        bench.manager.pause("s", run.id)
        paused = bench.manager.settled("s", run.id, PATIENCE)
        assert paused.state in {"paused", "finished"}
        if paused.state == "paused":
            bench.manager.resume("s", run.id)
        time.sleep(0.02)
    bench.wait("s", run, "finished")
    assert same(bench.last("s"), alone(steps))


def test_a_paused_run_stands_still_until_it_goes_on(bench: Bench) -> None:
    run = bench.start("s")
    bench.wait("s", run, "running")
    bench.manager.pause("s", run.id)
    paused = bench.manager.settled("s", run.id, PATIENCE)
    assert paused.state == "paused"
    assert paused.active
    assert bench.saved[-1][1] == paused
    time.sleep(0.05)
    assert bench.manager.get("s", run.id) == paused
    assert bench.manager.pause("s", run.id) == paused
    assert bench.manager.resume("s", run.id).state == "running"
    soon(lambda: bench.manager.resume("s", run.id).step > paused.step)
    bench.manager.stop("s", run.id)
    stopped = bench.manager.settled("s", run.id, PATIENCE)
    assert stopped.state == "stopped"
    assert not stopped.active
    assert bench.hub.states(run.id) == ["queued", "running", "paused", "running", "stopped"]


@pytest.mark.parametrize("word", ["pause", "stop"])
def test_the_call_does_not_wait_for_the_run_which_obeys_when_it_hears_of_it(
    bench: Bench, word: str
) -> None:
    run = bench.start("s")
    bench.wait("s", run, "running")
    signal_workers(bench, signal.SIGSTOP)
    assert getattr(bench.manager, word)("s", run.id).state == "running"
    signal_workers(bench, signal.SIGCONT)
    bench.wait("s", run, "paused", "stopped")


def test_a_paused_run_can_be_stopped(bench: Bench) -> None:
    run = bench.start("s")
    bench.manager.pause("s", run.id)
    assert bench.manager.settled("s", run.id, PATIENCE).state == "paused"
    bench.manager.stop("s", run.id)
    assert bench.manager.settled("s", run.id, PATIENCE).state == "stopped"


@pytest.mark.parametrize(("word", "state"), [("stop", "stopped"), ("resume", "running")])
def test_whoever_thinks_better_of_a_pause_while_it_is_saved_is_heard(
    bench: Bench, word: str, state: str
) -> None:
    saving, go_on = threading.Event(), threading.Event()

    def hold(run: Run) -> None:
        if run.state == "paused":
            saving.set()
            assert go_on.wait(PATIENCE)

    bench.on_save = hold
    run = bench.start("s")
    bench.manager.pause("s", run.id)
    assert saving.wait(PATIENCE)
    getattr(bench.manager, word)("s", run.id)
    go_on.set()
    bench.wait("s", run, state)
    assert "paused" not in bench.hub.states(run.id)


def test_the_parameters_are_saved_before_the_end_is_seen(bench: Bench) -> None:
    seen: list[str] = []

    def look(run: Run) -> None:
        time.sleep(0.02)
        seen.append(f"{run.state} {bench.manager.get('s', run.id).state}")

    bench.on_save = look
    run = bench.start("s", 20)
    bench.wait("s", run, "finished")
    assert seen == ["finished running"]


def test_checkpoints_come_between_but_not_with_every_slice(bench: Bench) -> None:
    start = time.monotonic()
    run = bench.start("s")
    soon(lambda: len(bench.saved) >= 4)
    bench.manager.stop("s", run.id)
    stopped = bench.wait("s", run, "stopped")
    steps = [saved.step for _, saved in bench.saved]
    assert len(steps) <= (time.monotonic() - start) / 1 + 1
    assert steps == sorted(steps)
    assert steps[-1] == stopped.step
    assert all(saved.state == "running" for _, saved in bench.saved[:-1])


def test_progress_is_told_at_most_ten_times_a_second(bench: Bench) -> None:
    start = time.monotonic()
    run = bench.start("s")

    def told() -> list[dict[str, Any]]:
        return [data for event, data in list(bench.hub.told) if event == "progress"]

    soon(lambda: len(told()) >= 5)
    bench.manager.stop("s", run.id)
    bench.wait("s", run, "stopped")
    assert len(told()) <= (time.monotonic() - start) / 0.1 + 1
    names = make_order(1).start.parameters.keys()
    for data in told():
        assert set(data) == {
            "run", "state", "step", "steps", "loss", "accuracy", "gradient_norms", "seconds_left",
            "epoch", "samples",
        }  # fmt: skip
        assert data["gradient_norms"].keys() == names


def test_a_session_has_one_active_run(bench: Bench) -> None:
    run = bench.start("s")
    assert bench.manager.active("s") is not None
    with pytest.raises(RunConflict):
        bench.start("s")
    bench.start("t", 5)
    bench.manager.pause("s", run.id)
    bench.manager.settled("s", run.id, PATIENCE)
    with pytest.raises(RunConflict):
        bench.start("s")
    bench.manager.stop("s", run.id)
    bench.manager.settled("s", run.id, PATIENCE)
    assert bench.manager.active("s") is None
    bench.wait("s", bench.start("s", 5), "finished")


def test_only_one_of_many_starts_at_once_wins(bench: Bench) -> None:
    def make() -> Order:
        time.sleep(0.02)
        bench.orders["s"] = make_order(ENDLESS)
        return bench.orders["s"]

    wins: list[Run] = []
    losses: list[RunConflict] = []

    def try_it() -> None:
        try:
            wins.append(bench.manager.start("s", make))
        except RunConflict as error:
            losses.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(wins), len(losses)) == (1, 7)


def test_what_is_wrong_with_a_training_is_told_at_the_start_and_takes_no_room(bench: Bench) -> None:
    with pytest.raises(EngineError):
        bench.start("s", 0)
    assert bench.manager.list("s") == ()
    bench.wait("s", bench.start("s", 5), "finished")


def test_when_all_places_are_taken_a_paused_run_gives_way_or_there_is_no_room() -> None:
    bench = Bench(processes=2, limits=RunLimits(2, 2))
    one, two = bench.start("one"), bench.start("two")
    with pytest.raises(RunsFull) as error:
        bench.start("three", 5)
    assert error.value.retry_after > 0
    bench.manager.pause("two", two.id)
    bench.manager.settled("two", two.id, PATIENCE)
    bench.wait("three", bench.start("three", 5), "finished")
    assert bench.wait("two", two, "stopped").state == "stopped"
    bench.wait("one", one, "running")
    bench.manager.close()


def test_one_owner_leaves_places_to_others_and_gives_way_to_himself() -> None:
    bench = Bench(processes=1, limits=RunLimits(8, 7))

    def begin(name: str, owner: str) -> Run:
        return bench.begin(name, make_order(ENDLESS), owner)

    many = [begin(f"a{number}", "a") for number in range(4)]
    with pytest.raises(RunsFull, match="address"):
        begin("a4", "a")
    few = [begin(f"b{number}", "b") for number in range(2)]
    with pytest.raises(RunsFull, match="address"):
        begin("b2", "b")
    begin("c0", "c")
    bench.manager.pause("a1", many[1].id)
    bench.manager.settled("a1", many[1].id, PATIENCE)
    begin("a4", "a")
    assert bench.wait("a1", many[1], "stopped").state == "stopped"
    assert bench.manager.get("b0", few[0].id).active
    bench.manager.close()


def test_runs_take_turns_however_many_there_are(bench: Bench) -> None:
    names = [f"s{number}" for number in range(10)]
    runs = {name: bench.start(name) for name in names}

    def steps() -> dict[str, int]:
        return {name: bench.manager.get(name, runs[name].id).step for name in names}

    def all_beyond(before: dict[str, int]) -> bool:
        return all(now > before[name] for name, now in steps().items())

    for _ in range(3):
        soon(partial(all_beyond, steps()))


def test_a_loss_that_is_not_finite_is_no_failure(bench: Bench) -> None:
    run = bench.start("s", 300, rate=1e6)
    done = bench.wait("s", run, "finished", "failed")
    assert done.state == "finished"
    assert done.loss is not None
    assert not np.isfinite(done.loss)
    assert done.as_json()["loss"] in {"NaN", "Infinity"}


def test_a_run_that_fails_says_so_and_the_others_go_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        failed = [
            bench.wait(name, bench.begin(name, make_broken()), "failed") for name in ("a", "b", "c")
        ]
    assert {run.error for run in failed} == {"the run failed (ValueError)"}
    assert {run.step for run in failed} == {0}
    assert bench.hub.told[-1][1]["error"] == failed[-1].error
    assert [saved.state for _, saved in bench.saved] == ["failed"] * 3
    bench.wait("d", bench.start("d", 50), "finished")


def test_a_run_that_cannot_be_saved_has_failed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(run: Run) -> None:
        raise OSError("disk full")

    bench.on_save = refuse
    with caplog.at_level(logging.ERROR):
        run = bench.wait("s", bench.start("s", 20), "failed", "finished")
    assert run.state == "failed"
    assert "disk" not in (run.error or "")
    assert "could not be saved" in caplog.text
    bench.on_save = lambda run: None
    bench.wait("s", bench.start("s", 20), "finished")


def test_runs_that_are_over_are_kept_the_last_twenty(bench: Bench) -> None:
    ids = []
    for _ in range(KEPT_RUNS + 3):
        ids.append(bench.start("s", 1).id)
        bench.wait("s", bench.manager.list("s")[-1], "finished")
    assert [run.id for run in bench.manager.list("s")] == ids[3:]
    with pytest.raises(Unknown):
        bench.manager.get("s", ids[0])


def test_a_run_that_is_over_cannot_be_paused_and_stopping_it_changes_nothing(bench: Bench) -> None:
    done = bench.wait("s", bench.start("s", 5), "finished")
    for call in (bench.manager.pause, bench.manager.resume):
        with pytest.raises(RunConflict):
            call("s", done.id)
    assert bench.manager.stop("s", done.id) == done
    assert bench.manager.settled("s", done.id, PATIENCE) == done


@pytest.mark.parametrize("word", ["get", "pause", "resume", "stop", "settled"])
def test_a_run_of_another_session_is_unknown(bench: Bench, word: str) -> None:
    run = bench.start("s")
    more = (PATIENCE,) if word == "settled" else ()
    with pytest.raises(Unknown):
        getattr(bench.manager, word)("t", run.id, *more)
    with pytest.raises(Unknown):
        getattr(bench.manager, word)("s", "no-such-run", *more)


def test_a_session_that_is_forgotten_runs_no_more_and_tells_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    run = bench.start("s")
    bench.wait("s", run, "running")
    bench.manager.forget("s")
    time.sleep(0.1)
    told, saved = len(bench.hub.told), len(bench.saved)
    time.sleep(0.1)
    assert (len(bench.hub.told), len(bench.saved)) == (told, saved)
    assert bench.manager.list("s") == ()
    assert not caplog.records


def test_closing_saves_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # So long it waits at most, on a busy machine; else for less than a second.
    assert runs_module.SETTLE_SECONDS < runs_module.CLOSE_SECONDS < 1
    monkeypatch.setattr(runs_module, "SETTLE_SECONDS", 30)
    monkeypatch.setattr(runs_module, "CLOSE_SECONDS", 40)
    bench = Bench(processes=2)
    runs = {name: bench.start(name) for name in ("a", "b", "c", "d")}
    bench.manager.pause("a", runs["a"].id)
    bench.wait("a", runs["a"], "paused")
    bench.manager.close()
    last = {session_id: saved.state for session_id, saved in bench.saved}
    assert last == dict.fromkeys(runs, "interrupted") | {"a": "paused"}
    assert bench.hub.states(runs["b"].id)[-1] == "interrupted"
    with pytest.raises(RunsFull):
        bench.start("e")
    bench.manager.close()


def test_closing_does_not_wait_for_a_save_that_hangs() -> None:
    bench, saving, go_on = Bench(processes=1), threading.Event(), threading.Event()
    waited = threading.Event()

    def hang(run: Run) -> None:
        saving.set()
        go_on.wait(PATIENCE)
        waited.set()

    bench.on_save = hang
    bench.start("s", 1)
    assert saving.wait(PATIENCE)
    bench.manager.close()
    assert not waited.is_set()
    go_on.set()


def test_closing_ends_a_worker_that_hangs(bench: Bench) -> None:
    run = bench.start("s")
    bench.wait("s", run, "running")
    (worker,) = bench.manager._workshop.staff.processes
    signal_workers(bench, signal.SIGSTOP)
    bench.manager.close()
    assert worker._process.poll() == -signal.SIGKILL


def test_a_run_that_the_end_cuts_off_is_no_failure_and_saves_nothing_more(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.runs.CLOSE_SECONDS", 0.05)
    monkeypatch.setattr("app.sessions.runs.runs.SETTLE_SECONDS", 0.05)
    bench, saving, go_on = Bench(processes=1), threading.Event(), threading.Event()

    def closed_store(run: Run) -> None:
        saving.set()
        assert go_on.wait(PATIENCE)
        raise OSError("the store is closed")

    bench.on_save = closed_store
    bench.start("first", 1)
    assert saving.wait(PATIENCE)
    bench.start("second", 1)
    bench.manager.close()
    go_on.set()
    soon(lambda: bool(caplog.records))
    assert {(record.levelname, record.exc_info) for record in caplog.records} == {("WARNING", None)}
    assert "failed" not in bench.hub.states(bench.manager.list("first")[-1].id)
    assert bench.saved == []


def test_a_run_whose_worker_dies_goes_on_by_itself_and_no_bit_differs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 0.05)
    run = bench.start("s")
    for killed in (True, True, False):
        seen = bench.last("s").step
        soon(partial(lambda before: bench.last("s").step > before, seen))
        if killed:
            signal_workers(bench)
    bench.manager.stop("s", run.id)
    done = bench.wait("s", run, "stopped", "failed")
    assert same(bench.last("s"), alone(done.step))
    states = bench.hub.states(run.id)
    assert states == ["queued", "running", *["interrupted", "running"] * 2, "stopped"]
    assert "ended by itself" in caplog.text


def test_a_run_that_its_workers_die_over_has_failed_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.workshop.SAVE_SECONDS", 60)
    run = bench.start("s")
    for deaths in range(MOST_DEATHS + 1):
        bench.wait("s", run, "running")
        signal_workers(bench)
        soon(partial(lambda n: bench.hub.states(run.id).count("interrupted") > n, deaths))
    assert bench.wait("s", run, "failed").error == "the process that trains has died over it"
    bench.wait("t", bench.start("t", 5), "finished")


def test_a_run_that_is_to_pause_when_its_worker_dies_pauses_where_it_was_saved(
    bench: Bench,
) -> None:
    run = bench.start("s")
    bench.wait("s", run, "running")
    signal_workers(bench, signal.SIGSTOP)
    bench.manager.pause("s", run.id)
    signal_workers(bench)
    paused = bench.manager.settled("s", run.id, PATIENCE)
    assert (paused.state, paused.step) == ("paused", bench.last("s").step)
    assert bench.manager.resume("s", run.id).state == "running"


def test_runs_are_spread_evenly_over_the_workers_when_some_end(bench: Bench) -> None:
    runs = {name: bench.start(name) for name in "abcdef"}
    for name, run in runs.items():
        bench.wait(name, run, "running")

    def counts() -> list[int]:
        with bench.manager._lock:
            placed = [job.process for job in bench.manager._workshop.placed.values()]
        return sorted(placed.count(process) for process in bench.manager._workshop.staff.processes)

    assert counts() == [3, 3]
    with bench.manager._lock:
        first = list(bench.manager._workshop.placed.values())
    for job in first:
        if job.process is first[0].process:
            bench.manager.stop(job.session_id, job.run.id)
    soon(lambda: counts() == [1, 2])


def test_a_run_that_was_cut_off_is_taken_up_and_one_that_paused_waits() -> None:
    bench = Bench(processes=1)
    going, paused = bench.start("a", 8_000), bench.start("b")
    bench.wait("a", going, "running")
    bench.manager.pause("b", paused.id)
    bench.wait("b", paused, "paused")
    bench.manager.close()
    next_one = Bench(processes=1)
    next_one.orders = bench.orders
    for name in ("a", "b"):
        next_one.manager.adopt(name, bench.manager.list(name)[-1])
    assert next_one.manager.get("a", going.id).state in ("interrupted", "running")
    next_one.wait("a", going, "finished")
    assert same(next_one.last("a"), alone(8_000))
    assert next_one.manager.get("b", paused.id).state == "paused"
    assert next_one.manager.resume("b", paused.id).state == "running"
    next_one.manager.close()


def test_runs_that_are_over_are_kept_for_so_many_sessions(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.runs.roll.KEPT_SESSIONS", 2)
    for name in ("a", "b", "a", "c"):
        bench.wait(name, bench.start(name, 1), "finished")
    assert [len(bench.manager.list(name)) for name in ("a", "b", "c")] == [2, 0, 1]

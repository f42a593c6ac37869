"""Runs keep the same promises wherever they are trained, whichever replica is asked."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.optimizers import OptimizerConfig
from app.sessions.edits import SetCell
from app.sessions.run import RunConflict, RunsFull
from app.sessions.runs.postgres import taker as taker_module
from app.sessions.runs.postgres.claims import PostgresClaims
from app.sessions.runs.postgres.taker import Taker
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service
from app.sessions.store.errors import Conflict, Unknown
from app.sessions.store.open_store import open_store
from app.sessions.store.postgres.store import PostgresStore
from tests.loops import run as run_async
from tests.postgres import Cluster
from tests.sessions.conftest import WANTED, load_rows


@dataclass
class Course:
    """Replicas that share a store, and who trains for them."""

    address: str
    replicas: list[Service] = field(default_factory=list)
    takers: list[Taker] = field(default_factory=list)

    def replica(self, **limits: int) -> Service:
        store = open_store(self.address)
        self.replicas.append(Service(store, load_rows, runs=RunLimits(**limits)))
        return self.replicas[-1]

    def taker(self) -> Taker:
        store = open_store(self.address)
        assert isinstance(store, PostgresStore)
        self.takers.append(Taker(store, load_rows, 1))
        return self.takers[-1]

    def close(self) -> None:
        for taker in self.takers:
            taker.close()
        for replica in self.replicas:
            replica.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"], scope="module")
def course(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Course]:
    folder: Path = tmp_path_factory.mktemp("course")
    if request.param == "postgresql":
        made = shared(request)
        made.replica()
        made.taker()
    else:
        made = Course("memory" if request.param == "memory" else f"sqlite:{folder}/s.db")
    made.replica()
    yield made
    made.close()


@pytest.fixture
def alone(request: pytest.FixtureRequest) -> Iterator[Course]:
    """A database that nobody uses yet."""
    made = shared(request)
    yield made
    made.close()


def shared(request: pytest.FixtureRequest) -> Course:
    cluster: Cluster = request.getfixturevalue("cluster")
    return Course(cluster.address(cluster.schema()))


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)
    return found


def plan(steps: int, **more: Any) -> Plan:
    return Plan(OptimizerConfig("sgd", 0.01), 1, steps, **more)


def state(service: Service, id: str, run_id: str) -> str:
    return str(service.trainer.run(id, run_id)["state"])


def test_a_run_comes_to_its_end_with_the_bits_of_one_made_in_this_process(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)
    order = one.trainer._order(one.get(session.id), plan(40), None)
    started = one.trainer.start(session.id, token, None, plan(40))
    until(lambda: state(other, session.id, started.id) == "finished")
    assert other.trainer.run(session.id, started.id)["step"] == 40
    training = order.training()
    while not training.finished:
        training.advance()
    for name, expected in training.network.parameters.items():
        assert np.array_equal(other.get(session.id).parameters[name], expected)
    rows, _ = other.trainer.history(session.id, started.id)
    assert rows.step[-1] == 40
    assert other.trainer.manager.active(session.id) is None


def test_a_run_pauses_goes_on_and_stops_at_any_replica(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)
    id, run_id = session.id, one.trainer.start(session.id, token, None, plan(10**6)).id
    until(lambda: other.trainer.run(id, run_id)["step"] > 0)
    paused = other.trainer.control(id, token, run_id, "pause")
    assert paused["state"] == "paused"
    assert one.trainer.run(id, run_id)["step"] == paused["step"]
    # A step of a paused run is opened by whoever is asked.
    opened = one.trainer.open(id, token, None, run_id, 2)
    assert opened.opened is not None
    resumed = one.trainer.control(id, token, run_id, "resume")
    assert resumed["state"] in ("running", "interrupted")
    until(lambda: other.trainer.run(id, run_id)["step"] > paused["step"])
    stopped = one.trainer.control(id, token, run_id, "stop")
    assert stopped["state"] == "stopped"
    assert other.trainer.control(id, token, run_id, "stop")["state"] == "stopped"
    with pytest.raises(Conflict, match="over"):
        other.trainer.control(id, token, run_id, "pause")
    # Then the next one.
    again = other.trainer.start(id, token, None, plan(3))
    until(lambda: state(one, id, again.id) == "finished")
    assert [run["state"] for run in one.trainer.all_runs(id)] == ["stopped", "finished"]


def test_a_paused_run_is_stopped_and_its_rate_changed(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)
    id, run_id = session.id, one.trainer.start(session.id, token, None, plan(10**6)).id
    until(lambda: other.trainer.run(id, run_id)["step"] > 0)
    changed = other.trainer.change_rate(id, token, run_id, 0.005)
    assert changed["optimizer"]["learning_rate"] == 0.005
    one.trainer.control(id, token, run_id, "pause")
    changed = other.trainer.change_rate(id, token, run_id, 0.25)
    assert (changed["state"], changed["optimizer"]["learning_rate"]) == ("paused", 0.25)
    assert other.trainer.control(id, token, run_id, "stop")["state"] == "stopped"


def test_a_session_has_one_run_and_is_not_edited_meanwhile(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)
    run_id = one.trainer.start(session.id, token, None, plan(10**6)).id
    with pytest.raises(RunConflict):
        other.trainer.start(session.id, token, None, plan(5))
    with pytest.raises(Conflict, match="active"):
        other.edit(session.id, token, None, [SetCell("affine1.W", (0, 0), 1.0)])
    with pytest.raises(Unknown):
        other.trainer.control(session.id, token, "none", "stop")
    other.trainer.control(session.id, token, run_id, "stop")
    assert other.edit(session.id, token, None, [SetCell("affine1.W", (0, 0), 1.0)])


def test_of_many_who_start_at_once_one_does(course: Course) -> None:
    session, token = course.replicas[0].create(WANTED)
    made: list[str] = []
    refused: list[Exception] = []

    def start(replica: Service) -> None:
        try:
            made.append(replica.trainer.start(session.id, token, None, plan(10**6)).id)
        except RunConflict as error:
            refused.append(error)

    threads = [
        threading.Thread(target=start, args=(course.replicas[k % len(course.replicas)],))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)
    stopped = course.replicas[-1].trainer.control(session.id, token, made[0], "stop")
    assert stopped["state"] == "stopped"


def test_readers_anywhere_hear_a_run_from_its_beginning_to_its_end(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)

    async def listen() -> list[tuple[str, int]]:
        reader = other.subscribe(session.id, None)
        found: list[tuple[str, int]] = []
        await asyncio.to_thread(one.trainer.start, session.id, token, None, plan(3000))
        async with asyncio.timeout(30):
            while not found or found[-1][0] != "finished":
                wire = await reader.get(30)
                assert wire is not None
                data = json.loads(wire.split(b"data: ")[1])
                found.append((data["state"], data["step"]))
        return found

    found = run_async(listen())
    states = [state for state, _ in found]
    assert list(dict.fromkeys(states)) == ["queued", "running", "finished"]
    steps = [step for _, step in found]
    assert steps == sorted(steps)
    assert steps[-1] == 3000


def test_a_session_that_is_deleted_takes_its_run_with_it(course: Course) -> None:
    one, other = course.replicas[0], course.replicas[-1]
    session, token = one.create(WANTED)
    one.trainer.start(session.id, token, None, plan(10**6))
    other.delete(session.id, token)
    assert sum(other.trainer.manager.counts().values()) == 0
    if course.takers:
        until(lambda: not course.takers[0].manager.counts())


def test_a_worker_that_ends_gives_its_runs_to_another(alone: Course) -> None:
    replica, first = alone.replica(), alone.taker()
    session, token = replica.create(WANTED)
    id, run_id = session.id, replica.trainer.start(session.id, token, None, plan(10**6)).id
    until(lambda: replica.trainer.run(id, run_id)["step"] > 0)
    second = alone.taker()
    alone.takers.remove(first)
    first.close()
    reached = replica.trainer.run(id, run_id)["step"]
    until(lambda: replica.trainer.run(id, run_id)["step"] > reached, 5)
    assert second.manager.active(id) is not None


def test_a_worker_that_hangs_is_replaced_and_what_it_does_later_counts_for_nothing(
    alone: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sessions.runs.postgres import table

    monkeypatch.setattr(table, "DEAD_SECONDS", 0.5)
    monkeypatch.setattr(taker_module, "BEAT_SECONDS", 0.1)
    replica, first = alone.replica(), alone.taker()
    session, token = replica.create(WANTED)
    id, run_id = session.id, replica.trainer.start(session.id, token, None, plan(10**6)).id
    until(lambda: replica.trainer.run(id, run_id)["step"] > 0)
    # It trains, saves and tells on, but hears of nothing.
    old = first._fences[id]
    going = threading.Event()
    turn = first._turn
    monkeypatch.setattr(first, "_turn", lambda: going.wait(20) and turn())
    second = alone.taker()
    fence = until(lambda: second._fences.get(id))
    assert fence > old
    until(lambda: first.manager.active(id) is None)  # its next save has told it
    going.set()
    reached = replica.trainer.run(id, run_id)["step"]
    until(lambda: replica.trainer.run(id, run_id)["step"] > reached)
    assert second.manager.active(id) is not None
    assert replica.trainer.control(id, token, run_id, "stop")["state"] == "stopped"


def test_runs_are_shared_among_workers_and_waiting_ones_are_counted(alone: Course) -> None:
    replica = alone.replica(runs=2, runs_per_address=9)
    sessions = [replica.create(WANTED) for _ in range(5)]
    runs = [
        replica.trainer.start(session.id, token, None, plan(10**6)).id
        for session, token in sessions[:2]
    ]
    with pytest.raises(RunsFull):
        replica.trainer.start(sessions[2][0].id, sessions[2][1], None, plan(5))
    assert replica.trainer.manager.counts() == {"queued": 2, "running": 0}
    takers = [alone.taker(), alone.taker()]
    until(lambda: sum(len(taker._fences) for taker in takers) == 2)
    claims = replica.trainer.manager
    assert isinstance(claims, PostgresClaims)
    until(lambda: claims._table.counts().workers == 2)
    # As many for each worker.
    for session, token in sessions[2:4]:
        runs.append(replica.trainer.start(session.id, token, None, plan(10**6)).id)
    until(lambda: sum(len(taker._fences) for taker in takers) == 4)
    # One who paused gives way.
    with pytest.raises(RunsFull):
        replica.trainer.start(sessions[4][0].id, sessions[4][1], None, plan(5))
    (first, token), *_ = sessions
    replica.trainer.control(first.id, token, runs[0], "pause")
    until(lambda: sum(len(taker._fences) for taker in takers) == 3)
    replica.trainer.start(sessions[4][0].id, sessions[4][1], None, plan(5))
    until(lambda: state(replica, first.id, runs[0]) == "stopped")


def test_the_end_of_a_run_is_told_though_who_has_saved_it_died_before_he_could(
    alone: Course, cluster: Cluster
) -> None:
    replica, _ = alone.replica(), alone.taker()
    session, token = replica.create(WANTED)
    run_id = replica.trainer.start(session.id, token, None, plan(5)).id
    until(lambda: state(replica, session.id, run_id) == "finished")
    schema = alone.address.rpartition("%3D")[2]
    events = f"FROM {schema}.events WHERE session_id = '{session.id}'"
    last = f"SELECT convert_from(body, 'UTF8')::json {events} ORDER BY id DESC LIMIT 1"
    before = until(lambda: [row for row in cluster.execute(last) if row[0]["step"] == 5])
    until(lambda: not cluster.execute(f"SELECT 1 FROM {schema}.claims"))
    cluster.execute(f"DELETE {events}")
    cluster.execute(f"INSERT INTO {schema}.claims VALUES ('{session.id}', 1, 'dead')")
    ((told,),) = until(lambda: cluster.execute(last))
    assert told | {"gradient_norms": {}} == before[0][0] | {"gradient_norms": {}}
    until(lambda: not cluster.execute(f"SELECT 1 FROM {schema}.claims"))
    assert cluster.execute(f"SELECT count(*) {events}") == [(1,)]

"""One client that asks for much by few bytes: heads, answers, trainings, drawings."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.attacks.learner import Learner, assert_well_soon, learning, memory, second, worst
from tests.process import Running, serve

ATTACKER = "127.0.0.2"
PLACES = 8
MEGABYTE = 1 << 20
# 100 bytes that are answered by 9 MB.
WIDE = {
    "network": {"input_size": 1, "layers": [{"type": "affine", "units": 1000}]},
    "x": [[1]] * 300,
    "fields": ["layers"],
}
LONG = {"steps": 1_000_000, "optimizer": {"type": "sgd", "learning_rate": 1e-9}}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    options = ["--store", "memory", "--runs", str(PLACES), "--training-priority", "low"]
    options += ["--answer-bytes-per-address", str(20 * MEGABYTE), "--write-seconds", "2"]
    with serve(*options) as running:
        yield running


def connected(running: Running) -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", running.port), timeout=30, source_address=(ATTACKER, 0)
    )


def test_a_head_without_end_is_cut_off(running: Running) -> None:
    learner = Learner(running)
    before, bar = memory(running), second(learner)
    with learning(learner) as seconds, connected(running) as one:
        one.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        sent = 0
        with suppress(OSError):
            while sent < 200:
                one.sendall(b"a" * MEGABYTE)
                sent += 1

    assert sent < 200
    assert worst(seconds) < bar
    assert_well_soon(learner, before, bar)


def test_large_answers_that_nobody_takes_are_few(running: Running) -> None:
    body = json.dumps(WIDE).encode()
    head = "POST /api/v1/evaluate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
    raw = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    learner = Learner(running)
    before, bar = memory(running), second(learner)
    with learning(learner) as seconds, ExitStack() as left:
        statuses = []
        readers = [left.enter_context(connected(running)) for _ in range(5)]
        for one in readers:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            one.sendall(raw)
        for one in readers:
            with suppress(OSError):
                statuses.append(one.recv(13, socket.MSG_PEEK)[9:12])
        most = memory(running) - before

    assert b"503" in statuses
    assert b"200" in statuses
    assert most < 300
    assert worst(seconds) < bar
    assert_well_soon(learner, before, bar)


def test_trainings_of_one_address_leave_places_and_time_to_others(running: Running) -> None:
    learner = Learner(running)
    before, bar = memory(running), second(learner)
    with learning(learner) as seconds:
        statuses, attackers = [], []
        for _ in range(PLACES + 2):
            attacker = Learner(running, ATTACKER)
            statuses.append(attacker.call("POST", f"{attacker.path}/runs", LONG, attacker.token)[0])
            attackers.append(attacker)
        began = learner.call("POST", f"{learner.path}/runs", {"steps": 20}, learner.token)
        assert began[0] == 202, began
        run = f"{learner.path}/runs/{began[1]['id']}"
        # A run is at work beside those of the other, so that the steps of the cursor wait for it.
        while learner.call("GET", run)[1]["state"] not in ("finished", "failed"):
            pass

    assert statuses == [202] * (PLACES // 2) + [503] * (PLACES // 2 + 2)
    assert learner.call("GET", run)[1]["state"] == "finished"
    assert worst(seconds) < bar
    for attacker in attackers:
        attacker.call("DELETE", attacker.path, token=attacker.token)
    assert_well_soon(learner, before, bar)


def test_who_asks_for_many_drawings_waits_behind_himself(running: Running) -> None:
    layers = [{"type": "affine", "units": 3}, {"type": "relu"}] * 15
    attacker, learner = Learner(running, ATTACKER), Learner(running)
    network = {"network": {"input_size": 2, "layers": layers}, "x": [[0.5, 1.0]]}
    status, made = attacker.call("POST", "/sessions?max_cells=1", network)
    assert status == 201, made
    before, bar = memory(running), second(learner)

    def ask(number: int) -> int:
        opened = ",".join(f"affine{1 + (number + k) % 15}" for k in range(number % 4 + 1))
        path = f"/sessions/{made['id']}/graph?level=layer&open={opened}"
        return attacker.call("GET", path)[0]

    with learning(learner) as seconds, ThreadPoolExecutor(24) as threads:
        statuses = list(threads.map(ask, range(32)))

    assert set(statuses) == {200}
    assert worst(seconds) < bar
    assert_well_soon(learner, before, bar)

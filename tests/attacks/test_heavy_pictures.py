"""One client that asks for large pictures and does not even wait for them."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.attacks.learner import Learner, learning, memory
from tests.process import Running, serve

ATTACKER = "127.0.0.2"
PLACES = 4
MANY = 40


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    options = ["--store", "memory", "--heavy-processes", "1", "--heavy-queue", "20"]
    with serve(*options, "--heavy-per-address", str(PLACES)) as running:
        yield running


def ask(running: Running, path: str) -> socket.socket:
    one = socket.create_connection(
        ("127.0.0.1", running.port), timeout=30, source_address=(ATTACKER, 0)
    )
    one.sendall(f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return one


def test_pictures_that_nobody_waits_for_stop_nobody(running: Running) -> None:
    layers = [{"type": "affine", "units": 2}, {"type": "relu"}] * 6
    attacker = Learner(running, ATTACKER)
    status, made = attacker.call(
        "POST", "/sessions?max_cells=1", {"network": {"input_size": 2, "layers": layers},
                                          "x": [[0.5, 1.0]] * 500, "grad_output": [[1, 1]] * 500},
    )  # fmt: skip
    assert status == 201, made
    path = f"/sessions/{made['id']}/figure.svg?level=op&cursor="
    learner = Learner(running)
    before = memory(running)

    start = time.perf_counter()
    assert attacker.call("GET", path + "end")[0] == 200
    alone = time.perf_counter() - start

    with learning(learner) as seconds, ExitStack() as left:
        waiting = [ask(running, f"{path}{seq}") for seq in range(MANY)]
        for one in waiting:
            left.callback(one.close)
        # Those that find no place hear of it long before the first picture of the last is made.
        ready, _, _ = select.select(waiting, [], [], 30)
        time.sleep(0.3)
        ready, _, _ = select.select(waiting, [], [], 0)
        assert b"HTTP/1.1 503 " in {one.recv(13) for one in ready}
        # Another's picture has its turn among the first, though it came last.
        start = time.perf_counter()
        assert learner.call("GET", f"{learner.path}/figure.svg")[0] == 200
        anothers = time.perf_counter() - start
        for one in waiting:
            one.close()
        assert running.call("GET", "/readyz") == (200, b"ok\n")
        # Asked for and left over and over: what has not begun is not begun.
        for seq in range(20):
            ask(running, f"{path}{seq}").close()
        start = time.perf_counter()
        assert attacker.call("GET", f"{path}30")[0] in (200, 503)
        after = time.perf_counter() - start

    print(f"alone {alone:.2f} s, another's {anothers:.2f} s, after {after:.2f} s, "
          f"step {max(seconds):.2f} s")  # fmt: skip
    assert max(seconds) < 5
    assert anothers < 5 + 3 * alone
    assert after < 5 + 4 * alone
    assert memory(running) - before < 300

"""Somebody who only wants to learn, while others do their worst; and what the server takes."""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.process import Running

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
# What an attack may leave in memory, in MB.
MORE_MB = 300.0
WELL_SECONDS = 10.0


class Learner:
    """One session, stepped forward and back.

    Args:
        running: The server.
        source: The address that it calls from; all of 127.0.0.0/8 is this machine.
    """

    def __init__(self, running: Running, source: str = "127.0.0.1") -> None:
        self.running, self.source = running, source
        made = self.call("POST", "/sessions", {"preset": "two-layer"})
        assert made[0] == 201, made
        self.path = f"/sessions/{made[1]['id']}"
        self.token = {"Authorization": f"Bearer {made[1]['edit_token']}"}
        self.forward = True

    def call(
        self, method: str, path: str, body: object = None, token: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request of the API on a connection of its own."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.running.port, timeout=60, source_address=(self.source, 0)
        )
        with closing(connection):
            text = None if body is None else json.dumps(body)
            connection.request(method, API + path, text, JSON | (token or {}))
            answer = connection.getresponse()
            content = answer.read()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, json.loads(content) if is_json and content else content

    def step(self) -> float:
        """One step; the seconds it took."""
        start = time.perf_counter()
        body = {"direction": "next" if self.forward else "back"}
        status, answer = self.call("POST", f"{self.path}/step", body, self.token)
        assert status == 200, answer
        self.forward = not self.forward
        return time.perf_counter() - start


@contextmanager
def learning(learner: Learner) -> Iterator[list[float]]:
    """Steps ten times a second meanwhile; the seconds that each took.

    Raises:
        AssertionError: a step was refused.
    """
    seconds: list[float] = []
    faults: list[BaseException] = []
    over = threading.Event()

    def steps() -> None:
        while not over.wait(0.1):
            try:
                seconds.append(learner.step())
            except BaseException as fault:
                faults.append(fault)
                return

    thread = threading.Thread(target=steps)
    thread.start()
    try:
        yield seconds
        # What is over within a tenth of a second is followed by a step all the same.
        while thread.is_alive() and not seconds:
            time.sleep(0.01)
    finally:
        over.set()
        thread.join()
    assert not faults, faults
    assert seconds


def memory(running: Running) -> float:
    """What the server and its processes have in memory, in MB."""
    total, waiting = 0.0, [running.process.pid]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):  # one that has ended meanwhile
            status = Path(f"/proc/{pid}/status").read_text("utf-8")
            # One that has ended and is not waited for yet has none.
            total += sum(int(size) for size in re.findall(r"VmRSS:\s+(\d+) kB", status)) / 1024
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text("utf-8").split())
    return total


def worst(seconds: list[float]) -> float:
    """What all but a hundredth of the steps took at most."""
    return sorted(seconds)[max(0, len(seconds) * 99 // 100 - 1)]


def second(learner: Learner) -> float:
    """A second, and more where others use this machine: by what steps take before anything."""
    return 1.0 + 4 * max(learner.step() for _ in range(10))


def assert_well_soon(learner: Learner, before: float, bar: float) -> None:
    """Within ten seconds, no more is in memory than a little, and a step is quick."""
    deadline = time.monotonic() + WELL_SECONDS
    while (took := learner.step()) > bar or memory(learner.running) - before > MORE_MB:
        assert time.monotonic() < deadline, (took, memory(learner.running) - before)
        time.sleep(0.1)

"""Somebody who only wants to learn, while others do their worst; and what the server takes."""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.process import Running

API = "/api/v1"
JSON = {"Content-Type": "application/json"}


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
    finally:
        over.set()
        thread.join()
    assert not faults, faults
    assert seconds


def memory(running: Running) -> float:
    """What the server has in memory, in MB."""
    status = Path(f"/proc/{running.process.pid}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024

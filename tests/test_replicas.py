"""Two replicas and two workers as processes, on one PostgreSQL that is at times not there."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import Cluster
from tests.process import ROOT, Running, serve
from tests.proxy import Proxy

# How long the database stays away besides the time that it takes to notice that.
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "0"))
ROLE, PASSWORD = "role-9f3b", "word-7c51"
TRAINED = {
    "network": {
        "input_size": 2,
        "layers": [{"type": "affine", "units": 3}],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "x": [[1.0, 0.5], [-0.5, 2.0]],
    "t": [0, 2],
    "seed": 1,
}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Course:
    """What runs, and all that was heard of it."""

    cluster: Cluster
    proxy: Proxy
    file: Path
    folder: Path
    schema: str
    replicas: list[Running] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def call(
        self,
        replica: int,
        method: str,
        path: str,
        body: object = None,
        token: str = "",
        **more: str,
    ) -> Answer:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"} | more
        with closing(self.replicas[replica].connect()) as connection:
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1{path}", data, headers)
            answer = connection.getresponse()
            found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        self.answers.append(f"{found.headers}".encode() + found.body)
        return found

    def create(self) -> tuple[str, str]:
        made = self.call(0, "POST", "/sessions", TRAINED).json()
        return made["id"], made["edit_token"]

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app", "worker", "--store-file", str(self.file),
                   "--processes", "1"]  # fmt: skip
        log = (self.folder / f"worker-{len(self.workers)}").open("wb")
        with log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.workers.append(process)
        return process


@pytest.fixture(scope="module")
def course(cluster: Cluster) -> Iterator[Course]:
    folder = Path(tempfile.mkdtemp(prefix="explorer-px-"))
    folder.chmod(0o755)
    schema = cluster.schema()
    cluster.execute(f'CREATE ROLE "{ROLE}" LOGIN')
    cluster.execute(f'ALTER SCHEMA {schema} OWNER TO "{ROLE}"')
    proxy = Proxy(folder / ".s.PGSQL.5432", cluster.folder / ".s.PGSQL.5432")
    file = folder / "store"
    file.write_text(
        f"postgresql://{ROLE}:{PASSWORD}@/postgres?host={folder}&options=-csearch_path%3D{schema}\n"
    )
    made = Course(cluster, proxy, file, folder, schema)
    with ExitStack() as stack:
        for _ in range(2):
            made.worker()
        # All at once: whoever comes first makes the tables.
        replicas = [serve("--store-file", str(file)) for _ in range(2)]
        with ThreadPoolExecutor() as starting:
            made.replicas.extend(starting.map(lambda one: one.__enter__(), replicas))
        for one in replicas:
            stack.push(one)
        until(lambda: len(cluster.execute(f"SELECT 1 FROM {schema}.workers")) == 2)
        yield made
        left = [worker for worker in made.workers if worker.poll() is None]
        for pid in [*(w.pid for w in left), *(r.process.pid for r in made.replicas)]:
            os.kill(pid, signal.SIGTERM)
        assert [worker.wait(20) for worker in left] == [0] * len(left)
        said = [worker_said(made, number) for number in range(len(made.workers))]
        for replica in made.replicas:
            said.append("".join(replica.process.communicate(timeout=20)).encode())
    proxy.cut()
    shutil.rmtree(folder)
    # Of the database nobody has said where it is: no line of a log, no answer, no header.
    for text in (*said, *made.answers):
        for secret in (ROLE, PASSWORD, str(folder), schema):
            assert secret.encode() not in text, text


def worker_said(course: Course, number: int) -> bytes:
    return (course.folder / f"worker-{number}").read_bytes()


def until(true: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
    return found


class Watcher:
    """Reads a session's events at one replica after the other, as a browser does."""

    def __init__(self, course: Course, id: str) -> None:
        self._course, self._id = course, id
        self.heard: list[tuple[int, str, dict[str, Any]]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        replica, seen = 0, ""
        while not self._ended.is_set():
            try:
                seen = self._stream(replica, seen)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
            replica = 1 - replica

    def _stream(self, replica: int, seen: str) -> str:
        """Some events; then it goes elsewhere."""
        with closing(self._course.replicas[replica].connect()) as connection:
            headers = {"Last-Event-ID": seen} if seen else {}
            connection.request("GET", f"/api/v1/sessions/{self._id}/events", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                time.sleep(0.1)
                return seen
            fields: dict[str, str] = {}
            count = 0
            while count < 7 and not self._ended.is_set():
                line = answer.fp.readline().decode().rstrip("\n")
                if not line and "event" in fields:
                    if "id" in fields:
                        seen = fields["id"]
                        data = json.loads(fields["data"])
                        self.heard.append((int(seen), fields["event"], data))
                        count += 1
                    fields = {}
                elif ": " in line:
                    name, value = line.split(": ", 1)
                    fields[name] = value
        return seen

    def end(self) -> list[tuple[int, str, dict[str, Any]]]:
        self._ended.set()
        return self.heard


def test_any_replica_answers_and_both_see_one_session(course: Course) -> None:
    id, token = course.create()
    version = 1
    for k in range(6):
        edit = [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": k}]
        tag = {"If-Match": f'"{version}"'}
        answer = course.call(k % 2, "PATCH", f"/sessions/{id}", edit, token, **tag)
        assert answer.status == 200, answer.body
        version = answer.json()["version"]
        seen = course.call((k + 1) % 2, "GET", f"/sessions/{id}").json()
        assert seen["version"] == version


def test_a_worker_that_is_killed_is_replaced_and_the_watcher_sees_no_gap_and_no_double(
    course: Course,
) -> None:
    id, token = course.create()
    watcher = Watcher(course, id)
    run = course.call(0, "POST", f"/sessions/{id}/runs", {"steps": 10**6}, token).json()
    path = f"/sessions/{id}/runs/{run['id']}"
    until(lambda: course.call(1, "GET", path).json()["step"] > 0)
    victim = until(lambda: holder(course, id))
    victim.kill()
    victim.wait()
    killed = time.monotonic()
    count = len(watcher.heard)
    until(lambda: any(e[2]["state"] == "interrupted" for e in watcher.heard[count:]), 12)
    until(lambda: watcher.heard[-1][2]["state"] == "running", 12)
    assert time.monotonic() - killed < 12
    course.worker()
    until(lambda: len(watcher.heard) > count + 20)
    assert course.call(1, "POST", f"{path}/stop", None, token).status == 200
    until(lambda: watcher.heard[-1][2]["state"] == "stopped")
    stopped = course.call(1, "GET", path)
    heard = watcher.end()
    ids = [number for number, _, _ in heard]
    assert ids == sorted(set(ids))
    assert "gap" not in [event for _, event, _ in heard]
    kept = course.cluster.execute(
        f"SELECT id FROM {course.schema}.events WHERE session_id = '{id}' ORDER BY id"
    )
    assert [number for (number,) in kept] == ids
    # It goes back once, to what was saved last, and says so; then on, step by step.
    steps = [data["step"] for _, _, data in heard]
    backwards = [k for k in range(1, len(steps)) if steps[k] < steps[k - 1]]
    assert len(backwards) <= 1
    assert all(heard[k][2]["state"] == "interrupted" for k in backwards)
    # What was trained is what one process alone makes of it.
    rows = course.call(0, "GET", f"{path}/history").json()
    assert rows["step"] == sorted(set(rows["step"]))
    assert rows["step"][-1] == stopped.json()["step"]


def test_without_its_database_a_replica_says_so_and_then_all_goes_on(course: Course) -> None:
    id, token = course.create()
    run = course.call(0, "POST", f"/sessions/{id}/runs", {"steps": 10**6}, token).json()
    path = f"/sessions/{id}/runs/{run['id']}"
    before = until(lambda: course.call(1, "GET", path).json()["step"])
    other, others = course.create()
    for away in (course.proxy.cut, course.proxy.stall):
        away()
        for replica in (0, 1):
            refused = until(partial(unless_well, course, replica, other))
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["type"].endswith("unavailable")
            # Whoever comes next need not wait.
            start = time.monotonic()
            assert course.call(replica, "POST", "/sessions", TRAINED).status == 503
            assert time.monotonic() - start < 4
            with closing(course.replicas[replica].connect()) as connection:
                connection.request("GET", "/livez")
                assert connection.getresponse().status == 200
            with closing(course.replicas[replica].connect()) as connection:
                connection.request("GET", "/metrics")
                told = connection.getresponse()
                assert (told.status, b"backprop_store_up 0" in told.read()) == (200, True)
        time.sleep(OUTAGE_SECONDS)
        course.proxy.mend()
        for replica in (0, 1):
            until(partial(is_well, course, replica, other))
    edit = [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 5}]
    answer = course.call(1, "PATCH", f"/sessions/{other}", edit, others, **{"If-Match": '"1"'})
    assert answer.status == 200
    until(lambda: course.call(0, "GET", path).json()["step"] > before)
    # The worker may be about to take it up again: who asks is answered before that, perhaps.
    assert course.call(0, "POST", f"{path}/stop", None, token).status == 200
    until(lambda: course.call(1, "GET", path).json()["state"] == "stopped")


def is_well(course: Course, replica: int, id: str) -> bool:
    return unless_well(course, replica, id) is None


def unless_well(course: Course, replica: int, id: str) -> Answer | None:
    try:
        answer = course.call(replica, "GET", f"/sessions/{id}")
    except TimeoutError:
        return None
    return answer if answer.status == 503 else None


def holder(course: Course, id: str) -> subprocess.Popen[bytes] | None:
    """The worker process that has a session's run: its connections name it."""
    rows = course.cluster.execute(
        f"SELECT worker FROM {course.schema}.claims WHERE session_id = '{id}'"
    )
    for process in course.workers:
        if rows and rows[0][0] and rows[0][0].endswith(f"-{process.pid}"):
            return process
    return None

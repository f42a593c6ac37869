"""Kill -9 of replicas, workers and PostgreSQL itself, under edits, steps and runs.

    python -m benchmarks.killing [KILLS [SECONDS]]

Three replicas and three workers stand on one PostgreSQL, which keeps what it commits on the disk
(fsync). Learners edit, step and train; one process after the other is killed, KILLS times of each
kind (or as often as the SECONDS allow), and made anew. Counted are writes that were acknowledged
and are gone, steps that were applied twice or not at all, seconds until a run goes on, and what a
watcher missed or heard twice. Runs that were carried through it have to end with the very bits of
one that nothing has disturbed.
"""

import http.client
import itertools
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.postgres import Cluster, cluster
from tests.process import ROOT

KILLS = 10
TAKEOVER_SECONDS = 12.0
NETWORK = {
    "network": {
        "input_size": 2,
        "layers": [
            {"type": "affine", "units": 60},
            {"type": "relu"},
            {"type": "affine", "units": 3},
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "x": [[1.0, 0.5], [-0.5, 2.0]],
    "t": [0, 2],
    "seed": 1,
}
RUN = {"steps": 6_000, "batch_size": 1, "seed": 3}
FAULTS = (OSError, http.client.HTTPException, ValueError)


@dataclass
class Course:
    """All that runs."""

    database: Cluster
    file: Path
    log: Any
    replicas: list[tuple[subprocess.Popen[str], int]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)

    def replica(self) -> None:
        """Start one; it takes part once it answers."""
        command = [sys.executable, "-m", "app", "--port", "0", "--store-file", str(self.file)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert process.stdout is not None
        match = re.search(r":(\d+)/", process.stdout.readline())
        if match:
            self.replicas.append((process, int(match[1])))
        else:  # the database was away just then
            process.wait()
            if not self.ended.is_set():
                self.replica()

    def worker(self) -> None:
        """Start one."""
        command = [sys.executable, "-m", "app", "worker", "--store-file", str(self.file),
                   "--processes", "1", "--training-priority", "low"]  # fmt: skip
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.log)
        assert process.stdout is not None
        if process.stdout.readline():
            self.workers.append(process)
        elif not self.ended.is_set():
            process.wait()
            self.worker()

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """A call to any replica: status and document; or one of `FAULTS`."""
        _, port = random.choice(self.replicas)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        with closing(connection):
            data = None if body is None else json.dumps(body)
            kind = {"Content-Type": "application/json"}
            connection.request(method, f"/api/v1{path}", data, kind | headers)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None

    def insist(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The same until it is answered by other than a 5xx."""
        while True:
            with suppress(*FAULTS):
                status, document = self.call(method, path, body, **headers)
                if status < 500:
                    return document
            time.sleep(0.05)


class Learner(threading.Thread):
    """Writes one session, and checks after every write that nothing is lost or done twice."""

    def __init__(self, course: Course, steps: bool) -> None:
        super().__init__(daemon=True)
        self.course, self.steps = course, steps
        made = course.insist("POST", "/sessions", NETWORK)
        self.path, self.token = f"/sessions/{made['id']}", made["edit_token"]
        self.version, self.written, self.unknown = made["version"], 0, 0

    def run(self) -> None:
        """Write until it is over."""
        for number in itertools.count(1):
            if self.course.ended.is_set():
                return
            self._write(number)

    def _write(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "If-Match": f'"{self.version}"'}
        if self.steps:
            body: Any = {"direction": "next" if (number - 1) % 12 < 6 else "back"}
            call = ("POST", f"{self.path}/step", body)
        else:
            body = [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": number}]
            call = ("PATCH", self.path, body)
        before = self.version
        while not self.course.ended.is_set():
            try:
                status, document = self.course.call(*call, **headers)
            except FAULTS:
                status, document = 0, None
            if status == 200:
                if document["version"] != before + 1:
                    self.course.faults.append(f"version {document['version']} after {before}")
                self.version, self.written = document["version"], self.written + 1
                return
            if status == 412:
                # Its answer was lost, but it was done: exactly once.
                found = self.course.insist("GET", self.path)
                if found["version"] != before + 1:
                    self.course.faults.append(f"{found['version']} is there, {before} was told")
                self.version, self.unknown = found["version"], self.unknown + 1
                return
            if status not in (0, 502, 503):
                self.course.faults.append(f"{call[0]} is answered {status}: {document}")
                return
            time.sleep(0.05)

    def check(self) -> None:
        """What is there is what was told last."""
        # It writes on meanwhile, so what it was told is looked up first.
        told = self.version
        found = self.course.insist("GET", self.path)
        if found["version"] < told:
            self.course.faults.append(f"lost: {found['version']} of {told}")


class Watcher(threading.Thread):
    """Reads the events of a session at any replica, as a browser does, and checks their order."""

    def __init__(self, course: Course, path: str) -> None:
        super().__init__(daemon=True)
        self.course, self.path = course, path
        self.seen, self.step, self.state = 0, 0, ""
        self.events = self.gaps = self.back = 0
        self.came_on = time.monotonic()
        self.over = False

    def run(self) -> None:
        """Read until it is over."""
        while not (self.course.ended.is_set() or self.over):
            with suppress(*FAULTS):
                self._read()
            time.sleep(0.05)

    def _read(self) -> None:
        _, port = random.choice(self.course.replicas)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            headers = {"Last-Event-ID": str(self.seen)} if self.seen else {}
            connection.request("GET", f"/api/v1{self.path}/events", headers=headers)
            answer = connection.getresponse()
            fields: dict[str, str] = {}
            while answer.status == 200 and not (self.course.ended.is_set() or self.over):
                line = answer.fp.readline().decode()
                if not line:
                    return
                if line == "\n":
                    if "id" in fields:
                        self._hear(int(fields["id"]), fields["event"], json.loads(fields["data"]))
                    fields = {}
                elif ": " in line and not line.startswith(":"):
                    name, value = line.rstrip("\n").split(": ", 1)
                    fields[name] = value

    def _hear(self, id: int, event: str, data: dict[str, Any]) -> None:
        if id <= self.seen:
            self.course.faults.append(f"event {id} after {self.seen}")
        self.seen, self.events = id, self.events + 1
        if event == "gap":
            self.gaps += 1
            return
        if data["step"] < self.step:
            self.back += 1
            if data["state"] not in ("interrupted", "queued"):
                self.course.faults.append(f"step {data['step']} after {self.step} unannounced")
        if data["step"] > self.step:
            self.came_on = time.monotonic()
        self.step, self.state = data["step"], data["state"]


def holder(course: Course, id: str) -> subprocess.Popen[bytes] | None:
    """The worker that has a session's run."""
    with suppress(Exception):
        rows = course.database.execute(f"SELECT worker FROM claims WHERE session_id = '{id}'")
        for worker in course.workers:
            if rows and (rows[0][0] or "").endswith(f"-{worker.pid}"):
                return worker
    return None


def kill(course: Course, kind: str, runner: "Runner") -> float:
    """Kill one of a kind; how many seconds it took until the watched run went on."""
    time.sleep(random.uniform(0.2, 1.0))
    # Not the last one: those that were killed before may still be starting.
    while min(len(course.replicas), len(course.workers)) < 2:
        time.sleep(0.1)
    if kind == "worker":
        while (victim := holder(course, runner.watcher.path.rsplit("/", 1)[1])) is None:
            time.sleep(0.05)
        began = time.monotonic()
        victim.kill()
        victim.wait()
        course.workers.remove(victim)
        threading.Thread(target=course.worker, daemon=True).start()
    elif kind == "replica":
        process, port = random.choice(course.replicas)
        process.kill()
        process.wait()
        course.replicas.remove((process, port))
        began = time.monotonic()
        threading.Thread(target=course.replica, daemon=True).start()
    else:
        course.database.kill(signal.SIGKILL)
        while True:
            try:
                course.database.start()
                break
            except AssertionError:  # those that the first process left are still there
                time.sleep(0.2)
        began = time.monotonic()
    # From the kill on: a step that was told later is one more than the run had.
    watcher = runner.watcher
    reached = watcher.step
    while (
        not watcher.over
        and watcher.state != "finished"
        and (watcher.step <= reached or watcher.came_on < began)
    ):
        time.sleep(0.02)
        if watcher.state == "interrupted":
            reached = min(reached, watcher.step)
        if time.monotonic() - began > 60:
            course.faults.append(f"after the kill of a {kind} the run does not go on")
            break
    return time.monotonic() - began


class Runner(threading.Thread):
    """Has one run after the other made; each has to end with the bits of the first.

    Attributes:
        watcher: Of the run that goes on now.
        rounds: Runs that are over.
    """

    def __init__(self, course: Course) -> None:
        super().__init__(daemon=True)
        self.course = course
        self.first: list[Any] = []
        self.rounds = 0
        self.watchers: list[Watcher] = []
        self._begin()

    @property
    def watcher(self) -> Watcher:
        """Of the run that goes on now."""
        return self.watchers[-1]

    def run(self) -> None:
        """Have runs made until it is over."""
        while not self.course.ended.is_set():
            if self.watcher.state == "finished":
                self.end_round()
                self._begin()
            time.sleep(0.05)

    def end_round(self) -> None:
        """Compare what a run has come to."""
        found = [
            self.course.insist("GET", f"{self.watcher.path}/tensors/{name}")["value"]
            for name in ("affine1.W", "affine1.b", "affine2.W", "affine2.b")
        ]
        self.first = self.first or found
        if found != self.first:
            self.course.faults.append(f"run {self.rounds} has other bits")
        self.rounds += 1
        self.watcher.over = True

    def _begin(self) -> None:
        made = self.course.insist("POST", "/sessions", NETWORK)
        path, token = f"/sessions/{made['id']}", f"Bearer {made['edit_token']}"
        watcher = Watcher(self.course, path)
        watcher.start()
        self.course.insist("POST", f"{path}/runs", RUN, Authorization=token)
        self.watchers.append(watcher)


def main() -> int:
    """Kill, and tell; 1 if anything was lost."""
    # Whoever ends this ends all that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    last = time.monotonic() + (float(sys.argv[2]) if len(sys.argv) > 2 else 36_000)
    with ExitStack() as stack:
        database = stack.enter_context(cluster(fsync="on"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "store").write_text(database.address())
        course = Course(database, folder / "store", stack.enter_context((folder / "log").open("w")))
        stack.callback(end, course)
        for start in (course.replica, course.worker):
            starting = [threading.Thread(target=start) for _ in range(3)]
            for thread in starting:
                thread.start()
            for thread in starting:
                thread.join()
        learners = [Learner(course, steps) for steps in (False, False, True, True)]
        runner = Runner(course)
        # The first run is not disturbed by anybody.
        while runner.watcher.state != "finished":
            time.sleep(0.05)
        for thread in (*learners, runner):
            thread.start()
        seconds: dict[str, list[float]] = {"replica": [], "worker": [], "PostgreSQL": []}
        for _ in range(kills):
            if time.monotonic() > last:
                break
            for kind, taken in seconds.items():
                while not (runner.watcher.step and runner.watcher.state == "running"):
                    time.sleep(0.05)
                taken.append(kill(course, kind, runner))
                for learner in learners:
                    learner.check()
                print(
                    kind,
                    f"{taken[-1]:.1f}",
                    len(course.faults),
                    *course.faults[-1:],
                    file=sys.stderr,
                )
    for kind, taken in seconds.items():
        print(
            f"{kind:10}  {len(taken)} kills; the run goes on after {np.median(taken):.1f} s,"
            f" {max(taken):.1f} s at most"
        )
    written, unknown = (
        sum(getattr(one, name) for one in learners) for name in ("written", "unknown")
    )
    print(f"writes      {written} acknowledged, {unknown} done though their answer was lost")
    events, gaps, back = (
        sum(getattr(one, name) for one in runner.watchers) for name in ("events", "gaps", "back")
    )
    print(f"watchers    {events} events, {gaps} gaps, {back} steps back, each announced")
    print(f"runs        {runner.rounds} to their end, with the same bits")
    print(f"faults      {len(course.faults)}", *course.faults[:10], sep="\n  ")
    late = max(seconds["worker"]) > TAKEOVER_SECONDS
    return int(bool(course.faults) or late or gaps > 0)


def end(course: Course) -> None:
    """End all processes."""
    course.ended.set()
    processes: list[subprocess.Popen[Any]] = [*course.workers]
    processes += [process for process, _ in course.replicas]
    for process in processes:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())

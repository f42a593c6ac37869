"""Requests to the whole server against a FastAPI no-op: `python -m benchmarks.requests`.

    python -m benchmarks.requests [CHECKOUT ...] [WORD ...]

Each server runs in a process of its own with the same uvicorn settings and has one connection.
Requests go in turn in blocks, no-op, ours, other checkouts (to compare with an older state), so
that a noisy machine slows all alike. Each line has the median and the 95th percentile of all
requests, the ratio to the no-op's median (with those of the rounds at a tenth and at nine tenths),
the ratio of the fastest tenths, which other work on the machine touches least, and the server's own
CPU time for one request where the system tells it.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.served import HERE, Server, explorer, request, serving

ROUNDS, BLOCK = 20, 20
# What takes tens of milliseconds is asked for less often.
LARGE_BLOCK = 2
GZIP = {"Accept-Encoding": "gzip"}
# The network of the smallest exercise that has everything: 2-3-3 with ReLU, three samples.
SMALL = {
    "network": {
        "input_size": 2,
        "layers": [
            {"type": "affine", "units": 3},
            {"type": "relu"},
            {"type": "affine", "units": 3},
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "parameters": {
        "affine1.W": [[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]],
        "affine1.b": [0.1, 0.2, 0.3],
        "affine2.W": [[0.1, 0.2, 0.3], [-0.4, 0.5, 0.6], [0.7, 0.8, -0.9]],
        "affine2.b": [0.0, 0.1, 0.2],
    },
    "x": [[1.0, 0.5], [-0.3, 0.8], [0.2, -0.7]],
    "t": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}


@dataclass
class Times:
    """Seconds of every request of one kind to one server, round by round."""

    rounds: list[list[float]] = field(default_factory=list)
    cpu: float = 0.0
    bytes: int = 0

    @property
    def all(self) -> list[float]:
        """Every request."""
        return [seconds for block in self.rounds for seconds in block]


def book() -> dict[str, object]:
    """The book's 784-50-10 network on a batch of 100 pictures, most of whose pixels are 0."""
    generator = np.random.default_rng(0)
    pixels = generator.random((100, 784)) * (generator.random((100, 784)) < 0.2)
    layers = [{"type": "affine", "units": 50}, {"type": "relu"}, {"type": "affine", "units": 10}]
    return {
        "network": {"input_size": 784, "layers": layers, "loss": {"type": "softmax_cross_entropy"}},
        "x": pixels.round(3).tolist(),
        "t": np.eye(10)[generator.integers(10, size=100)].tolist(),
    }


def encoded(value: object) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


class Session:
    """A session of the small network on one server, for requests about it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        made = server.send("POST", "/api/v1/sessions", encoded(SMALL))
        document = made.json()
        assert made.status == 201, document
        self.path = document["links"]["self"]
        self.token = document["edit_token"]
        self.edits = 0
        self.steps = 0

    def edit(self) -> bytes:
        """A request that changes one weight."""
        self.edits += 1
        change = {
            "op": "set",
            "tensor": "affine1.W",
            "index": [0, 0],
            "value": self.edits / 1000,
        }
        headers = {"Authorization": f"Bearer {self.token}", "If-Match": f'"{self.edits}"'}
        return request("PATCH", self.path, encoded([change]), headers)

    def step(self) -> bytes:
        """A request that moves the cursor, forward and back in turn."""
        self.steps += 1
        self.edits += 1
        body = {"direction": "next" if self.steps % 2 else "back"}
        headers = {"Authorization": f"Bearer {self.token}"}
        return request("POST", f"{self.path}/step", encoded(body), headers)

    def get(self, tail: str, headers: Mapping[str, str] | None = None) -> bytes:
        """A request to read a part of it."""
        return request("GET", self.path + tail, headers=headers)


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        name: For the line that is printed.
        control: The request to the no-op.
        ours: The request to a server; made anew each time.
        before: What is sent before each, without being timed.
        block: How many in turn.
    """

    name: str
    control: bytes
    ours: Callable[[Session], bytes]
    before: Callable[[Session], bytes] | None = None
    block: int = BLOCK


def cases() -> list[Case]:
    """All kinds of request."""
    small, large = encoded(SMALL), encoded(book())
    get, post = request("GET", "/"), request("POST", "/", small)
    path = "/api/v1/evaluate"

    def evaluate(body: bytes, headers: Mapping[str, str] | None = None) -> Callable[..., bytes]:
        made = request("POST", path, body, headers)
        return lambda _: made

    tag = {"If-None-Match": "*"}
    many = request("POST", "/", large)
    return [
        Case("GET /livez", get, lambda _: request("GET", "/livez")),
        Case("evaluate, 2-3-3", post, evaluate(small)),
        Case("trace, cached", get, lambda session: session.get("/trace")),
        Case("trace, cached, gzip", get, lambda session: session.get("/trace", GZIP)),
        Case("trace, not modified", get, lambda session: session.get("/trace", tag)),
        Case(
            "trace, pass not yet made",
            get,
            lambda session: session.get("/trace?loss=opened"),
            Session.edit,
        ),
        Case("graph", get, lambda session: session.get("/graph")),
        Case("graph, gzip", get, lambda session: session.get("/graph", GZIP)),
        Case("graph, not modified", get, lambda session: session.get("/graph", tag)),
        Case("figure.svg", get, lambda session: session.get("/figure.svg?level=op&cursor=end")),
        Case(
            "figure.svg, not yet made",
            get,
            lambda session: session.get("/figure.svg?level=op&cursor=end"),
            Session.edit,
        ),
        Case("step", request("POST", "/", b"[]" * 10), Session.step),
        Case("PATCH one weight", request("POST", "/", b"[]" * 40), Session.edit),
        Case("evaluate, 784-50-10", many, evaluate(large), block=LARGE_BLOCK),
        Case("evaluate, 784-50-10, gzip", many, evaluate(large, GZIP), block=LARGE_BLOCK),
    ]


def timed(server: Server, times: Times, make: Callable[[], bytes], block: int,
          before: Callable[[], bytes] | None = None) -> None:  # fmt: skip
    """One block of requests, added to ``times``."""
    found = []
    server.connection.close()
    server.connect()
    for _ in range(block):
        if before is not None:
            server.exchange(before())
        raw = make()
        used = server.cpu_seconds()
        start = time.perf_counter()
        answer = server.exchange(raw)
        found.append(time.perf_counter() - start)
        times.cpu += server.cpu_seconds() - used
        if answer.status >= 400:
            raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
        times.bytes = len(answer.body)
    times.rounds.append(found)


def measure(case: Case, control: Server, sessions: Mapping[str, Session]) -> None:
    """Print one line for each server."""
    idle, ours = Times(), {name: Times() for name in sessions}
    for place in range(ROUNDS + 1):
        timed(control, idle, lambda: case.control, case.block)
        for name, session in sessions.items():
            ask, before = case.ours, case.before
            timed(
                session.server,
                ours[name],
                lambda session=session, ask=ask: ask(session),  # type: ignore[misc]
                case.block,
                (lambda session=session, before=before: before(session)) if before else None,  # type: ignore[misc]
            )
        if place == 0:  # the first round warms what is warmed by use
            idle, ours = Times(), {name: Times() for name in sessions}
    for name, times in ours.items():
        print(f"{case.name:>26}  {name:>10}  {line(times, idle)}", flush=True)


def line(times: Times, control: Times) -> str:
    """The figures of one server against the no-op's."""
    base = statistics.median(control.all)
    p50, p95 = statistics.median(times.all), np.quantile(times.all, 0.95)
    # What other work on the machine has touched least.
    calm = np.quantile(times.all, 0.1) / np.quantile(control.all, 0.1)
    ratios = sorted(
        statistics.median(mine) / statistics.median(theirs)
        for mine, theirs in zip(times.rounds, control.rounds, strict=True)
    )
    count = len(times.all)
    return (
        f"{p50 * 1e3:8.2f} {p95 * 1e3:8.2f}  {base * 1e3:8.2f}  {p50 / base:6.2f} "
        f"({ratios[len(ratios) // 10]:6.2f} to {ratios[-1 - len(ratios) // 10]:6.2f})  {calm:6.2f}"
        f"  {times.cpu / count * 1e3:8.2f} {control.cpu / count * 1e3:8.2f}  {times.bytes:9,}"
    )


def main(folders: list[Path], names: list[str]) -> None:
    """Requests to this checkout and the others: all, or those whose names have one of the words."""
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores; {ROUNDS} rounds of {BLOCK}")
    print(
        f"{'request':>26}  {'server':>10}  {'p50 ms':>8} {'p95':>8}  {'no-op':>8}  "
        f"{'ratio':>6} (of rounds, 10 to 90 %)  {'at p10':>6}  {'CPU ms':>8} {'no-op':>8}"
        f"  {'bytes':>9}"
    )
    with ExitStack() as stack:
        control = stack.enter_context(serving("benchmarks.noop"))
        servers = {
            "this" if folder == HERE else folder.name: stack.enter_context(explorer(folder))
            for folder in [HERE, *folders]
        }
        for server in servers.values():
            server.settle()
        sessions = {name: Session(server) for name, server in servers.items()}
        wanted = [case for case in cases() if not names or any(name in case.name for name in names)]
        for case in wanted:
            measure(case, control, sessions)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(
        [path.resolve() for path in given if path.is_dir()],
        [str(path) for path in given if not path.is_dir()],
    )

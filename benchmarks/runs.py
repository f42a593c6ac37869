"""Training through the server: against the engine alone, shared among many, and what others feel.

    python -m benchmarks.runs            all of it, about two minutes
    python -m benchmarks.runs speed      or one part: speed, shares, others, streams

Every ratio is of things measured in turn in one run. Beside the steps a second by the clock stand
those for each second of the processor that the process which trains has used: other work on the
machine counts in the first, hardly in the second.
"""

import os
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.initializers import Initializer
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec
from app.sessions.creation import Wanted, check
from app.sessions.runs.work.order import Order, Plan, Snapshot
from app.sessions.service import LIMITS
from benchmarks.learners import API, Learner, network
from benchmarks.pairs import percentile
from benchmarks.served import HERE, Server, explorer, request

# Sizes of the layers, rows, rows of a mini-batch.
NETWORKS: dict[str, tuple[list[int], int, int]] = {
    "2-3-3": ([2, 3, 3], 3, 3),
    "2-4-2": ([2, 4, 2], 8, 8),
    "784-50-10": ([784, 50, 10], 1_000, 100),
}
ENDLESS = 1_000_000
SECONDS, ROUNDS = 3.0, 5
RUNS = 30
STREAMS, STREAMED_RUNS = 500, 16


def layers(sizes: Sequence[int]) -> list[LayerSpec]:
    """Affine and ReLU in turn."""
    found: list[LayerSpec] = []
    for size in sizes[1:]:
        found += [LayerSpec("affine", units=size), LayerSpec("relu")]
    return found[:-1]


def body(name: str) -> dict[str, Any]:
    """A session of a network; with samples that the server makes, so that none is sent."""
    sizes, rows, _ = NETWORKS[name]
    return {
        "network": network(sizes),
        "initializer": {"type": "normal", "std": 0.01},
        "data": {"dataset": "bands", "samples": rows},
    }


def alone(name: str) -> None:
    """The engine by itself, in a process that does nothing else: what `engine` reads."""
    sizes, rows, batch = NETWORKS[name]
    generator = np.random.default_rng(0)
    wanted = Wanted(
        sizes[0], tuple(layers(sizes)), "softmax_cross_entropy", "float64",
        generator.normal(size=(rows, sizes[0])), initializer=Initializer("normal", 0.01),
        t=generator.integers(0, sizes[-1], rows).astype(float),
    )  # fmt: skip
    numbers = check(wanted, LIMITS)
    plan = Plan(OptimizerConfig("sgd", 0.01), batch, ENDLESS)
    assert numbers.t is not None
    start = Snapshot(0, numbers.parameters)
    training = Order(numbers.spec, numbers.x, numbers.t, plan, start).training()
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        training.advance()
    done, began, cpu = training.done, time.perf_counter(), time.process_time()
    while (now := time.perf_counter()) < began + SECONDS:
        training.advance()
    made = training.done - done
    print(made / (now - began), made / (time.process_time() - cpu))


def engine(name: str) -> tuple[float, float]:
    """Steps a second, and for each second of the processor."""
    command = [sys.executable, "-m", "benchmarks.runs", "alone", name]
    said = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
    wall, cpu = map(float, said.split())
    return wall, cpu


def training(server: Server, name: str) -> Learner:
    """A session of a network with a run that does not end by itself."""
    plan = {
        "optimizer": {"type": "sgd", "learning_rate": 0.01},
        "batch_size": NETWORKS[name][2],
        "steps": ENDLESS,
    }
    return Learner.new(server, body(name)).train(plan)


def stepping(learners: Sequence[Learner], seconds: float) -> list[float]:
    """Steps a second of each, over so many seconds."""
    before = [(time.perf_counter(), learner.step()) for learner in learners]
    time.sleep(seconds)
    after = [(time.perf_counter(), learner.step()) for learner in learners]
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(before, after, strict=True)]


def workers(server: Server) -> list[int]:
    """The ids of the processes which train (Linux)."""
    tasks = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [int(pid) for children in tasks for pid in children.read_text().split()]


def each_cpu(server: Server) -> list[float]:
    """Seconds of the processor that each of the processes which train has used."""
    told = [Path(f"/proc/{pid}/schedstat").read_text() for pid in workers(server)]
    return [int(line.split()[0]) / 1e9 for line in told]


def workers_cpu(server: Server) -> float:
    """The same of all together."""
    return sum(each_cpu(server))


@contextmanager
def reading(learners: Sequence[Learner], port: int) -> Iterator["Readers"]:
    """A reader of each one's events, in this process."""
    readers = Readers()
    try:
        for learner in learners:
            readers.open(learner, port)
        yield readers
    finally:
        readers.close()


class Readers:
    """Streams of events, of which kinds are counted."""

    def __init__(self) -> None:
        self.counts: dict[socket.socket, dict[bytes, int]] = {}
        self._rest: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()

    def open(self, learner: Learner, port: int) -> None:
        """One more reader of somebody's events."""
        stream = socket.create_connection(("127.0.0.1", port))
        stream.sendall(request("GET", f"{API}/sessions/{learner.id}/events"))
        self.counts[stream] = {}
        self._rest[stream] = b""
        self._selector.register(stream, selectors.EVENT_READ)

    def listen(self, seconds: float) -> None:
        """Count what comes for so many seconds."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            for key, _ in self._selector.select(left):
                stream = key.fileobj
                assert isinstance(stream, socket.socket)
                data = self._rest[stream] + stream.recv(1 << 16)
                whole, mark, rest = data.rpartition(b"\n")
                self._rest[stream] = rest
                kinds = self.counts[stream]
                for kind in re.findall(rb"^event: (\w+)\r?$", whole + mark, re.MULTILINE):
                    kinds[kind] = kinds.get(kind, 0) + 1

    def reset(self) -> None:
        """Count anew."""
        for kinds in self.counts.values():
            kinds.clear()

    def close(self) -> None:
        """Close all of them."""
        for stream in self.counts:
            stream.close()
        self._selector.close()


def speed(server: Server) -> None:
    """One run against the engine alone, watched by none, by one and by ten."""
    print("steps through the server / steps of the engine alone, by the clock and by the processor")
    for name in ("2-3-3", "784-50-10"):
        ratios: dict[int, list[tuple[float, float]]] = {0: [], 1: [], 10: []}
        base = []
        for _ in range(ROUNDS):
            base.append(engine(name))
            for count, found in ratios.items():
                learner = training(server, name)
                with reading([learner] * count, server.port) as readers:
                    readers.listen(1.0)
                    step, cpu, began = learner.step(), workers_cpu(server), time.perf_counter()
                    readers.listen(SECONDS)
                    made, spent = learner.step() - step, time.perf_counter() - began
                    used = workers_cpu(server) - cpu
                learner.stop()
                found.append((made / spent / base[-1][0], made / used / base[-1][1]))
        print(f"  {name}: engine {statistics.median(wall for wall, _ in base):,.0f} a second")
        for count, found in ratios.items():
            clock, processor = (statistics.median(part) for part in zip(*found, strict=True))
            print(
                f"    {count:2} readers: {clock:.2f} by the clock, {processor:.2f} by the processor"
            )


def shares(server: Server) -> None:
    """Thirty equal runs, and thirty of two kinds."""
    print(f"{RUNS} runs at once")
    for name in ("2-4-2", "784-50-10"):
        learners = [training(server, name) for _ in range(RUNS)]
        time.sleep(2)
        before = each_cpu(server)
        rates = stepping(learners, 2 * SECONDS)
        # Other work may take more of one core than of the other, and of all who train there.
        had = [b - a for a, b in zip(before, each_cpu(server), strict=True)]
        for learner in learners:
            learner.stop()
        print(
            f"  {name}: most / least steps {max(rates) / min(rates):.2f}, "
            f"most / least time of a process {max(had) / min(had):.2f}"
        )
    names = ["2-4-2", "784-50-10"]
    single = {}
    for name in names:
        # What a second of the processor is worth; with two, so that both are in use as later.
        learners = [training(server, name) for _ in range(2)]
        time.sleep(1)
        cpu = workers_cpu(server)
        made = sum(stepping(learners, SECONDS)) * SECONDS
        single[name] = made / (workers_cpu(server) - cpu)
        for learner in learners:
            learner.stop()
    learners = [training(server, names[k % 2]) for k in range(RUNS)]
    time.sleep(2)
    cpu = workers_cpu(server)
    rates = stepping(learners, 2 * SECONDS)
    fair = (workers_cpu(server) - cpu) / (2 * SECONDS) / RUNS
    parts = [rate / single[names[k % 2]] / fair for k, rate in enumerate(rates)]
    for learner in learners:
        learner.stop()
    for k, name in enumerate(names):
        told = parts[k::2]
        print(f"  mixed, {name}: {min(told):.2f} to {max(told):.2f} of a fair share of the time")


def livez(server: Server, seconds: float) -> list[float]:
    """Seconds that /livez took, asked 100 times a second."""
    raw, took = request("GET", "/livez"), []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        server.exchange(raw)
        took.append(time.perf_counter() - began)
        time.sleep(max(0.0, 0.01 - took[-1]))
    return took


def others(server: Server) -> None:
    """What somebody else's request feels of thirty runs.

    They stand still and go on in turn, many times, since other work on the machine makes more of a
    difference from one minute to the next than they do.
    """
    print(f"/livez in ms while {RUNS} runs stand still and while they go on")
    for name in ("2-3-3", "784-50-10"):
        idle: list[float] = []
        busy: list[float] = []
        learners = [training(server, name) for _ in range(RUNS)]
        time.sleep(1)
        for _ in range(4 * ROUNDS):
            for found, word in ((idle, signal.SIGSTOP), (busy, signal.SIGCONT)):
                for pid in workers(server):
                    os.kill(pid, word)
                time.sleep(0.1)
                found += livez(server, SECONDS / 4)
        for learner in learners:
            learner.stop()
        told = [
            f"p{part * 100:.0f} {percentile(idle, part) * 1e3:.2f} -> "
            f"{percentile(busy, part) * 1e3:.2f} "
            f"({percentile(busy, part) / percentile(idle, part):.2f})"
            for part in (0.5, 0.99)
        ]
        print(f"  {name}: {', '.join(told)}")


def streams(server: Server) -> None:
    """Many readers of some runs: whether each hears ten times a second, and of every state."""
    learners = [training(server, "2-3-3") for _ in range(STREAMED_RUNS)]
    readers = [learners[k % STREAMED_RUNS] for k in range(STREAMS)]
    with reading(readers, server.port) as open_streams:
        open_streams.listen(2)
        open_streams.reset()
        cpu = server.cpu_seconds()
        open_streams.listen(2 * SECONDS)
        cpu = server.cpu_seconds() - cpu
        rates = [
            kinds.get(b"progress", 0) / (2 * SECONDS) for kinds in open_streams.counts.values()
        ]
        open_streams.reset()
        for learner in learners:
            for action in ("pause", "resume", "pause", "stop"):
                learner.control(action)
                open_streams.listen(0.02)
        open_streams.listen(2)
        states = [kinds.get(b"state", 0) for kinds in open_streams.counts.values()]
    print(f"{STREAMS} streams of {STREAMED_RUNS} runs")
    print(
        f"  progress a second: {min(rates):.2f} to {max(rates):.2f}, "
        f"median {statistics.median(rates):.2f}; "
        f"{cpu / sum(rates) / (2 * SECONDS) * 1e6:.0f} us of the server's processor for each"
    )
    print(f"  changes of state heard, of 4: {min(states)} to {max(states)}")


PARTS = {"speed": speed, "shares": shares, "others": others, "streams": streams}


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for."""
    if arguments[:1] == ["alone"]:
        alone(arguments[1])
        return
    for part in arguments or PARTS:
        with explorer() as server:
            server.settle()
            PARTS[part](server)


if __name__ == "__main__":
    main(sys.argv[1:])

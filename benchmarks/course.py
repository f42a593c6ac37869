"""A course at once: `python -m benchmarks.course [LEARNERS] [SECONDS]`, 500 and 30 by default.

Each learner has a session and a stream of its events, and does something every few seconds: mostly
steps, now and then an edit, a look at the trace, or a picture. The server and the learners have a
process each. Told are the times of each kind of call, errors, and what the server took of the
processor and of memory, with the learners and without.
"""

import asyncio
import json
import os
import random
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.served import Server, explorer

API = "/api/v1"
# How long a learner thinks, on average.
THINK_SECONDS = 3.0
KINDS = {"step": 0.75, "edit": 0.1, "trace": 0.1, "figure": 0.05}


class Connection:
    """HTTP/1.1 on one connection that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def call(
        self, method: str, path: str, body: object = None, token: str = ""
    ) -> tuple[int, bytes]:
        """One request: status and body.

        Raises:
            OSError: the connection is gone.
        """
        if self.writer is None or self.reader is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        text = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {API}{path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Content-Length: {len(text)}",
        ]
        lines += ["Content-Type: application/json"] if text else []
        lines += [f"Authorization: Bearer {token}", "If-Match: *"] if token else []
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + text)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?i)content-length: (\d+)", head)
        content = await self.reader.readexactly(int(length[1])) if length else b""
        return int(head[9:12]), content

    async def listen(self, path: str, end: float) -> int:
        """Read a stream until then: the bytes that came."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {API}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        count = 0
        try:
            async with asyncio.timeout(max(0.0, end - time.monotonic())):
                while data := await reader.read(1 << 16):
                    count += len(data)
        except TimeoutError:
            pass
        writer.close()
        return count


class Course:
    """All learners, and what they saw."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.times: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    async def learner(self, start: float, end: float, dice: random.Random) -> None:
        """One of them."""
        one = Connection(self.port)
        await asyncio.sleep(max(0.0, start - time.monotonic()))
        status, content = await one.call("POST", "/sessions", {"preset": "two-layer"})
        if status != 201:
            self.errors.append(f"create: {status}")
            return
        made = json.loads(content)
        path, token = f"/sessions/{made['id']}", made["edit_token"]
        stream = asyncio.ensure_future(one.listen(f"{path}/events", end))
        forward = 0
        while True:
            await asyncio.sleep(dice.expovariate(1 / THINK_SECONDS))
            if time.monotonic() > end:
                break
            kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
            forward += kind == "step"
            call = {
                "step": ("POST", f"{path}/step", {"direction": "next" if forward % 9 else "back"}),
                "edit": ("PATCH", path, [edit(dice)]),
                "trace": ("GET", f"{path}/trace", None),
                "figure": ("GET", f"{path}/figure.svg", None),
            }[kind]
            begin = time.perf_counter()
            try:
                status, _ = await one.call(*call, token)
            except (OSError, asyncio.IncompleteReadError) as error:
                status, one.writer = 0, None
                self.errors.append(f"{kind}: {type(error).__name__}")
            self.times[kind].append(time.perf_counter() - begin)
            if status >= 300:
                self.errors.append(f"{kind}: {status}")
        await stream

    async def run(self, count: int, seconds: float) -> None:
        """Let so many learn for so long; they come one after another in a third of it."""
        begin = time.monotonic()
        end = begin + seconds
        await asyncio.gather(
            *(
                self.learner(begin + number / count * seconds / 3, end, random.Random(number))
                for number in range(count)
            )
        )


def edit(dice: random.Random) -> dict[str, object]:
    """Another weight."""
    value = round(dice.uniform(-1, 1), 2)
    return {"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": value}


def memory(server: Server) -> float:
    """What the server has in memory, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024


def main(count: int, seconds: float) -> None:
    """A course of so many learners for so many seconds."""
    with explorer() as server:
        server.settle()
        before, used = memory(server), server.cpu_seconds()
        course = Course(server.port)
        asyncio.run(course.run(count, seconds))
        used = server.cpu_seconds() - used
        calls = sum(map(len, course.times.values()))
        print(
            f"load {os.getloadavg()[0]:.1f}; {count} learners, {seconds:g} s: {calls} calls "
            f"({calls / seconds:.0f}/s), {len(course.errors)} errors {course.errors[:5]}; "
            f"server {used / seconds:.2f} cores, {used / max(1, calls) * 1e3:.2f} ms a call, "
            f"{before:.0f} to {memory(server):.0f} MB"
        )
        for kind in KINDS:
            times = course.times[kind] or [0.0]
            p50, p95, p99 = (1e3 * np.quantile(times, share) for share in (0.5, 0.95, 0.99))
            print(f"{kind:>8} {len(times):6} p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms")


if __name__ == "__main__":
    given = [float(argument) for argument in sys.argv[1:]]
    main(int(given[0]) if given else 500, given[1] if len(given) > 1 else 30.0)

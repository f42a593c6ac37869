"""Servers in processes of their own, and one connection to each that costs the client little."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
PATIENCE_SECONDS = 60.0
# A server is taken to have warmed up when it uses less than this part of a core.
IDLE = 0.05


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers as sent, and the body as sent."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        """The body, which is JSON and not compressed."""
        return json.loads(self.body)


class Server:
    """A started server: its process and a connection that is kept."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port
        self.connect()

    def connect(self) -> None:
        """Begin a connection; servers close one that is not used for some seconds."""
        self.connection = socket.create_connection(("127.0.0.1", self.port))
        self.connection.settimeout(PATIENCE_SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on the connection, its answer read whole."""
        return self.exchange(request(method, path, body, headers))

    def exchange(self, raw: bytes) -> Answer:
        """The same with the request's bytes already made."""
        self.connection.sendall(raw)
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._received(65536)
        head = bytes(data[:end])
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        whole = end + 4 + (int(length[1]) if length else 0)
        while len(data) < whole:
            data += self._received(1 << 20)
        return Answer(int(head[9:12]), head, bytes(data[end + 4 :]))

    def cpu_seconds(self) -> float:
        """CPU time of all its threads (Linux); 0 where the system does not tell."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0])
        return total / 1e9

    def settle(self) -> None:
        """Wait until it has done what it does after a start."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(1.0)
            if self.cpu_seconds() - before < IDLE:
                return

    def _received(self, most: int) -> bytes:
        part = self.connection.recv(most)
        if not part:
            raise ConnectionError("the server has closed the connection")
        return part


def request(
    method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


@contextmanager
def serving(module: str, *arguments: str, folder: Path = HERE) -> Iterator[Server]:
    """``python -m module`` in a checkout, which prints its address once it answers."""
    command = [sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = re.search(r":(\d+)/", process.stdout.readline())
        if port is None:
            raise RuntimeError(f"{module} in {folder} does not start")
        server = Server(process, int(port[1]))
        yield server
        server.connection.close()
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def explorer(folder: Path = HERE) -> Any:
    """The explorer of a checkout, with a store in memory."""
    return serving("app", "--port", "0", "--store", "memory", folder=folder)

"""The program as a process of its own."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass
class Running:
    """A server that has said where it is."""

    process: subprocess.Popen[str]
    address: str
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """One request on a connection of its own: status and body."""
        headers = {"Content-Type": "application/json"}
        with closing(self.connect()) as connection:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stop(self, number: int) -> tuple[int, str, str, float]:
        """End it with a signal: exit code, what it still printed, and the seconds it took."""
        start = time.monotonic()
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=10)
        return self.process.returncode, out, errors, time.monotonic() - start


@contextmanager
def serve(*arguments: str) -> Iterator[Running]:
    """The program, once it says where it is; on any free port, if ``arguments`` name none."""
    command = [sys.executable, "-m", "app", "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.search(r"http://\S+:(\d+)/", line)
            assert match, line
            yield Running(process, match[0], int(match[1]))
        finally:
            process.kill()

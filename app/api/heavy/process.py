"""A process for heavy work, as the server sees it; `worker` is what runs in it."""

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from app.api.problem import FieldError, Problem
from app.sessions.runs.work.frames import pack, read, read_length, unpack, write
from app.sessions.runs.work.process import environment

# Products of matrices are small beside what Python does here, and other processes want a core, too.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Ended(Exception):
    """The process has ended before it had an answer."""


class HeavyProcess:
    """One such process, started when it is asked first, and again when it is asked after its end.

    Args:
        most_bytes: Of memory that it may take.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._killed = False

    def revive(self) -> None:
        """Let it be asked again after `kill`."""
        with self._lock:
            self._killed = False

    @property
    def pid(self) -> int | None:
        """The process id, while there is one."""
        process = self._process
        return None if process is None else process.pid

    def ask(self, order: bytes) -> bytes:
        """What it makes of an order of `jobs.ordered`; to be called by one thread at a time.

        Raises:
            Problem: what is wrong with the order.
            Ended: it has ended by itself, or by `kill`.
            OSError: it cannot be started.
        """
        with self._lock:
            if self._killed:
                raise Ended("killed")
            process = self._process = self._process or self._started()
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None
        is_last = True
        try:
            write(stdin, order)
            told = read(stdout, read_length(stdout))
            content = None if told is None else read(stdout, read_length(stdout))
            if told is None or content is None:
                raise Ended("killed" if self._killed else f"{process.wait()}")
            document, _ = unpack(told)
            is_last = document["last"]
        except OSError as error:
            raise Ended(type(error).__name__) from None
        finally:
            if is_last:
                self._end(process)
        if document["problem"] is not None:
            raise told_problem(document["problem"])
        return content

    def kill(self) -> None:
        """End it, whatever it does, and whatever it is asked until `revive`; from any thread."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End it for good; only where nobody is asking."""
        self.kill()
        process = self._process
        if process is not None:
            self._end(process)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._process = None
        process.kill()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        process.wait()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "app.api.heavy.worker", str(self._most_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment(), **ONE_THREAD},
        )


def answered(problem: Problem | None, content: bytes, is_last: bool) -> tuple[bytes, bytes]:
    """The two pieces in which a process answers.

    Args:
        problem: What is wrong, if anything is.
        content: What it has made.
        is_last: Whether it is to end now, and with it goes the memory that it took.
    """
    document: dict[str, Any] = {"last": is_last, "problem": None}
    if problem is not None:
        document["problem"] = {
            "kind": problem.kind,
            "detail": problem.detail,
            "errors": [asdict(error) for error in problem.errors],
            "headers": problem.headers,
        }
    return pack(document, {}), content


def told_problem(document: dict[str, Any]) -> Problem:
    """The problem that `answered` told."""
    return Problem(
        document["kind"],
        document["detail"],
        [FieldError(**error) for error in document["errors"]],
        document["headers"],
    )

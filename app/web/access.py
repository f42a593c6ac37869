"""The access log: a line of JSON for each request, written in a thread of its own.

It tells the route and never the path, whose session ids let others read, nor a query, a header or
a body. A log that cannot be written, or not as fast as requests come, loses lines and not time:
`dropped` counts them.
"""

import logging
import os
import queue
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypedDict

import orjson

log = logging.getLogger(__name__)

STANDARD_OUTPUT = "-"
# Lines that wait to be written, and that are written at once.
MAX_WAITING = 20_000
AT_ONCE = 500
CLOSE_SECONDS = 2.0


class Line(TypedDict):
    """One request: `at` are seconds since 1970 when it came, `ms` the time until all was sent.

    `status` is 499 where the client went before there was an answer; `bytes` are those of the
    body as sent; `route` is empty where there is none.
    """

    at: float
    id: str
    method: str
    route: str
    status: int
    bytes: int
    ms: float
    client: str


class AccessLog:
    """Takes lines from any thread and writes them to a file, or to standard output.

    A file that was moved away, as rotation does, is begun anew.

    Args:
        target: A path, or ``-``.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, target: str) -> None:
        self.dropped = 0
        self._path = None if target == STANDARD_OUTPUT else Path(target)
        self._file: TextIO | None = None
        if self._path is not None:
            self._file = _opened(self._path)
        self._lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._is_broken = False
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> None:
        """Have a line written soon."""
        if self._lines.qsize() < MAX_WAITING:
            self._lines.put(line)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, and no more."""
        self._lines.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _write(self) -> None:
        goes_on = True
        while goes_on:
            lines = [self._lines.get()]
            while len(lines) < AT_ONCE and lines[-1] is not None and not self._lines.empty():
                lines.append(self._lines.get())
            goes_on = lines[-1] is not None
            told = [line for line in lines if line is not None]
            try:
                self._put_out(b"".join(map(_written, told)).decode())
                self._is_broken = False
            except (OSError, ValueError) as error:  # full, gone, closed
                self.dropped += len(told)
                if not self._is_broken:
                    log.error("the access log cannot be written: %s", error)
                self._is_broken = True
        if self._file is not None:
            self._file.close()

    def _put_out(self, text: str) -> None:
        if self._path is not None and (self._file is None or _is_another(self._path, self._file)):
            if self._file is not None:
                self._file.close()
                self._file = None
            self._file = _opened(self._path)
        out = self._file or sys.stdout
        out.write(text)
        out.flush()


def _opened(path: Path) -> TextIO:
    # Addresses of people are in it: not for everybody on the machine.
    return open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640), "a", encoding="utf-8")


def _is_another(path: Path, file: TextIO) -> bool:
    """Whether the file of this name is not the one that is open."""
    try:
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return True


def _written(line: Line) -> bytes:
    time = datetime.fromtimestamp(line["at"], UTC).isoformat(timespec="milliseconds")
    document = {"time": time.replace("+00:00", "Z"), **line}
    del document["at"]
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)

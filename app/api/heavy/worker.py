"""A process for heavy work: ``python -m app.api.heavy.worker BYTES``.

Orders come in by its input, each as one frame, see `jobs`; each is answered by the two frames of
`process.answered`. It ends with its input, and after an order that has made it large, so that the
memory is not kept.
"""

import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from app.api.handlers import engine_problem, sentence
from app.api.heavy.jobs import Workplace, done
from app.api.heavy.process import answered
from app.api.heavy.work import RETRY_SECONDS
from app.api.problem import Problem
from app.engine.errors import EngineError
from app.sessions.runs.work.frames import read, read_length, write
from app.sessions.store.errors import Conflict

log = logging.getLogger(__name__)

# Whoever answers at once comes first.
NICENESS = 5
# What it may have grown to, and still be kept for the next order.
KEPT_BYTES = 160 * 2**20


def main() -> None:
    """Serve whoever started the process."""
    # A signal for the server may reach its whole group; it tells us itself, by closing our input.
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    _bound(int(sys.argv[1]))
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What prints by mistake must not come between the frames.
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr)
    workplace = Workplace()
    with suppress(BrokenPipeError):
        while (order := read(source, read_length(source))) is not None:
            problem, content = _answer(workplace, order)
            is_last = _has_grown()
            for frame in answered(problem, content, is_last):
                write(sink, frame)
            if is_last:
                return


def _answer(workplace: Workplace, order: bytes) -> tuple[Problem | None, bytes]:
    try:
        return None, done(workplace, order)
    except Problem as problem:
        return problem, b""
    except EngineError as error:
        return engine_problem(error), b""
    except Conflict as error:
        return Problem(error.reason, sentence(error.message)), b""
    except MemoryError:
        detail = "It would take more memory than such work may."
        return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)}), b""
    except Exception as error:
        log.error("heavy work has failed", exc_info=error)
        return Problem("internal", "The server has a fault; it has been logged."), b""


def _bound(most_bytes: int) -> None:
    """Let what would take all of the machine's memory fail here, and here alone."""
    if sys.platform == "linux":
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def _has_grown() -> bool:
    used = _most_used()
    return used is None or used > KEPT_BYTES


def _most_used() -> int | None:
    """The most bytes of memory that this process has had; None where nobody says."""
    if sys.platform == "win32":
        return None
    # On Linux what `getrusage` tells is no less than what the parent had when it started us.
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()

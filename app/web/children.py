"""What the processes that this one has started take: trainings and heavy work are done there."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Children:
    """How many there are, the bytes of memory they hold, and their seconds of processor time.

    The seconds are those of all there have been.
    """

    count: int
    resident_bytes: int
    cpu_seconds: float


def children() -> Children | None:
    """Those that there are now; None where the system does not tell."""
    try:
        lists = [path.read_text() for path in (_PROC / "self/task").glob("*/children")]
    except OSError:
        return None
    if not lists:
        return None
    times = os.times()
    found = [one for one in map(read, " ".join(lists).split()) if one is not None]
    return Children(
        len(found),
        sum(memory for memory, _ in found),
        times.children_user + times.children_system + sum(seconds for _, seconds in found),
    )


def read(pid: str) -> tuple[int, float] | None:
    """Memory and time of a process; None if it has just ended."""
    try:
        # Behind the name, which may hold anything in its parentheses.
        fields = (_PROC / pid / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])
    pages = int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK")

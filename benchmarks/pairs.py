"""Times two functions in turn, so that a noisy machine slows both alike."""

import statistics
import time
from collections.abc import Callable


def seconds(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 9) -> str:
    """Both in turn, as `line` tells it."""
    ours(), theirs()  # warm caches
    return line([(seconds(ours), seconds(theirs)) for _ in range(rounds)])


def line(pairs: list[tuple[float, float]]) -> str:
    """Median times of both in milliseconds, and ours / theirs: its median, least and most.

    Args:
        pairs: Seconds of ours and of theirs, round by round.
    """
    mine = statistics.median(pair[0] for pair in pairs) * 1e3
    other = statistics.median(pair[1] for pair in pairs) * 1e3
    ratios = [pair[0] / pair[1] for pair in pairs]
    return (
        f"{mine:9.2f} ms  against {other:9.2f} ms  ratio {statistics.median(ratios):6.2f}"
        f"  ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def percentile(values: list[float], part: float) -> float:
    """The value that this part of all does not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]

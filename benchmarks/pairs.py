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
    """Median times of both in milliseconds, and the median of ours / theirs round by round."""
    ours(), theirs()  # warm caches
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    mine = statistics.median(pair[0] for pair in pairs) * 1e3
    other = statistics.median(pair[1] for pair in pairs) * 1e3
    times = statistics.median(pair[0] / pair[1] for pair in pairs)
    return f"{mine:9.2f} ms  against {other:9.2f} ms  ratio {times:6.2f}"


def percentile(values: list[float], part: float) -> float:
    """The value that this part of all does not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]

"""How fast a run goes, and how long it will take at that."""

from collections import deque

# Of the time before only so much counts: others may have come or gone.
WINDOW_SECONDS = 5.0


class Pace:
    """Steps and when they were made, for the last few seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def note(self, step: int, now: float) -> None:
        """So many steps are made at this moment, by a clock in seconds."""
        self._points.append((now, step))
        while len(self._points) > 2 and now - self._points[0][0] > WINDOW_SECONDS:
            self._points.popleft()

    def forget(self) -> None:
        """Begin anew: the run stood still, or went back."""
        self._points.clear()

    def seconds(self, steps: int) -> float | None:
        """How long so many steps will take; None where nothing is known yet."""
        if not self._points:
            return None
        (began, first), (ended, last) = self._points[0], self._points[-1]
        return None if last <= first else steps * (ended - began) / (last - first)

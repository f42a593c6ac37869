"""The time by which sessions grow old: it goes on evenly, whatever becomes of the machine's clock.

A clock that is put forward by three days would end every session at once, and one that is put back
and right again those that were used in between. So the machine's clock is read once, at the start,
and a stop watch from then on; what a file says of earlier times is seen to by `SQLiteStore`.
"""

import time
from collections.abc import Callable


class SteadyClock:
    """Seconds since 1970 as the machine had them at first, and as a stop watch counts them since.

    Args:
        wall: The machine's clock; read once.
        watch: Seconds that nobody can put forward or back. While the machine sleeps it may stand
            still: nobody can use a session then.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, watch: Callable[[], float] = time.monotonic
    ) -> None:
        self._watch = watch
        self._start = wall() - watch()

    def __call__(self) -> float:
        """Now."""
        return self._start + self._watch()


# That of this process: ages are differences of its times alone.
now = SteadyClock()

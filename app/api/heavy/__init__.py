"""Work that takes long, such as a picture of a large network: in turn, and not in everybody's way.

In front of it is a queue in which clients take turns (`work`, `places`). What is small is done in a
thread; what is large in a process of its own (`process`, `worker`), so that it does not have
Python's lock, and can be ended when nobody waits for it any more. `jobs` has what is done there.
"""

from app.api.heavy.work import HeavyLimits, HeavyWork, done_in_turn, in_turn

__all__ = ["HeavyLimits", "HeavyWork", "done_in_turn", "in_turn"]

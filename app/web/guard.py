"""How long one client may keep a connection busy without getting on, and how many it may have."""

from collections import Counter
from dataclasses import dataclass

from app.addresses import Network, client_of, is_in
from app.settings import limit

# A body that comes, or an answer that is taken, at less than this rate is no honest client's.
LEAST_RATE = 4096


@dataclass(frozen=True)
class ConnectionLimits:
    """What connections may take.

    Attributes:
        proxies: Networks whose word on where a request comes from is taken; their own connections
            are not counted by address.
    """

    connections: int = limit(10_000, 1, "connections in all")
    connections_per_address: int = limit(2_500, 1, "connections from one address")
    head_seconds: float = limit(15.0, 0.05, "for a request's head, from the connection's start")
    body_seconds: float = limit(
        30.0, 0.05, f"for a request's body; longer only at {LEAST_RATE // 1024} kB/s and more"
    )
    write_seconds: float = limit(
        30.0,
        0.05,
        f"in which a client takes some of its answer, {LEAST_RATE // 1024} kB/s at least",
    )
    # Longer than clients keep an idle connection (aiohttp: 15 s, nginx: 60 s): they close it first,
    # and no request is sent into a connection that is just being closed.
    keep_alive_seconds: float = limit(65.0, 0.05, "that a connection is kept that nobody uses")
    proxies: tuple[Network, ...] = ()


class Guard:
    """Counts the connections of one server. To be used in its event loop."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._by_client: Counter[str] = Counter()
        self.count = 0
        self.refused = 0

    def admit(self, address: str) -> bool:
        """Whether there is room for one more; if so, `leave` must follow when it has ended."""
        client = client_of(address)
        is_full = self.count >= self.limits.connections or (
            self._by_client[client] >= self.limits.connections_per_address
            and not is_in(address, self.limits.proxies)
        )
        if is_full:
            self.refused += 1
            if not self._by_client[client]:
                del self._by_client[client]
            return False
        self.count += 1
        self._by_client[client] += 1
        return True

    def leave(self, address: str) -> None:
        """A connection that was admitted has ended."""
        client = client_of(address)
        self.count -= 1
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]

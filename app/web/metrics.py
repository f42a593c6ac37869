"""GET /metrics: what the server has done and what it holds, for Prometheus.

Requests are counted under their route, never under a path: a session's id lets whoever has it
read. Whatever is asked of the store is asked in the thread of the signs of life, and a store that
does not answer in time is told of as such.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.addresses import Network, is_in
from app.api.heavy import HeavyWork
from app.api.problem import Problem
from app.sessions.run import ACTIVE
from app.sessions.service import Service
from app.sessions.store.store import Store, StoreStats
from app.web.access import AccessLog, Line
from app.web.children import children
from app.web.guard import Guard

# When a count was begun is known from the process.
disable_created_metrics()  # type: ignore[no-untyped-call]
router = APIRouter(include_in_schema=False)

STORE_SECONDS = 0.5
# From half a millisecond, a small answer's, to the seconds of a large check.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# For an address that there is not, whatever it is.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sources:
    """Where the numbers of the moment are from; ``access`` is None without an access log."""

    service: Service
    heavy: Callable[[], HeavyWork]
    guard: Guard
    access: AccessLog | None


class Metrics:
    """All of one server, in a registry of its own.

    Args:
        sources: What is asked when somebody reads.
        readers: Networks that may read.
        proxies: Whose word on where a request comes from is taken.
    """

    def __init__(
        self, sources: Sources, readers: tuple[Network, ...], proxies: tuple[Network, ...]
    ) -> None:
        self.readers = readers
        self.proxies = proxies
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "backprop_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "backprop_request_seconds",
            "From a request's head until all of its answer was sent; no event streams.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "backprop_response_bytes", "Bytes of answers' bodies as sent.", registry=self._registry
        )
        # Looking labels up by name takes longer than all the rest.
        self._counted: dict[tuple[str, str, int], Counter] = {}
        self._timed: dict[tuple[str, str], Histogram] = {}
        self._moment = _Moment(sources)
        self._registry.register(self._moment)
        ProcessCollector(registry=self._registry)

    def saw(self, line: Line, streams: bool) -> None:
        """Count a request that is over; see `watch.Witness`."""
        method, route = line["method"], line["route"] or UNKNOWN
        count = self._counted.get((method, route, line["status"]))
        if count is None:
            count = self._requests.labels(method, route, str(line["status"]))
            self._counted[method, route, line["status"]] = count
        count.inc()
        self._bytes.inc(line["bytes"])
        if streams:
            return
        timed = self._timed.get((method, route))
        if timed is None:
            timed = self._timed[method, route] = self._seconds.labels(method, route)
        timed.observe(line["ms"] / 1000)

    def text(self, accept: str, stats: StoreStats | None) -> tuple[bytes, str]:
        """All of it in the form that a reader takes, and its media type; to be called in a thread.

        Args:
            accept: As the reader sent it.
            stats: What the store says; None if it does not answer.
        """
        encode, media_type = choose_encoder(accept)
        self._moment.stats = stats
        return encode(self._registry), media_type

    def may_read(self, scope: Scope) -> bool:
        """Whether a request comes from where one may read.

        One that was forwarded by a proxy whose word is not taken may not, wherever that proxy is.
        """
        client = scope["client"][0] if scope.get("client") else ""
        forwarded = [v for n, v in scope["headers"] if n in (b"x-forwarded-for", b"forwarded")]
        return is_in(client, self.readers) and (not forwarded or self._is_trusted(scope, client))

    def _is_trusted(self, scope: Scope, client: str) -> bool:
        """Whether the client's address is what the last proxies, all of them trusted, have said."""
        lines = [v.decode("latin-1") for n, v in scope["headers"] if n == b"x-forwarded-for"]
        hops = [hop.strip() for hop in ",".join(lines).split(",")]
        last = [hop for hop in hops if not is_in(hop, self.proxies)]
        return bool(self.proxies) and bool(last) and last[-1] == client


class _Moment(Collector):
    """Numbers that are not counted but asked for, when somebody reads."""

    def __init__(self, sources: Sources) -> None:
        self._of = sources
        self.stats: StoreStats | None = None

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        stats, service, heavy = self.stats, self._of.service, self._of.heavy()
        yield _gauge("store_up", "Whether the store answers.", stats is not None)
        if stats is not None:
            yield _gauge("sessions", "Sessions and own data sets kept.", stats.sessions)
            yield _gauge("store_bytes", "Bytes of them.", stats.bytes)
        runs = GaugeMetricFamily("backprop_runs", "Runs that are active.", labels=("state",))
        counts = service.trainer.manager.counts()
        for state in ACTIVE:
            runs.add_metric((state,), counts[state])
        yield runs
        yield _gauge("heavy_working", "Heavy work under way.", heavy.working)
        yield _gauge("heavy_waiting", "Heavy work in the queue.", heavy.waiting)
        yield _gauge("event_readers", "Readers of sessions' events.", service.hub.readers())
        guard = self._of.guard
        yield _gauge("connections", "Open connections.", guard.count)
        yield CounterMetricFamily(
            "backprop_connections_refused", "One more than there may be.", guard.refused
        )
        if (others := children()) is not None:
            yield _gauge("workers", "Processes for trainings and heavy work.", others.count)
            yield _gauge("workers_resident_bytes", "Their memory.", others.resident_bytes)
            yield CounterMetricFamily(
                "backprop_workers_cpu_seconds",
                "Their processor time, with that of those that have ended.",
                others.cpu_seconds,
            )
        if self._of.access is not None:
            yield CounterMetricFamily(
                "backprop_access_log_dropped",
                "Lines of the access log that are lost.",
                self._of.access.dropped,
            )


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"backprop_{name}", meaning, value)


@router.api_route("/metrics", methods=["GET", "HEAD"])
async def metrics(request: Request) -> Response:
    """The state of the server, for those who run it."""
    found: Metrics = request.app.state.metrics
    if not found.may_read(request.scope):
        raise Problem("operators-only", "This address may not read it; see --metrics-from.")
    store: Store = request.app.state.store
    loop = asyncio.get_running_loop()
    asked = loop.run_in_executor(request.app.state.pinging, store.stats)
    try:
        stats: StoreStats | None = await asyncio.wait_for(asked, STORE_SECONDS)
    except Exception:  # whatever it is, the store does not answer
        stats = None
    accept = request.headers.get("accept", "")
    content, media_type = await asyncio.to_thread(found.text, accept, stats)
    return Response(content, headers={"Cache-Control": "no-store", "Content-Type": media_type})

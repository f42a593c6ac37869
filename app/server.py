"""The whole server as one ASGI app: store, sessions, API, pages, and what guards them."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.types import ASGIApp

from app import __version__, api, datasets
from app.addresses import LOCAL, Network
from app.api.heavy import HeavyLimits
from app.api.tensors import NPY, NPZ, SAFETENSORS
from app.drawing.figure.graph_json import draw
from app.engine.spec import Limits as Sizes
from app.lessons import shipped
from app.sessions import presets
from app.sessions.edits import ChangeView
from app.sessions.gallery import Gallery
from app.sessions.runs.roll import RunLimits
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.sessions.store.store import Limits
from app.sweeper import sweep_for_ever
from app.web import figures, metrics, pages, sheets
from app.web.access import AccessLog
from app.web.compression import Compression
from app.web.cors import CrossOrigin
from app.web.files import STATIC, RevalidatedFiles, page_files
from app.web.first import FIRST, Asked, FirstPages
from app.web.guard import ConnectionLimits, Guard
from app.web.headers import SecurityHeaders
from app.web.hosts import LOOPBACK, AllowedHosts
from app.web.languages import LANGUAGES
from app.web.metrics import Metrics, Sources
from app.web.origins import SameOrigin
from app.web.outgoing import Outgoing, OutgoingLimits
from app.web.stopping import EndQuietly
from app.web.watch import Watched

GZIP_FROM = 1000
# Compressed in a thread from this size on: on the event loop it would hold up everybody.
GZIP_THREAD_FROM = 16 * 1024
# Raw floats hardly shrink.
NOT_GZIPPED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, NPY, NPZ, SAFETENSORS)


@dataclass(frozen=True)
class Settings:
    """How a server is set up.

    Attributes:
        store: ``memory`` or ``sqlite:PATH``.
        allowed_hosts: Names under which it is reached, without ports.
        limits: How long and how much the store keeps.
        frame_ancestors: Origins whose pages may show this one in a frame, besides our own.
        connections: What connections may take, and whose word on where they come from counts.
        heavy: How much heavy work there is at a time.
        allowed_origins: Whose pages may use the API, besides our own.
        runs: How many trainings there may be.
        outgoing: How much of large answers may be on its way.
        access_log: Where a line for each request goes: a path, ``-`` for standard output, or empty.
        metrics_from: Networks that may read ``/metrics``.
        lessons: A teacher's folder of lessons.
        dev: Serve the page's modules as they are, so that a change shows on reload.
    """

    store: str = "memory"
    allowed_hosts: tuple[str, ...] = LOOPBACK
    limits: Limits = field(default_factory=Limits)
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    heavy: HeavyLimits = field(default_factory=HeavyLimits)
    allowed_origins: tuple[str, ...] = ()
    runs: RunLimits = field(default_factory=RunLimits)
    outgoing: OutgoingLimits = field(default_factory=OutgoingLimits)
    access_log: str = ""
    metrics_from: tuple[Network, ...] = LOCAL
    dev: bool = False
    lessons: Path | None = None
    frame_ancestors: tuple[str, ...] = ()


class Explorer(FastAPI):
    """FastAPI with the security headers outside everything, its answer to a fault included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The app with all that is around it."""
        whole = super().build_middleware_stack()
        quiet = EndQuietly(whole, self.state.stopping)
        return SecurityHeaders(Watched(quiet, self.state.witnesses), self.state.frames)


def create_app(settings: Settings) -> FastAPI:
    """The app; its store is opened here and closed when the app stops.

    Raises:
        ValueError: an unknown kind of store.
        StoreError: the store is another process's, or of a newer version.
        Faulty: a lesson of the teacher's folder is none.
    """
    shelf = shipped(tuple(LANGUAGES), pages.words, settings.lessons, Sizes(), datasets.load)
    store = open_store(settings.store, settings.limits)
    service = Service(
        store, datasets.load, idle_seconds=settings.limits.idle_seconds, runs=settings.runs
    )
    access = AccessLog(settings.access_log) if settings.access_log else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = (app.state.first, app.state.executor)
        threading.Thread(target=_warm, args=warming, name="warm", daemon=True).start()
        sweeper = asyncio.create_task(sweep_for_ever(service))
        yield
        sweeper.cancel()
        app.state.stopping.set()
        app.state.pinging.shutdown(wait=False, cancel_futures=True)
        api.close(app)
        service.close()
        if access is not None:
            access.close()

    app = Explorer(
        title="Backprop Explorer",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # Outermost first: a refused request costs nothing further in.
        middleware=[
            Middleware(Outgoing, limits=settings.outgoing),
            Middleware(AllowedHosts, hosts=settings.allowed_hosts),
            Middleware(CrossOrigin, origins=settings.allowed_origins),
            Middleware(SameOrigin, origins=settings.allowed_origins, hosts=settings.allowed_hosts),
            Middleware(
                Compression,
                minimum_size=GZIP_FROM,
                compresslevel=6,
                thread_minimum_size=GZIP_THREAD_FROM,
                exclude_content_types=NOT_GZIPPED,
            ),
        ],
    )
    app.state.store = store
    app.state.guard = Guard(settings.connections)
    # Signs of life stand behind nobody's work.
    app.state.pinging = ThreadPoolExecutor(1, thread_name_prefix="ping")
    app.state.frames = settings.frame_ancestors
    app.state.page_files = page_files(settings.dev)
    app.state.first = FirstPages(
        datasets.load,
        lambda language, document: pages.page_text(app.state.page_files, language, document),
    )
    app.state.gallery = Gallery(datasets.load)
    app.state.stopping = asyncio.Event()
    api.install(app, service, pages.words, settings.heavy, shelf)
    sources = Sources(service, lambda: app.state.heavy, app.state.guard, access)
    app.state.metrics = Metrics(sources, settings.metrics_from, settings.connections.proxies)
    app.state.witnesses = [app.state.metrics.saw]
    if access is not None:
        app.state.witnesses.append(lambda line, streams: access.put(line))
    for router in (pages.router, figures.router, sheets.router, metrics.router):
        app.router.routes.extend(router.routes)
    app.mount("/static", RevalidatedFiles(directory=STATIC), name="static")
    return app


def _warm(first: FirstPages, executor: Executor) -> None:
    """Draw the presets before anybody asks: setting a figure's formulas takes up to a second once.

    The first page's figure comes first, and then the page itself.
    """
    for preset in sorted(presets.PRESETS.values(), key=lambda preset: preset.id != FIRST):
        backward = preset.grad_output is not None or preset.loss is not None
        view = preset.view
        graph = presets.drawn(preset)
        inner = presets.drawn(preset, "opened") if graph.loss_form == "closed" else None
        draw(
            graph, view.level or "op", bool(view.single), backward, inner=inner,
            names_batch=preset.names_batch,
        )  # fmt: skip
        if preset.id == FIRST:
            # No more of the executor where the server stops already.
            with suppress(RuntimeError):
                for language in LANGUAGES:
                    first.page(language, Asked(FIRST, ChangeView()), executor)

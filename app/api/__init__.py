"""REST v1: strict models in, problem documents and numbers out.

`install` adds it to an app:

    install(app, service, words)

`bodies`, `numbers` and `view_query` read, `convert` hands on, `views` and `values` write; `routes`
has one module for each noun, `documents` describes them in the OpenAPI document.
"""

import asyncio

from fastapi import FastAPI

from app.api.context import Lessons, NoLessons, Words, make_answers
from app.api.documents import describe
from app.api.executor import make_executor
from app.api.handlers import install_handlers
from app.api.heavy import HeavyLimits, HeavyWork
from app.api.routes import (
    catalogue,
    checks,
    datasets,
    evaluate,
    exports,
    figures,
    lessons,
    looks,
    passes,
    practice,
    runs,
    sessions,
    tensors,
    uploads,
)
from app.sessions.service import Service

ROUTERS = tuple(
    part.router
    for part in (
        evaluate,
        sessions,
        passes,
        checks,
        exports,
        figures,
        tensors,
        uploads,
        runs,
        looks,
        practice,
        lessons,
        datasets,
        catalogue,
    )
)


def install(
    app: FastAPI,
    service: Service,
    words: Words,
    heavy: HeavyLimits = HeavyLimits(),
    shelf: Lessons = NoLessons(),
) -> None:
    """Add the routes under /api/v1, the handlers and the OpenAPI document to ``app``.

    Args:
        app: The app.
        service: Its sessions.
        words: What the page calls things in a language, for what a picture says of itself.
        heavy: How much heavy work there is at a time.
        shelf: Its lessons.

    Sets ``app.state.service``, ``app.state.words``, ``app.state.lessons``,
    ``app.state.executor``, ``app.state.heavy``, ``app.state.answers`` and, unless it is there,
    ``app.state.stopping``: an `asyncio.Event` that ends all event streams once it is set.
    """
    app.state.service = service
    app.state.words = words
    app.state.lessons = shelf
    app.state.executor = make_executor()
    app.state.answers = make_answers()
    app.state.heavy = HeavyWork(heavy)
    if not hasattr(app.state, "stopping"):
        app.state.stopping = asyncio.Event()
    for router in ROUTERS:
        # Not by include_router: FastAPI would try every router in turn, and its routes twice.
        app.router.routes.extend(router.routes)
    install_handlers(app, ROUTERS)
    describe(app)


def close(app: FastAPI) -> None:
    """Let go of the threads of an app that has stopped; the service is closed by who made it."""
    app.state.heavy.close()
    app.state.executor.shutdown(wait=False, cancel_futures=True)

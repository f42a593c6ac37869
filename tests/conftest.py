"""The real server and a real browser, for the tests that need them."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from playwright.sync_api import Page, Request, Response

from app.__main__ import server_config
from app.server import Settings, create_app
from app.sessions.runs import trainer
from tests import browser, postgres

# How long something takes says nothing of whether it is right: other work on the machine counts.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# Who pauses a run is answered when it has paused, however long a busy machine takes for that.
trainer.CHANGE_SECONDS = 60.0
# Nor must a training wait until no other test wants the processor.
os.environ["BACKPROP_TRAINING_PRIORITY"] = "low"


# Four thousand tests and what they import are no garbage: to look through them again and again took
# a fourth of collecting, and a part of every test after it.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on, garbage is looked for in what tests make, and there alone."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not browser"` leaves out whatever drives a browser."""
    for item in items:
        if {"page", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the whole server, run in a thread, with its sessions in a file."""
    folder: Path = tmp_path_factory.mktemp("store")
    app = create_app(Settings(store=f"sqlite:{folder}/sessions.db"))
    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def modules() -> Iterator[str]:
    """The address of a server of the page's modules as they are, for tests that look into them.

    In the bundle nothing can be imported by its name.
    """
    with serving(create_app(Settings(dev=True))) as address:
        yield address


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """One PostgreSQL for all tests of a process; each takes a schema of its own."""
    with postgres.cluster() as made:
        yield made


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run an app in a thread on a free port of this machine; its address, without a last slash."""
    started = threading.Event()

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    running = Announcing(server_config(app))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: running.run([listener]))
        thread.start()
        assert started.wait(30), "the server does not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Ends open event streams; the server looks at should_exit ten times a second.
            app.state.stopping.set()
            running.should_exit = True
            thread.join(10)
        assert not thread.is_alive(), "the server does not stop"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Pytest-playwright's options with those of a browser that starts here."""
    headless = browser_type_launch_args.get("headless", True)
    return {**browser_type_launch_args, **browser.launch_options(headless)}


class Watch:
    """What a page did that no page of ours may do."""

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.host = urlsplit(server).netloc
        self.faults: list[str] = []
        self._expected: list[Callable[[str], bool]] = []
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def expect(self, part: str) -> None:
        """Let faults pass that have these words in them, where a test provokes them."""
        self._expected.append(lambda fault: part in fault)

    def unexpected(self) -> list[str]:
        """The faults that no `expect` lets pass."""
        return [f for f in self.faults if not any(expected(f) for expected in self._expected)]

    def _console(self, kind: str, text: str) -> None:
        # Policy violations are console errors, so this has them too.
        if kind in ("error", "warning"):
            self.faults.append(f"console {kind}: {text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.faults.append(f"a request to {parts.netloc}")

    def _failed(self, request: Request) -> None:
        # A page that is left, or a newer request that replaces an older one, aborts.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")


@pytest.fixture
def watched_page(page: Page, server: str) -> Iterator[Page]:
    """A page on which a console error, a refused resource or a foreign request fails the test.

    ``page.watch.expect("412")`` lets through what a test provokes.
    """
    watch = Watch(page, server)
    page.watch = watch  # type: ignore[attr-defined]
    yield page
    assert watch.unexpected() == []

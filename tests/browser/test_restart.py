"""A page whose server is killed and started again, as processes of their own on the same port.

To start one takes seconds, so each test leaves it running for the next.
"""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.process import Running, serve


class Server:
    """A server that can be killed at any time, and comes back where it was."""

    def __init__(self, stack: ExitStack, store: str) -> None:
        self._stack = stack
        self._store = store
        self.running: Running = stack.enter_context(serve("--store", store))

    def stop(self, number: int = signal.SIGKILL) -> None:
        """As a power cut would, if not told otherwise: nothing can be saved any more."""
        self.running.stop(number)

    def start(self) -> None:
        port = str(self.running.port)
        self.running = self._stack.enter_context(serve("--store", self._store, "--port", port))


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("restart")
    return "memory" if request.param == "memory" else f"sqlite:{folder}/sessions.db"


@pytest.fixture(scope="module")
def program(store: str) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(stack, store)


@pytest.fixture
def server(program: Server) -> str:
    """The server of this test's page."""
    return program.running.address


NUMBERS = ("x", "t", "parameters", "optimizer", "network", "loss", "classes")


def numbers(explorer: Any) -> dict[str, Any]:
    now = explorer.get("")
    return {name: now[name] for name in NUMBERS}


def edited(explorer: Any) -> dict[str, Any]:
    """A figure with numbers of one's own, all of which the server has."""
    explorer.open("?preset=two-layer&at=4")
    explorer.page.click("#tab-data")
    explorer.type("affine1.W", "0,1", "0.30000000000000004")
    explorer.settle()
    explorer.page.click("#add-sample")
    explorer.until(lambda: len(explorer.get("")["x"]) == 6)
    explorer.settle()
    return numbers(explorer)


def goes_on(explorer: Any, store: str) -> None:
    """What the page does when it has noticed: offers its numbers where they are lost."""
    page, old = explorer.page, explorer.id
    if store == "memory":
        page.click("#go-on")
        explorer.until(lambda: explorer.id != old)
    page.wait_for_selector("#notice p", state="detached")
    explorer.settle()
    assert (explorer.id == old) == (store != "memory")
    assert "at=4" in page.url
    assert f"session={explorer.id}" in page.url


def test_the_page_of_a_server_that_was_killed_goes_on_with_its_numbers(
    explorer: Any, program: Server, store: str
) -> None:
    before = edited(explorer)
    page = explorer.page
    figure = explorer.figure()
    for refusal in ("ERR_", "404"):
        explorer.expect(refusal)
    program.stop()
    explorer.type("x", "0,0", "7")
    page.wait_for_selector('[data-name="x"] .problem')
    assert "does not answer" in page.inner_text('[data-name="x"] .problem')
    program.start()
    explorer.press("Enter")
    if store != "memory":
        # What nobody answered is asked once more, and nothing else is to be done.
        explorer.until(lambda: explorer.get("")["x"][0][0] == 7)
        goes_on(explorer, store)
        explorer.page.click("#undo")
        explorer.until(lambda: numbers(explorer) == before)
        return
    goes_on(explorer, store)
    assert numbers(explorer) == before
    assert explorer.figure() == figure
    explorer.type("x", "0,0", "7")
    explorer.until(lambda: explorer.get("")["x"][0][0] == 7)
    assert page.locator("#panel .problem").count() == 0


# What a learner may do first after the server has come back, none of which it can answer. In the
# session that a page goes on with, nothing is to be undone.
FIRST = {
    "undoes": "#undo",
    "asks about a number": "#figure [data-key='x'] [data-cell='0']",
    "takes a step": "#update",
    "trains": "#learn-run",
    "checks": "#check-run",
    "shares": "#share-button",
}


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_whatever_is_asked_of_a_lost_session_the_page_offers_its_numbers(
    explorer: Any, program: Server, store: str
) -> None:
    before = edited(explorer)
    page = explorer.page
    for refusal in ("ERR_", "404"):
        explorer.expect(refusal)
    for gesture, first in FIRST.items():
        page.click("#tab-learn" if gesture in ("trains", "checks") else "#tab-data")
        page.wait_for_selector(first)
        program.stop()
        program.start()
        if page.inner_text("#fit") == "Fit":
            page.click("#fit")
        # The whole figure is one picture, which takes the click for its cells.
        page.click(first, force=gesture.startswith("asks"))
        page.wait_for_selector("#go-on")
        if gesture == "shares":
            page.keyboard.press("Escape")
        goes_on(explorer, store)
        assert numbers(explorer) == before, gesture


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_page_that_watches_a_run_follows_what_has_become_of_it(
    explorer: Any, program: Server, store: str, ending: int
) -> None:
    edited(explorer)
    page = explorer.page
    for refusal in ("ERR_", "404"):
        explorer.expect(refusal)
    page.click("#tab-learn")
    page.fill("#learn-steps", "1000000")
    page.click("#learn-run")
    explorer.until(lambda: any(run["step"] > 100 for run in explorer.get("/runs")["runs"]))
    program.stop(ending)
    program.start()
    if store == "memory":
        page.wait_for_selector("#go-on")
        goes_on(explorer, store)
        page.wait_for_selector("#learn-run")
        return
    seen = page.inner_text("#learn-state")
    explorer.until(lambda: page.inner_text("#learn-state") != seen)
    page.click("#learn-stop")
    page.wait_for_selector("#learn-run")

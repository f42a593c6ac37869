"""The figure that comes with the page: there before the server is asked for anything."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.web.test_first import carried


class Held:
    """Requests to the API that get no answer before `release`."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] | None = []
        page.route("**/api/**", self._take)

    def _take(self, route: Route) -> None:
        if self.routes is None:
            route.continue_()
        else:
            self.routes.append(route)

    def paths(self) -> set[str]:
        return {route.request.url.split("/api/v1/")[1] for route in self.routes or ()}

    def release(self) -> None:
        routes, self.routes = self.routes or [], None
        for route in routes:
            route.continue_()


@pytest.fixture
def held(explorer: Any) -> Held:
    """The page as it comes, while the API gives no answer."""
    page = explorer.page
    explorer.until(lambda: carried(page.request.get(f"{explorer.server}/").text()))
    held = Held(page)
    page.goto(f"{explorer.server}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    return held


def test_the_figure_is_there_and_steps_before_the_api_answers(explorer: Any, held: Held) -> None:
    assert explorer.numbers("affine1.output") == [6, 13, 20]
    assert "Press Next" in explorer.sentence()
    explorer.next(6)
    assert explorer.numbers("affine1.W.grad") == [1, 2, 3, 2, 4, 6]
    assert explorer.page.locator("#notice").inner_text() == ""
    # The menu knows all figures, and what is asked of the server is no trace and no drawing.
    explorer.page.click("#choose")
    explorer.page.wait_for_selector("#menu [data-preset]")
    assert explorer.page.locator("#menu [data-preset]").count() == 8
    assert held.paths() <= {"sessions", "catalogue", "datasets", "presets", "lessons?language=en"}


def test_the_session_is_made_when_the_page_has_been_painted(explorer: Any) -> None:
    painted: list[bool] = []

    def note(request: Any) -> None:
        if request.method == "POST" and request.url.endswith("/sessions"):
            painted.append(True)

    explorer.page.on("request", note)
    explorer.open()
    assert painted == [True]
    ready, asked = explorer.page.evaluate(
        """() => {
          const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
          const made = performance.getEntriesByType("resource")
            .find(({ name }) => name.endsWith("/sessions"));
          return [paint, made.startTime];
        }"""
    )
    assert ready < asked


def test_an_edit_made_at_once_waits_for_the_session_and_is_not_lost(
    explorer: Any, held: Held
) -> None:
    explorer.page.get_by_role("tab", name="Data").click()
    explorer.type("affine1.b", "0", "5")
    explorer.until("document.querySelector('#figure').ariaBusy === 'true'")
    held.release()
    explorer.settle()
    assert explorer.numbers("affine1.output") == [10, 13, 20]
    assert "session=" in explorer.page.url


def test_another_view_asked_for_at_once_comes_with_the_session(explorer: Any, held: Held) -> None:
    explorer.page.select_option("#level", "network")
    held.release()
    explorer.until("location.search.includes('level=network')")
    explorer.page.wait_for_selector('#figure [data-node="affine1"]')


def test_the_panel_of_numbers_says_that_it_is_coming_and_comes_with_its_words(
    explorer: Any,
) -> None:
    page = explorer.page
    waiting: list[Route] = []
    page.route("**/later*.js", lambda route: waiting.append(route))
    page.goto(f"{explorer.server}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("tab", name="Data").click()
    assert page.inner_text("#panel") == "Loading\u2026"
    assert page.locator("body[data-whole]").count() == 0
    explorer.until(lambda: waiting)
    waiting[0].continue_()
    explorer.type("affine1.b", "0", "5")
    explorer.settle()
    assert explorer.numbers("affine1.output") == [10, 13, 20]
    assert "Undo" in page.inner_text("#panel")


def test_what_cannot_be_fetched_is_fetched_when_it_is_asked_for_again(explorer: Any) -> None:
    page = explorer.page
    explorer.expect("net::ERR_FAILED")
    for part in ("**/later*.js", "**/lang/*.json"):
        page.route(part, lambda route: route.abort())
    page.goto(f"{explorer.server}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    page.click("#help-button")
    explorer.until("document.querySelector('#notice p') !== null")
    assert page.inner_text("#notice p").startswith("The server does not answer")
    page.unroute_all()
    page.click("#help-button")
    page.wait_for_selector("#help[open]")
    assert "How to use this page" in page.inner_text("#help")


def test_a_session_that_cannot_be_made_is_tried_again_when_it_is_needed(explorer: Any) -> None:
    page = explorer.page
    explorer.until(lambda: carried(page.request.get(f"{explorer.server}/").text()))
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=503, body="{}") if len(refused) == 1 else route.continue_()

    explorer.expect("503")
    page.route("**/api/v1/sessions", refuse)
    page.goto(f"{explorer.server}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    explorer.until(lambda: refused)
    explorer.next()
    assert page.locator("#notice").inner_text() == ""
    page.get_by_role("tab", name="Data").click()
    explorer.type("affine1.b", "0", "5")
    explorer.until("location.search.includes('session=')")
    explorer.settle()
    assert explorer.numbers("affine1.output") == [10, 13, 20]

"""A long notice over the figure, on the page of modules: the test puts it into the store."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def server(modules: str) -> str:
    """The page whose store a test can reach."""
    return modules


@pytest.mark.parametrize("window", [(195, 422), (320, 400), (640, 360), (1280, 720)])
def test_a_long_notice_stays_over_the_figure_and_can_be_closed(
    explorer: Any, window: tuple[int, int]
) -> None:
    page = explorer.page
    page.set_viewport_size({"width": window[0], "height": window[1]})
    explorer.open("?preset=fig-5-29&lang=en")
    page.evaluate(
        """async () => {
          const { notice } = await import("/static/js/store.js");
          notice.value = "What was asked could not be done. ".repeat(20);
        }"""
    )
    page.wait_for_selector("#notice p")
    figure, notice = (page.locator(one).bounding_box() for one in ("#figure", "#notice"))
    assert notice["y"] >= figure["y"]
    assert notice["y"] + notice["height"] <= figure["y"] + figure["height"]
    assert notice["x"] + notice["width"] <= figure["x"] + figure["width"]
    # Its end can be read, and its button stays in sight meanwhile.
    page.locator("#notice").evaluate("(one) => one.scrollTo(0, one.scrollHeight)")
    text, button = (page.locator(f"#notice {one}").bounding_box() for one in ("p", "button"))
    assert text["y"] + text["height"] <= notice["y"] + notice["height"]
    assert button["y"] >= notice["y"]
    page.click("#notice button")
    assert page.is_hidden("#notice")


def test_a_session_that_cannot_be_read_is_told_of_and_another_figure_shown(explorer: Any) -> None:
    page = explorer.page
    page.watch.expect("410")
    problem = '{"type": "/api/v1/problems#damaged", "status": 410, "detail": "Damaged."}'
    page.route(
        "**/api/v1/sessions/lost**",
        lambda route: route.fulfill(
            status=410, content_type="application/problem+json", body=problem
        ),
    )
    explorer.open("?session=lost&lang=en")
    page.wait_for_selector("#notice p")
    assert "can no longer be read" in page.inner_text("#notice")
    assert "25" in page.inner_text("#notice")
    page.unroute("**/api/v1/sessions/lost**")

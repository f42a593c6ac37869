"""The browser that the tests share: none finds what another has left."""

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize("time", ["the first time", "the second time"])
def test_nothing_is_stored_when_a_test_begins(page: Page, server: str, time: str) -> None:
    page.goto(f"{server}/livez")
    stored = page.evaluate(
        """() => [localStorage, sessionStorage].map((storage) => {
          const found = storage.length;
          storage.setItem("left", "behind");
          return found;
        })"""
    )
    assert stored == [0, 0]
    assert page.evaluate("navigator.onLine && history.length") <= 2
    assert page.context.cookies() == []
    page.context.add_cookies([{"name": "left", "value": "behind", "url": server}])


HEARD: list[str] = []


@pytest.mark.parametrize("time", ["the first time", "the second time"])
def test_a_tab_is_as_good_as_new_when_a_test_begins(page: Page, server: str, time: str) -> None:
    HEARD.clear()
    state = "[innerWidth, matchMedia('(prefers-reduced-motion: reduce)').matches, history.length]"
    answer = page.goto(f"{server}/livez")
    assert answer
    assert "left" not in answer.request.all_headers()
    assert page.evaluate(state) == [1280, True, 1]
    # What the one before it has hung in is gone.
    assert HEARD == []

    page.on("request", lambda request: HEARD.append(request.url))
    page.route("**/presets", lambda route: route.abort())
    page.set_extra_http_headers({"left": "behind"})
    page.emulate_media(reduced_motion="no-preference")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    assert len(HEARD) == 1


@pytest.mark.motion
def test_who_asks_for_motion_has_it(page: Page, server: str) -> None:
    page.goto(f"{server}/livez")
    assert page.evaluate("matchMedia('(prefers-reduced-motion: no-preference)').matches")


def test_what_would_stay_in_the_tab_is_refused(page: Page) -> None:
    with pytest.raises(AssertionError, match="own_tab"):
        page.add_init_script("left = 'behind'")

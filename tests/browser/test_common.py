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

"""The loss opened and closed at once: the same pass, the same moment, the same numbers."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

IN_SIGHT = """(selector) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  const room = document.querySelector(selector).closest("#figure, #beside").getBoundingClientRect();
  return box.width > 0 && box.left >= room.left - 1 && box.right <= room.right + 1
    && box.top >= room.top - 1 && box.bottom <= room.bottom + 1;
}"""
SHOWN = "document.querySelector('#beside img')?.complete"


@pytest.fixture
def pictures(explorer: Any) -> list[str]:
    """The addresses of the pictures that the page has asked for, oldest first."""
    asked: list[str] = []
    explorer.page.on(
        "request", lambda request: asked.append(request.url) if "/figure.svg" in request.url
        else None
    )  # fmt: skip
    return asked


def wish(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def words(explorer: Any, address: str) -> list[str]:
    """What is written in a picture."""
    return re.sub(r"<[^>]*>", " ", explorer.page.request.get(address).text()).split()


def progress(events: list[Any], seq: int) -> float:
    return float(events[seq - 1]["progress"]) if seq > 0 else -1


@pytest.mark.parametrize("preset", ["fig-5-29", "fig-5-30"])
def test_both_stand_at_the_same_event_with_the_same_numbers(
    explorer: Any, pictures: list[str], preset: str
) -> None:
    explorer.open(f"?preset={preset}&at=0&lang=en")
    page = explorer.page
    page.click("#side-by-side")
    explorer.until(SHOWN)
    own = explorer.get("/trace")["events"]
    loss = "closed" if preset == "fig-5-29" else "opened"
    other = explorer.get(f"/trace?loss={loss}")["events"]
    for seq in range(1, len(own) + 1):
        explorer.next()
        here = progress(own, seq)
        # All that is over here is over there, and nothing more.
        wanted = sum(event["progress"] <= here for event in other)
        explorer.until(lambda wanted=wanted: wish(pictures[-1])["cursor"] == str(wanted))
        assert wish(pictures[-1])["loss"] == loss
    written = words(explorer, pictures[-1])
    for number in ("0.3", "0.2", "0.5", "1.609", "\u22120.8"):
        assert number in written


def test_an_edit_reaches_both(explorer: Any, pictures: list[str]) -> None:
    explorer.open("?preset=fig-5-30&at=8&beside=1&lang=en")
    page = explorer.page
    explorer.until(SHOWN)
    page.click("#tab-data")
    explorer.type("x", "0,0", "0")
    explorer.settle()
    loss = explorer.get("/trace")["events"][3]["values"]["loss"]
    explorer.until(lambda: f"{loss:.3f}" in words(explorer, pictures[-1]))
    explorer.until("!document.querySelector('.beside-picture.waiting')")


def test_both_are_whole_on_a_laptop_and_stacked_on_a_phone(explorer: Any) -> None:
    page = explorer.page
    page.set_viewport_size({"width": 1440, "height": 900})
    explorer.open("?preset=fig-5-29&at=22&beside=1&lang=en")
    explorer.until(SHOWN)
    explorer.until(f"({IN_SIGHT})('svg.figure')")
    assert page.evaluate(IN_SIGHT, "#beside img")
    for width, height in ((1280, 720), (820, 1180), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(100)
        figure, beside = (page.locator(id).bounding_box() for id in ("#figure", "#beside"))
        assert figure["y"] + figure["height"] <= beside["y"] + 1
        assert min(figure["height"], beside["height"]) > 60
        assert page.evaluate(IN_SIGHT, "#beside img")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_two_can_be_swapped_and_the_link_keeps_them(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=fig-5-29&at=22&lang=en")
    page.click("#side-by-side")
    assert page.get_attribute("#side-by-side", "aria-pressed") == "true"
    explorer.until(SHOWN)
    assert "closed" in page.inner_text("#beside-title").lower()
    page.click("#swap")
    explorer.until("location.search.includes('loss=closed')")
    explorer.until("document.querySelector('#beside-title').innerText.includes('opened')")
    assert page.evaluate("document.activeElement.id") == "swap"
    assert "beside=1" in page.url

    explorer.open(page.url.partition("/?")[2].join(["?", ""]))
    explorer.until(SHOWN)
    page.click("#side-by-side")
    assert page.locator("#beside").is_hidden()
    assert "beside" not in page.url


def test_what_has_no_loss_has_nothing_beside_it(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&beside=1&lang=en")
    assert explorer.page.locator("#side-by-side").count() == 0
    assert explorer.page.locator("#beside").is_hidden()

"""What meets a learner who comes for the first time."""

import os
from typing import Any

import pytest
from playwright.sync_api import Page

from app.server import Settings, create_app
from app.web.files import page_files
from tests.conftest import serving
from tests.web.test_first import carried

KILOBYTE = 1000


def test_it_opens_on_figure_5_25_with_the_forward_half_filled(explorer: Any) -> None:
    explorer.open()
    shown = explorer.figure()
    assert explorer.numbers("affine1.output") == [6, 13, 20]
    assert explorer.numbers("affine1.dot") == [5, 11, 17]
    gradients = [key for key in shown if key.endswith(".grad")]
    assert gradients
    assert all(shown[key] == {} for key in gradients)


def test_an_empty_slot_is_dashed_and_holds_no_zero(explorer: Any) -> None:
    explorer.open()
    slot = explorer.page.locator('[data-key="affine1.W.grad"]')
    assert "empty" in slot.get_attribute("class")
    assert slot.locator(".cell text").all_text_contents() == [""] * 6
    assert (
        slot.locator(".slot").evaluate("slot => getComputedStyle(slot).strokeDasharray") != "none"
    )


def test_one_sentence_stands_beside_it_and_next_is_the_one_primary_action(explorer: Any) -> None:
    explorer.open()
    assert "Press Next" in explorer.sentence()
    primary = explorer.page.locator("button.primary:visible")
    assert primary.count() == 1
    assert primary.get_attribute("id") == "next"
    assert primary.is_enabled()
    assert explorer.page.locator("dialog[open]").count() == 0


def test_the_figure_takes_most_of_a_laptop_screen(explorer: Any) -> None:
    explorer.page.set_viewport_size({"width": 1440, "height": 900})
    explorer.open()
    box = explorer.page.locator("#figure").bounding_box()
    toolbar = explorer.page.locator("#toolbar").bounding_box()
    area = box["width"] * (box["height"] + toolbar["height"])
    assert area >= 0.6 * 1440 * 900


# Browsers take Brotli over https and from their own machine; over plain http they do not.
@pytest.mark.own_context
@pytest.mark.parametrize("codings", ["br, gzip", "gzip"])
def test_the_first_page_and_its_session_take_few_requests_and_kilobytes(
    explorer: Any, codings: str
) -> None:
    if page_files().import_map is not None and not os.environ.get("CI"):
        pytest.skip("static/js has changed since it was bundled; `make run` bundles it anew")
    explorer.until(lambda: carried(explorer.page.request.get(f"{explorer.server}/").text()))
    wire = explorer.page.context.new_cdp_session(explorer.page)
    sizes: dict[str, float] = {}
    names: dict[str, str] = {}
    wire.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )
    wire.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    wire.send("Network.enable")
    explorer.page.set_extra_http_headers({"Accept-Encoding": codings})
    explorer.page.goto(f"{explorer.server}/")
    explorer.until(lambda: any(names[id].endswith("/sessions") for id in sizes))
    explorer.page.wait_for_load_state("networkidle")
    told = sorted((round(size), names[id]) for id, size in sizes.items())
    assert len(told) <= 12, told
    # Headers and all.
    assert sum(size for size, _ in told) <= 80 * KILOBYTE, told


def test_the_modules_as_they_are_make_the_same_page(page: Page) -> None:
    with serving(create_app(Settings(dev=True))) as address:
        page.goto(f"{address}/")
        page.wait_for_selector("body[data-ready]")
        assert page.locator('script[src="/static/js/main.js"]').count() == 1
        assert page.locator("#figure .cell text").count() > 10


def test_nothing_overflows_on_a_phone(explorer: Any) -> None:
    explorer.page.set_viewport_size({"width": 390, "height": 844})
    for language in ("en", "ko", "ja"):
        explorer.open(f"?lang={language}")
        width = explorer.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        next_button = explorer.page.locator("#next").bounding_box()
        assert next_button["y"] + next_button["height"] <= 844
        assert next_button["height"] >= 44


def test_dark_follows_the_system_and_the_choice_is_kept(explorer: Any) -> None:
    explorer.page.emulate_media(color_scheme="dark")
    explorer.open()
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = explorer.page.evaluate(paper)
    explorer.page.select_option("#theme", "light")
    light = explorer.page.evaluate(paper)
    assert dark != light
    explorer.open()
    assert explorer.page.evaluate(paper) == light


def test_what_a_phone_has_no_room_to_write_still_has_its_name(explorer: Any) -> None:
    page = explorer.page
    page.set_viewport_size({"width": 390, "height": 844})
    explorer.open("?preset=two-layer&lang=en")
    for name in ("Show", "Loss", "Step by"):
        assert page.get_by_role("combobox", name=name).count() == 1, name
    assert page.get_by_role("heading", level=1).count() == 1

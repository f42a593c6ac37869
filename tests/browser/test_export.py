"""The figure saved as a file: from the dialog, by its own address, and in somebody's page."""

import base64
import struct
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

from app.drawing.svg.palette import PALETTES, channels
from tests.pixels import EVERY_PICTURE, differing

SVG = "{http://www.w3.org/2000/svg}"


def opened(explorer: Any, search: str) -> Page:
    """The dialog, over the page at this address."""
    page: Page = explorer.open(search).page
    page.click("#export-button")
    page.wait_for_selector("#export[open]")
    return page


def saved(page: Page) -> tuple[str, bytes]:
    """Name and content of the file that Save gives."""
    with page.expect_download() as download:
        page.click("#export-save")
    file = Path(download.value.path())
    return download.value.suggested_filename, file.read_bytes()


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def png_size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def root_of(svg: bytes) -> dict[str, str]:
    return ElementTree.fromstring(svg).attrib


def test_the_svg_shows_the_page_s_cursor_and_not_the_session_s(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-27&at=1")
    assert explorer.get("")["cursor"]["seq"] == 0

    name, svg = saved(page)

    assert name == "fig-5-27.svg"
    assert "10" in texts(svg)
    assert "12" not in texts(svg)
    page.wait_for_selector("#export [role=status]:has-text('fig-5-27.svg')")


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Figure 5-25:"), ("ko", "그림 5-25:"), ("ja", "図 5-25：")]
)
def test_a_file_is_named_in_the_language_of_the_page(
    explorer: Any, language: str, title: str
) -> None:
    page = opened(explorer, f"?preset=fig-5-25&lang={language}")
    assert f"lang={language}" in (page.get_attribute("#export-open", "href") or "")
    svg = saved(page)[1]
    assert root_of(svg)["lang"] == language
    assert (ElementTree.fromstring(svg).findtext(f"{SVG}title") or "").startswith(title)


def test_what_is_in_play_is_lit_as_on_the_screen_unless_it_is_unticked(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-27&at=1")
    assert b'opacity="' in saved(page)[1]
    page.uncheck("#export-lit")
    assert b'opacity="' not in saved(page)[1]


def test_before_the_first_step_nothing_can_be_lit(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-27")
    assert page.locator("#export-lit").count() == 0
    assert b'opacity="' not in saved(page)[1]


def test_numbers_and_equations_can_be_left_out(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-25&at=7")
    full = saved(page)[1]
    page.uncheck("#export-numbers")
    page.uncheck("#export-equations")
    bare = saved(page)[1]

    assert "11" in texts(full)
    assert "11" not in texts(bare)
    assert float(root_of(full)["width"]) > float(root_of(bare)["width"]) + 40


def test_a_figure_without_equations_does_not_offer_them(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-30")
    assert page.locator("#export-equations").count() == 0
    assert page.locator("#export-numbers").count() == 1


@pytest.mark.parametrize(
    ("theme", "scale"),
    [("light", 4), ("dark", 2), *([("light", 2), ("dark", 4)] if EVERY_PICTURE else [])],
)
def test_a_png_is_the_svg_so_many_times_as_large(
    explorer: Any, browser: Browser, theme: str, scale: int
) -> None:
    page = opened(explorer, "?preset=fig-5-25&at=7")
    page.check(f"#export input[value={theme}]")
    svg = saved(page)[1]
    page.check(f"#export input[value=png{scale}]")
    name, png = saved(page)

    assert name == f"fig-5-25@{scale}x.png"
    width, height = (int(root_of(svg)[side]) for side in ("width", "height"))
    assert png_size(png) == (width * scale, height * scale)
    # The browser draws the SVG by itself as it is in the PNG.
    alone = page.context.new_page()
    alone.set_viewport_size({"width": width * scale, "height": height * scale})
    address = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    alone.set_content(
        f'<style>body{{margin:0}}img{{display:block}}</style><img src="{address}" '
        f'width="{width * scale}" height="{height * scale}">'
    )
    assert differing(browser, alone.screenshot(), png)[0] < 0.001
    alone.close()


@pytest.mark.parametrize("scheme", PALETTES)
def test_the_colours_are_those_of_the_page_unless_others_are_chosen(
    explorer: Any, scheme: Any
) -> None:
    explorer.page.emulate_media(color_scheme=scheme)
    page = opened(explorer, "?preset=fig-5-24")
    other = next(theme for theme in PALETTES if theme != scheme)

    assert PALETTES[scheme].paper.encode() in saved(page)[1]
    page.check(f"#export input[value={other}]")
    assert PALETTES[other].paper.encode() in saved(page)[1]

    page.keyboard.press("Escape")
    page.select_option("#theme", other)
    page.click("#export-button")
    assert PALETTES[other].paper.encode() in saved(page)[1]


def test_the_dialog_is_opened_used_and_left_by_keyboard(explorer: Any) -> None:
    page: Page = explorer.open("?preset=fig-5-25").page
    page.focus("#export-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#export[open]")
    assert page.evaluate("document.activeElement.closest('#export') !== null")
    assert page.get_by_role("dialog", name="Save the figure as a picture").count() == 1
    names = ["SVG, sharp at any size", "PNG, twice the size", "PNG, four times the size"]
    for name in [*names, "Light", "Dark"]:
        assert page.get_by_role("radio", name=name, exact=True).count() == 1

    page.get_by_role("radio", name=names[0]).focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name=names[1]).is_checked()
    before = explorer.slider()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "fig-5-25@2x.png"
    page.keyboard.press("Escape")

    assert page.locator("#export[open]").count() == 0
    assert page.evaluate("document.activeElement.id") == "export-button"
    assert explorer.slider() == before


def test_nothing_is_saved_while_numbers_are_being_computed_anew(explorer: Any) -> None:
    page = explorer.open("?preset=fig-5-25&at=7").page
    page.click("#tab-data")
    held: list[Any] = []
    page.route("**/trace?*", lambda route: held.append(route))
    explorer.type("affine1.W", "0,0", "9")
    page.wait_for_selector(".figure.stale")
    explorer.until(lambda: len(held) == 1)
    page.click("#export-button")

    assert page.is_disabled("#export-save")
    assert page.locator("#export-open").count() == 0
    held[0].continue_()
    explorer.settle()
    assert page.is_enabled("#export-save")
    # X . W with the new 9 in it.
    assert "13" in texts(saved(page)[1])


def test_a_picture_that_no_browser_could_draw_is_refused_in_words(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-24")
    huge = '<svg xmlns="http://www.w3.org/2000/svg" width="5000" height="10"/>'
    page.route("**/figure.svg?*", lambda route: route.fulfill(body=huge))
    page.check("#export input[value=png4]")
    page.click("#export-save")
    page.wait_for_selector("#export .problem:has-text('20000 × 40')")
    page.check("#export input[value=png2]")
    assert png_size(saved(page)[1]) == (10_000, 20)


def test_a_refusal_of_the_server_is_shown_in_the_dialog(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-24")
    explorer.expect("503")
    page.route("**/figure.svg?*", lambda route: route.fulfill(status=503, body="{}"))
    page.click("#export-save")
    page.wait_for_selector("#export .problem:not(:empty)")
    page.unroute("**/figure.svg?*")
    assert saved(page)[0] == "fig-5-24.svg"


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_dialog_speaks_the_page_s_language(explorer: Any, language: str) -> None:
    page = opened(explorer, f"?preset=fig-5-25&lang={language}&at=7")
    assert page.get_by_role("radio").count() == 5
    assert "export." not in page.inner_text("#export")
    words = page.inner_text("#export").replace("SVG", "").replace("PNG", "")
    assert not any("a" <= letter <= "z" for letter in words)
    page.click("#export-save")
    page.wait_for_selector("#export [role=status]:has-text('fig-5-25.svg')")


def test_the_picture_s_own_address_shows_it_in_full_under_our_policy(explorer: Any) -> None:
    page = opened(explorer, "?preset=fig-5-28&at=99")
    href = str(page.get_attribute("#export-open", "href"))
    query = parse_qs(urlsplit(href).query)
    assert query["level"] == ["network"]
    assert "token" not in href

    # A style or script that the policy refuses would fail this page.
    page.goto(explorer.server + href)
    looks = page.evaluate(
        """() => {
          const words = [...document.querySelectorAll("text")];
          const style = getComputedStyle(words.find((one) => one.textContent === "Softmax"));
          const image = document.querySelector("image").getBoundingClientRect();
          return [style.fontSize, style.fill, Math.round(image.width)];
        }"""
    )
    drawn = explorer.page.request.get(explorer.server + href).body()
    (image, *_) = ElementTree.fromstring(drawn).iter(f"{SVG}image")
    # The op in play is another: this box steps back.
    ink = f"rgb{channels(PALETTES['light'].dim_ink)}"
    assert looks == ["14px", ink, round(float(image.attrib["width"]))]


def test_pictures_in_one_page_leave_each_other_and_the_page_alone(
    explorer: Any, browser: Browser
) -> None:
    """A notebook puts the SVG of each cell into its one page, which has rules of its own."""
    page = explorer.open("?preset=fig-5-25").page
    base = f"{explorer.server}/api/v1/sessions/{explorer.id}/figure.svg"
    pictures = [
        page.request.get(f"{base}?cursor=end").text(),
        page.request.get(f"{base}?cursor=end&theme=dark&level=layer").text(),
        page.request.get(f"{base}?cursor=2&lit=true").text(),
    ]
    notebook = browser.new_page(viewport={"width": 1200, "height": 2200})
    frame = "<style>.cell{{margin:8px}} .slot,.edge{{display:none}}</style>{}"

    def shots(*svgs: str) -> list[bytes]:
        cells = "".join(f'<div class="cell">{svg}</div>' for svg in svgs)
        notebook.set_content(frame.format(cells))
        return [one.screenshot() for one in notebook.query_selector_all("svg")]

    together = shots(*pictures)
    alone = [shots(svg)[0] for svg in pictures]
    assert [differing(browser, a, b) for a, b in zip(together, alone, strict=True)] == [(0, 0)] * 3
    notebook.close()

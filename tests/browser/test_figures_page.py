"""The page with all figures, as a reader with the book on their knees sees it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Watch

BOOK = [f"fig-5-{number}" for number in range(24, 31)]
LANGUAGES = ("en", "ko", "ja")
IMAGES = "[...document.querySelectorAll('article picture img')]"

SCROLLING = """[...document.querySelectorAll('.frame')].flatMap(
  (frame) => frame.scrollWidth > frame.clientWidth ? [frame.closest('article').id] : [])"""


def opened(page: Page, server: str, search: str = "") -> Page:
    page.goto(f"{server}/figures{search}")
    page.wait_for_load_state("load")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_pictures_arrive_at_the_size_that_was_kept_for_them(
    watched_page: Page, server: str, language: str
) -> None:
    opened(watched_page, server, f"?lang={language}")

    sizes = watched_page.evaluate(
        f"{IMAGES}.map((i) => [i.complete, i.naturalWidth, i.naturalHeight,"
        " Number(i.getAttribute('width')), Number(i.getAttribute('height'))])"
    )
    assert len(sizes) == len(BOOK)
    for complete, width, height, kept_width, kept_height in sizes:
        assert complete
        assert width > 0
        assert abs(width - kept_width) <= 1
        assert abs(height - kept_height) <= 1


@pytest.mark.parametrize("width", [320, 390, 820, 1280, 1440])
def test_the_page_never_scrolls_sideways_and_no_picture_is_too_small_to_read(
    watched_page: Page, server: str, width: int
) -> None:
    watched_page.set_viewport_size({"width": width, "height": 844})
    for language in LANGUAGES:
        opened(watched_page, server, f"?lang={language}")
        assert watched_page.evaluate("document.documentElement.scrollWidth") == width
        scales = watched_page.evaluate(f"{IMAGES}.map((i) => i.clientWidth / i.naturalWidth)")
        widest = scales.pop(BOOK.index("fig-5-28"))
        assert min(scales) > 0.8
        assert max(scales) < 1.01
        # Of the widest all is seen where it can be; its boxes, names and pictures are large.
        assert widest > (0.64 if width >= 1400 else 0.8)
        scrolling = watched_page.evaluate(SCROLLING)
        if width >= 1280:
            assert scrolling == ([] if width >= 1400 else ["fig-5-28"])


def test_a_wide_picture_scrolls_in_its_own_frame_by_keyboard(
    watched_page: Page, server: str
) -> None:
    watched_page.set_viewport_size({"width": 390, "height": 844})
    opened(watched_page, server)

    moved = {}
    for _ in range(80):
        watched_page.keyboard.press("Tab")
        now = watched_page.evaluate(
            "({frame: document.activeElement.matches('.frame'),"
            " id: document.activeElement.closest('article')?.id})"
        )
        if not now["frame"]:
            continue
        frame = watched_page.locator(f"#{now['id']} .frame")
        for _ in range(3):
            watched_page.keyboard.press("ArrowRight")
        fits = frame.evaluate("(f) => f.scrollWidth <= f.clientWidth")
        for _ in range(1 if fits else 100):
            if frame.evaluate("(f) => f.scrollLeft") > 0:
                break  # scrolling is smooth, so it takes a moment
            watched_page.wait_for_timeout(20)
        moved[now["id"]] = frame.evaluate("(f) => f.scrollLeft") > 0
        if len(moved) == len(BOOK):
            break

    # The equation of figure 5-26 is narrow enough for a phone.
    assert moved == {figure: figure != "fig-5-26" for figure in BOOK}
    assert watched_page.evaluate("scrollX") == 0


def test_every_frame_and_picture_has_a_name(watched_page: Page, server: str) -> None:
    opened(watched_page, server, "?lang=ko")

    for figure in BOOK:
        number = figure.removeprefix("fig-")
        article = watched_page.locator(f"#{figure}")
        assert article.get_by_role("group", name=re.compile(f"^그림 {number}: ")).count() == 1
        picture = article.get_by_role(
            "img", name=re.compile(".{20}")
        )  # the one for paper is hidden
        assert picture.count() == 1


def test_a_dark_system_gets_dark_pictures(browser: Browser, server: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        watch = Watch(page, server)
        opened(page, server)
        shown = page.evaluate(f"{IMAGES}.map((i) => new URL(i.currentSrc).search)")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        context.close()
        assert watch.unexpected() == []
        assert [("theme=dark" in search) for search in shown] == [scheme == "dark"] * len(BOOK)
        lightness = sum(int(part) for part in re.findall(r"\d+", paper)[:3]) / 3
        assert (lightness < 60) == (scheme == "dark")


@pytest.mark.parametrize("figure", BOOK)
def test_a_picture_file_opened_by_itself_keeps_its_look(
    watched_page: Page, server: str, figure: str
) -> None:
    """Our policy forbids inline styles, so the file must do without; `watched_page` notices."""
    watched_page.goto(f"{server}/figures/{figure}.svg")

    assert watched_page.evaluate("document.documentElement.localName") == "svg"
    assert watched_page.evaluate("document.querySelectorAll('text, use').length") > 5


def test_the_links_lead_to_the_explorer_with_that_figure_and_back(
    watched_page: Page, server: str
) -> None:
    for figure in ("fig-5-24", "fig-5-29"):
        opened(watched_page, server, "?lang=ja")
        watched_page.locator(f"#{figure} .links a").first.click()
        watched_page.wait_for_selector("body[data-ready]")
        assert f"preset={figure}" in watched_page.url
        assert watched_page.evaluate("document.documentElement.lang") == "ja"
        number = figure.removeprefix("fig-")
        assert number in watched_page.inner_text("#choose")
    watched_page.click("#choose")
    watched_page.click("#all-figures")
    watched_page.wait_for_url(re.compile(r"/figures\?lang=ja$"))
    assert watched_page.evaluate("document.documentElement.lang") == "ja"


def test_the_contents_lead_to_each_figure_and_a_language_is_one_click_away(
    watched_page: Page, server: str
) -> None:
    opened(watched_page, server, "?lang=en")

    for figure in BOOK:
        watched_page.locator(f'.contents a[href="#{figure}"]').click()
        assert watched_page.url.endswith(f"#{figure}")
        box = watched_page.locator(f"#{figure} h3").bounding_box()
        assert box
        assert -1 <= box["y"] < 700
    watched_page.get_by_role("link", name="한국어").click()
    watched_page.wait_for_url(re.compile("lang=ko"))
    assert watched_page.evaluate("document.documentElement.lang") == "ko"


def test_the_page_stands_without_any_script(browser: Browser, server: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    watch = Watch(page, server)
    loaded = []
    page.on("response", lambda answer: loaded.append(answer.url))
    opened(page, server)
    summary = page.locator("#fig-5-29 summary")
    hidden = page.locator("#fig-5-29 details p")
    assert not hidden.is_visible()
    summary.click()
    assert hidden.is_visible()
    context.close()

    assert watch.unexpected() == []
    assert sum(".svg" in url and "/figures/" in url for url in loaded) == len(BOOK)
    assert not [url for url in loaded if url.endswith(".js")]


def test_no_figure_is_split_across_printed_pages(watched_page: Page, server: str) -> None:
    """On paper every figure with its words fits on one page, and says so to the printer."""
    watched_page.set_viewport_size({"width": 718, "height": 1047})  # A4 within its margins
    opened(watched_page, server, "?lang=en")
    watched_page.emulate_media(media="print")

    shown: list[Any] = watched_page.evaluate(
        "[...document.querySelectorAll('article')].map((a) => ["
        "getComputedStyle(a).breakInside, a.offsetHeight, a.scrollWidth <= a.clientWidth,"
        "a.querySelector('.on-paper').clientWidth <= a.clientWidth])"
    )
    assert len(shown) == len(BOOK)
    for inside, height, no_overflow, picture_fits in shown:
        assert inside == "avoid"
        assert height < 1047
        assert no_overflow
        assert picture_fits
    assert not watched_page.locator(".contents").is_visible()
    sides = re.findall(
        rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", watched_page.pdf(prefer_css_page_size=True)
    )
    across = [float(width) > float(height) for width, height in sides]
    # The two widest figures have a page each, lying on its side.
    assert across.count(True) == 2
    assert across.count(False) >= 3


def test_paper_has_the_light_pictures_even_from_a_dark_page(browser: Browser, server: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    opened(page, server)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(media="print")

    shown = page.evaluate(
        "[...document.querySelectorAll('article img')].filter((i) => i.checkVisibility())"
        ".map((i) => [new URL(i.currentSrc).search, i.complete && i.naturalWidth > 0])"
    )
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    assert shown == [["", True]] * len(BOOK)
    assert paper == "rgb(255, 255, 255)"
    assert not [url for url in asked if "/figures/" in url]

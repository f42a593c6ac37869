"""The page with all figures: complete in every language, without a script, every picture there."""

import html
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import datasets
from app.sessions import gallery, pictures
from app.sessions.gallery import FIGURES, THEMES, Gallery, Plate
from app.sessions.store.store import Record
from app.web.figures import SECTIONS, unbroken
from app.web.files import STATIC
from app.web.languages import LANGUAGES, strings

BOOK = [f"fig-5-{number}" for number in range(24, 31)]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def empty_gallery(app: FastAPI) -> Iterator[Gallery]:
    """The app with a gallery in which nothing is drawn yet."""
    kept, app.state.gallery = app.state.gallery, Gallery(datasets.load)
    yield app.state.gallery
    app.state.gallery = kept


def test_the_seven_figures_stand_in_the_order_of_the_book(client: TestClient) -> None:
    page = client.get("/figures").text

    assert re.findall(r'<article id="([^"]+)"', page) == BOOK
    assert re.findall(r'<a href="#(fig-[^"]+)">', page) == BOOK
    assert [figure for members in SECTIONS.values() for figure in members] == BOOK
    assert re.findall(r'<img src="/figures/([^"]+)\.svg"', page) == BOOK


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_words_are_there_in_every_language(client: TestClient, language: str) -> None:
    answer = client.get(f"/figures?lang={language}", headers={"Accept-Language": "xx"})
    page = html.unescape(answer.text)

    assert f'<html lang="{language}"' in page
    # Those of the other presets are of the explorer's menu.
    mine = ("figures.", "preset.fig-", "preset.two-layer")
    words = {key: text for key, text in strings(language, STATIC).items() if key.startswith(mine)}
    assert len(words) > 30
    assert [key for key, text in words.items() if unbroken(text) not in page] == []


def test_the_language_comes_from_the_address_then_from_the_browser(client: TestClient) -> None:
    asked = client.get("/figures?lang=ja", headers={"Accept-Language": "ko"})
    accepted = client.get("/figures", headers={"Accept-Language": "ko"})

    assert '<html lang="ja"' in asked.text
    assert '<html lang="ko"' in accepted.text
    assert "Accept-Language" in accepted.headers["vary"]
    assert accepted.headers["cache-control"] == "no-cache"


def test_the_languages_are_links_and_the_own_one_is_marked(client: TestClient) -> None:
    page = client.get("/figures?lang=ko").text

    links = re.findall(r'<a href="/figures\?lang=(\w+)"[^>]*?(aria-current)?="?[^>]*>', page)
    assert [code for code, _ in links] == list(LANGUAGES)
    assert re.findall(r'lang=(\w+)"[^>]*aria-current="true"', page) == ["ko"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_leads_to_its_steps_and_to_its_file(client: TestClient, language: str) -> None:
    page = html.unescape(client.get(f"/figures?lang={language}").text)

    for figure in BOOK:
        assert f'href="/?preset={figure}&lang={language}"' in page
        assert f'href="/figures/{figure}.svg"' in page
    for address in set(re.findall(r'(?:href|src|srcset)="(/[^"]*)"', page)):
        assert client.get(address).status_code == 200, address


def test_the_page_has_no_script_and_no_style_of_its_own(client: TestClient) -> None:
    page = client.get("/figures").text

    assert "<script" not in page
    assert "<style" not in page
    assert not re.search(r"\s(?:style|on[a-z]+)=", page)
    assert not re.search(r'(?:href|src|srcset|action)="(?:https?:)?//', page)


def test_equations_5_13_and_5_15_stand_beside_their_figures(client: TestClient) -> None:
    page = client.get("/figures").text
    articles = dict(re.findall(r'<article id="([^"]+)"(.*?)</article>', page, re.DOTALL))
    shown = {
        figure: [
            "".join(ElementTree.fromstring(found).itertext())
            for found in re.findall(r"<math.*?</math>", text, re.DOTALL)
        ]
        for figure, text in articles.items()
    }

    assert shown.pop("fig-5-25") == ["∂L∂X=∂L∂Y·WT", "∂L∂W=XT·∂L∂Y"]
    assert shown.pop("fig-5-26") == ["X=(x0,x1,…,xn)", "∂L∂X=(∂L∂x0,∂L∂x1,…,∂L∂xn)"]
    assert not any(shown.values())


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("figure", BOOK)
def test_every_picture_is_an_svg_of_the_size_that_the_page_says(
    client: TestClient, figure: str, theme: str
) -> None:
    answer = client.get(f"/figures/{figure}.svg?theme={theme}")
    page = client.get("/figures").text

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == f"{SVG}svg"
    width, height = (round(float(root.attrib[name])) for name in ("width", "height"))
    article = re.search(rf'<article id="{figure}".*?</article>', page, re.DOTALL)
    assert article
    assert f'width="{width}" height="{height}" decoding' in article[0]


@pytest.mark.parametrize("figure", BOOK)
def test_a_dark_picture_is_another_one_and_light_is_what_one_gets_unasked(
    client: TestClient, figure: str
) -> None:
    light, dark, unasked = (
        client.get(f"/figures/{figure}.svg{query}") for query in ("?theme=light", "?theme=dark", "")
    )

    assert unasked.content == light.content
    assert unasked.headers["etag"] == light.headers["etag"]
    assert dark.content != light.content
    assert dark.headers["etag"] != light.headers["etag"]


@pytest.mark.parametrize(
    ("figure", "numbers"),
    [
        ("fig-5-24", {5, 11, 17, 6, 13, 20}),
        ("fig-5-25", {22, 28}),
        ("fig-5-27", {10, 5, 7, 9}),
        ("fig-5-29", {0.3, -0.8, 0.5}),
        ("fig-5-30", {0.3, -0.8, 0.5}),
    ],
)
def test_the_numbers_of_the_whole_pass_are_in_the_picture(
    client: TestClient, figure: str, numbers: set[float]
) -> None:
    root = ElementTree.fromstring(client.get(f"/figures/{figure}.svg").text)
    texts = ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]
    shown = [text.replace("\N{MINUS SIGN}", "-") for text in texts]

    assert numbers <= {float(text) for text in shown if re.fullmatch(r"-?\d+(\.\d+)?", text)}


def test_an_unchanged_picture_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/figures/fig-5-25.svg")
    again = client.get("/figures/fig-5-25.svg", headers={"If-None-Match": first.headers["etag"]})
    other = client.get("/figures/fig-5-25.svg", headers={"If-None-Match": '"other"'})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert other.status_code == 200


def test_an_unknown_figure_is_not_found(client: TestClient) -> None:
    for name in ("fig-5-31", "two-layer", "fig-5-25.svg", "..%2f..%2fpyproject.toml", "%00"):
        answer = client.get(f"/figures/{name}.svg")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("theme", ["", "Dark", "sepia"])
def test_an_unknown_theme_is_refused(client: TestClient, theme: str) -> None:
    answer = client.get("/figures/fig-5-25.svg", params={"theme": theme})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/theme", "choice")


def test_the_head_alone_can_be_asked_for(client: TestClient) -> None:
    for address in ("/figures", "/figures/fig-5-25.svg?theme=dark"):
        head, whole = client.head(address), client.get(address)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("content-type", "cache-control"):
            assert head.headers[name] == whole.headers[name]
    assert head.headers["etag"] == whole.headers["etag"]


def test_page_and_pictures_are_sent_compressed(client: TestClient) -> None:
    for address in ("/figures", "/figures/fig-5-29.svg"):
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(answer.content) / 2


def test_page_and_pictures_carry_the_security_headers(client: TestClient) -> None:
    for address in ("/figures", "/figures/fig-5-24.svg", "/figures/none.svg"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.usefixtures("empty_gallery")
def test_looking_at_the_figures_makes_no_session(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Record] = []
    create = app.state.store.create

    def noted(record: Record, *owner: object) -> None:
        made.append(record)
        create(record, *owner)

    monkeypatch.setattr(app.state.store, "create", noted)
    assert client.get("/figures").status_code == 200
    assert made == []
    assert client.post("/api/v1/sessions", json={"preset": "fig-5-25"}).status_code == 201
    assert len(made) == 1


def test_a_picture_is_drawn_once_however_many_ask_and_again_after_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, go_on = threading.Event(), threading.Event()
    drawn: list[str] = []
    real = pictures.picture

    def slow(*args: object, **options: object) -> str:
        started.set()
        assert go_on.wait(10)
        drawn.append("once more")
        if len(drawn) == 1:
            raise RuntimeError("no ink")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(gallery, "picture", slow)
    plates = Gallery(datasets.load)

    def ask() -> Future[Plate]:
        return plates.plate("fig-5-24", "light", executor)

    with ThreadPoolExecutor(2) as executor:
        first = ask()
        assert started.wait(10)
        assert all(ask() is first for _ in range(20))
        go_on.set()
        with pytest.raises(RuntimeError):
            first.result(10)
        again = ask()
        assert again.result(10).svg
        assert ask() is again
        other = plates.plate("fig-5-24", "dark", executor)
        assert other.result(10) != again.result(10)

    assert len(drawn) == 3


@pytest.mark.usefixtures("empty_gallery")
def test_many_who_wait_for_a_picture_hold_up_nobody_else(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()
    real = pictures.picture

    def slow(*args: object, **options: object) -> str:
        started.set()
        assert go_on.wait(30)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(gallery, "picture", slow)
    with ThreadPoolExecutor(8) as readers:
        waiting = [readers.submit(client.get, "/figures/fig-5-30.svg") for _ in range(8)]
        assert started.wait(10)
        # More wait than there are threads to compute in, and both of these need one.
        assert client.get("/readyz").status_code == 200
        assert client.post("/api/v1/sessions", json={"preset": "fig-5-25"}).status_code == 201
        assert not any(one.done() for one in waiting)
        go_on.set()
        assert {one.result(30).status_code for one in waiting} == {200}


def test_no_line_ends_inside_numbers_or_a_short_formula() -> None:
    assert unbroken("Y = (0.3, −0.8, 0.5) and (2, 3) (here, two)") == (
        "Y\u00a0=\u00a0(0.3,\u00a0−0.8,\u00a00.5) and (2,\u00a03) (here, two)"
    )
    assert unbroken("the other gradient, ∂L/∂Y") == "the other gradient, ∂L/\u2060∂Y"
    assert unbroken("X가 (2,)이고, (3,) です") == "X가 (2,)\u2060이고, (3,) です"
    assert unbroken("남는 것은 y − t뿐, y − t.") == (
        "남는 것은 y\u00a0−\u00a0t뿐, y\u00a0−\u00a0t."
    )


def test_the_figures_are_the_presets_of_the_book() -> None:
    assert list(FIGURES) == BOOK


@pytest.mark.parametrize(
    ("asked", "theme"), [("dark", "dark"), ("light", "light"), ("x", "system")]
)
def test_the_page_has_the_theme_that_was_chosen_in_the_explorer(
    client: TestClient, asked: str, theme: str
) -> None:
    page = client.get("/figures", params={"theme": asked}).text
    sources = re.findall(r"<source[^>]*>", page)

    assert f'data-theme="{theme}"' in page
    assert len(sources) == (0 if theme == "light" else len(BOOK))
    assert all(("media=" in source) == (theme == "system") for source in sources)
    kept = re.findall(r'href="(/figures\?lang=[^"]+)" hreflang="\w+" lang', page)
    ending = "" if theme == "system" else f"&amp;theme={theme}"
    assert len(kept) == 3
    assert all(link.endswith(ending) for link in kept)


def test_the_heading_of_a_section_is_printed_on_the_page_of_its_first_figure(
    client: TestClient,
) -> None:
    page = client.get("/figures").text
    sections = re.findall(
        r'<h2 id="section-\w+"( class="wide")?>.*?<article id="[^"]+"( class="wide")?',
        page,
        re.DOTALL,
    )

    assert len(sections) == 3
    assert all(heading == figure for heading, figure in sections)
    assert any(heading for heading, _ in sections)

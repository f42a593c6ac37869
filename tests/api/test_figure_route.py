"""GET /api/v1/sessions/{id}/figure.svg: the page's picture, for whoever may read the session."""

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.drawing.svg.palette import PALETTES
from app.web.languages import LANGUAGES
from app.web.pages import words
from tests.api.conftest import API, Owner, pointers

SVG = "{http://www.w3.org/2000/svg}"
PATH = "/figure.svg"


@pytest.fixture
def figure(client: TestClient) -> Owner:
    return Owner(client, {"preset": "fig-5-27"})


def texts(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {one.text or "" for one in ElementTree.fromstring(answer.text).iter(f"{SVG}text")}


def test_it_is_an_svg_that_shows_the_session_where_it_stands(figure: Owner) -> None:
    answer = figure.get(PATH)

    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert "content-disposition" not in answer.headers
    assert EMPTY in answer.text
    assert "10" not in texts(answer)
    figure.post("/step", {"granularity": "op"})
    # X . W is there now; its second row is (10, 10, 10).
    assert "10" in texts(figure.get(PATH))


EMPTY = 'stroke-dasharray="3 3"'


def test_a_cursor_of_the_query_leaves_the_session_s_own_alone(figure: Owner) -> None:
    before = figure.state["cursor"]

    assert EMPTY not in figure.get(f"{PATH}?cursor=end").text
    assert EMPTY in figure.get(f"{PATH}?cursor=0").text
    rows = [texts(figure.get(f"{PATH}?cursor={place}")) for place in ("0.3", "0.4", "1")]
    assert ["10" in row for row in rows] == [False, True, True]
    assert figure.state["cursor"] == before


def test_it_is_named_and_described_in_the_language_that_is_asked_for(
    figure: Owner, client: TestClient
) -> None:
    def told(lang: str | None) -> tuple[str | None, str, str]:
        answer = figure.get(PATH + (f"?lang={lang}" if lang else ""))
        root = ElementTree.fromstring(answer.text)
        title, description = (root.find(f"{SVG}{name}") for name in ("title", "desc"))
        assert title is not None
        assert description is not None
        return root.get("lang"), title.text or "", description.text or ""

    # By itself it is for tools.
    assert told(None)[0] == "en"
    assert "gradient on W into dot" in told(None)[2]
    for lang, letters in (("ko", "[\uac00-\ud7a3]"), ("ja", "[\u3041-\u30ff]"), ("en", "[A-Z]")):
        tag, title, description = told(lang)
        assert (tag, title) == (lang, words(lang)["preset.fig-5-27"])
        assert re.search(letters, description)
        # Each named edge: what it is, its shape, its way.
        said = description.split("; ")
        assert len(said) == 10
        shape = words(lang)["edge.shape"].replace("{shape}", "(N, 3)")
        assert words(lang)["edge.value"].replace("{name}", "Y") + f", {shape}, + \u2192" in said
        assert sum(words(lang)["edge.gradient"].replace("{name}", "") in one for one in said) == 5
    # A picture in one language is not kept for another.
    tags = {figure.get(f"{PATH}?lang={lang}").headers["etag"] for lang in LANGUAGES}
    assert len(tags) == len(LANGUAGES)
    assert figure.get(f"{PATH}?lang=xx").status_code == 422
    asked = client.get("/openapi.json").json()["paths"][f"{API}/sessions/{{id}}/figure.svg"]
    (lang_query,) = (one for one in asked["get"]["parameters"] if one["name"] == "lang")
    assert set(LANGUAGES) <= set(re.findall(r"'(\w\w)'", str(lang_query["schema"])))


def test_another_view_is_drawn_at_the_same_place_of_the_pass(owner: Owner) -> None:
    backward = {"granularity": "phase"}
    while owner.state["cursor"]["phase"] != "backward":
        owner.post("/step", backward)

    own, opened = owner.get(PATH), owner.get(f"{PATH}?level=element&loss=opened&sample=1")
    # The forward half is known in both, the backward half in neither.
    for answer in (own, opened):
        assert EMPTY in answer.text
        assert 'stroke-dasharray="3 4"' in answer.text
    assert "log" in texts(opened)
    assert "log" not in texts(own)


def test_an_opened_layer_and_the_form_of_the_loss_are_those_asked_for(owner: Owner) -> None:
    boxes = texts(owner.get(f"{PATH}?level=network"))
    one = texts(owner.get(f"{PATH}?level=network&open=affine1"))
    stable = texts(owner.get(f"{PATH}?level=element&loss=opened&form=stable"))
    book = texts(owner.get(f"{PATH}?level=element&loss=opened&form=book"))

    assert "dot" in one - boxes
    assert "max" in stable - book


def test_its_colours_numbers_equations_and_light_are_chosen(figure: Owner) -> None:
    light, dark = PALETTES["light"], PALETTES["dark"]
    assert f'fill="{light.paper}"' in figure.get(PATH).text
    assert f'fill="{dark.paper}"' in figure.get(f"{PATH}?theme=dark").text
    bare = figure.get(f"{PATH}?numbers=false&equations=false&cursor=end")
    assert texts(bare) == {
        "(N, 2), N = 3", "(N, 2)", "(N, 3)", "(2, 3)", "(3,)", "dot", "+", "1", "2", "3",
    }  # fmt: skip
    wide, narrow = (
        float(ElementTree.fromstring(figure.get(f"{PATH}?equations={word}").text).attrib["width"])
        for word in ("true", "false")
    )
    assert wide > narrow
    assert "opacity" in figure.get(f"{PATH}?cursor=1&lit=true").text
    assert "opacity" not in figure.get(f"{PATH}?cursor=1").text
    assert "opacity" not in figure.get(f"{PATH}?cursor=0&lit=true").text


def test_a_download_has_the_name_of_the_figure(figure: Owner, owner: Owner) -> None:
    names = [
        one.get(f"{PATH}?download=true").headers["content-disposition"] for one in (figure, owner)
    ]
    assert names == ['attachment; filename="fig-5-27.svg"', 'attachment; filename="network-op.svg"']


def test_a_tag_covers_the_numbers_the_cursor_and_all_that_is_asked(figure: Owner) -> None:
    queries = [
        "", "?cursor=0.1", "?cursor=end", "?theme=dark", "?numbers=false", "?equations=false",
        "?lit=true", "?level=network", "?level=layer",
    ]  # fmt: skip
    tags = [figure.get(PATH + query).headers["etag"] for query in queries]
    assert len(set(tags)) == len(tags)
    assert figure.get(PATH).headers["etag"] == tags[0]
    figure.post("/step")
    assert figure.get(PATH).headers["etag"] not in tags
    assert figure.get(f"{PATH}?cursor=0.1").headers["etag"] not in tags


def test_who_has_it_already_gets_no_second_copy(figure: Owner) -> None:
    tag = figure.get(f"{PATH}?theme=dark").headers["etag"]

    again = figure.get(f"{PATH}?theme=dark", headers={"If-None-Match": tag})
    other = figure.get(PATH, headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == other.headers["cache-control"] == "private, no-cache"
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=-1", "/cursor"),
        ("cursor=start", "/cursor"),
        ("cursor=0.", "/cursor"),
        ("cursor=99999", "/cursor"),
        ("cursor=0.9", "/cursor"),
        ("cursor=1.99", "/cursor"),
        ("theme=sepia", "/theme"),
        ("numbers=some", "/numbers"),
        ("equations=2", "/equations"),
        ("lit=maybe", "/lit"),
        ("download=please", "/download"),
        ("level=floor", "/level"),
        ("sample=5", "/sample"),
        ("open=softmax", "/open"),
        ("open=affine1.dot", "/open"),
        ("single=true", "/single"),
    ],
)
def test_a_wrong_query_is_refused_by_name(figure: Owner, query: str, field: str) -> None:
    answer = figure.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert pointers(answer) == [field]


def test_the_last_places_of_the_trace_are_places(figure: Owner) -> None:
    events = figure.state["cursor"]["events"]
    assert figure.get(f"{PATH}?cursor={events}").text == figure.get(f"{PATH}?cursor=end").text
    assert figure.get(f"{PATH}?cursor=0.5").status_code == 200


def test_a_session_that_is_not_there_has_no_figure(client: TestClient) -> None:
    answer = client.get(f"{API}/sessions/unknown{PATH}")
    assert (answer.status_code, pointers(answer)) == (404, [])


def test_the_document_describes_it_as_a_picture(app: FastAPI) -> None:
    operation = app.openapi()["paths"][f"{API}/sessions/{{id}}{PATH}"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"image/svg+xml"}
    assert {"200", "304", "404", "422"} <= set(operation["responses"])
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names >= {"level", "loss", "sample", "single", "open", "form", "cursor", "theme"}
    assert all(re.search(r"\w", one.get("description", "x")) for one in operation["parameters"])


def test_a_picture_of_more_numbers_than_are_drawn_is_refused(figure: Owner) -> None:
    heavy = figure.client.app.state.heavy  # type: ignore[attr-defined]
    limits, heavy.limits = heavy.limits, replace(heavy.limits, drawn_cells=3)
    try:
        refused = figure.get(f"{PATH}?level=op")
        without = figure.get(f"{PATH}?level=op&numbers=false")
    finally:
        heavy.limits = limits

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["allowed"] == {"maximum": 3}
    assert without.status_code == 200

"""A figure as an SVG file: whole by itself, safe in any page, and true to the moment."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from app import datasets
from app.drawing.svg.figure import figure_svg
from app.drawing.svg.look import Play, Shown
from app.drawing.svg.numbers import short
from app.drawing.svg.palette import PALETTES
from app.drawing.svg.svg import PREFIX
from app.engine.strides import Cursor
from app.engine.trace import Trace
from app.sessions.gallery import preset_session
from app.sessions.passes import Passes
from app.sessions.pictures import shown_at
from app.sessions.presets import PRESETS

Json = dict[str, Any]

SVG = "{http://www.w3.org/2000/svg}"
# All that a picture may consist of: none of it can run, fetch, or set a rule for its page.
ELEMENTS = {
    "svg", "title", "desc", "defs", "symbol", "linearGradient", "stop",
    "g", "path", "use", "rect", "circle", "text", "image",
}  # fmt: skip
ATTRIBUTES = {
    "id", "viewBox", "width", "height", "role", "lang", "overflow", "d", "x", "y", "cx", "cy", "r",
    "rx", "href", "transform", "opacity", "fill", "stroke", "stroke-width", "stroke-dasharray",
    "stroke-linejoin", "stroke-opacity", "font-family", "font-size", "font-weight", "text-anchor",
    "offset", "stop-color", "preserveAspectRatio", "image-rendering",
}  # fmt: skip
EMPTY_SLOT, WAITING = "3 3", "3 4"

passes = Passes()


@lru_cache
def drawn(name: str) -> tuple[Json, Trace]:
    session = preset_session(name, datasets.load)
    return passes.drawing(session), passes.trace(session)


def moments(trace: Trace) -> Iterator[Cursor]:
    """The start, the middle of each third, within an event, and the end."""
    events = len(trace.events)
    yield from (Cursor(events * third // 3) for third in range(4))
    many = max(range(events), key=lambda seq: trace.events[seq].elements)
    yield Cursor(many, trace.events[many].elements // 2)


def told_apart(drawing: Json) -> dict[str, np.ndarray]:
    """A number of its own for every cell of every edge; no two look alike."""
    values, count = {}, 10_000
    for edge in drawing["edges"]:
        label = edge["label"]
        if label and label["mode"] in ("scalar", "grid", "fan"):
            # A fan does not say how many classes there are; it shows the last of them.
            size = max(seen_positions(label)) + 1
            values[edge["key"]] = np.arange(count, count + size, dtype=float)
            count += size
    return values


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def dashes(svg: str) -> Counter[str]:
    return Counter(
        one.get("stroke-dasharray", "") for one in ElementTree.fromstring(svg).iter()
    )  # fmt: skip


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_picture_is_whole_by_itself_and_safe_in_any_page(name: str, theme: str) -> None:
    drawing, trace = drawn(name)
    for cursor in moments(trace):
        for numbers in (True, False):
            for lit in (True, False):
                shown = shown_at(trace, cursor, numbers=numbers, lit=lit)
                for equations in (True, False):
                    check(figure_svg(drawing, shown, theme, equations=equations))
    check(figure_svg(drawing, None, theme))


def check(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    ids = [one.attrib["id"] for one in root.iter() if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    referred = set()
    for one in root.iter():
        assert one.tag.removeprefix(SVG) in ELEMENTS
        assert set(one.attrib) <= ATTRIBUTES, one.attrib
        places = [value for name, value in one.attrib.items() if name in ("x", "y", "d", "points")]
        assert not re.search("nan|inf|None", " ".join(places))
        if (href := one.get("href")) is not None:
            assert href.startswith(("#", "data:image/png;base64,"))
            referred.add(href)
        if "url(" in (fill := one.get("fill", "")):
            referred.add(re.fullmatch(r"url\((#[\w-]+)\)", fill)[1])  # type: ignore[index]
    assert {one for one in referred if one.startswith("#")} >= {
        f"#{id}" for id in ids if not re.search("-(forward|backward)", id)
    }
    assert {one[1:] for one in referred if one.startswith("#")} <= set(ids)
    assert svg.count("http") == 1
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert PREFIX not in svg
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    assert (width, height) == (float(root.attrib["width"]), float(root.attrib["height"]))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")


@pytest.mark.parametrize("name", PRESETS)
def test_the_numbers_in_it_are_those_known_and_no_other(name: str) -> None:
    drawing, trace = drawn(name)
    values = told_apart(drawing)
    for cursor in moments(trace):
        known = shown_at(trace, cursor, numbers=True, lit=False).known
        svg = figure_svg(drawing, Shown(values, known), "light")

        written = {text for text in texts(svg) if re.fullmatch(r"\d{5}", text)}
        expected = set()
        for edge in drawing["edges"]:
            label, key = edge["label"], edge["key"]
            for position in seen_positions(label) if key in values else ():
                if position < known.get(key, 0):
                    expected.add(short(float(values[key][position])))
        assert written == expected


def seen_positions(label: Json) -> list[int]:
    fan: list[int] = label["fan"]["rows"] if label["mode"] == "fan" else []
    return fan or list(range(label["rows"] * label["cols"]))


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_not_computed_is_an_empty_dashed_place_and_a_faint_arrow(name: str) -> None:
    drawing, trace = drawn(name)
    for cursor in moments(trace):
        shown = shown_at(trace, cursor, numbers=True, lit=False)
        empty = waiting = 0
        for edge in drawing["edges"]:
            label, known = edge["label"], shown.known.get(edge["key"], 0)
            waiting += edge["direction"] == "backward" and known == 0
            if label and label["mode"] == "fan":
                empty += sum(row >= known for row in label["fan"]["rows"])
            elif label and label["mode"] != "name":
                empty += known < label["rows"] * label["cols"]

        found = dashes(figure_svg(drawing, shown, "light"))
        assert (found[EMPTY_SLOT], found[WAITING]) == (empty, waiting)


def test_without_numbers_there_are_names_and_shapes_alone() -> None:
    drawing, trace = drawn("fig-5-25")
    end = Cursor(len(trace.events))
    without = figure_svg(drawing, None, "light", equations=False)

    assert set(texts(without)) == {"(2,)", "(2, 3)", "(3,)", "dot", "+", "1", "2"}
    assert dashes(without)[EMPTY_SLOT] == dashes(without)[WAITING] == 0
    assert without == figure_svg(
        drawing, shown_at(trace, end, numbers=False, lit=False), "light", equations=False
    )


def test_the_input_image_is_there_without_numbers() -> None:
    drawing, trace = drawn("fig-5-28")
    shown = shown_at(trace, Cursor(), numbers=False, lit=False)
    assert figure_svg(drawing, shown, "light").count("<image") == 1


def test_the_same_moment_gives_the_same_bytes_and_another_one_other_ids() -> None:
    drawing, trace = drawn("two-layer")
    moment = [shown_at(trace, Cursor(seq), numbers=True, lit=False) for seq in (3, 3, 4)]
    first, again, later = (figure_svg(drawing, shown, "light") for shown in moment)
    dark = figure_svg(drawing, moment[0], "dark")

    assert first == again
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, later, dark)]
    assert all(ids)
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]


def test_the_equations_stand_at_the_side_and_can_be_left_out() -> None:
    drawing, _ = drawn("fig-5-27")
    with_them = ElementTree.fromstring(figure_svg(drawing, None, "light"))
    without = ElementTree.fromstring(figure_svg(drawing, None, "light", equations=False))

    assert float(without.attrib["height"]) == math.ceil(drawing["height"])
    widest = max(one["picture"]["width"] for one in drawing["equations"])
    assert float(with_them.attrib["width"]) >= drawing["width"] + widest
    assert with_them.attrib["height"] == without.attrib["height"]
    boxes = Counter(one.text for one in with_them.iter(f"{SVG}text") if one.get("font-weight"))
    assert boxes == {"1": 2, "2": 2, "3": 2}


def test_the_equations_stand_below_where_there_is_no_room_at_the_side() -> None:
    drawing, _ = drawn("fig-5-27")
    low = {**drawing, "nodes": [], "edges": [], "groups": [], "height": 40.0}
    picture = ElementTree.fromstring(figure_svg(low, None, "light"))
    lowest = max(one["picture"]["height"] for one in drawing["equations"])
    assert float(picture.attrib["height"]) >= 40 + lowest
    assert float(picture.attrib["width"]) == math.ceil(drawing["width"])


def test_a_drawing_without_pictures_of_its_equations_ends_with_the_figure() -> None:
    drawing, _ = drawn("fig-5-27")
    bare = [{k: v for k, v in one.items() if k != "picture"} for one in drawing["equations"]]
    svg = figure_svg({**drawing, "equations": bare}, None, "light")
    assert float(ElementTree.fromstring(svg).attrib["height"]) == math.ceil(drawing["height"])


def test_the_op_in_play_stands_out_and_all_else_steps_back() -> None:
    drawing, trace = drawn("fig-5-25")
    event = trace.events[0]
    play = Play(event.node, frozenset(event.reads), frozenset(event.writes), 1)
    known = dict.fromkeys((*event.reads, *trace.inputs), 6) | dict.fromkeys(event.writes, 2)
    values = {key: trace.array(key) for key in trace.known}
    lit = figure_svg(drawing, Shown(values, known, play), "light")
    plain = figure_svg(drawing, Shown(values, known), "light")

    palette = PALETTES["light"]
    accent = palette.accent
    root = ElementTree.fromstring(lit)
    ringed = [one for one in root.iter() if one.get("stroke") == accent and one.get("fill")]
    # The circle of `dot`, and the cell that was made last.
    assert [one.tag.removeprefix(SVG) for one in ringed[:2]] == ["circle", "rect"]
    for sign in ('opacity="0.38"', 'stroke-opacity="0.6"', palette.dim_ink, palette.dim_grey):
        assert sign in lit
        assert sign not in plain
    assert "opacity" not in plain


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ValueError, match="light, dark"):
        figure_svg(drawn("fig-5-24")[0], None, "sepia")

"""The parts of a figure as an SVG file: heat maps, colours, text."""

import base64
import re
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from app import datasets
from app.drawing.figure.graph_json import Drawing
from app.drawing.svg.figure import figure_svg
from app.drawing.svg.heat import scale_of
from app.drawing.svg.look import Shown
from app.drawing.svg.palette import FONTS, PALETTES
from app.drawing.svg.png import Inks, heat_png
from app.drawing.svg.svg import PREFIX, clean, element, fitted, number
from app.sessions.gallery import preset_session
from app.sessions.passes import Passes

SVG = "{http://www.w3.org/2000/svg}"
BASE_CSS = Path(__file__).parents[2] / "static" / "css" / "base.css"


def digits_heat_map() -> tuple[Drawing, str, np.ndarray]:
    """Figure 5-28, the key of a heat map in it, and its numbers."""
    passes, session = Passes(), preset_session("fig-5-28", datasets.load)
    drawing = passes.drawing(session)
    key = next(
        edge["key"] for edge in drawing["edges"]
        if edge["label"] and edge["label"]["mode"] == "heat" and "output" in edge["key"]
    )  # fmt: skip
    return drawing, key, passes.trace(session).array(key)


def test_a_shade_of_a_heat_map_means_the_same_at_every_step() -> None:
    drawing, key, numbers = digits_heat_map()
    values = {key: numbers}
    size = values[key].size
    colours = []
    for known in (1, size // 2, size):
        (png,) = images(figure_svg(drawing, Shown(values, {key: known}), "light"))
        cells = palette_pixels(png)[0]
        colours.append(tuple(cells[0]))
        clear = (cells[:, 3] == 0).mean()
        assert clear == pytest.approx(1 - known / size)
    assert len(set(colours)) == 1


def test_the_shades_of_numbers_as_large_as_there_are_go_from_end_to_end() -> None:
    drawing, key, numbers = digits_heat_map()
    value = np.zeros_like(numbers)
    value.flat[:2] = -1.7e308, 1.7e308
    picture = figure_svg(drawing, Shown({key: value}, {key: value.size}), "light")
    windows = [one.attrib["viewBox"] for one in ElementTree.fromstring(picture).iter(f"{SVG}svg")]
    assert "0.0000 0 1.0000 1" in windows
    assert not any("nan" in window or "inf" in window for window in windows)


def images(svg: str) -> list[bytes]:
    found = [one.attrib["href"] for one in ElementTree.fromstring(svg).iter(f"{SVG}image")]
    return [base64.b64decode(href.partition(",")[2]) for href in found]


def palette_pixels(png: bytes) -> np.ndarray:
    """RGBA of a PNG as `heat_png` writes it: 256 colours, no filter."""
    chunks, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 3, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    colours = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    opacity = np.where(np.arange(len(colours)) < 1, chunks[b"tRNS"][0], 255)
    return np.hstack([colours, opacity[:, None]])[lines[:, 1:]]


def test_a_heat_map_has_paper_at_0_and_the_inks_at_its_ends() -> None:
    inks = Inks((250, 251, 252), (10, 20, 30), (100, 0, 200))
    cells = np.array([0.0, 2.0, -2.0, 1.0, np.inf, -np.inf, np.nan])
    (line,) = palette_pixels(heat_png(cells, (1, 8), (2.0, 0.25), 2.0, inks))

    assert line[:3].tolist() == [[*inks.paper, 255], [*inks.above, 255], [*inks.below, 255]]
    assert line[3].tolist() == [130, 136, 141, 255]
    assert line[4:7].tolist() == [[*inks.above, 255], [*inks.below, 255], [*inks.above, 255]]
    assert line[7, 3] == 0


def test_cells_are_blocks_of_pixels_so_that_no_program_blurs_them() -> None:
    inks = Inks((255, 255, 255), (0, 0, 0), (0, 0, 255))
    picture = palette_pixels(heat_png(np.array([1.0, 0.0]), (1, 2), (44.0, 14.0), 1.0, inks))
    assert picture.shape == (56, 176, 4)
    assert not picture[:, :88, :3].any()
    assert (picture[:, 88:, :3] == 255).all()


def test_a_scale_goes_from_0_or_as_far_below_as_above() -> None:
    assert scale_of(np.array([3.0, 1.0, np.inf, np.nan])) == (0, 3)
    assert scale_of(np.array([1.0, -4.0])) == (-4, 4)
    assert scale_of(np.array([0.0, 0.0])) == (0, 0)
    assert scale_of(np.array([np.nan])) == (0, 0)
    assert scale_of(np.array([0.1], np.float32)) == (0, 0.1)


def test_the_colours_and_typefaces_are_those_of_the_page() -> None:
    css = BASE_CSS.read_text("utf-8")
    blocks = {
        "light": re.search(r":root \{(.*?)\n\}", css, re.DOTALL),
        "dark": re.search(r':root\[data-theme="dark"\] \{(.*?)\n\}', css, re.DOTALL),
    }
    for theme, block in blocks.items():
        assert block
        colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block[1]))
        for role, colour in vars(PALETTES[theme]).items():
            assert colours[role.replace("_", "-")] == colour
    assert blocks["light"]
    (faces,) = re.findall(r"--sans: (.*);", blocks["light"][1])
    assert faces.replace('"', "'") == FONTS


def test_words_are_escaped_and_rid_of_what_xml_cannot_hold() -> None:
    assert clean(f"a<b&c\x00\x1b{PREFIX}\ud800\ufffe") == "a&lt;b&amp;c"
    assert element("g", {"a": 'x"<', "b": None, "c": 1.0}) == '<g a=\'x"&lt;\' c="1"/>'
    assert [number(value) for value in (1.0, 0.5, -0.001, 10, 1.005, 100)] == [
        "1", "0.5", "0", "10", "1", "100",
    ]  # fmt: skip


def test_a_number_too_wide_for_its_place_is_squeezed_and_a_short_one_is_not() -> None:
    assert "transform" not in fitted("1.234", 10, 20, 52, 6.7, {}, 12)
    squeezed = ElementTree.fromstring(fitted("\u22121.234e\u22125", 10, 20, 52, 6.7, {}, 12))
    scale = float(squeezed.attrib["transform"].partition("scale(")[2].split()[0])
    assert 0.6 < scale < 0.95
    # From the left end of its room on: 26 px before the middle.
    assert squeezed.attrib["transform"].startswith("translate(-16 20)")
    assert squeezed.attrib["text-anchor"] == "start"
    style: dict[str, str | float | None] = {"text-anchor": "end"}
    assert "translate(-42 20)" in fitted("\u22121.234e\u22125", 10, 20, 52, 6.7, style, 12)

"""A figure as one self-contained SVG: what the page shows, for a slide, a paper or a notebook.

Presentation attributes only: no script, style, class name or foreign object, no address but
``data:`` and ``#``. Ids have a prefix that differs between pictures, so several can stand in one
page. The same arguments give the same bytes.
"""

import hashlib
import math
from typing import Any

from app.drawing.figure.captions import Caption, english
from app.drawing.svg.formulas import formula_at, formula_definitions
from app.drawing.svg.heat import shades
from app.drawing.svg.labels import SMALL_SIZE, label_of
from app.drawing.svg.look import Look, Shown, look_at
from app.drawing.svg.nodes import BOX, group_of, line_of, node_of, numbered
from app.drawing.svg.palette import FONTS
from app.drawing.svg.svg import PREFIX, Value, clean, element, head, number, text

__all__ = ["Shown", "figure_svg"]

Json = dict[str, Any]

# Room around the equations at the side of the drawing, or below it, and between them.
MARGIN, GAP, BOX_GAP = 16.0, 36.0, 10.0
BRACKET_HEAD = (5.0, 6.0)


def figure_svg(
    drawing: Json,
    shown: Shown | None,
    theme: str,
    *,
    equations: bool = True,
    scale: float = 1.0,
    caption: Caption | None = None,
) -> str:
    """Paint a drawing.

    Args:
        drawing: of `app.drawing.figure.graph_json.draw`.
        shown: the numbers of a moment, and the op in play; None for none.
        theme: ``light`` or ``dark``.
        equations: whether the numbered equations stand at the side of the drawing, or below it
            where it is not high enough.
        scale: how much larger than in the drawing it is shown.
        caption: the picture's name and description for screen readers; None for English.

    Returns:
        The SVG in one line.

    Raises:
        ValueError: the theme is unknown.
    """
    look = look_at(shown, theme)
    told = caption or english(drawing, "Computational graph")
    width, height = drawing["width"], drawing["height"]
    body = _figure(drawing, look)
    if equations:
        beside, width, height = _equations(drawing, look, width, height)
        body += beside
    # Whole pixels: a PNG of twice the size is then exactly that.
    width, height = math.ceil(width), math.ceil(height)
    root: dict[str, Value] = {
        "xmlns": "http://www.w3.org/2000/svg", "width": width * scale, "height": height * scale,
        "viewBox": f"0 0 {number(width)} {number(height)}", "role": "img",
        "lang": told.language,
        "font-family": FONTS,
    }  # fmt: skip
    paper = element("rect", {"width": width, "height": height, "fill": look.palette.paper})
    picture = element(
        "svg", root,
        element("title", {}, clean(told.title)),
        element("desc", {}, clean(told.description)),
        _definitions(drawing, body, look), paper, body,
    )  # fmt: skip
    digest = hashlib.sha256(picture.encode("utf-8")).hexdigest()
    return picture.replace(PREFIX, f"fig{digest[:12]}")


def _figure(drawing: Json, look: Look) -> str:
    """From back to front: frames, lines, nodes, labels, numbered boxes."""
    edges = drawing["edges"]
    parts = [group_of(group, look) for group in drawing["groups"]]
    parts += [line_of(edge, look) for edge in edges]
    parts += [node_of(node, drawing, look) for node in drawing["nodes"] if node["w"] > 0]
    parts += [label_of(edge, drawing, look) for edge in edges if edge["label"]]
    parts += [
        numbered(edge["box"], edge["box_at"], look)
        for edge in edges
        if edge["box"] and edge.get("box_at")
    ]
    return "".join(parts)


def _definitions(drawing: Json, body: str, look: Look) -> str:
    """What the body refers to by ids."""
    gradients = shades(look) if "url(#" in body else ""
    return element("defs", {}, formula_definitions(drawing, body), gradients)


def _equations(drawing: Json, look: Look, width: float, top: float) -> tuple[str, float, float]:
    """The numbered equations, and the picture's size with them."""
    pictured = [one for one in drawing["equations"] if one.get("picture")]
    if not pictured:
        return "", width, top
    high = sum(one["picture"]["height"] + MARGIN for one in pictured) - MARGIN
    if high + 2 * MARGIN <= top:
        return _at_the_side(pictured, look, width, top, (top - high) / 2)
    parts, x, y, row = [], MARGIN, top, 0.0
    for equation in pictured:
        picture = equation["picture"]
        wide = BOX + BOX_GAP + picture["width"]
        if x > MARGIN and x + wide + MARGIN > width:
            x, y, row = MARGIN, y + row, 0.0
        box = numbered(equation["number"], (x + BOX / 2, y + _baseline(picture) - 5), look)
        move = f"translate({number(x + BOX + BOX_GAP)} {number(y)})"
        parts.append(box + element("g", {"transform": move}, equation_picture(picture, look)))
        width = max(width, x + wide + MARGIN)
        x += wide + GAP
        row = max(row, picture["height"] + BOX_GAP)
    return "".join(parts), width, y + row + MARGIN - BOX_GAP


def _at_the_side(
    pictured: list[Json], look: Look, width: float, height: float, y: float
) -> tuple[str, float, float]:
    """The equations below each other at the right, in the middle of the height."""
    parts = []
    for equation in pictured:
        picture = equation["picture"]
        at = (width + BOX / 2, y + _baseline(picture) - 5)
        move = f"translate({number(width + BOX + BOX_GAP)} {number(y)})"
        parts.append(numbered(equation["number"], at, look))
        parts.append(element("g", {"transform": move}, equation_picture(picture, look)))
        y += picture["height"] + MARGIN
    widest = max(one["picture"]["width"] for one in pictured)
    return "".join(parts), width + BOX + BOX_GAP + widest + MARGIN, height


def _baseline(picture: Json) -> float:
    baseline: float = picture["formulas"][0]["y"]
    return baseline


def equation_picture(picture: Json, look: Look) -> str:
    """An equation with the shapes under its factors and the brackets between their sizes."""
    palette = look.palette
    parts = [
        formula_at(one["formula"], one["x"], one["y"], palette.ink) for one in picture["formulas"]
    ]
    style: dict[str, Value] = {"font-size": SMALL_SIZE, "fill": palette.grey}
    parts += [text(one["text"], one["x"], one["y"], style) for one in picture["texts"]]
    for line in picture["lines"]:
        points = line["points"]
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        if line["head"]:
            path += head(points, *BRACKET_HEAD, filled=False)
        ink = palette.accent if line["kind"] == "inner" else palette.red
        parts.append(
            element("path", {"d": path, "fill": "none", "stroke": ink, "stroke-width": 1.4})
        )
    return "".join(parts)

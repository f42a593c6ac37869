"""Lines, nodes, frames and numbered boxes of a picture."""

from typing import Any

import numpy as np

from app.drawing.svg.formulas import formula_at
from app.drawing.svg.heat import image, inks_of, scale_of
from app.drawing.svg.labels import LINES, MIDDLE
from app.drawing.svg.look import Look
from app.drawing.svg.png import heat_png
from app.drawing.svg.svg import Point, Value, element, head, rounded_path, shortened, text

Json = dict[str, Any]

OPEN_HEAD, FILLED_HEAD = (8.0, 9.0), (12.0, 12.0)
SIGNS = {"-": "\u2212", "x": "\u00d7"}
SYMBOL_SIZE, LONG_SIZE, TITLE_SIZE, GROUP_SIZE, BOX_SIZE = 17.0, 12.0, 14.0, 12.0, 12.0
LONG = 3
BOX = 18.0
# How much of an outline and of the input image is left where they step back.
OUTLINE, IMAGE = 0.6, 0.5


def line_of(edge: Json, look: Look) -> str:
    """The arrow of an edge; a fan's arrows stand with its label."""
    key = edge["key"]
    if edge["label"] and edge["label"]["mode"] == "fan":
        return ""
    if edge["direction"] == "backward":
        parts = _backward(edge, look)
    else:
        width = 2 if look.made(key) else 1.2
        stroke = {"fill": "none", "stroke": look.palette.ink, "stroke-width": width}
        path = rounded_path(edge["points"]) + head(edge["points"], *OPEN_HEAD, filled=False)
        parts = element("path", {**stroke, "stroke-linejoin": "round", "d": path})
    clear = look.behind(look.lit(key)).clear(LINES)
    return parts if clear is None else element("g", {"opacity": clear}, parts)


def _backward(edge: Json, look: Look) -> str:
    points, palette = edge["points"], look.palette
    line = rounded_path(shortened(points, FILLED_HEAD[0] - 1))
    tip = head(points, *FILLED_HEAD, filled=True)
    if look.shown.numbers and look.known(edge["key"]) == 0:
        # Before a gradient has come, its arrow is only the place for it.
        faint: dict[str, Value] = {"stroke": palette.faint, "stroke-width": 1}
        dashes = {"fill": "none", "stroke-dasharray": "3 4", "stroke-linejoin": "round", "d": line}
        return element("path", {**faint, **dashes}) + element(
            "path", {**faint, "fill": palette.paper, "stroke-linejoin": "round", "d": tip}
        )
    stroke: dict[str, Value] = {"fill": "none", "stroke": palette.red, "stroke-width": 3}
    return element("path", {**stroke, "stroke-linejoin": "round", "d": line}) + element(
        "path", {"fill": palette.red, "d": tip}
    )


def node_of(node: Json, drawing: Json, look: Look) -> str:
    """An op's circle, a layer's box, a constant or the input image."""
    play, palette = look.shown.play, look.palette
    lit = play is not None and play.node in node["nodes"]
    look = look.behind(lit)
    ink, outline_left = look.ink("forward"), look.clear(OUTLINE)
    x, y, w, h = node["x"], node["y"], node["w"], node["h"]
    corner = {"x": x - w / 2, "y": y - h / 2}
    if node["kind"] == "constant":
        formula = drawing["formulas"][node["symbol"]]
        baseline = corner["y"] + formula["ascent"]
        drawn = formula_at(node["symbol"], corner["x"], baseline, ink)
    elif node.get("image"):
        place: dict[str, Value] = {**corner, "width": w, "height": h}
        frame: dict[str, Value] = {"fill": "none", "stroke": palette.hairline, "stroke-width": 1.4,
                 "stroke-opacity": outline_left}  # fmt: skip
        drawn = _image(node, place, look) + element("rect", {**place, **frame})
    else:
        stroke: dict[str, Value] = {
            "fill": palette.paper,
            "stroke": palette.accent if lit else ink,
            "stroke-width": 2.6 if lit else 1.4,
            "stroke-opacity": outline_left,
        }
        if node.get("clash"):
            stroke |= {
                "stroke": look.ink("backward"),
                "stroke-width": 2.4,
                "stroke-dasharray": "5 3",
            }
        if node["kind"] == "op" and abs(w - h) < 1:
            outline = element("circle", {"cx": x, "cy": y, "r": w / 2, **stroke})
        else:
            outline = element("rect", {**corner, "width": w, "height": h, "rx": 8, **stroke})
        drawn = outline + _name(node, ink)
        if node.get("clash"):
            style: dict[str, Value] = {"font-size": SYMBOL_SIZE, "fill": look.ink("backward")}
            drawn += text("\u2260", x + w / 2 + 8, y - h / 2 + 2, style)
    return drawn


def _name(node: Json, ink: str) -> str:
    is_layer = node["kind"] == "layer"
    name = (node["title"] if is_layer else node["symbol"]) or node["title"] or node["op"] or ""
    size = TITLE_SIZE if is_layer else LONG_SIZE if len(name) > LONG else SYMBOL_SIZE
    style: dict[str, Value] = {"font-size": size, "fill": ink}
    return text(SIGNS.get(name, name), node["x"], node["y"] + MIDDLE * size, style)


def _image(node: Json, place: dict[str, Value], look: Look) -> str:
    """The input as the picture it is."""
    values = look.shown.values.get(node["id"])
    if values is None:
        return ""
    cells: np.ndarray = values.reshape(-1)
    grid, room = tuple(node["image"]), (node["w"], node["h"])
    png = heat_png(cells, grid, room, scale_of(values).high, inks_of("forward", look))
    return image({**place, "opacity": look.clear(IMAGE)}, png)


def group_of(group: Json, look: Look) -> str:
    """A frame with its title."""
    palette = look.palette
    frame = element(
        "rect",
        {
            "x": group["x"], "y": group["y"], "width": group["w"], "height": group["h"], "rx": 12,
            "fill": "none", "stroke": palette.faint,
        },
    )  # fmt: skip
    if not group["title"]:
        return frame
    style: dict[str, Value] = {
        "font-size": GROUP_SIZE,
        "fill": palette.grey,
        "text-anchor": "start",
    }
    return frame + text(group["title"], group["x"] + 12, group["y"] + 19, style)


def numbered(box: int, at: Point, look: Look) -> str:
    """A numbered box around a point, on the arrow of an equation or beside the equation."""
    (x, y), palette = at, look.palette
    corner = {"x": x - BOX / 2, "y": y - BOX / 2, "width": BOX, "height": BOX}
    style: dict[str, Value] = {"font-size": BOX_SIZE, "font-weight": 600, "fill": palette.red}
    return element("rect", {**corner, "fill": palette.paper, "stroke": palette.red}) + text(
        str(box), x, y + MIDDLE * BOX_SIZE, style
    )

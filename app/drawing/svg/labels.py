"""What stands at an edge in a picture: its name, its shape and its numbers.

Before a number is computed its place is an empty dashed slot, never a 0.
"""

from typing import Any

from app.drawing.svg.formulas import formula_at
from app.drawing.svg.heat import heat_map
from app.drawing.svg.look import Look
from app.drawing.svg.numbers import MINUS, as_sent, shorts
from app.drawing.svg.svg import Value, element, haloed, head, number, text

Json = dict[str, Any]
Box = tuple[float, float, float, float]

NUMBER_SIZE, SMALL_SIZE, MIDDLE = 12.0, 12.0, 0.35
# Advances at the numbers' size in px: of a wide face, which must have room, and of one in the
# middle, by which a column is centred.
WIDE = {"digit": 7.7, ".": 3.9, MINUS: 10.1}
MIDDLING = {"digit": 7.1, ".": 3.5, MINUS: 8.5}
# Between the numbers of two columns, at least: about as wide as a digit.
GAP, LIP = 7.0, 4.0
# A column whose left edge is minus signs looks centred a little to the right.
OPTICAL = 1.0
FAN_HEAD = 7.0
DASHED = "3 3"
# How much of lines and of pictures is left where they step back.
LINES, PICTURES = 0.38, 0.7


def label_of(edge: Json, drawing: Json, look: Look) -> str:
    """The label of one edge."""
    label, key = edge["label"], edge["key"]
    look = look.behind(look.lit(key))
    ink = look.ink(edge["direction"])
    parts = [fan_lines(label, key, ink, look)] if label["mode"] == "fan" else []
    if look.shown.numbers and label["mode"] != "name":
        parts.append(_numbers(edge, label, look))
    if name := label["name"]:
        formula = drawing["formulas"][name["formula"]]
        left = name["x"] - formula["width"] / 2
        parts.append(formula_at(name["formula"], left, name["y"], ink, look.palette.paper))
    if (shape := label["shape"]) and shape["text"]:
        style: dict[str, Value] = {"font-size": SMALL_SIZE, "fill": look.grey}
        parts.append(haloed(shape["text"], shape["x"], shape["y"], style, look.palette.paper))
    return element("g", {}, *parts)


def fan_lines(label: Json, key: str, ink: str, look: Look) -> str:
    """An arrow for each class, the middle ones elided (figure 5-28)."""
    fan, parts, ellipsis = label["fan"], [], ""
    for x0, y0, x1, y1 in fan["lines"]:
        line = f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}"
        wings = head([(x0, y0), (x1, y1)], FAN_HEAD, FAN_HEAD, filled=False)
        parts.append(element("path", {"d": line + wings}))
    if fan["ellipsis"]:
        x, y = fan["ellipsis"]
        style: dict[str, Value] = {"font-size": NUMBER_SIZE, "fill": look.ink("forward")}
        ellipsis = text("\u22ee", x, y + MIDDLE * NUMBER_SIZE, style)
    stroke: dict[str, Value] = {
        "fill": "none", "stroke": ink, "stroke-width": 2 if look.made(key) else 1.2,
        "stroke-linejoin": "round", "opacity": look.clear(LINES),
    }  # fmt: skip
    return element("g", stroke, *parts) + ellipsis


def _numbers(edge: Json, label: Json, look: Look) -> str:
    key, direction, known = edge["key"], edge["direction"], look.known(edge["key"])
    if label["mode"] == "fan":
        slots = [_slot(box, position < known, key, look) for position, box in _places(label)]
        return "".join(slots) + _cells(label, key, look.ink(direction), look)
    is_whole = known >= label["rows"] * label["cols"] * len(_matrices(label))
    box = label["x"], label["y"], label["w"], label["h"]
    slot = _slot(box, is_whole, key, look)
    if label["mode"] == "heat":
        return slot + heat_map(label, key, direction, look, PICTURES)
    ink = look.ink(direction)
    brackets = _brackets(label, ink) if label["mode"] == "grid" and is_whole else ""
    brackets += "".join(_caption(block, look) for block in label.get("blocks", ()))
    return slot + brackets + _cells(label, key, ink, look)


def _slot(box: Box, is_whole: bool, key: str, look: Look) -> str:
    """The place of numbers: dashed while one is missing, ringed where they were just made."""
    x, y, w, h = box
    palette = look.palette
    stroke: dict[str, Value] = {}
    if not is_whole:
        stroke = {"stroke": palette.faint, "stroke-width": 1, "stroke-dasharray": DASHED}
    elif look.made(key):
        stroke = {"stroke": palette.accent, "stroke-width": 1.6}
    fill = palette.accent_wash if look.lit(key) else palette.paper
    place: dict[str, Value] = {"x": x, "y": y, "width": w, "height": h, "rx": 3, "fill": fill}
    return element("rect", place | stroke)


def _brackets(label: Json, ink: str) -> str:
    w, h = label["cols"] * label["cell_w"], label["rows"] * label["cell_h"]
    path = "".join(
        f"M{number(side - lip)} {number(y)}H{number(side)}V{number(y + h)}H{number(side - lip)}"
        for x, y in _matrices(label)
        for side, lip in ((x, -LIP), (x + w, LIP))
    )
    return element("path", {"d": path, "fill": "none", "stroke": ink, "stroke-width": 1})


def _matrices(label: Json) -> list[tuple[float, float]]:
    """The upper left corner of every matrix: mostly of the one that there is."""
    return [(block["x"], block["y"]) for block in label.get("blocks", (label,))]


def _caption(block: Json, look: Look) -> str:
    caption = block["caption"]
    style: dict[str, Value] = {"font-size": SMALL_SIZE, "fill": look.grey}
    return haloed(caption["text"], caption["x"], caption["y"], style, look.palette.paper)


def _cells(label: Json, key: str, ink: str, look: Look) -> str:
    values = look.shown.values.get(key)
    known = look.known(key)
    if values is None or known == 0:
        return ""
    cells = values.reshape(-1)
    texts = shorts([as_sent(cell) for cell in cells])
    places = [(position, box) for position, box in _places(label) if position < cells.size]
    size, end = _fit([texts[position] for position, _ in places], places[0][1][2])
    # A number by itself stands in the middle, others with their points in line.
    style: dict[str, Value] = {"fill": ink, "font-size": size}
    anchor: dict[str, Value] = {} if len(places) == 1 else {"text-anchor": "end"}
    play = look.shown.play
    parts = []
    for position, (x, y, width, height) in places:
        if position >= known:
            continue
        if play is not None and key in play.writes and position == play.cell:
            parts.append(_ring(x, y, width, height, look))
        at = x + width / 2 + (end if anchor else 0.0)
        parts.append(text(texts[position], at, y + height / 2 + MIDDLE * size, anchor))
    return element("g", style, *parts)


def _fit(texts: list[str], width: float) -> tuple[float, float]:
    """Size of type in which the widest has room in its place, and where they end.

    Args:
        texts: the numbers shown.
        width: of the place of each, in px.

    Returns:
        The size, and the px from the middle of a place to where its number ends on the right.
    """
    size = min(NUMBER_SIZE, NUMBER_SIZE * (width - GAP) / _widest(texts, WIDE))
    half = _widest(texts, MIDDLING) * size / NUMBER_SIZE / 2
    return round(size, 2), round(half, 2) + OPTICAL


def _widest(texts: list[str], advances: dict[str, float]) -> float:
    """Width in px at the numbers' size."""
    return max(sum(advances.get(sign, advances["digit"]) for sign in one) for one in texts)


def _ring(x: float, y: float, width: float, height: float, look: Look) -> str:
    stroke: dict[str, Value] = {"fill": "none", "stroke": look.palette.accent, "stroke-width": 2}
    return element("rect", {"x": x, "y": y, "width": width, "height": height, "rx": 2, **stroke})


def _places(label: Json) -> list[tuple[int, Box]]:
    """Position (row-major) and place of every cell that has its own place."""
    if label["mode"] == "fan":
        fan = label["fan"]
        return [
            (row, (x, y, w, h)) for row, (x, y, w, h) in zip(fan["rows"], fan["cells"], strict=True)
        ]
    columns, w, h = label["cols"], label["cell_w"], label["cell_h"]
    cells = label["rows"] * columns
    return [
        (at * cells + k, (x + k % columns * w, y + k // columns * h, w, h))
        for at, (x, y) in enumerate(_matrices(label))
        for k in range(cells)
    ]

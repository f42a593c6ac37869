"""SVG as text: elements with presentation attributes, and the paths of lines and their heads.

No class names, styles or scripts: a picture put into somebody's page (a notebook cell) must not
meet the page's own rules, nor bring rules into it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Point = Sequence[float]
Value = str | float | None

CORNER = 12.0
# Stands for the prefix of ids until the whole picture is known; no text may contain it.
PREFIX = "\ue000"
# Advances in a wide face, in em; a narrower one leaves some room.
DIGIT_ADVANCE = 0.636
_ADVANCES = {"\u2212": 0.838, ".": 0.318, "e": 0.615, "\u221e": 0.833}
# How much of a text stands before the point that it is anchored at.
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue001-\ufffd\U00010000-\U0010ffff]")


def element(name: str, attributes: Mapping[str, Value], *children: str) -> str:
    """One element; attributes that are None are left out, children are SVG already."""
    parts = [name]
    for key, value in attributes.items():
        if isinstance(value, str):
            parts.append(f"{key}={quoteattr(value)}")
        elif value is not None:
            parts.append(f'{key}="{number(value)}"')
    opening = " ".join(parts)
    return f"<{opening}>{''.join(children)}</{name}>" if children else f"<{opening}/>"


def text(words: str, x: float, y: float, attributes: Mapping[str, Value]) -> str:
    """A text whose middle is at x and whose baseline is at y."""
    place: dict[str, Value] = {"x": x, "y": y, "text-anchor": "middle"}
    return element("text", place | dict(attributes), clean(words))


def halo(paper: str, width: float = 3.0) -> dict[str, Value]:
    """Attributes of what lies under a text and keeps it readable over a line.

    A second element, not ``paint-order``: a program that does not know that would paint the halo
    over the text.
    """
    return {"fill": "none", "stroke": paper, "stroke-width": width, "stroke-linejoin": "round"}


def haloed(words: str, x: float, y: float, attributes: Mapping[str, Value], paper: str) -> str:
    """As `text`, with a halo under it."""
    under = text(words, x, y, {**attributes, **halo(paper)})
    return under + text(words, x, y, attributes)


def fitted(
    words: str, x: float, y: float, room: float, character: float,
    attributes: Mapping[str, Value], size: float,
) -> str:  # fmt: skip
    """As `text`, squeezed where it would be wider than its room.

    Args:
        words: a number.
        x: where it is anchored.
        y: of its baseline.
        room: its width at most, in px.
        character: width of a figure as the page reckons it.
        attributes: of the text.
        size: of its type, in px.
    """
    if len(words) * character <= room:
        return text(words, x, y, attributes)
    # Not textLength, which many programs do not know; and from the left end on, since librsvg puts
    # the middle of a squeezed text where that of the wide one would be.
    wide = size * sum(_ADVANCES.get(sign, DIGIT_ADVANCE) for sign in words)
    before = room * _BEFORE[str(attributes.get("text-anchor", "middle"))]
    move = f"translate({number(x - before)} {number(y)}) scale({room / wide:.3f} 1)"
    return text(words, 0, 0, {**attributes, "text-anchor": "start", "transform": move})


def clean(words: str) -> str:
    """Words as SVG text: escaped, without what XML cannot hold."""
    return escape(_NOT_XML.sub("", words))


def number(value: float) -> str:
    """A coordinate in at most two decimals, without a trailing zero."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def rounded_path(points: Sequence[Point]) -> str:
    """A polyline with rounded corners."""
    (x, y), rest = points[0], points[1:]
    path = f"M{number(x)} {number(y)}"
    for i, corner in enumerate(rest):
        x, y = corner
        if i == len(rest) - 1:
            path += f"L{number(x)} {number(y)}"
            break
        before, after = points[i], rest[i + 1]
        radius = min(CORNER, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        ax, ay = _towards(corner, before, radius)
        bx, by = _towards(corner, after, radius)
        path += f"L{number(ax)} {number(ay)}Q{number(x)} {number(y)} {number(bx)} {number(by)}"
    return path


def head(points: Sequence[Point], length: float, width: float, *, filled: bool) -> str:
    """A head at the end of a line: two strokes when open, a triangle when filled."""
    tip = points[-1]
    before = _last_apart(points, tip)
    cx, cy = _towards(tip, before, length)
    size = math.dist(tip, before) or 1.0
    nx = (before[1] - tip[1]) / size * width / 2
    ny = -(before[0] - tip[0]) / size * width / 2
    corners = ((cx + nx, cy + ny), tip, (cx - nx, cy - ny))
    wings = "L".join(f"{number(x)} {number(y)}" for x, y in corners)
    return f"M{wings}Z" if filled else f"M{wings}"


def shortened(points: Sequence[Point], length: float) -> list[Point]:
    """The same line ending earlier, so that a thick stroke does not poke through its head."""
    tip = points[-1]
    return [*points[:-1], _towards(tip, _last_apart(points, tip), length)]


def _last_apart(points: Sequence[Point], tip: Point) -> Point:
    apart = [point for point in points if math.dist(point, tip) > 0.01]
    return apart[-1] if apart else (tip[0] - 1, tip[1])


def _towards(start: Point, end: Point, length: float) -> tuple[float, float]:
    part = length / (math.dist(start, end) or 1.0)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part

"""Heat maps: a large matrix as a picture of one pixel a cell, with the meaning of its shades.

Darker is farther from 0, another ink is below 0; cells that are not computed yet stay clear. The
scale belongs to the whole tensor, so that a shade means the same number at every step.
"""

import base64
import math
from typing import Any, NamedTuple

import numpy as np

from app.drawing.svg.look import Look
from app.drawing.svg.numbers import as_sent, short
from app.drawing.svg.palette import channels
from app.drawing.svg.png import Inks, heat_png
from app.drawing.svg.svg import PREFIX, Value, element, fitted, halo

Json = dict[str, Any]

STRIP_WIDTH, STRIP_HEIGHT, STRIP_GAP = 24.0, 9.0, 3.0
END_SIZE, END_CHARACTER = 12.0, 6.8
# Where all cells are equal their shade still has a width.
LEAST_STRETCH = 0.001


class Scale(NamedTuple):
    """What the ends of the shades stand for: from 0, or as far under 0 as over it."""

    low: float
    high: float


def scale_of(values: np.ndarray) -> Scale:
    """The scale of a whole tensor; its infinities and NaNs do not count."""
    finite = values[np.isfinite(values)]
    largest = as_sent(np.abs(finite).max()) if finite.size else 0.0
    return Scale(-largest if (values < 0).any() else 0.0, largest)


def heat_map(label: Json, key: str, direction: str, look: Look, back: float) -> str:
    """The heat map of a label, with its legend; a clear one before it is known.

    Args:
        label: of mode ``heat``.
        key: of its edge.
        direction: of its edge.
        look: of the label.
        back: how much of the shades is left where they step back.
    """
    known = look.known(key)
    values = look.shown.values.get(key)
    if values is None or known == 0:
        return _legend(label, direction, None, look, back)
    grid = label["rows"], label["cols"]
    cells = values.reshape(-1)[:known]
    scale = scale_of(values)
    place: dict[str, Value] = {
        "x": label["x"],
        "y": label["y"],
        "width": label["w"],
        "height": label["h"],
    }
    picture = heat_png(cells, grid, (label["w"], label["h"]), scale.high, inks_of(direction, look))
    ends = Scale(_end(cells, np.fmin), _end(cells, np.fmax))
    return (
        image({**place, "opacity": look.clear(back)}, picture, "none")
        + element("rect", {**place, "fill": "none", "stroke": look.palette.hairline})
        + _legend(label, direction, (scale, ends), look, back)
    )


def inks_of(direction: str, look: Look) -> Inks:
    """The inks of what runs forward or backward."""
    palette = look.palette
    return Inks(*map(channels, (palette.paper, look.behind(True).ink(direction), palette.accent)))


def _end(cells: np.ndarray, which: np.ufunc) -> float:
    return as_sent(which.reduce(cells))


def image(place: dict[str, Value], png: bytes, fit: str | None = None) -> str:
    """A picture with sharp pixels."""
    address = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    how = {"preserveAspectRatio": fit, "image-rendering": "pixelated", "href": address}
    return element("image", {**place, **how})


def _share(value: float, scale: Scale) -> float:
    """Where a number lies: 0 at the scale's low end, 1 at its high one."""
    # Half of each first: the difference of two numbers of 1e308 is beyond what there is.
    return (value / 2 - scale.low / 2) / ((scale.high / 2 - scale.low / 2) or 1.0)


def _legend(
    label: Json, direction: str, known: tuple[Scale, Scale] | None, look: Look, back: float
) -> str:  # fmt: skip
    """The least and the greatest cell so far, and between them the shades from one to the other."""
    at = label.get("legend")
    if at is None or known is None:
        return ""
    (scale, ends), (x, y), palette = known, (at["x"], at["y"]), look.palette
    start, stop = (
        _share(end if math.isfinite(end) else at_worst, scale)
        for end, at_worst in zip(ends, scale, strict=True)
    )
    stop = max(stop, start + LEAST_STRETCH)
    ids = f"{PREFIX}-{direction}{'-signed' if scale.low < 0 else ''}"
    # As a part of all shades: what is left of it and right of it is cut off.
    shaded = element("rect", {"width": 1, "height": 1, "fill": f"url(#{ids})"})
    place: dict[str, Value] = {
        "x": x - STRIP_WIDTH / 2, "y": y - STRIP_HEIGHT,
        "width": STRIP_WIDTH, "height": STRIP_HEIGHT,
    }  # fmt: skip
    window = f"{start:.4f} 0 {stop - start:.4f} 1"
    inner = {**place, "viewBox": window, "preserveAspectRatio": "none", "opacity": look.clear(back)}
    frame: dict[str, Value] = {"fill": "none", "stroke": palette.hairline, "stroke-width": 0.5}
    strip = element("svg", inner, shaded) + element("rect", place | frame)
    style: dict[str, Value] = {"font-size": END_SIZE, "fill": look.grey}
    room = (at["w"] - STRIP_WIDTH) / 2 - STRIP_GAP
    off = STRIP_WIDTH / 2 + STRIP_GAP
    return strip + "".join(
        fitted(
            short(end), x + side * off, y, room, END_CHARACTER,
            style | under | {"text-anchor": anchor}, END_SIZE,
        )
        for under in (halo(palette.paper), {})
        for end, side, anchor in ((ends.low, -1, "end"), (ends.high, 1, "start"))
    )  # fmt: skip


def shades(palette_of: Look) -> str:
    """Gradients that the strips of legends refer to."""
    palette, made = palette_of.palette, []
    for direction in ("forward", "backward"):
        ink = palette_of.ink(direction)
        for name, stops in (
            (direction, (palette.paper, ink)),
            (f"{direction}-signed", (palette.accent, palette.paper, ink)),
        ):
            parts = [
                element("stop", {"offset": i / (len(stops) - 1), "stop-color": colour})
                for i, colour in enumerate(stops)
            ]
            made.append(element("linearGradient", {"id": f"{PREFIX}-{name}"}, *parts))
    return "".join(made)

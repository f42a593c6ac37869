"""Labels of edges: a box of numbers, a name set as a formula, and the shape as text.

Above the forward arrow stand, from the line upwards, the numbers, the name and the shape; under
the backward arrow, from the line downwards, the numbers, the gradient's formula and its shape.
All sizes follow from shapes alone, so the layout knows them before there is any number.

Modes of the box of numbers:
    scalar: one number, 58 x 17 px.
    grid: up to 8 rows and 8 columns of such cells; of more than two axes, several such matrices.
    heat: a heat map for anything larger, with its legend between its least and greatest cell.
    fan: one arrow for each class with its number over it (figure 5-28).
    name: only the name and the shape; the numbers stand elsewhere (the input image).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Literal

from app.drawing.figure.matrices import Block, blocks_of
from app.drawing.formulas import drawn
from app.drawing.formulas.formulas import Formula
from app.drawing.layout.geometry import Extent, Run
from app.drawing.layout.routes import PARALLEL

CELL_W, CELL_H = 58.0, 17.0
GRID_ROWS, GRID_COLUMNS = 8, 8
HEAT_W, HEAT_H, HEAT_CELL_W, HEAT_CELL_H = 112.0, 72.0, 22.0, 14.0
# How many times as high a heat map of several matrices may be.
MOST_HEATS = 3
SHAPE_H, SHAPE_CHAR = 16.0, 6.4
NAME_GAP = 4.0
RANGE_W, RANGE_H = 124.0, 16.0
OFF_LINE = 5.0
# How far the caption of a matrix stands over it.
CAPTION_RISE = 4.0
ASCENT, DESCENT = 11.5, 4.0
FAN_SHOWN, FAN_PITCH = 3, 24.0

Shape = tuple[int, ...]
Mode = Literal["scalar", "grid", "heat", "name"]


@dataclass(frozen=True)
class Numbers:
    """Size of a box of numbers in pixels, and its division into cells.

    With ``blocks``, rows and columns are those of each.
    """

    mode: Mode
    rows: int
    cols: int
    w: float
    h: float
    cell_w: float
    cell_h: float
    blocks: tuple[Block, ...] = ()

    @property
    def stack(self) -> float:
        """Height that the box takes in the label, with a heat map's legend."""
        return self.h + (RANGE_H if self.mode == "heat" else 0.0)


NO_NUMBERS = Numbers("name", 0, 0, 0.0, 0.0, 0.0, 0.0)


def numbers_of(shape: Shape, axes: tuple[str, ...] = ()) -> Numbers:
    """The box for a tensor of this shape; a vector is one row.

    Args:
        shape: Of the tensor. Its matrices stand side by side; where they are too large for that,
            they are one heat map, each below the one before.
        axes: Names of the axes before the last two.
    """
    rows, cols = ((1, 1, *shape))[-2:]
    count = prod(shape[:-2])
    if count * rows * cols == 1:
        return Numbers("scalar", 1, 1, CELL_W, CELL_H, CELL_W, CELL_H)
    if rows <= GRID_ROWS and cols <= GRID_COLUMNS:
        w, h = CELL_W * cols, CELL_H * rows
        blocks = blocks_of(shape, (w, h), axes)
        if blocks:
            width, height = max(one.x for one in blocks) + w, max(one.y for one in blocks) + h
            return Numbers("grid", rows, cols, width, height, CELL_W, CELL_H, blocks)
        if count == 1:
            return Numbers("grid", rows, cols, w, h, CELL_W, CELL_H)
    rows *= count
    room = HEAT_H * min(count, MOST_HEATS)
    cell_w = min(HEAT_CELL_W, HEAT_W / cols)
    cell_h = CELL_H if rows == 1 else min(HEAT_CELL_H, room / rows)
    return Numbers("heat", rows, cols, cell_w * cols, cell_h * rows, cell_w, cell_h)


def picture_of(rows: int, cols: int) -> Numbers:
    """The box for a tensor whose cells are the pixels of a picture."""
    cell = HEAT_W / max(rows, cols)
    return Numbers("heat", rows, cols, cell * cols, cell * rows, cell, cell)


def shape_text(shape: Sequence[int | str], *, single: bool = False) -> str:
    """``(2, 3)``; with ``single`` a row of one sample is written ``(2,)`` as in figure 5-24.

    A size may be a letter, as in ``(N, 3)``. The shape of a scalar is not written.
    """
    if single and len(shape) == 2 and shape[0] == 1:
        shape = shape[1:]
    if not shape:
        return ""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


@dataclass(frozen=True)
class Label:
    """One half of an edge's label: what stands over its forward or under its backward arrow."""

    numbers: Numbers | None
    key: str
    formula: Formula
    shape: str
    fan: tuple[int, ...] = ()
    classes: int = 0

    @property
    def width(self) -> float:
        """Width of the widest part."""
        box = self.numbers.w if self.numbers else 0.0
        if self.numbers and self.numbers.mode == "heat":
            box = max(box, RANGE_W)
        return max(box, self.formula.width, SHAPE_CHAR * len(self.shape)) + 8.0

    @property
    def ascent(self) -> float:
        """Height of the name above its baseline, at least that of a capital."""
        return max(self.formula.ascent, ASCENT)

    @property
    def descent(self) -> float:
        """Depth of the name below its baseline, at least that of an index."""
        return max(self.formula.height - self.formula.ascent, DESCENT)

    @property
    def slots(self) -> int:
        """Arrows of a fan, the place of the dots included."""
        return len(self.fan) + (len(self.fan) < self.classes)

    @property
    def reach(self) -> float:
        """Half the height of a fan around its middle line; 0 for other labels."""
        return self.slots * FAN_PITCH / 2 if self.fan else 0.0

    @property
    def height(self) -> float:
        """Height from the line to the far end of the label."""
        box = 0.0 if self.fan or not self.numbers else self.numbers.stack + NAME_GAP
        text = SHAPE_H if self.shape else 0.0
        return self.reach + OFF_LINE + box + self.ascent + self.descent + text

    def over(self, run: Run, x0: float, x1: float) -> drawn.Label:
        """JSON of the label above a forward arrow; a fan's arrows run from x0 to x1."""
        centre, y = (run.left + run.right) / 2, run.y - OFF_LINE - self.reach
        top, height = y, 0.0
        if self.fan:
            top, height = run.y - self.reach, 2 * self.reach
        elif self.numbers:
            top, height = y - self.numbers.h, self.numbers.h
            y = top - (self.numbers.stack - self.numbers.h + NAME_GAP)
        baseline = y - self.descent
        label = self._label(centre, top, height, baseline, baseline - self.ascent - 3)
        if self.fan:
            label["fan"] = self._fan(centre, run.y, x0, x1)
        elif label["mode"] == "heat":
            self._scale(label, centre, top - 4)
        return label

    def under(self, run: Run, below: float) -> drawn.Label:
        """JSON of the label under a backward arrow that runs ``below`` the forward line."""
        centre, y = (run.left + run.right) / 2, run.y + below + OFF_LINE
        top, height = y, 0.0
        if self.numbers:
            height = self.numbers.h
            y += self.numbers.stack + NAME_GAP
        baseline = y + self.ascent
        shape_y = baseline + self.descent + SHAPE_H - 3
        label = self._label(centre, top, height, baseline, shape_y)
        if label["mode"] == "heat":
            low = top + height
            self._scale(label, centre, low + RANGE_H - 3)
        return label

    def _label(
        self, centre: float, top: float, height: float, name_y: float, shape_y: float
    ) -> drawn.Label:
        """The box, the name and the shape; without numbers the box is a point without cells."""
        box = self.numbers or NO_NUMBERS
        label: drawn.Label = {
            "mode": "fan" if self.fan else box.mode,
            "x": pixel(centre - box.w / 2),
            "y": pixel(top),
            "w": pixel(box.w),
            "h": pixel(height),
            "rows": box.rows,
            "cols": box.cols,
            "cell_w": round(box.cell_w, 3),
            "cell_h": round(box.cell_h, 3),
            "name": {"formula": self.key, "x": pixel(centre), "y": pixel(name_y)},
            "shape": {"text": self.shape, "x": pixel(centre), "y": pixel(shape_y)},
        }
        if box.blocks:
            left = centre - box.w / 2
            label["blocks"] = [_block(one, left, top, box) for one in box.blocks]
        return label

    def _scale(self, label: drawn.Label, centre: float, y: float) -> None:
        label["legend"] = {"x": pixel(centre), "y": pixel(y), "w": RANGE_W}

    def _fan(self, centre: float, middle: float, x0: float, x1: float) -> drawn.Fan:
        elided = len(self.fan) < self.classes
        lines: list[drawn.Bar] = []
        cells: list[drawn.Bar] = []
        for k in range(len(self.fan)):
            slot = k + (elided and k >= FAN_SHOWN)
            y = middle - self.reach + FAN_PITCH * (slot + 1) - 4.0
            lines.append((pixel(x0), pixel(y), pixel(x1), pixel(y)))
            cells.append((pixel(centre - CELL_W / 2), pixel(y - CELL_H - 1), CELL_W, CELL_H))
        dots = (pixel(centre), pixel(middle - self.reach + FAN_PITCH * (FAN_SHOWN + 0.5)))
        return {
            "rows": list(self.fan),
            "elided": elided,
            "lines": lines,
            "cells": cells,
            "ellipsis": dots if elided else None,
        }


def _block(block: Block, left: float, top: float, box: Numbers) -> drawn.Block:
    x, y = left + block.x, top + block.y
    middle = x + box.cols * box.cell_w / 2
    caption: drawn.PlacedText = {
        "text": block.caption, "x": pixel(middle), "y": pixel(y - CAPTION_RISE),
    }  # fmt: skip
    return {"x": pixel(x), "y": pixel(y), "caption": caption}


def fan_rows(classes: int) -> tuple[int, ...]:
    """Indices of the classes that a fan shows: all up to six, else the first and last three."""
    if classes <= 2 * FAN_SHOWN:
        return tuple(range(classes))
    return (*range(FAN_SHOWN), *range(classes - FAN_SHOWN, classes))


def room(forward: Label, backward: Label | None) -> Extent:
    """Room of both halves around the forward line."""
    below = 4.0
    width = forward.width
    if backward is not None:
        below = forward.reach + PARALLEL + backward.height
        width = max(width, backward.width)
    # Whole pixels: labels that differ by a hair of ink share one layout.
    return Extent(ceil(width), ceil(forward.height), ceil(max(below, forward.reach + 4.0)))


def pixel(number: float) -> float:
    """One decimal is enough for a pixel, and whole numbers lose their ``.0`` in the JSON."""
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def rounded(points: Sequence[drawn.Point]) -> list[drawn.Point]:
    """Points as JSON."""
    return [(pixel(x), pixel(y)) for x, y in points]

"""A matrix as a PNG, with nothing but zlib."""

import struct
import zlib
from typing import NamedTuple

import numpy as np

from app.drawing.svg.palette import Ink

# Of 256 colours one is clear; the others are this many shades of each ink, the paper among them.
SHADES = 127
# Pixels of the picture for one of the drawing. Many programs know no sharp pixels and smooth a
# picture that is made larger, so a cell is a block of pixels already.
SHARP = 4


class Inks(NamedTuple):
    """Colours of 0, of the largest number and of the same below 0."""

    paper: Ink
    above: Ink
    below: Ink


def heat_png(
    cells: np.ndarray, grid: tuple[int, int], room: tuple[float, float], largest: float, inks: Inks
) -> bytes:
    """Darker for farther from 0.

    Args:
        cells: the first cells, row by row; what is left is clear.
        grid: rows and columns of the whole.
        room: width and height that it will have in the drawing, in px.
        largest: what the darkest shade stands for; what is not finite is as dark.
        inks: the colours.
    """
    rows, columns = grid
    size = np.abs(cells.astype(np.float64)) / (largest or 1.0)
    size = np.where(np.isfinite(size), np.minimum(size, 1.0), 1.0)
    shade = np.rint(size * (SHADES - 1)).astype(np.uint8)
    pixels = np.zeros(rows * columns, np.uint8)
    pixels[: cells.size] = np.where(cells < 0, 1 + SHADES + shade, 1 + shade)
    across, down = (
        max(1, round(SHARP * length / count))
        for length, count in zip(room, (columns, rows), strict=True)
    )
    blocks = np.kron(pixels.reshape(rows, columns), np.ones((down, across), np.uint8))
    # Each line of a PNG begins with its filter, which is none.
    lines = np.pad(blocks, ((0, 0), (1, 0)))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns * across, rows * down, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", _colours(inks)),
            _chunk(b"tRNS", b"\0"),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _colours(inks: Inks) -> bytes:
    """The clear one, then the shades of each ink from the paper on."""
    paper = np.array(inks.paper, float)
    part = np.linspace(0, 1, SHADES)[:, None]
    shades = [paper[None], *(paper + (np.array(ink) - paper) * part for ink in inks[1:])]
    table: bytes = np.rint(np.concatenate(shades)).astype(np.uint8).tobytes()
    return table


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

"""The colours of a picture in each theme: the page's own, which static/css/base.css has.

A test holds the two equal, so that an exported picture looks like the one on the screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Ink = tuple[int, int, int]

# As base.css has it; quotes inside an attribute are single ones.
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif"
)  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """Colours by their role, as ``#rrggbb``; the dim ones are for what is not in play."""

    paper: str
    ink: str
    grey: str
    faint: str
    hairline: str
    red: str
    accent: str
    accent_wash: str
    dim_ink: str
    dim_grey: str
    dim_red: str


PALETTES: Mapping[str, Palette] = {
    "light": Palette(
        paper="#fdfcf9",
        ink="#1d1d1b",
        grey="#66645e",
        faint="#8f8c84",
        hairline="#dedad0",
        red="#b3261e",
        accent="#1a5fb4",
        accent_wash="#e4eefa",
        dim_ink="#60605e",
        dim_grey="#6e6c66",
        dim_red="#be463f",
    ),
    "dark": Palette(
        paper="#161618",
        ink="#ecebe6",
        grey="#a6a49c",
        faint="#7f7d77",
        hairline="#37373b",
        red="#ff8a7a",
        accent="#7fb4ff",
        accent_wash="#1d2c42",
        dim_ink="#a1a09e",
        dim_grey="#898882",
        dim_red="#c56d62",
    ),
}


def channels(colour: str) -> Ink:
    """Red, green and blue of ``#rrggbb``, each 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

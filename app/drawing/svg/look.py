"""What is to be seen in a picture at one moment, and in which colours."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from app.drawing.svg.palette import PALETTES, Palette
from app.drawing.svg.svg import Value


@dataclass(frozen=True)
class Play:
    """The op in play.

    Attributes:
        node: its id in the op graph.
        reads, writes: keys of edges.
        cell: of what it writes, the cell made last (row-major); None for all of them.
    """

    node: str
    reads: frozenset[str]
    writes: frozenset[str]
    cell: int | None = None


@dataclass(frozen=True)
class Shown:
    """The numbers of a pass at one moment.

    Attributes:
        values: arrays by the key of an edge or an image node, whole: a heat map's scale is that
            of all cells, known or not.
        known: how many cells of a key, row by row, are known; 0 where it is absent.
        play: the op in play, to be lit.
        numbers: False leaves out all numbers and their places; images are still painted.
    """

    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    play: Play | None = None
    numbers: bool = True


@dataclass(frozen=True)
class Look:
    """A moment in the colours of a theme.

    Attributes:
        shown: the moment.
        palette: the theme.
        back: whether this is the look of what steps back behind the op in play. What is written
            takes dimmer inks that can still be read; lines and pictures become clear.
    """

    shown: Shown
    palette: Palette
    back: bool = False

    def ink(self, direction: str) -> str:
        """Colour of what is written of a value or of a gradient."""
        palette = self.palette
        if direction == "backward":
            return palette.dim_red if self.back else palette.red
        return palette.dim_ink if self.back else palette.ink

    @property
    def grey(self) -> str:
        """Colour of what is written beside it."""
        return self.palette.dim_grey if self.back else self.palette.grey

    def clear(self, opacity: float) -> Value:
        """Opacity of lines and pictures that step back; None for full."""
        return opacity if self.back else None

    def known(self, key: str) -> int:
        """Cells known of a key."""
        return self.shown.known.get(key, 0)

    def made(self, key: str) -> bool:
        """Whether the op in play writes it."""
        return self.shown.play is not None and key in self.shown.play.writes

    def lit(self, key: str) -> bool:
        """Whether the op in play reads or writes it."""
        play = self.shown.play
        return play is not None and (key in play.reads or key in play.writes)

    def behind(self, lit: bool) -> "Look":
        """The look of what is lit, or steps back while something else is in play."""
        return replace(self, back=not lit and self.shown.play is not None)


def look_at(shown: Shown | None, theme: str) -> Look:
    """The look of a moment; None is a picture without numbers.

    Raises:
        ValueError: the theme is unknown.
    """
    if theme not in PALETTES:
        raise ValueError(f"theme is one of {', '.join(PALETTES)}")
    shown = shown or Shown(numbers=False)
    return Look(shown, PALETTES[theme])

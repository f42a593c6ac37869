r"""Formulas set once and packed for the page.

A formula is a list of glyph uses and rules (fraction bars). Its origin is the left end of the
baseline, y grows downwards, units are pixels at scale 1. The outline of a glyph is stored once a
drawing, however many formulas use it, in whole units of 1/50 px at 12 px type; the page wraps it
in ``<symbol>``, each use is a ``<use>``, and both take their colour from ``currentColor``.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from app.drawing.formulas.drawn import Bar, FormulaTables, Use
from app.drawing.formulas.spoken import spoken
from app.drawing.formulas.typesetter import typeset

NAME_SIZE = 15.0
_UNITS = 50
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# A prime is a superscript: Z'^2 has to be Z^{\prime 2} for the parser.
_PRIMED = re.compile(r"('+)\^(?:\{((?:[^{}]|\{[^{}]*\})*)\}|([A-Za-z0-9]))")
_STEP = re.compile(r"([MLQCHVZ])([^MLQCHVZ]*)")


@dataclass(frozen=True)
class Glyph:
    """One outline: an SVG ``viewBox`` and the compact path data in it."""

    view_box: str
    d: str


@dataclass(frozen=True)
class Formula:
    """A set formula; ``ascent`` is the height above the baseline, all sizes in pixels."""

    latex: str
    spoken: str
    width: float
    height: float
    ascent: float
    glyphs: tuple[Use, ...]
    rules: tuple[Bar, ...]


@lru_cache(maxsize=4096)
def set_formula(latex: str, size: float = NAME_SIZE) -> tuple[Formula, dict[str, Glyph]]:
    r"""Set one formula.

    Args:
        latex: the formula, e.g. ``\frac{\partial L}{\partial \mathbf{W}}``.
        size: type size in pixels.

    Returns:
        The formula and the glyphs that it uses by their ids. Cached; do not change them.
    """
    root = typeset(_PRIMED.sub(_joined, latex), size)
    left, top, _, height = (float(part) for part in root.attrib["viewBox"].split())
    glyphs: dict[str, Glyph] = {}
    uses: list[Use] = []
    rules: list[Bar] = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "symbol":
            # A space is a symbol without a path, or with an empty one: nothing to draw.
            for path in element:
                if "d" not in path.attrib:
                    continue
                name = _glyph_id(element.attrib["id"])
                glyphs[name] = _glyph(element.attrib["viewBox"], path.attrib["d"])
        elif tag == "use" and _glyph_id(element.attrib["href"]) in glyphs:
            x, y, w, h = _box(element.attrib)
            uses.append((_glyph_id(element.attrib["href"]), round(x - left, 2), y, w, h))
        elif tag == "rect":
            x, y, w, h = _box(element.attrib)
            rules.append((round(x - left, 2), y, w, h))
    # The ink's width: ziamath adds room at the right of a fraction, which would put the formula
    # off the middle of its label.
    ends = [x + w for _, x, _, w, _ in uses] + [x + w for x, _, w, _ in rules]
    width = max(ends, default=0.0)
    formula = Formula(
        latex, spoken(latex), round(width, 2), round(height, 2), round(-top, 2),
        tuple(uses), tuple(rules),
    )  # fmt: skip
    return formula, glyphs


class FormulaTable:
    """The formulas of one drawing, each once, under short keys in the order of first use."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._formulas: dict[str, Formula] = {}
        self._glyphs: dict[str, Glyph] = {}

    def add(self, latex: str) -> str:
        """Key of a formula, setting it when it is new."""
        if latex not in self._keys:
            formula, glyphs = set_formula(latex)
            key = f"f{len(self._keys) + 1}"
            self._keys[latex] = key
            self._formulas[key] = formula
            self._glyphs.update(glyphs)
        return self._keys[latex]

    def __getitem__(self, key: str) -> Formula:
        return self._formulas[key]

    def as_json(self) -> FormulaTables:
        """``{"formulas": {...}, "glyphs": {...}}`` as the API gives them with a graph."""
        return {
            "formulas": {
                key: {
                    "latex": formula.latex,
                    "spoken": formula.spoken,
                    "width": formula.width,
                    "height": formula.height,
                    "ascent": formula.ascent,
                    "glyphs": list(formula.glyphs),
                    "rules": list(formula.rules),
                }
                for key, formula in self._formulas.items()
            },
            "glyphs": {
                name: {"viewBox": glyph.view_box, "d": glyph.d}
                for name, glyph in self._glyphs.items()
            },
        }


def _joined(match: re.Match[str]) -> str:
    primes, group, letter = match.groups()
    return "^{" + r"\prime " * len(primes) + (group or letter) + "}"


def _glyph_id(reference: str) -> str:
    return "g" + reference.rpartition("_")[2]


def _box(attributes: dict[str, str]) -> Bar:
    x, y, w, h = (round(float(attributes[name]), 2) for name in ("x", "y", "width", "height"))
    return x, y, w, h


@lru_cache(maxsize=1024)
def _glyph(view_box: str, path: str) -> Glyph:
    # Not rounded: the use boxes have the exact ratio, and a viewBox off by a unit shifts the glyph.
    box = " ".join(f"{float(part) * _UNITS:g}" for part in view_box.split())
    return Glyph(box, _compact(path))


def _compact(path: str) -> str:
    """The same path with relative steps in whole units, without steps of no length."""
    parts: list[str] = []
    x = y = start_x = start_y = 0
    for command, text in _STEP.findall(path):
        numbers = [round(float(number) * _UNITS) for number in _NUMBER.findall(text)]
        if command == "Z":
            parts.append("z")
            x, y = start_x, start_y
            continue
        if command == "H":
            numbers = [numbers[0], y]
        elif command == "V":
            numbers = [x, numbers[0]]
        relative = [n - (y if i % 2 else x) for i, n in enumerate(numbers)]
        x, y = numbers[-2], numbers[-1]
        if command == "M":
            start_x, start_y = x, y
        elif not any(relative):
            continue
        letter = {"M": "m", "Q": "q", "C": "c"}.get(command, "l")
        if letter == "l" and relative[1] == 0:
            letter, relative = "h", relative[:1]
        elif letter == "l" and relative[0] == 0:
            letter, relative = "v", relative[1:]
        parts.append(letter + _join(relative))
    return "".join(parts)


def _join(numbers: list[int]) -> str:
    text = ""
    for number in numbers:
        # A minus sign separates by itself.
        text += f" {number}" if text and number >= 0 else str(number)
    return text

"""Formulas and the outlines of their glyphs in a picture, each once, however often it is used."""

from typing import Any

from app.drawing.svg.svg import PREFIX, Value, element, halo

Json = dict[str, Any]

# Width of a formula's halo in px, and the same in the units of glyph outlines.
HALO, GLYPH_HALO = 2.0, 80.0


def formula_at(key: str, x: float, y: float, ink: str, paper: str | None = None) -> str:
    """A set formula by the left end of its baseline.

    Args:
        key: of the drawing's formulas.
        x: left end.
        y: baseline.
        ink: its colour.
        paper: colour of a halo under it; None for none.
    """
    place: dict[str, Value] = {"href": f"#{PREFIX}-{key}", "x": x, "y": y}
    under = "" if paper is None else element("use", place | halo(paper, HALO))
    return under + element("use", {**place, "fill": ink})


def formula_definitions(drawing: Json, body: str) -> str:
    """What the formulas in the body refer to: themselves, and the outlines of their glyphs."""
    formulas = "".join(
        _formula(key, formula)
        for key, formula in drawing["formulas"].items()
        if f'"#{PREFIX}-{key}"' in body
    )
    outlines = "".join(
        element(
            "symbol",
            {"id": f"{PREFIX}-{id}", "viewBox": glyph["viewBox"], "overflow": "visible"},
            element("path", {"d": glyph["d"]}),
        )
        for id, glyph in drawing["glyphs"].items()
        if f'"#{PREFIX}-{id}"' in formulas
    )
    return outlines + formulas


def _formula(key: str, formula: Json) -> str:
    """Outlines have units of their own, so the width of their halo is set here."""
    glyphs = [
        element(
            "use",
            {"href": f"#{PREFIX}-{id}", "x": x, "y": y, "width": width, "height": height},
        )
        for id, x, y, width, height in formula["glyphs"]
    ]
    bars = [
        element("rect", {"x": x, "y": y, "width": width, "height": height})
        for x, y, width, height in formula["rules"]
    ]
    outlined = element("g", {"stroke-width": GLYPH_HALO}, *glyphs)
    return element("g", {"id": f"{PREFIX}-{key}"}, outlined, *bars)

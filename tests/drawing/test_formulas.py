import re

import pytest

from app.drawing.formulas import FormulaTable, set_formula

GRADIENT = r"\frac{\partial L}{\partial \mathbf{W}}"


def test_a_fraction_has_its_bar_between_numerator_and_denominator() -> None:
    formula, _ = set_formula(GRADIENT)
    assert len(formula.rules) == 1
    assert formula.rules[0][2] == pytest.approx(formula.width, abs=0.5)
    assert 15 < formula.ascent < formula.height < 40


def test_larger_type_makes_a_formula_larger_in_proportion() -> None:
    small, large = set_formula(GRADIENT, 10.0)[0], set_formula(GRADIENT, 20.0)[0]
    assert large.width == pytest.approx(2 * small.width, abs=0.1)
    assert large.height == pytest.approx(2 * small.height, abs=0.1)


def test_a_formula_is_kept_once_and_glyphs_are_shared() -> None:
    table = FormulaTable()
    first = table.add(r"\mathbf{W}")
    assert table.add(r"\mathbf{W}") == first
    glyphs = set(table.as_json()["glyphs"])
    table.add(r"\mathbf{W} + \mathbf{W}")
    assert len(set(table.as_json()["glyphs"]) - glyphs) == 1


def test_every_used_glyph_is_in_the_table() -> None:
    table = FormulaTable()
    for latex in (GRADIENT, r"-\frac{t_{1}}{\exp(a_{1})}", r"\sum_{i} t_{i} \log y_{i}"):
        table.add(latex)
    packed = table.as_json()
    used = {use[0] for formula in packed["formulas"].values() for use in formula["glyphs"]}
    assert used == set(packed["glyphs"])


def test_outlines_lie_inside_their_view_box() -> None:
    _, glyphs = set_formula(r"\exp(\mathbf{W}) \log y_{12} \sum \partial \frac{1}{N}")
    assert len(glyphs) > 10
    for glyph in glyphs.values():
        left, top, width, height = (float(part) for part in glyph.view_box.split())
        for x, y in _corners(glyph.d):
            assert left - 2 <= x <= left + width + 2
            assert top <= y <= top + height


def test_a_prime_with_an_exponent_is_set_as_one_superscript() -> None:
    primed, _ = set_formula(r"\mathbf{Z}''^{2}")
    plain, _ = set_formula(r"\mathbf{Z}^{2}")
    assert len(primed.glyphs) > len(plain.glyphs)
    transposed, _ = set_formula(r"\mathbf{Z}_{1}''^{\mathsf{T}} \cdot \mathbf{W}")
    assert len(transposed.glyphs) == len("Z1''T.W")


def test_no_colour_is_written_into_a_formula() -> None:
    table = FormulaTable()
    table.add(GRADIENT)
    assert "black" not in str(table.as_json())


def _corners(d: str) -> list[tuple[float, float]]:
    x = y = start_x = start_y = 0.0
    corners = []
    for letter, text in re.findall(r"([mlhvqcz])([^mlhvqcz]*)", d):
        numbers = [float(number) for number in re.findall(r"-?\d+", text)]
        if letter == "z":
            x, y = start_x, start_y
        elif letter == "h":
            x += numbers[0]
        elif letter == "v":
            y += numbers[0]
        else:
            x, y = x + numbers[-2], y + numbers[-1]
        if letter == "m":
            start_x, start_y = x, y
        corners.append((x, y))
    return corners

import re

import pytest

from app.drawing.formulas.formulas import NAME_SIZE, FormulaTable, set_formula
from app.engine.build import build_graph
from app.engine.notation import all_rules
from app.engine.spec import LayerSpec, NetworkSpec
from app.sessions.presets import PRESETS

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


def formulas_of(preset: str) -> set[str]:
    """Every rule and name of a preset, at every level and with its loss in every form."""
    wanted = PRESETS[preset]
    layers = [LayerSpec(type, units=units) for type, units in wanted.layers]
    spec = NetworkSpec.build(wanted.input_size, layers, wanted.loss)
    forms = [("closed", "book")]
    if wanted.loss:
        forms += [("opened", form) for form in ("book", "shifted", "logsumexp")]
    found: set[str] = set()
    for level, samples in (("op", 1), ("op", 2), ("element", 1)):
        for loss, form in forms:
            graph = build_graph(spec, samples, level, loss, form, targets=wanted.loss is not None)
            found.update(all_rules(graph))
            for tensor in graph.tensors.values():
                found.update(symbol for symbol in (tensor.symbol, tensor.grad_symbol) if symbol)
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_no_formula_of_a_figure_is_out_of_proportion(preset: str) -> None:
    for latex in formulas_of(preset):
        formula, _ = set_formula(latex)
        # A fraction over a sum with its limit is the highest there is.
        assert 0 < formula.height < 3.5 * NAME_SIZE, latex
        assert 0 < formula.ascent < 2 * NAME_SIZE, latex
        assert 0 < formula.width < 24 * NAME_SIZE, latex


@pytest.mark.parametrize("operator", [r"\sum", r"\prod", r"\int", r"\bigcup", r"\max"])
def test_brackets_fit_a_large_operator_with_its_limit(operator: str) -> None:
    bare, _ = set_formula(rf"{operator}_{{i}} t_{{i}}")
    bracketed, _ = set_formula(rf"\left({operator}_{{i}} t_{{i}}\right)")
    assert bare.height < bracketed.height < 2 * bare.height


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

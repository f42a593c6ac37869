import pytest

from app.drawing.spoken import spoken


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\frac{\partial L}{\partial \mathbf{X}}", "d L by d X"),
        (r"\frac{\partial L_{2}}{\partial \mathbf{W}_{1}}", "d L 2 by d W 1"),
        (r"[i = \operatorname{argmax}\, \mathbf{A}]", "[i equals argmax A]"),
        (r"\mathbf{W}^{\mathsf{T}}", "W transposed"),
        (r"\mathbf{X} \cdot \mathbf{W}_{1}", "X dot W 1"),
        (r"-\frac{t_{1}}{\exp(a_{1})}", "minus t 1 over exp (a 1)"),
        (r"\mathbf{Z}''^{2}", "Z prime prime squared"),
        (r"\mathrm{softmax}(a)", "softmax (a)"),
        (r"\frac{1}{N} (\mathbf{Y} - \mathbf{T})", "1 over N (Y minus T)"),
    ],
)
def test_a_formula_is_read_in_plain_english(latex: str, words: str) -> None:
    assert spoken(latex) == words


def test_an_unknown_command_is_read_by_its_name() -> None:
    assert spoken(r"\aleph + 1") == "aleph plus 1"

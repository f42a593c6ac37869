import pytest

from app.drawing.formulas.spoken import in_words, spoken


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
        (r"-\frac{1}{N \mathbf{S}}", "minus 1 over (N S)"),
        (r"\frac{\mathbf{g}}{\sqrt{\mathbf{h}} + \epsilon}", "g over (square root of h plus ε)"),
        (r"\sum_{i} t_{i} \log y_{i}", "sum over i of t i log y i"),
        (r"p \leftarrow p - \eta \, g", "p becomes p minus η g"),
    ],
)
def test_a_formula_is_read_in_plain_english(latex: str, words: str) -> None:
    assert in_words(spoken(latex)) == words


def test_an_unknown_command_is_read_by_its_name() -> None:
    assert in_words(spoken(r"\aleph + 1")) == "aleph plus 1"


def test_a_language_puts_the_parts_of_a_formula_in_its_own_order() -> None:
    reading = spoken(r"\frac{1}{N} \frac{\partial L}{\partial \mathbf{W}_{1}}")

    assert reading == "{over|1|N} {by|L|W 1}"
    korean = {"over": "{b}분의 {a}", "by": "{a}의 {b}에 대한 미분"}
    assert in_words(reading, korean) == "N분의 1 L의 W 1에 대한 미분"

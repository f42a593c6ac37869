"""The reader of pasted text, without a panel: whatever is printed comes back, or is refused."""

import json
from collections import Counter
from typing import Any

import numpy as np

from app.web.files import STATIC
from tests.js.node import call
from tests.printing import STYLES, matrix, spoiled

MATRICES = 10_000
PARSE = """given.map((text) => {
  const { matrix, fault } = m.parseMatrix(text);
  return fault ?? matrix.rows;
})"""


def parse(texts: list[str]) -> list[Any]:
    """Each text's rows, or its fault."""
    found: list[Any] = call("matrices/parse.js", PARSE, texts)
    return found


TAKEN: dict[str, list[list[float]]] = {
    # NumPy, PyTorch and their kin: brackets end a row, line ends do not.
    "[0.1 0.2 0.3\n 0.4]": [[0.1, 0.2, 0.3, 0.4]],
    "array([[1., 2.],\n       [3., 4.]], dtype=float32)": [[1, 2], [3, 4]],
    "tensor([[1., 2.],\n        [3., 4.]], device='cuda:0', grad_fn=<AddBackward0>)": [
        [1, 2],
        [3, 4],
    ],
    "[tensor(0.4), tensor(0.5)]": [[0.4, 0.5]],
    "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>": [[1, 2]],
    "tf.Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)": [[1, 2], [3, 4]],
    "[1 2]\n[3 4]": [[1, 2], [3, 4]],
    "(1, 2, 3)": [[1, 2, 3]],
    "1\u200b2": [[1, 2]],
    "[[1], [2]]": [[1], [2]],
    "[array([1., 2.]), array([3., 4.])]": [[1, 2], [3, 4]],
    "{{1,2},{3,4}}": [[1, 2], [3, 4]],
    # MATLAB.
    "[1 2; 3 4]": [[1, 2], [3, 4]],
    "A = [1 2\n 3 4];": [[1, 2], [3, 4]],
    "[1, 2\n 3, 4]": [[1, 2], [3, 4]],
    "A =\n\n   1   2\n   3   4\n": [[1, 2], [3, 4]],
    "1 2; 3 -4": [[1, 2], [3, -4]],
    # Sheets and files.
    "0,5\t0,25": [[0.5, 0.25]],
    "1,234\t0,5": [[1.234, 0.5]],
    "0,5;0,25": [[0.5, 0.25]],
    "1,2;3,4\n5,6;7,8": [[1.2, 3.4], [5.6, 7.8]],
    "0,5 0,25": [[0.5, 0.25]],
    "1;2;3\n4;5;6;": [[1, 2, 3], [4, 5, 6]],
    "5.1,3.5,1.4\n4.9,3.0,1.4": [[5.1, 3.5, 1.4], [4.9, 3.0, 1.4]],
    "length (cm),width (cm)\n5.1,3.5": [[5.1, 3.5]],
    "x,y\n0,5": [[0, 5]],
    '"1,5","2,5"': [[1.5, 2.5]],
    "# header\n1 2 # one\n3 4": [[1, 2], [3, 4]],
    "\uff11\uff0c\uff12\uff0c\u22123": [[1, 2, -3]],
    "1.5,2.5,": [[1.5, 2.5]],
    "-0.5 +1 .5 5. 1E+05": [[-0.5, 1, 0.5, 5, 100000]],
    # Typeset.
    "1 & 2 \\\\ 3 & 4 \\\\": [[1, 2], [3, 4]],
    "\\begin{array}{c|c} 0{,}5 & 1 \\\\ \\hline 2 & 3 \\end{array}": [[0.5, 1], [2, 3]],
    "$$W = \\left[\\begin{matrix}1 & 2\\\\3 & 4\\end{matrix}\\right]$$": [[1, 2], [3, 4]],
    "| a | b |\n|---|:-:|\n| 1 | 2 |": [[1, 2]],
    "1 | 2\n3 | 4": [[1, 2], [3, 4]],
}
REFUSED: dict[str, str] = {
    "": "none", "[]": "none", "array([], dtype=float64)": "none", "# only words": "none",
    "1,5": "comma", "1,2;3,4": "comma", "1,2 3,4": "comma", "0,0\n0,1\n1,0\n1,1": "comma",
    "1.5, 2,5": "comma", "0,05,0,25": "comma", "1.5\t2,5": "comma", "1,5e-01\n2,5e-01": "comma",
    "12 050": "thousands", "1 000 000": "thousands", "[[1 2], [3 4]]": "separators",
    "[0,5 0,25]": "separators", "1, 2 3": "separators",
    "1.234,5\t2,5": "thousands", "1,234\t2,345": "thousands", "100,200,300": "thousands",
    "1'234": "thousands", "1_000 2": "thousands", "1\u202f234,5": "thousands",
    "1.234,5": "thousands", "1,234.5": "thousands",
    "[0. 1. ... 8. 9.]": "ellipsis", "\\begin{pmatrix}1&\\cdots&3\\end{pmatrix}": "ellipsis",
    "1 nan": "finite", "[1. inf]": "finite", "1e999": "finite", "-Infinity": "finite",
    "1/3": "fraction", "\u00bd": "fraction", "[1, 1/3]": "fraction",
    "True False": "boolean", "array([ True, False])": "boolean", "0x10 1": "hex",
    "1+2j 3": "complex", "[1.+0.j 2.]": "complex", "1d-3": "fortran",
    "5 %": "percent", "50%": "percent",
    "[[1, 2], [3]]": "ragged", "1 2\n3": "ragged", "1,2,3\n4,5": "ragged",
    "[[[1]]]": "dimensions", "[1,2": "bracket", "[1,2)": "bracket",
    "1,,2": "blank", "[1,,2]": "blank",
    "[1 2\n 3 4]": "lines", "[1 2\n 3 4 5]": "lines", "W = [1 2]\nb = [3]": "several",
    "| 1 | 2 |\n|---|---|\n| 3 | 4 |": "header", "|  | a |\n|---|---|\n| 0 | 2 |": "blank",
    "(5)": "number", "[1 2; 3 4]'": "number", "np.array([1, 2]).T": "number", "10\u00b2": "number",
    "0.01 * np.array([1, 2])": "separators", "1.0e+03 *\n 1 2": "number", "[1 - 2]": "number",
    "c(1, 2)": "number", '{"W": [1]}': "number", "\u20135": "number", "one two": "number",
}  # fmt: skip


def test_each_way_to_write_a_matrix_is_taken_or_refused_for_its_reason() -> None:
    found = dict(zip([*TAKEN, *REFUSED], parse([*TAKEN, *REFUSED]), strict=True))
    assert {text: found[text] for text in TAKEN} == TAKEN
    faults = {text: found[text] for text in REFUSED}
    assert [text for text, fault in faults.items() if not isinstance(fault, dict)] == []
    assert {text: fault["code"] for text, fault in faults.items()} == REFUSED


def test_every_reason_has_its_sentence_in_every_language() -> None:
    for language in ("en", "ko", "ja"):
        strings = json.loads((STATIC / "lang" / f"{language}.json").read_text("utf-8"))
        for code in {*REFUSED.values(), "size"}:
            assert f"paste.{code}" in strings or f"number.{code}" in strings, (language, code)


def test_a_fault_says_where_it_is_and_shows_no_more_than_twenty_signs() -> None:
    assert parse(["1 2\n3 x", "[[1, 2], [3, 4, 5]]", "[1, " + "9x" * 40 + "]"]) == [
        {"code": "number", "row": 2, "column": 2, "text": "x"},
        {"code": "ragged", "row": 2, "found": 3, "wanted": 2},
        {"code": "number", "row": 1, "column": 2, "text": "9x" * 9 + "9\u2026"},
    ]


def test_whatever_is_printed_comes_back_exactly_or_is_refused_with_words() -> None:
    rng = np.random.default_rng(56)
    names = [name for name in STYLES for _ in range(1 + MATRICES // len(STYLES))]
    printed = [STYLES[name](rng, matrix(rng)) for name in names]

    found = parse([one.text for one in printed])

    refused = Counter[str]()
    for name, one, answer in zip(names, printed, found, strict=True):
        if isinstance(answer, dict):
            assert one.doubtful, (name, one.text, answer)
            assert answer["code"] in ("comma", "lines", "thousands", "none"), (name, one.text)
            refused[name] += 1
        else:
            assert answer == one.rows, (name, one.text)
    total = Counter(names)
    assert len(names) >= MATRICES
    assert len(STYLES) >= 12
    # Doubt is the exception: most of every style is taken.
    for name in STYLES:
        assert refused[name] <= 0.2 * total[name], (name, refused[name])


def test_one_wrong_number_anywhere_has_the_whole_text_refused() -> None:
    rng = np.random.default_rng(57)
    texts, names = [], []
    for name, style in STYLES.items():
        for _ in range(300):
            text = spoiled(rng, style(rng, matrix(rng)))
            if text is not None:
                texts.append(text)
                names.append(name)

    found = parse(texts)

    for name, text, answer in zip(names, texts, found, strict=True):
        assert isinstance(answer, dict), (name, text, answer)
    assert all(count > 30 for count in Counter(names).values()), Counter(names)
    assert set(names) == set(STYLES)

"""What the server refuses is said in the words of the page, in every language."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.api.problem import KINDS
from app.web.files import STATIC
from app.web.languages import LANGUAGES

APP = Path(__file__).parents[2] / "app"
RAISED = {"EngineError": 2, "FieldError": 1, "_fault": 0, "_fault_at": 0}


def codes() -> set[str]:
    """Every code that the server's own text gives to a wrong field."""
    found = {"limit", "value"}
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = RAISED.get(node.func.id)
                if place is not None and len(node.args) > place:
                    code = node.args[place]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        found.add(code.value)
    bodies = (APP / "api" / "bodies.py").read_text("utf-8")
    return (
        found
        | set(re.findall(r'": \("(\w+)", "', bodies))
        | set(re.findall(r'code, message = "(\w+)"', bodies))
    )


ALLOWED: list[dict[str, Any]] = [
    {},
    {"type": "integer", "minimum": 0, "maximum": 2},
    {"type": "integer", "minimum": 1},
    {"type": "integer", "maximum": 3},
    {"type": "integer"},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 1e6},
    {"exclusiveMinimum": 0},
    {"minimum": 0, "exclusiveMaximum": 1},
    {"exclusiveMaximum": 1},
    {"minimum": 0},
    {"maximum": 8000000},
    {"maxItems": 10000},
    {"minItems": 1},
    {"enum": ["op", "layer"]},
    {"shapes": [[5], [5, 3]]},
]
POINTERS = [
    "", "/network/input_size", "/network/layers", "/network/layers/2/units", "/network/layers/0",
    "/network/loss/type", "/network/dtype", "/x", "/x/0/1", "/t", "/t/2", "/grad_output/1",
    "/parameters/affine1.W/0/1", "/parameters", "/seed", "/data/samples", "/data/dataset",
    "/data/split", "/sample", "/level", "/loss", "/form", "/open", "/row", "/preset", "/tensor",
    "/index/0", "/max_cells", "/optimizer/learning_rate", "/0/value", "/1/value", "/2/value/3/1",
    "/3/index/0", "/4/rows/0", "/4/dataset", "/5/tensor", "/6/value", "/7", "/0",
]  # fmt: skip
EDITS: list[dict[str, Any]] = [
    {"op": "set", "tensor": "x", "index": [2, 3], "value": 1},
    {"op": "set", "tensor": "t", "index": [1], "value": 7},
    {"op": "replace", "tensor": "affine1.W", "value": [[1]]},
    {"op": "set", "tensor": "affine2.b", "index": [9], "value": 1},
    {"op": "load", "dataset": "mnist", "split": "test", "rows": [1]},
    {"op": "set", "tensor": "nothing", "index": [0], "value": 1},
    {"op": "set", "tensor": "learning_rate", "index": [], "value": -1},
]
# What only a program calls things, and signs of a sentence that is not whole.
INTERNAL = re.compile(
    r"/|\u203a|\{|\}|undefined|NaN|null|input_size|grad_output|learning_rate|dataset|max_cells"
    r"|affine\d|(?<![Tt]his )\bvalue\b"
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_names_an_internal_path(
    run_module: Callable[[str, str], Any], language: str
) -> None:
    given = orjson.dumps([sorted(codes()), ALLOWED, POINTERS, EDITS]).decode()
    cases = """codes.flatMap((code) => allowed.flatMap((one) => pointers.flatMap((pointer) =>
      [undefined, edits].map((sent) => [
        [code, pointer, JSON.stringify(one), sent ? "edits" : ""].join(" "),
        m.fieldMessage({ pointer, code, message: "English", allowed: one }, sent),
      ]))))"""
    speak = f'await (await import("/static/js/strings.js")).speak("{language}")'
    said: list[list[str]] = run_module(
        "messages.js", f"({speak}, (([codes, allowed, pointers, edits]) => {cases})({given}))"
    )
    assert len(said) == len(codes()) * len(ALLOWED) * len(POINTERS) * 2
    for case, text in said:
        # The figure's own name of a gradient.
        plain = text.replace("op, layer", "").replace("\u2202L/\u2202Y", "")
        assert not INTERNAL.search(plain), (case, text)
        assert "English" not in text, (case, text)
        # A key without a sentence stands for itself.
        assert not re.search(r"\b(invalid|field|problem)\.[a-z]", text), (case, text)


def test_sentences_name_the_cell_and_what_is_allowed(run_module: Callable[[str, str], Any]) -> None:
    given = orjson.dumps(EDITS).decode()
    whole = '(await import("/static/js/strings.js")).bringWords()'

    def said(pointer: str, code: str, allowed: dict[str, Any], words: str = whole) -> str:
        error = orjson.dumps({"pointer": pointer, "code": code, "message": "", "allowed": allowed})
        asked = f"(await {words}, m.fieldMessage({error.decode()}, {given}))"
        text: str = run_module("messages.js", asked)
        return text

    # Before the rest of the words has come.
    few = said("/2/value", "shape", {"shapes": [[2, 3]]}, "null")
    assert few == "W: this value cannot be used."

    label = {"type": "integer", "minimum": 0, "maximum": 2}
    assert (
        said("/1/value", "range", label)
        == "Target of sample 1: a whole number from 0 to 2 is needed."
    )
    assert said("/0/value", "finite", {}) == "X, place 3: a finite number is needed."
    assert said("/2/value", "shape", {"shapes": [[2, 3]]}) == "W: the shape must be (2, 3)."
    assert said("/2/value/3/1", "type", {}) == "W, row 3, column 1: a number is needed."
    rate = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e6}
    assert (
        said("/6/value", "range", rate)
        == "Learning rate: a number above 0 and at most 1,000,000 is needed."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_problem_that_a_learner_can_meet_has_its_own_sentence(language: str) -> None:
    strings = orjson.loads((STATIC / "lang" / f"{language}.json").read_bytes())
    # The others can only be a fault of the page's own requests.
    own = {
        "malformed", "bad-request", "method-not-allowed", "not-acceptable", "unsupported-type",
        "precondition-required", "invalid", "head-too-large",
        "url-too-long", "other-origin", "operators-only", "key-reused",
    }  # fmt: skip
    # To who reads it, a wrong token is none.
    for kind in {"offline", *KINDS} - own - {"forbidden"}:
        assert f"problem.{kind}" in strings, kind
    sentences = [
        strings[f"problem.{kind}"] for kind in ("run-active", "run-over", "nothing-to-learn")
    ]
    assert len(set(sentences)) == 3

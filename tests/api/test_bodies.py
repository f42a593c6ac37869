import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.api.bodies import parse
from app.api.models import EDITS, EVALUATE, NEW_SESSION, Evaluate
from app.api.problem import Problem

NETWORK = '{"input_size":2,"layers":[],"loss":null}'


def problem_of(body: bytes | str, adapter: Any = EVALUATE) -> Problem:
    with pytest.raises(Problem) as caught:
        parse(body.encode() if isinstance(body, str) else body, adapter)
    return caught.value


def evaluate_with(x: str) -> str:
    return f'{{"network":{NETWORK},"x":{x}}}'


@pytest.mark.parametrize(
    ("x", "pointer", "status"),
    [
        ("[[NaN,1]]", "/x/0/0", 422),
        ("[[1,1e400]]", "/x/0/1", 422),
        ("[[1,-Infinity]]", "/x/0/1", 422),
        ("[[1,true]]", "/x/0/1", 422),
        (f"[[1,{'9' * 400}]]", "/x/0/1", 422),
        (f"[[1,{'9' * 5000}]]", "/x/0/1", 400),
        ("[[1,01]]", "/x/0/1", 400),
        ("[[1,2],[3,}", "/x/1/1", 400),
        ("[" * 1_000, "/x/0/0/0/0/0/0/0/0/0/0/0/…", 400),
        ("[" * 100_000, "/x/0/0/0/0/0/0/0/0/0/0/0/…", 422),
    ],
)
def test_a_wrong_number_is_named_whether_it_is_json_or_not(
    x: str, pointer: str, status: int
) -> None:
    problem = problem_of(evaluate_with(x))

    assert problem.status == status
    assert [error.pointer for error in problem.errors] == [pointer]


def test_more_lists_than_any_network_needs_are_not_even_made() -> None:
    problem = problem_of(evaluate_with("[" + "[1]," * 60_000 + "[1]]"))

    assert problem.errors[0].code == "limit"
    assert problem.errors[0].pointer.startswith("/x/")


def test_broken_utf_8_is_named() -> None:
    body = evaluate_with('[[1, "').encode() + b'\xff"]]}'

    problem = problem_of(body)

    assert problem.status == 400
    assert problem.errors[0].pointer == "/x/0/1"


@pytest.mark.parametrize("body", ["", "nope", "{", '{"a":1}x', "\ufeff{}"])
def test_what_is_no_json_is_malformed(body: str) -> None:
    assert problem_of(body).kind == "malformed"


def test_a_doubled_key_is_refused_by_name() -> None:
    doubled = problem_of(evaluate_with("[[1,2]]")[:-1] + ',"x":[[3,4]]}')
    escaped = problem_of(evaluate_with("[[1,2]]")[:-1] + ',"\\u0078":[[3,4]]}')

    assert [(e.pointer, e.code) for e in doubled.errors] == [("/x", "duplicate")]
    assert [(e.pointer, e.code) for e in escaped.errors] == [("/x", "duplicate")]


def test_the_same_key_in_two_objects_is_no_double() -> None:
    body = '{"network":{"input_size":1,"layers":[{"type":"relu"},{"type":"tanh"}]},"x":[[1]]}'

    model = parse(body.encode(), EVALUATE)
    assert isinstance(model, Evaluate)
    assert len(model.network.layers) == 2


def test_unknown_missing_and_wrong_fields_are_all_named() -> None:
    problem = problem_of('{"network":{"input_size":"2","layers":[{"type":"dense"}],"bias":1}}')

    assert {(error.pointer, error.code) for error in problem.errors} == {
        ("/network/input_size", "type"),
        ("/network/layers/0/type", "choice"),
        ("/network/bias", "unknown"),
        ("/x", "missing"),
    }


def test_the_branch_of_a_union_is_no_part_of_the_pointer() -> None:
    body = (
        '[{"op":"view"},{"op":"set","tensor":"x","index":[0,-1],"value":1},'
        '{"op":"set","tensor":"x"},{"op":"swap"},{}]'
    )
    first = problem_of(body, EDITS)

    assert first.errors[0].pointer == "/1/index/1"
    assert problem_of('[{"op":"swap"}]', EDITS).errors[0].pointer == "/0/op"
    assert problem_of("[{}]", EDITS).errors[0].pointer == "/0/op"
    # The index may be left out: the learning rate has none.
    assert [e.pointer for e in problem_of('[{"op":"set","tensor":"x"}]', EDITS).errors] == [
        "/0/value"
    ]


def test_nothing_that_was_sent_is_repeated() -> None:
    secret = "s3cret-value"
    bodies = [
        evaluate_with(f'"{secret}"'),
        evaluate_with(f'[["{secret}"]]'),
        f'{{"network":{{"input_size":1,"layers":[{{"type":"{secret}"}}]}},"x":[[1]]}}',
        f'{{"network":{NETWORK},"x":[[1]],"initializer":"{secret}"}}',
        f'{{"network":{NETWORK},"x":[[1]],"seed":"{secret}"}}',
        f"{secret}",
    ]
    for body in bodies:
        assert secret.encode() not in problem_of(body).body()
    assert secret.encode() not in problem_of(f'[{{"op":"{secret}"}}]', EDITS).body()


KEYS = st.sampled_from(["a", "b", ":", "{", '"', "é"])
# Objects as lists of pairs, so that they can hold a key twice.
TREES = st.recursive(
    st.one_of(st.integers(0, 9), st.none(), KEYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(lambda pairs: ("object", pairs)),
    ),
    max_leaves=8,
)


def written(tree: Any) -> tuple[str, bool]:
    """A tree as JSON, and whether an object in it has a key twice."""
    if not isinstance(tree, list | tuple):
        return json.dumps(tree), False
    if isinstance(tree, list):
        items = [written(item) for item in tree]
        return f"[{','.join(text for text, _ in items)}]", any(found for _, found in items)
    pairs = [(key, *written(item)) for key, item in tree[1]]
    text = ", ".join(f"{json.dumps(key)} : {item}" for key, item, _ in pairs)
    doubled = len({key for key, _, _ in pairs}) < len(pairs)
    return f"{{{text}}}", doubled or any(found for _, _, found in pairs)


@given(TREES)
def test_a_doubled_key_is_found_wherever_it_is_and_nowhere_else(tree: Any) -> None:
    text, doubled = written(tree)
    anything: TypeAdapter[Any] = TypeAdapter(Any)

    if doubled:
        assert problem_of(text, anything).errors[0].code == "duplicate"
    else:
        assert parse(text.encode(), anything) == json.loads(text)


@pytest.mark.parametrize(
    ("body", "adapter", "detail"),
    [
        (
            '[{"op":"add"}]',
            EDITS,
            "0/op must be 'set', 'replace', 'insert_row', 'delete_row', 'classes', 'view', 'load', "
            "'optimizer', 'code' or 'reset'",
        ),
        (evaluate_with("[[1]]")[:-1] + ',"seed":-1}', EVALUATE, "seed must be greater than"),
        (evaluate_with("7"), EVALUATE, "x must be a list of rows"),
        ('{"network":[],"x":[[1]]}', EVALUATE, "network must be an object"),
        ("[]", EVALUATE, "the body must be an object"),
        ('{"x":[[1]],"network":{"layers":[]}}', EVALUATE, "network/input_size: this field is"),
        ('{"preset":"a","x":[[1]]}', NEW_SESSION, "a preset brings everything itself"),
        ('{"data":{"dataset":"a"}}', NEW_SESSION, "network: this field is required"),
    ],
)
def test_a_refusal_says_which_field_and_what_is_allowed(
    body: str, adapter: Any, detail: str
) -> None:
    assert problem_of(body, adapter).detail.startswith(detail)

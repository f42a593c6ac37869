"""A program's graph computes what NumPy computes, and its gradients are the slopes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from app.engine.code.calls import CALLS
from app.engine.code.compiling import MAX_NODES, build_code
from app.engine.code.reading import MAX_LINES, CodeError
from app.engine.code.running import read_code, trace_code
from app.engine.errors import EngineError, TooLarge
from app.engine.explain import explain
from app.engine.functions import function
from app.engine.ops import OPS
from app.engine.trace import Trace

Array = np.ndarray


def run(code: str, grad_output: Any = None, /, **values: Any) -> Trace:
    """A pass over a program."""
    spec, checked, given_gradient = read_code(code, values, grad_output)
    return trace_code(spec, checked, given_gradient)


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


# What NumPy itself does not have, for running the same text as Python.
OWN: dict[str, Any] = {
    "np": np,
    "softmax": softmax,
    **{name: function(name).value for name in ("sigmoid", "relu", "gelu", "softplus")},
}


def _expressions(names: str) -> st.SearchStrategy[str]:
    """Expressions of arrays (2, 3) whose values stay in the hundreds."""
    leaf = st.sampled_from([*names, "0.5", "-1.5", f"{names[0]}.mean(axis=0)", f"{names[1]}[1]"])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*"), inner).map(
                lambda p: f"({p[0]} {p[1]} {p[2]})"
            ),
            inner.map(lambda e: f"np.tanh({e})"),
            inner.map(lambda e: f"sigmoid({e})"),
            inner.map(lambda e: f"(-({e}))"),
            inner.map(lambda e: f"np.sin({e}) ** 2"),
            inner.map(lambda e: f"({e}) / (1 + np.cos({e}) ** 2)"),
            inner.map(lambda e: f"np.where({names[0]} > 0.5, {e}, {names[1]})"),
        ),
        max_leaves=6,
    )


@settings(max_examples=60, deadline=None)
@given(_expressions("ab"), _expressions("ab"), st.integers(0, 10_000))
def test_random_programs_are_computed_as_python_computes_them(
    first: str, second: str, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    values = {name: generator.standard_normal((2, 3)) for name in "ab"}
    code = f"h = {first} + a * b\nk = {second} + h\nL = np.sum(k * h) / 3"
    found = run(code, **values)
    expected: dict[str, Any] = {}
    exec(code, dict(OWN, **values), expected)
    for name in ("h", "k", "L"):
        assert_allclose(found.array(name), expected[name], rtol=1e-10, atol=1e-12)
    direction = {name: generator.standard_normal((2, 3)) for name in "ab"}
    step, sums = 1e-6, []
    for sign in (-1, 1):
        moved = {name: value + sign * step * direction[name] for name, value in values.items()}
        made: dict[str, Any] = {}
        exec(code, dict(OWN, **moved), made)
        sums.append(float(made["L"]))
    slope = sum(float((found.array(f"{name}.grad") * direction[name]).sum()) for name in "ab")
    assert_allclose(slope, (sums[1] - sums[0]) / (2 * step), rtol=1e-5, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(_expressions("ab"), st.integers(0, 10_000), st.data())
def test_every_number_of_a_random_program_is_derived_from_its_terms(
    first: str, seed: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(seed)
    values = {name: generator.standard_normal((2, 3)) for name in "ab"}
    found = run(f"h = {first} + a * b\nL = np.mean(h ** 2)", **values)
    key = data.draw(st.sampled_from(found.known))
    array = found.array(key)
    index = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
    derived = explain(found, key, index)
    total = sum(term.value for term in derived.terms) * derived.scale
    if derived.combine == "sum":
        assert_allclose(total, array[index], rtol=1e-11, atol=1e-13)
    if derived.combine == "positive":
        assert array[index] == (total > 0)


def test_the_books_apples() -> None:
    found = run("price = apple * n\ntotal = price * tax", apple=100, n=2, tax=1.1)
    assert found.array("total") == pytest.approx(220)
    gradients = [float(found.array(f"{name}.grad")) for name in ("apple", "n", "tax", "price")]
    assert gradients == pytest.approx([2.2, 110, 200, 1.1])


def test_the_books_apples_and_oranges() -> None:
    found = run(
        "apples = apple * n1\noranges = orange * n2\nprice = apples + oranges\ntotal = price * tax",
        apple=100, n1=2, orange=150, n2=3, tax=1.1,
    )  # fmt: skip
    assert found.array("total") == pytest.approx(715)
    names = ("n1", "apple", "orange", "n2", "tax")
    gradients = [float(found.array(f"{name}.grad")) for name in names]
    assert gradients == pytest.approx([110, 2.2, 3.3, 165, 650])


def test_a_neuron_of_scalars() -> None:
    found = run(
        "n = x1*w1 + x2*w2 + b\no = np.tanh(n)",
        x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432,
    )  # fmt: skip
    assert found.array("o") == pytest.approx(0.7071067811865476)
    gradients = [float(found.array(f"{name}.grad")) for name in ("x1", "w1", "x2", "w2")]
    assert gradients == pytest.approx([-1.5, 1.0, 0.5, 0.0])


def test_a_tensor_that_is_used_twice_adds_up_its_parts() -> None:
    found = run("y = x * x + x", x=3.0)
    assert float(found.array("x.grad")) == 7
    derived = explain(found, "x.grad", ())
    assert [term.value for term in derived.terms] == [3.0, 3.0, 1.0]


def test_what_the_result_does_not_depend_on_has_no_gradient() -> None:
    found = run(
        "h = a * b\nunused = np.exp(a)\nmask = a > 0\nL = np.sum(h * mask)", a=[1.0, -2], b=[3.0, 4]
    )
    assert found.array("unused").tolist() == pytest.approx(np.exp([1, -2]).tolist())
    assert found.array("a.grad").tolist() == [3, 0]
    assert not {"unused.grad", "mask.grad"} & set(found.known)


def test_an_array_as_the_result_asks_for_a_gradient_from_above() -> None:
    forward = run("y = x ** 2", x=[1.0, 2.0])
    assert not any(event.is_gradient for event in forward.events)
    found = run("y = x ** 2", [1.0, 10.0], x=[1.0, 2.0])
    assert found.array("x.grad").tolist() == [2, 40]


@pytest.mark.parametrize(
    "line",
    [
        "y = np.sum(x[0, 1:] * x[:, 1:][0])",
        "y = np.sum(x[::-1] * 2) / len(x)",
        "y = x.reshape(3, 2).T.sum() / x.shape[0]",
        "y = np.max(x) + x.max(axis=1).sum()",
        "y = np.concatenate([x, x * 2], axis=1).mean()",
        "y = np.einsum('ij,kj->ik', x, x).sum()",
        "y = np.maximum(x, 0.3).sum() + np.abs(x - 1).mean()",
        "y = np.sum(np.array([[1, 2, 3], [4, 5, 6]]) * x) + np.pi",
        "y = (x @ np.array([1.0, 2, 3])).sum()",
        "y = np.logaddexp(0, x).sum() * np.sqrt(2)",
        "y = x.sum(axis=1, keepdims=True).mean() ** 3",
        "y = np.transpose(x, (1, 0))[2, 1]",
        "y = np.zeros((2, 3)).sum() + x.dot(x.T)[0, 0]",
        "import numpy as np\ny = 0\ny += x.sum()\ny *= 3",
    ],
)  # fmt: skip
def test_what_can_be_written_in_numpy_is_read_as_numpy_does(line: str) -> None:
    x = np.random.default_rng(3).standard_normal((2, 3))
    found = run(line, x=x)
    expected: dict[str, Any] = {}
    exec(line, dict(OWN, x=x), expected)
    assert_allclose(found.array("y"), expected["y"], rtol=1e-12)


def test_every_offered_name_is_an_op_or_builds_some() -> None:
    built = {"array", "ones", "zeros", "len", "softmax", "logaddexp"}
    assert {name for name in CALLS if name not in OPS or OPS[name].closed} == built


@pytest.mark.parametrize(
    ("code", "line", "column", "words"),
    [
        ("y = x +", 1, 8, "not Python"),
        ("a = x\nfor i in a: pass", 2, 1, "loop"),
        ("y = np.foo(x)", 1, 5, "foo is not offered"),
        ("y = x.foo", 1, 5, "foo"),
        ("h = x * 2\ny = h @ x", 2, 5, "a @ b.T or a.T @ b would fit"),
        ("y = x + np.ones((4, 5))", 1, 5, "do not fit"),
        ("y = z * x", 1, 5, "z has no value"),
        ("y = b + x\nb = x", 1, 5, "before it is assigned"),
        ("x = x * 2", 1, 1, "is given"),
        ("y = 2 * 3", 1, 1, "computes nothing"),
        ("y = x[5]", 1, 5, "outside"),
        ("y = x ** x", 1, 5, "exponent"),
        ("y, z = x", 1, 1, "one name"),
        ("y = x if x else x", 1, 5, "where"),
        ("y = [i for i in x]", 1, 5, "loop"),
        ("y = x % 2", 1, 5, "Mod"),
        ("y = open('/etc/passwd')", 1, 5, "not offered"),
        ("y = x.__class__", 1, 5, "not read"),
        ("import os\ny = x", 1, 1, "only numpy"),
        ("y = np.sum(x, axis=7)", 1, 5, "no axis"),
        ("y = x * 1e999", 1, 9, "too large"),
        ("print(x)", 1, 1, "assigns"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_column(
    code: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(CodeError) as told:
        build_code(code, {"x": (2, 3)})
    assert (told.value.line, told.value.column) == (line, column)
    assert words in told.value.message


def test_limits_are_named_before_anything_is_allocated() -> None:
    for code, words in [
        ("y = x\n" * (MAX_LINES + 1), f"{MAX_LINES} lines"),
        ("y = x" + "\ny = y + x + x + x" * 150, f"{MAX_NODES} ops"),
        ("y = " + " + ".join(["x"] * 200), "deep"),
        ("y = np.ones((100000, 100000)) * x", "numbers"),
        ("y = " + "(" * 300 + "x" + ")" * 300, "deep"),
        ("y = " + "-" * 5000 + "x", "deep"),
        ("y = np.einsum('ab,bc,cd,de->ae', X, X, X, X)", "products"),
        ("y = " + " @ ".join(["X"] * 8), "products"),
        ("y = '" + "a" * 30_000 + "'", "characters"),
    ]:
        shapes: dict[str, tuple[int, ...]] = {"X": (700, 700)} if "X" in code else {"x": ()}
        with pytest.raises(TooLarge) as told:
            build_code(code, shapes)
        assert words in told.value.message


def test_values_are_checked_by_name() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"x": 1.0, "z": 2.0}, "values/z"),
        ({"x": [[1.0], [2.0, 3.0]]}, "values/x"),
        ({"x": float("nan")}, "values/x"),
        ({}, "values/x"),
    ]
    for values, field in cases:
        with pytest.raises(EngineError) as told:
            read_code("y = x * 2", values)
        assert told.value.field == field
    with pytest.raises(EngineError) as told:
        read_code("y = W[ids]", {"W": [[1.0], [2.0]], "ids": [0, 2]})
    assert told.value.field == "values/ids/1"
    with pytest.raises(EngineError) as told:
        read_code("y = x * 2", {"x": 1.0}, 1.0)
    assert told.value.field == "grad_output"
    with pytest.raises(EngineError) as told:
        read_code("y = x * 2", {"x": [1.0, 2.0]}, [1.0])
    assert told.value.field == "grad_output"


def test_what_is_differentiated_by_stands_as_one() -> None:
    graph = build_code("L = np.sum(a * b + c ** 2)", {"a": (2,), "b": (2,), "c": (2,)})[1]
    names = {edge.symbol: edge.grad_symbol for edge in graph.edges}
    assert names[r"\mathbf{a} \times \mathbf{b}"] == (
        r"\frac{\partial L}{\partial \left(\mathbf{a} \times \mathbf{b}\right)}"
    )
    assert names[r"\mathbf{c}^{2}"] == r"\frac{\partial L}{\partial \mathbf{c}^{2}}"
    assert names[r"\mathbf{a}"] == r"\frac{\partial L}{\partial \mathbf{a}}"

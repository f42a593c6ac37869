"""Every row of the table of ops: gradient, derived rule and finite differences agree."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.code.helpers import HELPERS
from app.engine.derivation import longest
from app.engine.functions import FAMILIES, function
from app.engine.many import most
from app.engine.op import Op, written
from app.engine.ops import OPS, unbroadcast
from app.engine.rules import IndexRule, expand

Array = np.ndarray
Shapes = list[tuple[int, ...]]

Use = tuple[str, Shapes, dict[str, Any]]

# How the rows that are no function of one number are used; the others follow from their table.
WAYS: dict[str, list[tuple[Shapes, dict[str, Any]]]] = {
    "dot": [
        ([(1, 2), (2, 3)], {}),
        ([(4, 2), (2, 3)], {}),
        ([(2,), (2, 3)], {}),
        ([(4, 2), (2,)], {}),
        ([(2,), (2,)], {}),
        ([(3, 4, 2), (3, 2, 5)], {}),
        ([(3, 4, 2), (2, 5)], {}),
        ([(2, 1, 4, 2), (3, 2, 5)], {}),
    ],
    "add": [
        ([(1, 3), (3,)], {}),
        ([(4, 3), (3,)], {}),
        ([(4, 3), ()], {}),
        ([(), (), ()], {}),
        ([(2, 4, 3), (4, 1)], {}),
    ],
    "subtract": [([(4, 3), (4, 1)], {}), ([(1, 3), (1, 1)], {}), ([(), ()], {})],
    "multiply": [
        ([(4, 3), (4, 1)], {}),
        ([(4, 3), (4, 3)], {}),
        ([(4, 3), ()], {}),
        ([(), ()], {}),
        ([(3,), (4, 1)], {}),
    ],
    "divide": [([(4, 3), (4, 1)], {}), ([(), ()], {}), ([(), (4, 3)], {})],
    "maximum": [([(4, 3), (4, 3)], {}), ([(4, 3), ()], {}), ([(3,), (4, 1)], {})],
    "where": [([(4, 3), (4, 3), ()], {}), ([(4, 1), (4, 3), (3,)], {})],
    "greater": [([(4, 3), (4, 3)], {}), ([(4, 3), ()], {})],
    "less": [([(4, 3), (4, 3)], {}), ([(4, 3), ()], {})],
    "greater_equal": [([(4, 3), (4, 3)], {}), ([(4, 3), ()], {})],
    "less_equal": [([(4, 3), (4, 3)], {}), ([(4, 3), ()], {})],
    "einsum": [
        ([(2, 3), (3, 4)], {"subscripts": "ij,jk->ik"}),
        ([(2, 3), (2, 3)], {"subscripts": "ij,ij->"}),
        ([(2, 3)], {"subscripts": "ij->j"}),
        ([(2, 3, 4), (2, 5, 4)], {"subscripts": "bqd,bkd->bqk"}),
        ([(2, 3), (3,), (2,)], {"subscripts": "ij,j,i->ij"}),
    ],
    "sum": [
        ([(4, 3)], {"axes": (1,), "keepdims": True}),
        ([(4, 3)], {"axes": (0,)}),
        ([(4, 3)], {}),
        ([(2, 3, 4)], {"axes": (0, -1)}),
        ([()], {}),
    ],
    "mean": [
        ([(4, 3)], {"axes": (1,), "keepdims": True}),
        ([(4, 3)], {}),
        ([(2, 3, 4)], {"axes": (0, 2)}),
    ],
    "max": [
        ([(1, 3)], {"axes": (1,), "keepdims": True}),
        ([(4, 3)], {"axes": (1,), "keepdims": True}),
        ([(4, 3)], {"axes": (0,)}),
        ([(2, 3, 4)], {"axes": (0, 2)}),
        ([(4, 3)], {}),
        ([(), (), ()], {}),
    ],
    "repeat": [([(3,)], {"rows": 1}), ([(3,)], {"rows": 4}), ([()], {"rows": 3})],
    "reshape": [
        ([(4, 3)], {"shape": (2, 6)}),
        ([(4, 3)], {"shape": (-1,)}),
        ([(2, 3, 4)], {"shape": (2, -1)}),
        ([(1, 1)], {"shape": ()}),
    ],
    "transpose": [
        ([(4, 3)], {}),
        ([(2, 3, 4)], {"axes": (1, 0, 2)}),
        ([(2, 3, 4)], {"axes": (2, 0, 1)}),
    ],
    "concatenate": [
        ([(4, 3), (2, 3)], {}),
        ([(4, 3), (4, 1), (4, 2)], {"axis": 1}),
        ([(3,), (2,)], {"axis": -1}),
    ],
    "index": [
        ([(4, 3)], {"index": (2,)}),
        ([(4, 3)], {"index": ((None, None, None), -1)}),
        ([(4, 3)], {"index": ((1, 4, 2), (0, 2, None))}),
        ([(4, 3)], {"index": ((None, None, -1),)}),
        ([(4,)], {"index": (3,)}),
    ],
    "gather": [([(5, 3), (4,)], {}), ([(5,), (2, 3)], {})],
    "conv2d": [
        ([(2, 2, 4, 5), (3, 2, 2, 3)], {}),
        ([(1, 1, 5, 5), (2, 1, 3, 3)], {"stride": 2, "pad": 1}),
        ([(1, 2, 4, 4), (1, 2, 3, 3)], {"stride": 3, "pad": 1}),
    ],
    "max_pool": [
        ([(2, 2, 4, 4)], {"size": 2}),
        ([(1, 1, 5, 5)], {"size": 3, "stride": 1}),
        ([(1, 1, 4, 4)], {"size": 3, "stride": 2, "pad": 1}),
    ],
    "softmax": [([(4, 3)], {}), ([(1, 3)], {})],
    "softmax_with_loss": [
        ([(4, 3), (4, 3)], {}),
        ([(1, 3), (1, 3)], {}),
        ([(4, 3), (4, 3)], {"total": True}),
    ],
}
CONSTANTS = {"power": (2.0, 3.0, -1.0, 0.5), "leaky_relu": (0.01, 0.3)}


def _uses() -> Iterator[Use]:
    """Every row of the table, in every way there is to use it."""
    for name in OPS:
        if name in WAYS:
            for shapes, attributes in WAYS[name]:
                yield name, shapes, attributes
            continue
        if OPS[name].broadcasts:
            yield name, [(4, 3), (4, 3)], {}
            yield name, [(4, 3), (3,)], {}
            continue
        family = FAMILIES.get(name)
        for constant in CONSTANTS[name] if family else (None,):
            for shape in ((), (1, 3), (4, 3), (2, 2, 3)):
                yield name, [shape], {} if family is None else {family.constant: constant}


USES = list(_uses())


def operands(name: str, shapes: Shapes, seed: int) -> list[Array]:
    """Positive numbers well away from each other and from the kink at 0; masks and row numbers
    where the op takes those.
    """
    if name == "gather":
        rows = np.random.default_rng(seed).integers(0, shapes[0][0], shapes[1]).astype(float)
        return [*operands("", shapes[:1], seed), rows]
    if name == "where":
        mask = np.random.default_rng(seed).integers(0, 2, shapes[0]).astype(float)
        return [mask, *operands("", shapes[1:], seed)]
    if name == "softmax_with_loss":
        scores, t = operands("", shapes, seed)
        return [scores, t / t.sum(axis=1, keepdims=True)]
    generator = np.random.default_rng(seed)
    size = sum(math.prod(shape) for shape in shapes)
    numbers = iter(0.5 + generator.permutation(size) / size)
    return [np.array([next(numbers) for _ in range(math.prod(s))]).reshape(s) for s in shapes]


def named_for_rules(op: Op, inputs: list[Array]) -> dict[str, Array]:
    """All that the rules of an op name, but its result and what comes from above."""
    kept = {} if op.closed is None else op.closed.kept(inputs)
    return {str(k): array for k, array in enumerate(inputs)} | dict(kept)


def by_rule(rule: IndexRule, place: tuple[int, ...], arrays: dict[str, Array]) -> Array:
    """One cell of a result as its rule makes it."""
    parts = [product.value for product in expand(rule, place, arrays)]
    if rule.largest:
        return np.asarray(max(parts))
    whole = np.asarray(rule.scale * sum(parts))
    if rule.over is not None:
        at = tuple(0 if axis == "0" else n for axis, n in zip(rule.over.result, place, strict=True))
        whole = whole / by_rule(rule.over, at, arrays)
    return function(rule.outer).value(whole)


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_table_gives_the_shape_and_leaves_its_inputs_alone(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    inputs = operands(name, shapes, 1)
    kept = [array.copy() for array in inputs]
    for array in inputs:
        array.setflags(write=False)
    out = np.asarray(OPS[name].forward(inputs, attributes))
    grad = np.ones_like(out)
    grad.setflags(write=False)
    for k, array in enumerate(inputs):
        assert np.shape(OPS[name].gradient(k, inputs, out, grad, attributes)) == array.shape
    assert out.shape == OPS[name].shape(shapes, attributes)
    assert all(np.array_equal(a, b) for a, b in zip(inputs, kept, strict=True))


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_gradient_is_the_slope_by_finite_differences(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs, h = OPS[name], operands(name, shapes, 2), 1e-6
    out = np.asarray(op.forward(inputs, attributes))
    weights = np.random.default_rng(3).standard_normal(out.shape)
    for k, array in enumerate(inputs):
        if not op.reaches(k):
            continue
        exact = np.asarray(op.gradient(k, inputs, out, weights, attributes))
        for index in np.ndindex(array.shape):
            sums = []
            for step in (-h, h):
                moved = [value.copy() for value in inputs]
                moved[k][index] += step
                sums.append(float((np.asarray(op.forward(moved, attributes)) * weights).sum()))
            assert_allclose(exact[index], (sums[1] - sums[0]) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_one_index_rule_says_the_same_as_the_code_forward_and_backward(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs = OPS[name], operands(name, shapes, 4)
    out = np.asarray(op.forward(inputs, attributes))
    named = named_for_rules(op, inputs)
    rule = op.rule(shapes, attributes)
    for number, index in enumerate(np.ndindex(out.shape)):
        place = (number,) if rule.flat else index
        assert_allclose(by_rule(rule, place, named), out[index], rtol=1e-12)
    grad = np.random.default_rng(5).standard_normal(out.shape)
    for k, array in enumerate(inputs):
        if not op.reaches(k):
            continue
        derived = op.gradient_rule(k, shapes, attributes)
        kept = {"out": out, "grad": grad}
        if op.mask is not None:
            kept["largest"] = op.mask(k, inputs, attributes)
        exact = np.asarray(op.gradient(k, inputs, out, grad, attributes))
        for number, index in enumerate(np.ndindex(array.shape)):
            place = (number,) if derived.flat else index
            parts = [product.value for product in expand(derived, place, named | kept)]
            # That of a closed group is told without the one number that comes from above.
            above = 1.0 if op.closed is None else float(grad)
            assert_allclose(
                above * derived.scale * sum(parts), exact[index], rtol=1e-11, atol=1e-13
            )


@pytest.mark.parametrize(
    ("name", "shapes", "attributes"), [use for use in USES if OPS[use[0]].closed is not None]
)
def test_each_result_of_a_closed_group_is_what_its_rule_says(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs = OPS[name], operands(name, shapes, 6)
    assert op.closed is not None
    made = op.closed.kernel(inputs, attributes)
    assert_allclose(made[-1], op.forward(inputs, attributes), rtol=0)
    named = named_for_rules(op, inputs)
    for result, array in zip(op.closed.results, made, strict=True):
        assert set(result.reads) <= named.keys()
        rule = result.rule(shapes, attributes)
        for index in np.ndindex(array.shape):
            assert_allclose(by_rule(rule, index, named), array[index], rtol=1e-12)


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_many_terms_at_once_are_those_one_by_one(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op, inputs = OPS[name], operands(name, shapes, 7)
    out = np.asarray(op.forward(inputs, attributes))
    grad = np.random.default_rng(8).standard_normal(out.shape)
    named = named_for_rules(op, inputs) | {"out": out, "grad": grad}
    rules = [(op.rule(shapes, attributes), out.shape)]
    for k, array in enumerate(inputs):
        if op.reaches(k):
            rules.append((op.gradient_rule(k, shapes, attributes), array.shape))
    for k, (rule, shape) in enumerate(rules):
        if op.mask is not None and k > 0:
            named["largest"] = op.mask(k - 1, inputs, attributes)
        last = tuple(size - 1 for size in shape)
        place = (math.prod(shape) - 1,) if rule.flat else last
        kept, omitted, left = most(rule, place, named, 3)
        right, others, rest = longest(expand(rule, place, named), 3, rule.largest)
        assert (omitted, len(kept)) == (others, len(right))
        assert_allclose(left, rest, rtol=1e-12, atol=1e-13)
        assert_allclose(
            sorted(abs(one.value) for one in kept), sorted(abs(one.value) for one in right)
        )


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_formulas_and_numpy_lines_are_there_for_every_op(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op = OPS[name]
    names = [f"v{k}" for k in range(len(shapes))]
    assert op.symbol
    assert written(op.formula, names, attributes)
    for k in range(len(shapes)):
        assert op.gradient_formula(k, attributes).format(*names, "", "", g="g", y="y")
    line = op.line(names, attributes)
    inputs = operands(name, shapes, 6)
    given = dict(zip(names, inputs, strict=True))
    if name in ("gather",):
        given["v1"] = given["v1"].astype(int)
    if name == "where":
        given["v0"] = given["v0"] > 0
    # What NumPy has no name for is run by the op itself.
    own = {
        one: lambda *args, _op=one, **extra: OPS[_op].forward(args, extra)
        for one in ("conv2d", "max_pool", "gelu", "gelu_tanh", "softmax")
    }
    assert_allclose(
        np.asarray(eval(line, {"np": np, **own}, given)), op.forward(inputs, attributes), rtol=1e-12
    )


@pytest.mark.parametrize(("name", "shapes", "attributes"), USES)
def test_the_numpy_lines_of_a_script_compute_the_result_and_every_gradient(
    name: str, shapes: Shapes, attributes: dict[str, Any]
) -> None:
    op = OPS[name]
    names = [f"v{k}" for k in range(len(shapes))]
    inputs = operands(name, shapes, 7)
    if name in ("maximum", "max", "max_pool"):
        # Equals are among them, of which only the first has the gradient.
        inputs = [np.round(one) for one in inputs]
    out = op.forward(inputs, attributes)
    grad = np.asarray(np.random.default_rng(8).normal(size=out.shape))
    scope: dict[str, Any] = {"np": np, "math": math}
    exec("\n".join(HELPERS.values()), scope)
    scope |= dict(zip(names, inputs, strict=True)) | {"g": grad, "y": out}
    if op.closed is not None:
        for result, value in zip(
            op.closed.results, op.closed.kernel(inputs, attributes), strict=True
        ):
            line = written(result.numpy, names, attributes)
            assert_allclose(eval(line, scope), value, rtol=1e-12, atol=1e-15)
        scope["y"] = op.closed.kernel(inputs, attributes)[0]
    else:
        made = np.asarray(eval(op.script_line(names, attributes), scope))
        assert_allclose(made, out, rtol=1e-12)
        assert made.dtype == np.float64
    for k, one in enumerate(inputs):
        line = op.gradient_line(k, names, "y", "g", shapes, attributes)
        found = np.asarray(eval(line, scope))
        assert found.shape == one.shape
        known = (
            op.gradient(k, inputs, out, grad, attributes) if op.reaches(k) else np.zeros_like(one)
        )
        assert_allclose(found, known, rtol=1e-12, atol=1e-14)
        assert found.dtype == np.float64


def test_relu_sends_no_gradient_where_its_input_is_zero_or_less() -> None:
    x = np.array([[-1.0, 0.0, 2.0]])
    grad = OPS["relu"].gradient(0, [x], np.maximum(x, 0), np.array([[5.0, 6.0, 7.0]]), {})
    assert grad.tolist() == [[0.0, 0.0, 7.0]]


def test_max_sends_its_gradient_to_the_first_of_equals() -> None:
    mask = OPS["max"].mask
    assert mask is not None
    x = np.array([[2.0, 2.0, 1.0]])
    assert mask(0, [x], {"axes": (1,), "keepdims": True}).tolist() == [[1.0, 0.0, 0.0]]
    scalars = [np.array(2.0), np.array(2.0)]
    assert [float(mask(k, scalars, {})) for k in (0, 1)] == [1.0, 0.0]


def test_a_gradient_is_added_up_over_the_rows_that_a_bias_was_copied_to() -> None:
    dy = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert unbroadcast(dy, (3,)).tolist() == [5.0, 7.0, 9.0]

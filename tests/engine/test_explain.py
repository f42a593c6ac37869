"""The derivation of any number: its terms add up to it, and name cells that exist."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from app.engine.code.running import read_code, trace_code
from app.engine.errors import EngineError
from app.engine.explain import explain
from app.engine.run import make_trace, opened_graph
from app.engine.spec import LayerSpec, LossSpec, NetworkSpec
from app.engine.trace import Trace
from tests.engine.networks import Case, cases, make_case, some
from tests.engine.test_run import VIEWS, trace_of


def check_cell(trace: Trace, key: str, index: tuple[int, ...]) -> None:
    found = explain(trace, key, index)
    value = float(trace.array(key)[index])
    assert (found.tensor, found.value) == (key, value)
    values = [term.value for term in found.terms]
    total = max(values) if found.combine == "max" else math.fsum(values)
    assert_allclose(total * found.scale, value, rtol=1e-9, atol=1e-12)
    for term in found.terms:
        product = term.coefficient * math.prod(factor.value for factor in term.factors)
        assert_allclose(product, term.value, rtol=1e-12, atol=1e-15)
        for factor in term.factors:
            if factor.tensor in set(trace.known):
                assert trace.array(factor.tensor)[factor.index] == pytest.approx(
                    factor.cell_value, rel=1e-12
                )


@given(case=cases(max_n=3), view=st.sampled_from(VIEWS))
@settings(max_examples=40)
def test_the_terms_of_every_number_add_up_to_it(
    case: Case, view: tuple[str, str, str | None]
) -> None:
    trace = trace_of(case, *view)
    for key in trace.known:
        for index in np.ndindex(trace.array(key).shape):
            check_cell(trace, key, index)


def test_a_weights_gradient_names_the_cached_input_and_the_upstream_gradient() -> None:
    case = make_case([2, 3], [], 4, 1)
    found = explain(trace_of(case, "op", "closed", None), "affine1.W.grad", (0, 1))
    assert [[(f.tensor, f.index) for f in term.factors] for term in found.terms] == [
        [("affine1.dot.grad", (n, 1)), ("x", (n, 0))] for n in range(4)
    ]
    assert found.shapes == {"affine1.W.grad": (2, 3), "affine1.dot.grad": (4, 3), "x": (4, 2)}


def test_one_over_n_is_the_scale_of_the_scores_gradient() -> None:
    case = make_case([2, 3], [], 4, 1)
    found = explain(trace_of(case, "op", "closed", None), "affine1.output.grad", (2, 1))
    assert found.scale == 0.25
    assert [term.factors[0].tensor for term in found.terms] == ["loss.probabilities", "t"]


def test_branches_are_listed_and_added() -> None:
    spec = NetworkSpec.build(3, [], "softmax_cross_entropy")
    x, t = np.log([[0.3, 0.2, 0.5]]), np.array([[0.0, 1.0, 0.0]])
    trace = make_trace(spec, {}, x, t, level="element", loss="opened")
    found = explain(trace, "loss.a.2.grad", ())
    assert [term.factors[0].tensor for term in found.terms] == [
        "loss.exp.2:sum.grad",
        "loss.exp.2:multiply.2.grad",
    ]
    assert_allclose(found.value, -0.8, rtol=1e-12)


def test_an_input_says_that_it_is_given() -> None:
    trace = trace_of(make_case([2, 3], [], 1, 1), "op", "closed", None)
    assert explain(trace, "affine1.W", (1, 2)).rule_name == "input"
    assert explain(trace, "loss.grad", ()).rule_name == "seed.loss"


def test_a_long_sum_is_cut_and_says_what_is_left() -> None:
    spec = NetworkSpec.build(2500, [LayerSpec("affine", units=1)])
    parameters = {"affine1.W": np.ones((2500, 1)), "affine1.b": np.zeros(1)}
    found = explain(make_trace(spec, parameters, np.ones((1, 2500))), "affine1.dot", (0, 0))
    assert (len(found.terms), found.omitted, found.omitted_value) == (2000, 500, 500.0)


@pytest.mark.parametrize(
    ("key", "index", "field"),
    [("affine9.W", (0, 0), "tensor"), ("affine1.W", (2, 0), "index"), ("affine1.W", (0,), "index"),
     ("affine1.W", (-1, 0), "index"), ("t.grad", (0, 0), "tensor")],
)  # fmt: skip
def test_what_is_not_there_is_refused_by_name(key: str, index: tuple[int, ...], field: str) -> None:
    trace = trace_of(make_case([2, 3], [], 1, 1), "op", "closed", None)
    with pytest.raises(EngineError) as error:
        explain(trace, key, index)
    assert error.value.field == field


def test_a_sum_that_is_cut_lists_what_counts_most_and_the_sum_of_the_rest() -> None:
    spec = NetworkSpec.build(5, [LayerSpec("affine", units=1)])
    parameters = {"affine1.W": np.ones((5, 1)), "affine1.b": np.zeros(1)}
    trace = make_trace(spec, parameters, np.array([[0.5, -3.0, 0.0, 4.0, 1.0]]))
    found = explain(trace, "affine1.dot", (0, 0), max_terms=2)
    assert [term.value for term in found.terms] == [4.0, -3.0]
    assert (found.omitted, found.omitted_value) == (3, 1.5)
    whole = explain(trace, "affine1.dot", (0, 0), max_terms=5)
    assert [term.value for term in whole.terms] == [0.5, -3.0, 0.0, 4.0, 1.0]


def test_a_probability_is_a_ratio_of_its_own_numbers() -> None:
    spec = NetworkSpec.build(3, [], "softmax_cross_entropy")
    x = np.log([[0.3, 0.2, 0.5]])
    found = explain(make_trace(spec, {}, x), "loss.probabilities", (0, 1))
    (factor,) = found.terms[0].factors
    assert (factor.tensor, factor.index, factor.function) == ("x", (0, 1), "exp")
    assert_allclose([factor.value, found.scale], [0.2, 1], rtol=1e-15)
    divisor = some(found.divisor)
    assert_allclose([term.value for term in divisor.terms], [0.3, 0.2, 0.5], rtol=1e-15)
    assert divisor.shift == 0


def test_a_probability_says_what_was_subtracted_where_exp_would_overflow() -> None:
    spec = NetworkSpec.build(3, [], "softmax_cross_entropy")
    found = explain(make_trace(spec, {}, np.array([[800.0, 799, 1]])), "loss.probabilities", (0, 0))
    assert some(found.divisor).shift == 800
    assert [term.factors[0].function for term in found.terms] == ["exp_shifted"]
    assert [term.factors[0].value for term in some(found.divisor).terms[:2]] == [1, math.exp(-1)]


def test_the_loss_is_made_of_the_right_classes_alone() -> None:
    case = make_case([2, 3], [], 4, 1)
    found = explain(trace_of(case, "op", "closed", None), "loss", ())
    labels = case.t.argmax(axis=1)
    assert [[(f.tensor, f.index, f.function) for f in term.factors] for term in found.terms] == [
        [("t", (n, label), "identity"), ("loss.probabilities", (n, label), "log")]
        for n, label in enumerate(labels)
    ]
    assert (found.scale, {term.coefficient for term in found.terms}) == (0.25, {-1.0})


def test_a_sure_network_is_explained_without_1_minus_1() -> None:
    spec = NetworkSpec.build(3, [], "softmax_cross_entropy")
    x, t = np.array([[50.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]])
    for level in ("op", "element"):
        for loss in ("closed", "opened"):
            trace = make_trace(spec, {}, x, t, level=level, loss=loss)
            key, index = ("x.grad", (0, 0)) if level == "op" else ("loss.a.1.grad", ())
            found = explain(trace, key, index)
            assert (found.note, len(found.terms)) == ("others", 2)
            assert all(term.value < 0 for term in found.terms)
    found = explain(make_trace(spec, {}, x, t), "loss", ())
    assert (found.note, found.terms[0].value) == ("digits", found.value)


def test_a_sure_network_whose_losses_are_added_up_is_explained_without_1_minus_1() -> None:
    loss = LossSpec("softmax_cross_entropy", reduction="sum")
    spec = NetworkSpec.build(3, [], loss)
    x, t = np.array([[50.0, 0.0, 1.0], [0.0, 0.0, 60.0]]), np.eye(3)[[0, 2]]
    found = explain(make_trace(spec, {}, x, t), "x.grad", (0, 0))
    assert (found.rule_name, found.note) == ("softmax_with_loss.gradient.total", "others")
    total = math.fsum(term.value for term in found.terms) * found.scale
    assert_allclose(total, found.value, rtol=1e-14)


def test_the_largest_of_equal_scores_is_named_once() -> None:
    spec = NetworkSpec.build(2, [], "softmax_cross_entropy")
    x, t = np.array([[3.0, 3.0]]), np.array([[1.0, 0.0]])
    trace = make_trace(spec, {}, x, t, loss="opened", stable=True)
    gates = [explain(trace, "x:max.grad", (0, i)).terms[0].factors[1] for i in (0, 1)]
    assert [(gate.tensor, gate.function, gate.value) for gate in gates] == [
        ("x:max", "is_largest", 1), ("x:max", "is_largest", 0)
    ]  # fmt: skip


def test_scores_that_are_no_numbers_are_explained_without_a_warning() -> None:
    spec = NetworkSpec.build(2, [LayerSpec("sigmoid")], "softmax_cross_entropy")
    trace = make_trace(spec, {}, np.array([[np.inf, -np.inf]]), np.array([[1.0, 0.0]]))
    opened_graph(spec, trace)
    nothing = make_trace(NetworkSpec.build(2, [], spec.loss), {}, np.array([[np.inf, np.nan]]))
    opened_graph(NetworkSpec.build(2, [], spec.loss), nothing)


def test_a_sum_over_a_million_numbers_is_derived_in_a_moment() -> None:
    x = np.random.default_rng(0).standard_normal((1000, 1000))
    spec, values, _ = read_code("L = np.sum(x)", {"x": x})
    found = explain(trace_code(spec, values), "L", (), 10)
    assert (len(found.terms), found.omitted) == (10, x.size - 10)
    total = math.fsum([*(term.value for term in found.terms), found.omitted_value])
    assert total == pytest.approx(x.sum(), rel=1e-9)
    assert abs(found.terms[0].value) == np.abs(x).max()

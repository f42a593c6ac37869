"""The + of an Affine and the mean of the loss, opened: new nodes, the very same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from app.engine.build import build_graph
from app.engine.explain import explain
from app.engine.graph import OpGraph
from app.engine.open_ops import MEAN, closes, openable_ops, opened_in, opens
from app.engine.run import make_trace, opened_graph
from app.engine.spec import LayerSpec, NetworkSpec
from tests.engine.networks import Case, cases, make_case
from tests.engine.test_explain import check_cell
from tests.engine.test_one_number import Wild, wild_networks

AFFINE = NetworkSpec.build(2, [LayerSpec("affine", units=3)])
TWO = NetworkSpec.build(
    2,
    [LayerSpec("affine", units=3, name="first"), LayerSpec("relu"), LayerSpec("affine", units=2)],
    "softmax_cross_entropy",
)


def ends(graph: OpGraph) -> set[tuple[str, str | None, str | None]]:
    return {(edge.id, edge.source, edge.target) for edge in graph.edges}


def test_an_opened_plus_has_a_repeat_before_it() -> None:
    graph = build_graph(AFFINE, 4, open_ops={"affine1.add"})
    closed = build_graph(AFFINE, 4)
    assert ends(graph) - ends(closed) == {
        ("affine1.b", None, "affine1.repeat"),
        ("affine1.repeat", "affine1.repeat", "affine1.add"),
    }
    assert ends(closed) - ends(graph) == {("affine1.b", None, "affine1.add")}
    assert [node.op for node in graph.nodes] == ["dot", "repeat", "add"]
    assert (graph.edge["affine1.b"].shape, graph.edge["affine1.repeat"].shape) == ((3,), (4, 3))
    assert graph.node["affine1.repeat"].symbol == "Repeat"


def test_an_opened_mean_leaves_the_sum_to_the_closed_loss() -> None:
    graph = build_graph(TWO, 5, open_ops={MEAN})
    sum_of_losses, loss = graph.tensors["loss.negate"], graph.tensors["loss"]
    assert graph.node["loss.softmax_with_loss"].outputs == ("loss.probabilities", "loss.negate")
    assert graph.node[MEAN].inputs == ("loss.negate", "loss.one_over_n")
    assert graph.tensors["loss.one_over_n"].value == 0.2
    opened = build_graph(TWO, 5, loss="opened").tensors
    assert (sum_of_losses, loss) == (opened["loss.negate"], opened["loss"])


def test_what_opens_is_told_by_the_graph() -> None:
    names = openable_ops(TWO)
    assert names == ("first.add", "affine2.add", MEAN)
    closed, opened = build_graph(TWO, 3), build_graph(TWO, 3, open_ops=names)
    assert {opens(closed, node) for node in closed.nodes} == {None, *names}
    assert {opens(opened, node) for node in opened.nodes} == {None}
    assert opened_in(closed) == frozenset()
    assert opened_in(opened) == {*names}
    assert closes(opened, opened.node["first.repeat"]) == "first.add"
    assert closes(opened, opened.node["first.add"]) == "first.add"
    # An opened loss has the node in any case: it is no way to open or to close it.
    loss = build_graph(TWO, 3, loss="opened", open_ops=names)
    assert {opens(loss, node) for node in loss.nodes} == {None}
    assert opened_in(loss) == {"first.add", "affine2.add"}


def test_without_a_loss_there_is_no_mean_and_another_plus_repeats_nothing() -> None:
    spec = NetworkSpec.build(2, [LayerSpec("sigmoid"), LayerSpec("affine", units=2)])
    assert openable_ops(spec) == ("affine1.add",)
    graph = build_graph(spec, 3)
    assert opens(graph, graph.node["sigmoid1.add"]) is None
    no_targets = build_graph(TWO, 3, targets=False, open_ops={MEAN})
    assert MEAN not in no_targets.node
    assert MEAN not in {opens(no_targets, node) for node in no_targets.nodes}


@pytest.mark.parametrize("level", ["op", "element"])
def test_with_one_sample_there_is_nothing_to_open(level: str) -> None:
    names = openable_ops(TWO)
    graph = build_graph(TWO, 1, level, open_ops=names)
    assert graph == build_graph(TWO, 1, level)
    assert {opens(graph, node) for node in graph.nodes} == {None}


def test_forward_one_row_becomes_n_and_back_n_rows_become_one() -> None:
    """Figure 5-27 in the numbers of its demonstration: B = (1, 2, 3) gives dB = (5, 7, 9)."""
    x, w = np.array([[0.0, 0], [1, 1]]), np.full((2, 3), 5.0)
    b, dy = np.array([1.0, 2, 3]), np.array([[1.0, 2, 3], [4, 5, 6]])
    trace = make_trace(
        AFFINE, {"affine1.W": w, "affine1.b": b}, x, grad_output=dy, open_ops={"affine1.add"}
    )
    assert trace.array("affine1.repeat").tolist() == [[1, 2, 3], [1, 2, 3]]
    assert trace.array("affine1.output").tolist() == [[1, 2, 3], [11, 12, 13]]
    assert trace.array("affine1.repeat.grad").tolist() == dy.tolist()
    assert trace.array("affine1.b.grad").tolist() == [5, 7, 9]
    names = [event.rule_name for event in trace.events]
    assert names == [
        "dot.forward", "repeat.forward", "add.forward", "seed.given", "add.gradient.0",
        "add.gradient.1", "repeat.gradient.0", "dot.gradient.0", "dot.gradient.1",
    ]  # fmt: skip
    forward, back = trace.maker("affine1.repeat"), trace.maker("affine1.b.grad")
    assert forward is not None
    assert back is not None
    assert forward.rule == r"\mathbf{1} \cdot \mathbf{B}"
    by_b, by_y = (rf"\frac{{\partial L}}{{\partial \mathbf{{{it}}}}}" for it in "BY")
    one = r"\mathbf{1}^{\mathsf{T}}"
    assert back.rule == rf"{by_b} = \sum_{{n}} {by_y} = {one} \cdot {by_y}"
    copied = explain(trace, "affine1.repeat", (1, 2))
    assert [term.factors[0].index for term in copied.terms] == [(2,)]
    added = explain(trace, "affine1.b.grad", (2,))
    assert [(t.factors[0].tensor, t.factors[0].index, t.value) for t in added.terms] == [
        ("affine1.repeat.grad", (0, 2), 3), ("affine1.repeat.grad", (1, 2), 6),
    ]  # fmt: skip


def test_the_mean_is_the_sum_times_one_over_n_there_and_back() -> None:
    case = make_case([2, 3], [], 4, 1)
    trace = make_trace(case.spec, case.parameters, case.x, case.t, open_ops={MEAN})
    names = [event.rule_name for event in trace.events if event.layer == "loss"]
    assert names == [
        "softmax_with_loss.probabilities", "softmax_with_loss.total", "multiply.forward",
        "seed.loss", "multiply.gradient.0", "softmax_with_loss.gradient.total",
    ]  # fmt: skip
    assert trace.array("loss.negate") == pytest.approx(4 * trace.array("loss"), rel=1e-15)
    assert trace.array("loss.negate.grad") == 0.25
    found = explain(trace, "affine1.output.grad", (2, 1))
    assert found.scale == 0.25
    assert [term.factors[0].tensor for term in found.terms] == ["loss.probabilities", "t"]
    total = explain(trace, "loss.negate", ())
    assert (len(total.terms), total.scale) == (4, 1.0)


@given(case=wild_networks(), stable=st.booleans(), loss=st.sampled_from(["closed", "opened"]))
@settings(max_examples=60)
def test_opened_or_closed_every_number_has_the_same_bits(
    case: Wild, stable: bool, loss: str
) -> None:
    closed = case.trace(loss=loss, stable=stable)
    opened = case.trace(loss=loss, stable=stable, open_ops=openable_ops(case.spec))
    assert set(closed.known) <= set(opened.known)
    for key in closed.known:
        assert_array_equal(closed.array(key), opened.array(key), err_msg=key)


@given(case=cases(max_n=3))
@settings(max_examples=25)
def test_the_terms_of_every_number_add_up_to_it(case: Case) -> None:
    names = openable_ops(case.spec)
    trace = make_trace(case.spec, case.parameters, case.x, case.t, open_ops=names)
    for key in trace.known:
        for index in np.ndindex(trace.array(key).shape):
            check_cell(trace, key, index)


def test_the_insides_of_a_closed_loss_keep_what_is_opened() -> None:
    case = make_case([2, 3], [], 4, 1)
    names = openable_ops(case.spec)
    trace = make_trace(case.spec, case.parameters, case.x, case.t, open_ops=names)
    assert "affine1.repeat" in opened_graph(case.spec, trace).node

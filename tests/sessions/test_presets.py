"""The figures' own numbers come out of their presets."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.errors import EngineError
from app.engine.run import make_trace
from app.engine.spec import Limits
from app.engine.trace import Trace
from app.sessions import digits, presets
from app.sessions.creation import check
from app.sessions.edits import Loader
from app.sessions.gallery import preset_session
from app.sessions.passes import Passes
from app.sessions.state import View

Array = np.ndarray


def loader(name: str, split: str, rows: Sequence[int] | None) -> tuple[Array, Array]:
    """Ten kinds of striped pictures, easy to tell apart."""
    assert rows is not None
    labels = np.array([row % 10 for row in rows])
    noise = np.random.default_rng(len(rows)).random((len(rows), 784)) * 0.3
    return noise + 0.7 * (np.arange(784) // 28 // 2 == labels[:, np.newaxis]), labels


def trace_of(preset: str, load: Loader = loader) -> Trace:
    wanted = presets.wanted_network(preset, None, load)
    numbers = check(wanted, Limits())
    change = wanted.view
    assert change is not None
    view = View(change.level or "op", change.loss or "closed", 0, bool(change.single))
    t = None if numbers.t is None else numbers.t
    if t is not None and t.ndim == 1:
        t = np.eye(numbers.spec.output_size)[t.astype(int)]
    level, loss, sample, _ = view.trace_level
    return make_trace(
        numbers.spec, numbers.parameters, numbers.x, t, numbers.grad_output, level, loss, sample
    )


def test_figure_5_24_has_a_forward_half_only() -> None:
    trace = trace_of("fig-5-24")
    assert trace.array("affine1.dot").tolist() == [[5, 11, 17]]
    assert {event.phase for event in trace.events} == {"forward"}


@pytest.mark.parametrize("preset", ["fig-5-25", "fig-5-26"])
def test_figure_5_25_can_be_checked_by_hand(preset: str) -> None:
    trace = trace_of(preset)
    assert trace.array("affine1.output").tolist() == [[6, 13, 20]]
    assert trace.array("x.grad").tolist() == [[22, 28]]
    assert trace.array("affine1.W.grad").tolist() == [[1, 2, 3], [2, 4, 6]]
    assert trace.array("affine1.b.grad").tolist() == [1, 2, 3]


def test_figure_5_27_has_the_books_batch() -> None:
    trace = trace_of("fig-5-27")
    assert trace.array("affine1.dot").tolist() == [[0, 0, 0], [10, 10, 10], [20, 20, 20]]
    assert trace.array("affine1.output").tolist() == [[1, 2, 3], [11, 12, 13], [21, 22, 23]]
    assert trace.array("affine1.b.grad").tolist() == [5, 7, 9]
    assert trace.array("x.grad").tolist() == [[28, 16], [52, 34], [12, 9]]
    assert trace.array("affine1.W.grad").tolist() == [[5, 6, 7], [10, 12, 14]]


def test_figure_5_27_writes_n_for_its_samples_and_says_once_what_it_is() -> None:
    drawing = Passes().drawing(preset_session("fig-5-27", loader))
    shown = {edge["key"]: edge["shape_text"] for edge in drawing["edges"]}
    assert shown == {
        "x": "(N, 2)", "affine1.W": "(2, 3)", "affine1.b": "(3,)",
        "affine1.dot": "(N, 3)", "affine1.output": "(N, 3)",
        "x.grad": "(N, 2)", "affine1.W.grad": "(2, 3)", "affine1.b.grad": "(3,)",
        "affine1.dot.grad": "(N, 3)", "affine1.output.grad": "(N, 3)",
    }  # fmt: skip
    written = [edge["label"]["shape"]["text"] for edge in drawing["edges"] if edge["label"]]
    assert [text for text in written if "N =" in text] == ["(N, 2), N = 3"]
    assert [one["shapes"] for one in drawing["equations"]] == [
        "(N, 2) = (N, 3) (3, 2)", "(2, 3) = (2, N) (N, 3)", "(3,) = (N, 3)",
    ]  # fmt: skip
    # What tools get are sizes, not letters.
    assert {tuple(edge["shape"]) for edge in drawing["edges"]} == {(3, 2), (2, 3), (3,), (3, 3)}


@pytest.mark.parametrize("preset", ["fig-5-29", "fig-5-30"])
def test_figures_5_29_and_5_30_give_the_books_gradient(preset: str) -> None:
    trace = trace_of(preset)
    names = ("loss.multiply", "loss.y")[preset == "fig-5-30"]
    found = [float(trace.array(f"{names}.{i}")) for i in (1, 2, 3)]
    assert_allclose(found, [0.3, 0.2, 0.5], rtol=1e-15)
    found = [float(trace.array(f"loss.a.{i}.grad")) for i in (1, 2, 3)]
    assert_allclose(found, [0.3, -0.8, 0.5], rtol=1e-15)


def test_s_and_its_inverse_can_be_told_apart_in_figure_5_29() -> None:
    trace = trace_of("fig-5-29")

    def found(*names: str) -> list[float]:
        return [float(trace.array(name)) for name in names]

    assert_allclose(found(*(f"loss.exp.{i}" for i in (1, 2, 3))), [3, 2, 5], rtol=1e-15)
    assert_allclose(found("loss.sum", "loss.reciprocal"), [10, 0.1], rtol=1e-15)
    branches = [f"loss.reciprocal:multiply.{i}.grad" for i in (1, 2, 3)]
    assert_allclose(found(*branches), [0, -10, 0], rtol=1e-15)
    assert_allclose(found("loss.sum.grad"), [0.1], rtol=1e-15)


def test_the_two_layer_network_has_both_halves() -> None:
    trace = trace_of("two-layer")
    assert [event.phase for event in trace.events].count("backward") > 8
    assert trace.array("x.grad").shape == (5, 2)


def test_the_gradient_of_a_digit_is_a_picture_of_its_size() -> None:
    drawing = Passes().drawing(preset_session("fig-5-28", loader))
    (gradient,) = (edge for edge in drawing["edges"] if edge["key"] == "x.grad")
    label = gradient["label"]
    assert (label["mode"], label["rows"], label["cols"]) == ("heat", 28, 28)
    assert label["w"] == label["h"]
    assert gradient["shape_text"] == "(1, 784)"


def test_the_digit_network_is_trained_once_and_tells_digits_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digits, "_kept", {})
    calls = []

    def counting(name: str, split: str, rows: Sequence[int] | None) -> tuple[Array, Array]:
        calls.append(split)
        return loader(name, split, rows)

    for row in range(10):
        wanted = presets.wanted_network("fig-5-28", row, counting)
        assert wanted.parameters is not None
        numbers = check(wanted, Limits())
        predictions = numbers.evaluate().predictions
        assert predictions is not None
        assert predictions.tolist() == [row]
    assert calls == ["train"] + ["test"] * 10


@pytest.mark.parametrize(
    ("preset", "row", "field"),
    [("fig-9-99", None, "preset"), ("fig-5-25", 3, "row"), ("fig-5-28", 2000, "row")],
)
def test_what_there_is_not_is_refused_by_name(preset: str, row: int | None, field: str) -> None:
    with pytest.raises(EngineError) as error:
        presets.wanted(preset, row, loader)
    assert error.value.field == field


def test_there_is_a_preset_for_each_figure() -> None:
    assert list(presets.PRESETS) == [*(f"fig-5-{n}" for n in range(24, 31)), "two-layer"]


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_the_graph_drawn_ahead_is_the_one_of_the_pass(preset: str) -> None:
    drawn = presets.drawn(presets.PRESETS[preset])
    graph = trace_of(preset).graph
    assert (drawn.edges, drawn.nodes, drawn.loss_form) == (
        graph.edges,
        graph.nodes,
        graph.loss_form,
    )

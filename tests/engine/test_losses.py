"""Every loss: worked examples, PyTorch, finite differences, its graph, derivations, sentences."""

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest

from app.drawing.figure.graph_json import draw
from app.engine.build import build_graph
from app.engine.by_layer import by_layer
from app.engine.check import gradient_check
from app.engine.derivation import written_functions
from app.engine.errors import EngineError
from app.engine.explain import explain
from app.engine.initializers import Initializer, initialize
from app.engine.loss_types import LOSSES
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.progress import progress
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, LossSpec, NetworkSpec
from app.engine.targets import Targets
from app.engine.training import Training
from app.web.files import STATIC
from tests.drawing.overlaps import drawing_faults
from tests.engine.networks import some

Array = np.ndarray

SCORES = np.array([[2.0, -1.0, 0.5], [1000.0, -1000.0, 0.0], [40.0, -0.25, 3.0]])
SHARES = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
EACH = np.array([[0.2, 1.0, 0.0], [1.0, 0.0, 0.5], [1.0, 1.0, 0.3]])
# PyTorch 2 in float64: targets, sum over the samples, and its gradient by the scores.
PYTORCH: dict[str, tuple[Array, float, list[list[float]]]] = {
    "softmax_cross_entropy": (
        SHARES, 39.191311296657155,
        [[0.5855970345892758, -0.46088742672931254, -0.1247096078599633], [0, 0, 0],
         [1.0, 3.3086216207858244e-18, -0.9999999999999999]],
    ),
    "squared_error": (
        SHARES, 999805.29625, [[1.8, -1.5, 0.2], [999, -1000, 0], [40, -0.25, 2]],
    ),
    "sigmoid_cross_entropy": (
        EACH, 7.681940634753833,
        [[0.6807970779778822, -0.7310585786300049, 0.6224593312018546], [0, 0, 0],
         [0, -0.5621765008857981, 0.6525741268224334]],
    ),
}  # fmt: skip

CASES = list(itertools.product(LOSSES, ("mean", "sum"), (0.0, 0.3), (1, 3)))


def case(kind: str, reduction: str, decay: float, n: int) -> tuple[Any, ...]:
    """A network, its parameters, inputs and targets."""
    layers = [LayerSpec("affine", units=2), LayerSpec("tanh"), LayerSpec("affine", units=2)]
    spec = NetworkSpec.build(2, layers, LossSpec(kind, reduction=reduction, weight_decay=decay))
    x = np.random.default_rng(0).normal(size=(n, 2))
    t = np.array([[0.3, 0.7], [1.0, 0.0], [0.5, 0.5]])[:n]
    return spec, initialize(spec, Initializer("he"), 1), x, t


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", LOSSES)
def test_a_loss_is_that_of_pytorch_also_at_scores_of_a_thousand(kind: str, reduction: str) -> None:
    t, total, slopes = PYTORCH[kind]
    by = 3 if reduction == "mean" else 1
    spec = NetworkSpec.build(3, [], LossSpec(kind, reduction=reduction))

    found = Network(spec, {}).evaluate(SCORES, t)

    assert found.loss == pytest.approx(total / by, rel=1e-14)
    np.testing.assert_allclose(some(found.grad_input) * by, slopes, rtol=1e-14, atol=1e-15)


def test_a_sigmoid_of_forty_keeps_the_digits_that_are_beyond_one() -> None:
    spec = NetworkSpec.build(1, [], "sigmoid_cross_entropy")

    found = Network(spec, {}).evaluate(np.array([[40.0]]), np.array([[1.0]]))

    assert found.loss == pytest.approx(math.exp(-40), rel=1e-14)
    assert some(found.grad_input)[0, 0] == pytest.approx(-math.exp(-40), rel=1e-14)


def test_the_worked_example_of_two_two_two_has_its_published_numbers() -> None:
    layers = [LayerSpec("affine", units=2), LayerSpec("sigmoid")] * 2
    spec = NetworkSpec.build(2, layers, "squared_error")
    parameters = {
        "affine1.W": np.array([[0.15, 0.25], [0.2, 0.3]]), "affine1.b": np.full(2, 0.35),
        "affine2.W": np.array([[0.4, 0.5], [0.45, 0.55]]), "affine2.b": np.full(2, 0.6),
    }  # fmt: skip
    x, t = np.array([[0.05, 0.1]]), np.array([[0.01, 0.99]])

    first = Network(spec, parameters).evaluate(x, t)
    gradients = first.parameter_gradients
    after = {
        name: value - 0.5 * gradients[name] if name.endswith("W") else value
        for name, value in parameters.items()
    }

    assert first.loss == 0.2983711087600027
    assert gradients["affine2.W"][0, 0] == pytest.approx(0.08216704056423078, rel=1e-12)
    assert gradients["affine1.W"][0, 0] == pytest.approx(0.00043856773447434685, rel=1e-12)
    assert Network(spec, after).evaluate(x, t).loss == 0.29102777369359933


@pytest.mark.parametrize(("kind", "reduction", "decay", "n"), CASES)
def test_graph_and_network_agree_and_both_with_finite_differences(
    kind: str, reduction: str, decay: float, n: int
) -> None:
    spec, parameters, x, t = case(kind, reduction, decay, n)
    found = Network(spec, parameters).evaluate(x, t)
    checked = gradient_check(spec, parameters, x, t)

    assert all(some(one.max_relative_error) < 1e-5 for one in checked.parameters.values())
    for loss, form in (("closed", None), ("opened", None), ("opened", "logsumexp")):
        trace = make_trace(spec, parameters, x, t, loss=loss, form=form)
        told = by_layer(spec, trace)
        assert told.loss == pytest.approx(found.loss, rel=1e-14)
        for name, gradient in found.parameter_gradients.items():
            np.testing.assert_allclose(
                told.parameter_gradients[name], gradient, rtol=1e-13, atol=1e-16
            )
        passed = progress(trace)
        assert all(a < b for a, b in itertools.pairwise(passed))


@pytest.mark.parametrize("view", ["closed", "opened"])
@pytest.mark.parametrize(("kind", "reduction", "decay", "n"), CASES)
def test_every_number_is_derived(
    kind: str, reduction: str, decay: float, n: int, view: str
) -> None:
    spec, parameters, x, t = case(kind, reduction, decay, n)
    trace = make_trace(spec, parameters, x, t, loss=view)

    for event in trace.events:
        for key in (*event.writes, *event.totals):
            for index in np.ndindex(trace.array(key).shape):
                found = explain(trace, key, index)
                values = [term.value for term in found.terms]
                whole = max(values) if found.combine == "max" else math.fsum(values)
                assert whole * found.scale == pytest.approx(found.value, rel=1e-12, abs=1e-15), key
                assert all(written_functions(found).values())


@pytest.mark.parametrize(("kind", "reduction", "decay", "n"), CASES)
def test_a_loss_is_drawn_closed_and_opened_without_collision(
    kind: str, reduction: str, decay: float, n: int
) -> None:
    spec = case(kind, reduction, decay, n)[0]
    inner = build_graph(spec, n, "op", "opened")
    for loss in ("closed", "opened"):
        graph = build_graph(spec, n, "op", loss)
        for level, opened in (("op", ()), ("layer", ()), ("network", ()), ("layer", ("affine2",))):
            drawing = draw(graph, level, opened=opened, inner=inner if loss == "closed" else None)
            assert drawing_faults(drawing) == []
            assert drawing["loss"] == loss


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize(("kind", "reduction", "decay", "n"), CASES)
def test_every_event_has_a_sentence(
    kind: str, reduction: str, decay: float, n: int, language: str
) -> None:
    words = json.loads((STATIC / f"lang/{language}.json").read_text("utf-8"))
    spec, parameters, x, t = case(kind, reduction, decay, n)
    for view in ("closed", "opened"):
        trace = make_trace(spec, parameters, x, t, loss=view)
        names = {event.rule_name for event in trace.events}
        assert [
            name
            for name in names
            if f"rule.{name}" not in words and f"rule.{name.rpartition('.')[0]}" not in words
        ] == []


@pytest.mark.parametrize(("kind", "reduction", "decay", "n"), CASES)
def test_a_step_of_training_is_one_of_the_network(
    kind: str, reduction: str, decay: float, n: int
) -> None:
    spec, parameters, x, t = case(kind, reduction, decay, n)
    before = Network(spec, parameters).evaluate(x, t)
    network = Network(spec, parameters)
    training = Training(network, x, t, make_optimizer(OptimizerConfig("sgd", 0.1)), steps=1)

    stats = training.step()

    assert stats.loss == pytest.approx(before.loss, rel=1e-14)
    assert stats.accuracy is not None
    assert 0 <= stats.accuracy <= 1
    for name, gradient in before.parameter_gradients.items():
        np.testing.assert_allclose(
            network.parameters[name], parameters[name] - 0.1 * gradient, rtol=1e-13, atol=1e-16
        )


@pytest.mark.parametrize(
    ("kind", "t", "message"),
    [
        ("softmax_cross_entropy", [[0.5, 0.4]], "adds up to 1"),
        ("softmax_cross_entropy", [[1.5, -0.5]], "adds up to 1"),
        ("sigmoid_cross_entropy", [[0.5, 1.5]], "from 0 to 1"),
        ("squared_error", [[0.5, 1.5, 1.0]], "shape"),
        ("squared_error", [[0.5, 1.5], [1.0, 2.0]], "2 rows"),
        ("squared_error", [[0.5, float("nan")]], "not finite"),
    ],
)
def test_targets_that_do_not_go_with_a_loss_are_refused(kind: str, t: Any, message: str) -> None:
    spec = NetworkSpec.build(2, [], kind)

    with pytest.raises(EngineError, match=message):
        some(spec.loss).kind.targets(t, Targets(1, 2, "float64"))


def test_labels_and_a_row_of_numbers_are_taken_where_they_mean_one_thing() -> None:
    one, two = Targets(2, 1, "float64"), Targets(2, 2, "float64")
    kind = LOSSES["squared_error"]

    assert kind.targets([0.5, 2.5], one).tolist() == [[0.5], [2.5]]
    assert kind.targets([1, 0], two).tolist() == [[0, 1], [1, 0]]


def test_a_loss_refuses_fields_that_it_does_not_have_or_beyond_their_bounds() -> None:
    for loss in (
        LossSpec("squared_error", weight_decay=-1.0),
        LossSpec("squared_error", reduction="median"),
        LossSpec("squared_error", slope=1.0),
        LossSpec("hinge"),
    ):
        with pytest.raises(EngineError):
            NetworkSpec.build(2, [], loss)

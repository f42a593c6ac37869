"""Every type of layer: its fast code, its graph, its derivations and its sentences agree."""

import json
import math
from typing import Any

import numpy as np
import pytest

from app.engine.check import gradient_check
from app.engine.derivation import written_functions
from app.engine.explain import explain
from app.engine.graph_layer import GraphLayer, kernel_of
from app.engine.initializers import Initializer, initialize
from app.engine.layer_types import LAYERS
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.workspace import Workspace
from app.web.files import STATIC
from tests.engine.networks import EXAMPLES, between_others, sample_of, samples_for, some

Array = np.ndarray

X = [[-2.5, -0.3, 0.7], [1.9, -7.0, 30.0]]
DY = [[1.0, 2.0, -1.0], [0.5, 3.0, 1.0]]
# Outputs and dL/dx of PyTorch 2 in float64, for X and DY above.
PYTORCH: dict[str, tuple[dict[str, Any], list[list[float]], list[list[float]]]] = {
    "relu": ({}, [[0, 0, 0.7], [1.9, 0, 30]], [[0, 0, -1], [0.5, 0, 1]]),
    "sigmoid": (
        {},
        [[0.07585818002124355, 0.425557483188341, 0.6681877721681662],
         [0.8698915256370021, 0.0009110511944006454, 0.9999999999999065]],
        [[0.07010371654510815, 0.4889166233814917, -0.22171287329310904],
         [0.056590129630965505, 0.0027306635403654797, 9.348077867342945e-14]],
    ),
    "tanh": (
        {},
        [[-0.9866142981514303, -0.2913126124515909, 0.6043677771171635],
         [0.9562374581277391, -0.9999983369439447, 1.0]],
        [[0.02659222668316057, 1.8302739236532584, -0.6347395899824586],
         [0.042804961836700225, 9.978328034606509e-06, 0.0]],
    ),
    "softplus": (
        {},
        [[0.07888973429254963, 0.5543552444685271, 1.103186048885458],
         [2.0393867582829603, 0.0009114664537742447, 30.0]],
        [[0.07585818002124356, 0.851114966376682, -0.6681877721681662],
         [0.43494576281850106, 0.0027331535832019363, 1.0]],
    ),
    "gelu": (
        {},
        [[-0.015524163314440398, -0.1146265733433142, 0.5306254434438489],
         [1.8454385363495966, -8.958667141456544e-12, 30.0]],
        [[-0.03761108590814519, 0.5353444663457803, -0.9766141011336599],
         [0.547976744127942, -1.8798969980074653e-10, 1.0]],
    ),
    "gelu_tanh": (
        {},
        [[-0.015084266089998577, -0.11462907645724074, 0.5305701347051167],
         [1.8454512344553327, -2.3314683517128287e-15, 30.0]],
        [[-0.03795157621266618, 0.5354090967223963, -0.976357218656104],
         [0.5483909040498972, -8.352767457272666e-14, 1.0]],
    ),
    "softmax": (
        {},
        [[0.028937241859004644, 0.2611589984139071, 0.7099037597270883],
         [6.256407940027412e-13, 8.533047625738726e-17, 0.9999999999993743]],
        [[0.03352809248292031, 0.5637504856825387, -0.5972785781654589],
         [-3.1282039700117503e-13, 1.706609525148012e-16, 3.1263880373424844e-13]],
    ),
    "leaky_relu": (
        {"slope": 0.2},
        [[-0.5, -0.06, 0.7], [1.9, -1.4, 30]], [[0.2, 0.4, -1], [0.5, 0.6, 1]],
    ),
}  # fmt: skip


CASES = [LayerSpec(name, **EXAMPLES.get(name, {})) for name in LAYERS]
CASES.append(LayerSpec("affine", units=4, bias=False))
CASES.append(LayerSpec("conv2d", filters=3, size=2, bias=False))


CASES.append(LayerSpec("attention"))


def one_layer(layer: LayerSpec, loss: str | None = None) -> tuple[NetworkSpec, dict[str, Array]]:
    spec = NetworkSpec.build(None, [layer], loss, input_shape=sample_of(layer))
    parameters = initialize(spec, Initializer("he"), 5)
    generator = np.random.default_rng(8)
    return spec, {name: value + 0.1 * generator.normal(size=value.shape)
                  for name, value in parameters.items()}  # fmt: skip


def test_every_layer_that_learns_nothing_has_values_of_pytorch() -> None:
    # What is learned, drawn or takes images is held to PyTorch elsewhere.
    elsewhere = {
        "affine", "layer_norm", "batch_norm", "residual", "dropout", "conv2d", "max_pool",
        "flatten", "embedding", "attention",
    }  # fmt: skip
    assert set(PYTORCH) == set(LAYERS) - elsewhere


def test_layer_norm_gives_the_numbers_of_pytorch() -> None:
    spec = NetworkSpec.build(3, [LayerSpec("layer_norm")])
    parameters = {
        "layer_norm1.gamma": np.array([1.5, -0.5, 2.0]),
        "layer_norm1.beta": np.array([0.1, 0.2, -0.3]),
    }

    found = Network(spec, parameters).evaluate(np.array(X), grad_output=np.array(DY))

    output = [[-1.9199507527786102, 0.0503740183126955, 1.7947637436222623],
              [-0.5088073732983243, 0.6851433755971023, 2.4523166667861753]]  # fmt: skip
    grad_input = [[0.013965943966388283, -0.04466631579455971, 0.030700371828171535],
                  [0.054628962960789625, -0.04148848692383006, -0.01314047603695958]]  # fmt: skip
    gamma = [-1.5495696262851817, -2.3123563268333953, 0.32877646158195617]
    told = found.layers[0].output, some(found.grad_input)
    np.testing.assert_allclose(told, [output, grad_input], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(
        found.parameter_gradients["layer_norm1.gamma"], gamma, rtol=1e-12, atol=1e-15
    )
    assert found.parameter_gradients["layer_norm1.beta"].tolist() == [1.5, 5, 0]


@pytest.mark.parametrize("name", PYTORCH)
def test_an_activation_gives_the_numbers_of_pytorch(name: str) -> None:
    fields, output, grad_input = PYTORCH[name]
    spec = NetworkSpec.build(3, [LayerSpec(name, **fields)])

    found = Network(spec, {}).evaluate(np.array(X), grad_output=np.array(DY))

    # PyTorch itself loses digits where tanh is close to -1 or 1.
    np.testing.assert_allclose(found.layers[0].output, output, rtol=1e-10, atol=2e-15)
    dx = some(found.layers[0].grad_input)
    np.testing.assert_allclose(dx, grad_input, rtol=1e-10, atol=2e-15)


@pytest.mark.parametrize("layer", CASES, ids=str)
def test_fast_code_gives_what_the_graph_gives(layer: LayerSpec) -> None:
    spec, parameters = one_layer(layer)
    own = {name.removeprefix(f"{spec.layers[0].name}."): one for name, one in parameters.items()}
    x = samples_for(layer, 1, 5)
    fast = kernel_of(spec.layers[0], spec.sample, own)
    slow = GraphLayer(spec.layers[0], spec.sample, own)
    y = fast.forward(x)
    dy = np.random.default_rng(2).normal(size=y.shape)

    np.testing.assert_allclose(slow.forward(x), y, rtol=1e-14)
    np.testing.assert_allclose(slow.backward(dy), fast.backward(dy), rtol=1e-13, atol=1e-300)
    assert set(slow.gradients()) == set(fast.gradients()) == set(own)
    for part, gradient in fast.gradients().items():
        np.testing.assert_allclose(slow.gradients()[part], gradient, rtol=1e-14)
    assert len(slow.switches()) == len(fast.switches())


@pytest.mark.parametrize("through_graphs", [False, True])
@pytest.mark.parametrize("layer", CASES, ids=str)
def test_memory_that_is_used_again_changes_no_bit_of_a_layer_between_others(
    layer: LayerSpec, through_graphs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = between_others(layer, LayerSpec("relu"))
    parameters = initialize(spec, Initializer("he"), 3)
    x, labels = samples_for(layer, 4, 4).reshape(4, -1), np.array([0, 1, 1, 0])
    if through_graphs:
        monkeypatch.setattr("app.engine.chain.kernel_of", GraphLayer)
    expected = Network(spec, parameters).gradients(x, np.eye(2)[labels])

    work = Workspace(Network(spec, parameters), x, labels, 4)
    for _ in range(2):
        work.pass_over(np.arange(4))
        assert {n: a.tobytes() for n, a in work.gradients.items()} == {
            n: a.tobytes() for n, a in expected.items()
        }


@pytest.mark.parametrize("layer", CASES, ids=str)
def test_a_layer_between_others_is_held_to_finite_differences(layer: LayerSpec) -> None:
    spec = between_others(layer)
    parameters = initialize(spec, Initializer("he"), 3)
    x = samples_for(layer, 4, 4)

    found = gradient_check(spec, parameters, x, np.eye(2)[[0, 1, 1, 0]])

    errors = [one.max_relative_error for one in found.parameters.values()]
    assert all(error is not None and error < 1e-5 for error in errors), errors
    assert all(one.checked > len(one.not_comparable) for one in found.parameters.values())


@pytest.mark.parametrize("layer", CASES, ids=str)
def test_every_number_of_a_layer_is_derived(layer: LayerSpec) -> None:
    spec, parameters = one_layer(layer)
    x = samples_for(layer, 6, 2)
    dy = np.random.default_rng(7).normal(size=(2, *spec.sizes[-1]))
    trace = make_trace(spec, parameters, x, grad_output=dy)

    for event in trace.events:
        for key in (*event.writes, *event.totals):
            for index in np.ndindex(trace.array(key).shape):
                found = explain(trace, key, index)
                values = [term.value for term in found.terms]
                whole = max(values) if found.combine == "max" else math.fsum(values)
                assert whole * found.scale == pytest.approx(found.value, rel=1e-13, abs=1e-300)
                assert all("{" in text for text in written_functions(found).values())


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize("layer", CASES, ids=str)
def test_every_event_of_a_layer_has_a_sentence(layer: LayerSpec, language: str) -> None:
    words = json.loads((STATIC / f"lang/{language}.json").read_text("utf-8"))
    spec, parameters = one_layer(layer)
    x, dy = np.ones((2, *spec.sample)), np.ones((2, *spec.sizes[-1]))
    trace = make_trace(spec, parameters, x, grad_output=dy)

    names = {event.rule_name for event in trace.events}
    # One sentence does for all inputs of some ops.
    assert [
        name
        for name in sorted(names)
        if f"rule.{name}" not in words and f"rule.{name.rpartition('.')[0]}" not in words
    ] == []


def test_a_slope_beyond_its_bounds_is_refused() -> None:
    with pytest.raises(Exception, match="slope is a number from"):
        NetworkSpec.build(3, [LayerSpec("leaky_relu", slope=float("nan"))])

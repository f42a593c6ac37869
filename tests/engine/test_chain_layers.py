"""Layers beside the book's own, held to numbers of PyTorch 2 in float64."""

import json
from typing import Any

import numpy as np
import pytest

from app.engine.check import gradient_check
from app.engine.errors import EngineError, TooLarge
from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, Limits, NetworkSpec, check_limits
from app.engine.targets import samples_of
from app.engine.workspace import Workspace
from app.sessions.state import network_json, network_spec
from tests.engine.networks import some

Array = np.ndarray


def held(
    spec: NetworkSpec, parameters: dict[str, Any], x: Any, above: Any, wanted: dict[str, Any]
) -> None:
    """Training code and recorded pass both have the numbers wanted, and the very same bits."""
    given = {name: np.array(value, float) for name, value in parameters.items()}
    x, above = np.array(x, float), np.array(above, float)
    found = Network(spec, given).evaluate(x, grad_output=above)
    trace = make_trace(spec, given, x, grad_output=above)
    told = {"output": found.layers[-1].output, "x": found.grad_input, **found.parameter_gradients}
    recorded = {
        "output": trace.array(spec.output_tensor),
        **{name: trace.array(f"{name}.grad") for name in told if name not in ("output", "x")},
    }
    if found.grad_input is not None:
        recorded["x"] = trace.array("x.grad")
    for name, value in wanted.items():
        np.testing.assert_allclose(some(told[name]), value, rtol=1e-11, atol=1e-14, err_msg=name)
    for name, value in recorded.items():
        assert (some(told[name]) + 0.0).tobytes() == value.tobytes(), name


def test_batch_norm_of_rows() -> None:
    held(
        NetworkSpec.build(3, [LayerSpec("batch_norm")]),
        {"batch_norm1.gamma": [1.5, -0.5, 2.0], "batch_norm1.beta": [0.1, 0.2, -0.3]},
        [[-2.5, -0.3, 0.7], [1.9, -7.0, 30.0], [0.5, 1.5, -4.0]],
        [[1.0, 2.0, -1.0], [0.5, 3.0, 1.0], [-2.0, 0.25, 4.0]],
        {
            "output": [
                [-1.9158504774244813, -0.02330009026931672, -1.3902205514888415],
                [1.679990914738107, 0.8926859943048192, 2.5053236141968966],
                [0.5358595626863744, -0.2693859040355025, -2.0151030627080555],
            ],
            "x": [
                [0.4415020259390561, -0.0958096281471034, -0.34603822025511705],
                [0.9460753251332177, 0.02028908440763666, 0.04783469476755252],
                [-1.387577351072274, 0.07552054373946673, 0.29820352548756457],
            ],
            "batch_norm1.gamma": [-1.3983827636187842, -3.028222652733897, -1.4824340425732414],
            "batch_norm1.beta": [-0.5, 5.25, 4.0],
        },
    )


def test_what_hangs_on_other_samples_joins_them() -> None:
    assert NetworkSpec.build(3, [LayerSpec("batch_norm")]).joins_samples
    assert not NetworkSpec.build(3, [LayerSpec("layer_norm")]).joins_samples


def test_an_epsilon_of_0_is_refused() -> None:
    with pytest.raises(EngineError, match="epsilon is a number above 0"):
        NetworkSpec.build(3, [LayerSpec("batch_norm", epsilon=0.0)])


def test_a_chain_around_which_x_is_added() -> None:
    layers = [LayerSpec("affine", units=3), LayerSpec("relu"), LayerSpec("affine", units=2)]
    held(
        NetworkSpec.build(2, [LayerSpec("residual", layers=layers)]),
        {
            "residual1.affine1.W": [[1.0, -1.0, 0.5], [0.25, 1.0, -0.5]],
            "residual1.affine1.b": [0.1, 0.2, -0.3],
            "residual1.affine2.W": [[0.5, -1.0], [-0.25, 2.0], [1.5, 0.75]],
            "residual1.affine2.b": [0.3, -0.1],
        },
        [[-2.5, -0.3], [1.9, -7.0], [0.5, 1.5]],
        [[1.0, 2.0], [0.5, 3.0], [-2.0, 0.25]],
        {
            "output": [
                [-2.8, 4.4],
                [8.55, -4.2375],
                [0.9875, 2.825],
            ],
            "x": [[-2.75, 5.75], [-0.75, 0.8125], [-4.25, 0.9375]],
            "residual1.affine1.W": [[-5.85, -8.875, 5.7], [17.375, 0.375, -21.0]],
            "residual1.affine1.b": [-4.0, 4.75, 3.0],
            "residual1.affine2.W": [
                [-1.825, 0.99375],
                [0.0, 5.1],
                [2.075, 12.45],
            ],
            "residual1.affine2.b": [-0.5, 5.25],
        },
    )


def test_chains_stand_in_chains_with_what_they_draw() -> None:
    inner = LayerSpec("residual", layers=[LayerSpec("affine", units=3), LayerSpec("dropout")])
    layers = [LayerSpec("layer_norm"), inner, LayerSpec("tanh"), LayerSpec("dropout")]
    spec = NetworkSpec.build(
        3, [LayerSpec("residual", layers=layers), LayerSpec("affine", units=2)],
        "softmax_cross_entropy",
    )  # fmt: skip
    assert "residual1.residual1.affine1.W" in spec.parameter_shapes
    assert network_spec(json.loads(json.dumps(network_json(spec)))) == spec
    x, t = np.random.default_rng(0).normal(size=(3, 3)), np.eye(2)[[0, 1, 1]]
    parameters = initialize(spec, Initializer("he"), 0)
    losses = set()
    for step in range(3):
        drawn = spec.at_step(step)
        trace, found = make_trace(drawn, parameters, x, t), Network(drawn, parameters)
        evaluation = found.evaluate(x, t)
        losses.add(evaluation.loss)
        assert evaluation.loss == trace.array("loss")
        for name, gradient in evaluation.parameter_gradients.items():
            assert gradient.tobytes() == trace.array(f"{name}.grad").tobytes(), name
    assert len(losses) == 3
    masks = {name for name in trace.graph.tensors if name.endswith(".mask")}
    assert len(masks) == 2
    checked = gradient_check(spec, parameters, x, t)
    assert all(some(one.max_relative_error) < 1e-5 for one in checked.parameters.values())
    resting = spec.for_inference()
    tensors = make_trace(resting, parameters, x, t).graph.tensors.values()
    assert not any(tensor.role == "mask" for tensor in tensors)


def test_what_is_no_chain_that_ends_as_it_begins_is_refused() -> None:
    with pytest.raises(EngineError, match=r"what its layers make has shape \(2,\)") as refused:
        NetworkSpec.build(3, [LayerSpec("residual", layers=[LayerSpec("affine", units=2)])])
    assert refused.value.field == "network/layers/0"
    with pytest.raises(EngineError, match="units is") as refused:
        NetworkSpec.build(3, [LayerSpec("residual", layers=[LayerSpec("affine")])])
    assert refused.value.field == "network/layers/0/layers/0/units"
    with pytest.raises(EngineError, match="a list of at least one layer"):
        NetworkSpec.build(3, [LayerSpec("residual", layers=[])])
    deep = LayerSpec("relu")
    for _ in range(4):
        deep = LayerSpec("residual", layers=[deep])
    with pytest.raises(TooLarge, match="at most 3 deep"):
        NetworkSpec.build(3, [deep])


def rising(*shape: int) -> Array:
    return np.arange(float(np.prod(shape))).reshape(shape)


def chain(shape: tuple[int, ...], *layers: LayerSpec) -> NetworkSpec:
    return NetworkSpec.build(None, layers, input_shape=shape)


def test_a_convolution_with_stride_and_padding() -> None:
    spec = chain((2, 4, 5), LayerSpec("conv2d", filters=3, size=3, stride=2, pad=1))
    parameters = {
        "conv2d1.W": np.cos(rising(3, 2, 3, 3) * 0.9),
        "conv2d1.b": rising(3) / 4 - 0.2,
    }
    x, above = np.sin(rising(2, 2, 4, 5) * 1.7), np.sin(rising(2, 3, 2, 3) * 0.31)
    held(spec, parameters, x, above, {})

    found = Network(spec, parameters).evaluate(x, grad_output=above)

    # Of each the sum, the first and the last, and the sum of squares; and some one by one.
    for told, wanted in [
        (
            found.layers[0].output,
            [8.497028940063451, -0.5424153478371234, -3.0246502882453203, 339.89695073660005],
        ),
        (
            some(found.grad_input),
            [2.7128739402199114, 0.6271368663207965, 1.0319386998765216, 105.41781443277118],
        ),
        (
            found.parameter_gradients["conv2d1.W"],
            [0.36415428947355405, 0.30658075722264433, -0.19242023792906027, 15.92224320591412],
        ),
        (
            found.parameter_gradients["conv2d1.b"],
            [3.1694044841302595, 4.005859441947666, -8.213650162565822, 137.93396795062182],
        ),
    ]:
        cells = told.reshape(-1)
        sums = [cells.sum(), cells[0], cells[-1], (cells**2).sum()]
        np.testing.assert_allclose(sums, wanted, rtol=1e-11, atol=1e-13)
    weights = found.parameter_gradients["conv2d1.W"].reshape(-1)
    np.testing.assert_allclose(
        weights[:9],
        [
            0.30658075722264433,
            0.9009227991209855,
            0.2849152500150114,
            -0.4891567428869052,
            -0.552578368644884,
            -0.3579018524611537,
            -0.016311296739291492,
            0.17988574370435984,
            -0.20169783112105677,
        ],
        rtol=1e-11,
    )
    pixels = some(found.grad_input).reshape(-1)
    np.testing.assert_allclose(
        pixels[:10],
        [
            0.6271368663207965,
            0.5678022461165166,
            0.3057914951924372,
            0.052604440743160064,
            -0.044705853806189064,
            -0.38737015660336804,
            0.033349333154042565,
            0.04441635833395219,
            0.6625831939763015,
            0.4719685347903595,
        ],
        rtol=1e-11,
    )


def test_max_pooling_of_windows_that_overlap() -> None:
    spec = chain((2, 4, 5), LayerSpec("max_pool", size=2, stride=1))
    wanted = {
        "output": np.reshape(
            [
                0.9916648104524686,
                0.9916648104524686,
                0.8591618148564958,
                0.8591618148564958,
                0.7984871126234903,
                0.9997929001426692,
                0.9997929001426692,
                0.8591618148564958,
                0.8792730616507243,
                0.9997929001426692,
                0.9997929001426692,
                0.7733278895662207,
                0.5290826861200238,
                0.940428962947006,
                0.985600298790633,
                0.985600298790633,
                0.6702291758433747,
                0.940428962947006,
                0.940428962947006,
                0.9494038606867011,
                0.6702291758433747,
                0.6496128616862011,
                0.980589491775534,
                0.980589491775534,
            ],
            (1, 2, 3, 4),
        ),
        "x": np.reshape(
            [
                0.0,
                0.3050586364434435,
                0.0,
                0.0,
                0.0,
                0.945783999449539,
                0.0,
                0.0,
                2.20844009452669,
                0.0,
                0.0,
                0.0,
                2.344229176959952,
                0.0,
                0.0,
                0.0,
                0.6143742578057118,
                0.0,
                0.0,
                -0.26519614587177337,
                -0.5466910470692868,
                0.0,
                0.0,
                -1.9295152325121219,
                0.0,
                0.0,
                0.0,
                -2.2712406848207203,
                0.0,
                0.0,
                -1.0525901022713051,
                0.2248749456715337,
                0.0,
                0.0,
                -0.38313260088125134,
                0.0,
                0.0,
                0.0,
                1.2605756707276417,
                0.0,
            ],
            (1, 2, 4, 5),
        ),
    }
    held(spec, {}, np.sin(rising(1, 2, 4, 5) * 1.7), np.sin(rising(1, 2, 3, 4) * 0.31), wanted)


def test_batch_norm_of_images_is_taken_for_every_channel() -> None:
    spec = chain((2, 2, 2), LayerSpec("batch_norm"))
    parameters = {
        "batch_norm1.gamma": np.array([1.5, -0.5]),
        "batch_norm1.beta": np.array([0.1, 0.2]),
    }
    x, above = rising(2, 2, 2, 2) ** 2 / 7 - 9, np.cos(rising(2, 2, 2, 2))
    held(spec, parameters, x, above, {
        "batch_norm1.gamma": [-1.9984450719725937, -0.8423426256093615],
        "batch_norm1.beta": [-1.7571131540611402, 2.4724411511249857],
    })  # fmt: skip
    dx = some(Network(spec, parameters).evaluate(x, grad_output=above).grad_input)
    first = [0.21755972932260803, 0.11511045921697678, -0.09693376055309641, -0.2202838399808706]
    final = [
        -0.025699297526353058,
        -0.029962130984668982,
        0.002423408993664821,
        0.04023201926189882,
    ]
    np.testing.assert_allclose(dx[0, 0].reshape(-1), first, rtol=1e-10)
    np.testing.assert_allclose(dx[1, 1].reshape(-1), final, rtol=1e-9)


CONVOLUTION = [
    LayerSpec("conv2d", filters=2, size=3, pad=1), LayerSpec("relu"), LayerSpec("max_pool"),
    LayerSpec("flatten"), LayerSpec("affine", units=3),
]  # fmt: skip


def test_a_chain_on_images_is_one_chain_whatever_way_its_samples_are_written() -> None:
    spec = NetworkSpec.build(None, CONVOLUTION, "softmax_cross_entropy", input_shape=(1, 4, 4))
    assert spec.sizes == ((1, 4, 4), (2, 4, 4), (2, 4, 4), (2, 2, 2), (8,), (3,))
    assert spec.input_size == 16
    assert network_spec(json.loads(json.dumps(network_json(spec)))) == spec
    parameters = initialize(spec, Initializer("he"), 0)
    x, t = np.random.default_rng(0).normal(size=(3, 1, 4, 4)), np.eye(3)
    trace = make_trace(spec, parameters, x, t)
    for samples in (x, x.reshape(3, 16)):
        found = Network(spec, parameters).evaluate(samples, t)
        assert found.loss == trace.array("loss")
        assert some(found.grad_input).tobytes() == trace.array("x.grad").tobytes()
        for name, gradient in found.parameter_gradients.items():
            assert gradient.tobytes() == trace.array(f"{name}.grad").tobytes(), name
    checked = gradient_check(spec, parameters, x.reshape(3, 16), t)
    assert all(some(one.max_relative_error) < 1e-5 for one in checked.parameters.values())


@pytest.mark.parametrize("before", ["softmax", "gelu", "softplus", "batch_norm", "flatten"])
def test_a_training_writes_over_nothing_that_is_still_needed(before: str) -> None:
    layers = [LayerSpec("affine", units=4), LayerSpec(before), LayerSpec("affine", units=3)]
    if before == "flatten":
        layers = [LayerSpec("softplus"), LayerSpec("flatten"), LayerSpec("affine", units=3)]
    shape = (5, 1) if before == "flatten" else (5,)
    spec = NetworkSpec.build(None, layers, "softmax_cross_entropy", input_shape=shape)
    parameters = initialize(spec, Initializer("he"), 0)
    x, t = np.random.default_rng(0).normal(size=(6, 5)), np.array([0, 1, 2, 2, 1, 0])
    network = Network(spec, parameters)
    wanted = network.gradients(x, np.eye(3)[t])
    work = Workspace(network, x, t, 6)
    for _ in range(2):
        work.pass_over(np.arange(6))
        for name, gradient in wanted.items():
            np.testing.assert_allclose(work.gradients[name], gradient, rtol=1e-13, atol=1e-16)


def test_what_does_not_fit_is_refused_where_it_stands() -> None:
    def refused(layers: list[LayerSpec], shape: Any, size: int | None = None) -> tuple[str, str]:
        with pytest.raises(EngineError) as error:
            NetworkSpec.build(size, layers, "softmax_cross_entropy", input_shape=shape)
        return error.value.field, error.value.message

    assert refused(CONVOLUTION, None, 16)[0] == "network/layers/0"
    assert "input_shape" in refused(CONVOLUTION, None, 16)[1]
    field, message = refused(CONVOLUTION[:3], (1, 4, 4))
    assert field == "network/loss"
    assert "a flatten layer makes rows" in message
    assert refused(CONVOLUTION, (1, 4, 4), 15)[0] == "network/input_size"
    assert refused(CONVOLUTION, (1, 1, 4, 4))[0] == "network/input_shape"
    assert refused(CONVOLUTION, (1, 0, 4))[0] == "network/input_shape/1"
    assert refused([LayerSpec("conv2d", filters=1, size=5)], (1, 4, 4))[0] == "network/layers/0"
    assert refused([LayerSpec("conv2d", filters=1)], (1, 4, 4))[0] == "network/layers/0/size"
    assert LayerSpec("max_pool", size=3).settings["stride"] == 3


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([LayerSpec("conv2d", filters=1, size=22, pad=64)], (4096, 1, 1)),
        ([LayerSpec("conv2d", filters=64, size=64, pad=64)] * 8, (1, 64, 64)),
    ],
)
def test_few_letters_ask_for_no_pass_that_takes_long(
    layers: list[LayerSpec], shape: tuple[int, ...]
) -> None:
    with pytest.raises(TooLarge, match=r"would (have|hold)"):
        check_limits(chain(shape, *layers), 1, Limits())


# Of each of output, dL/dx, dW_q, dW_k, dW_v and dW_o the sum, the first and the last, and the sum
# of squares, by the number of heads: of multi_head_attention_forward.
ATTENTION = {
    1: [
        [-0.05368334482004372, 0.03749165193181516, 0.06597151703423611, 0.04930420913270135],
        [-0.45034482294301703, -0.668370553547496, 0.14457640049140202, 5.946962290069474],
        [1.290758512435962, 0.06309831069835557, 0.031736232125615174, 0.11981443995913069],
        [0.07264752082499092, 0.03578657778807076, -0.025346697924497355, 0.016659284375042258],
        [-0.055680430842681705, 0.353796283885165, -0.18985190438569421, 0.4161996810304854],
        [-0.9426066851649566, -0.1708777573203229, 0.06849398615169239, 0.17441047175185082],
    ],
    2: [
        [-0.08752135216357437, 0.05307163736321026, 0.08443459328038458, 0.07575636366638502],
        [-0.38014721372184257, -0.5791574004987838, 0.009471891713280875, 3.6822359800421123],
        [1.2290067220012866, 0.14165988037573887, 0.06307812322073572, 0.14644083262913288],
        [-0.04930160592304941, 0.0062206079970021505, 0.03334429099482976, 0.04606205537745037],
        [-0.0323569677964437, 0.2963003060889171, -0.2507045031655906, 0.37926390046860303],
        [-0.4475876896553274, -0.0556574132136337, 0.04093455291408678, 0.052554451963883135],
    ],
}


@pytest.mark.parametrize("heads", ATTENTION)
def test_attention_of_one_head_and_of_several(heads: int) -> None:
    spec = chain((3, 4), LayerSpec("attention", heads=heads))
    parameters = {
        f"attention1.W_{part}": np.sin(rising(4, 4) * 0.7 + k) for k, part in enumerate("qkvo")
    }
    x, above = np.cos(rising(2, 3, 4) * 0.5), np.sin(rising(2, 3, 4) * 0.31)
    held(spec, parameters, x, above, {})

    found = Network(spec, parameters).evaluate(x, grad_output=above)

    told = [found.layers[0].output, some(found.grad_input), *found.parameter_gradients.values()]
    for array, wanted in zip(told, ATTENTION[heads], strict=True):
        cells = array.reshape(-1)
        sums = [cells.sum(), cells[0], cells[-1], (cells**2).sum()]
        np.testing.assert_allclose(sums, wanted, rtol=1e-10, atol=1e-13)


def test_an_embedding_looks_up_rows_and_adds_up_what_comes_back_to_each() -> None:
    spec = NetworkSpec.build(3, [LayerSpec("embedding", vocabulary=4, units=2)])
    table = {"embedding1.W": np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]])}
    words, above = [[0, 3, 3], [1, 0, 3]], rising(2, 3, 2)
    wanted = {
        "output": [[[1, 2], [7, 8], [7, 8]], [[3, 4], [1, 2], [7, 8]]],
        "embedding1.W": [[8, 10], [6, 7], [0, 0], [16, 19]],
    }
    held(spec, table, words, above, wanted)
    found = Network(spec, table).evaluate(np.array(words, float), grad_output=above)
    assert found.grad_input is None
    assert spec.vocabulary == 4
    for wrong in ([[0, 1, 4]], [[0, 1, 0.5]], [[0, -1, 0]]):
        with pytest.raises(EngineError, match="a word is a whole number from 0 to 3") as refused:
            samples_of(spec, wrong)
        assert refused.value.field == "x/0"


def test_words_go_through_attention_to_a_loss_in_one_chain() -> None:
    layers = [
        LayerSpec("embedding", vocabulary=5, units=4),
        LayerSpec("residual", layers=[LayerSpec("layer_norm"), LayerSpec("attention", heads=2)]),
        LayerSpec("flatten"),
        LayerSpec("affine", units=2),
    ]
    spec = NetworkSpec.build(3, layers, "softmax_cross_entropy")
    parameters = initialize(spec, Initializer("he"), 0)
    x, t = np.array([[0, 1, 4], [2, 2, 0.0]]), np.eye(2)
    trace = make_trace(spec, parameters, x, t)
    found = Network(spec, parameters).evaluate(x, t)
    assert found.loss == trace.array("loss")
    for name, gradient in found.parameter_gradients.items():
        assert gradient.tobytes() == trace.array(f"{name}.grad").tobytes(), name
    checked = gradient_check(spec, parameters, x, t)
    assert all(some(one.max_relative_error) < 1e-5 for one in checked.parameters.values())


def test_sequences_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EngineError, match="do not go evenly into 3 heads"):
        chain((3, 4), LayerSpec("attention", heads=3))
    with pytest.raises(EngineError, match="attention takes sequences"):
        NetworkSpec.build(4, [LayerSpec("attention")])
    words = LayerSpec("embedding", vocabulary=4, units=2)
    for layers in ([LayerSpec("relu"), words], [LayerSpec("residual", layers=[words])]):
        with pytest.raises(EngineError, match="first layer"):
            NetworkSpec.build(3, layers)

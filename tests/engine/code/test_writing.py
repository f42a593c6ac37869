"""A network written as lines computes what the network computes, and its lines name its ops."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from app.engine.build import build_graph
from app.engine.code.compiling import build_code
from app.engine.code.reading import read
from app.engine.code.running import read_code, trace_code
from app.engine.code.writing import Written, lines_of, write
from app.engine.initializers import Initializer, initialize
from app.engine.layer_types import LAYERS
from app.engine.loss_types import LOSSES
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, LossSpec, NetworkSpec

ACTIVATIONS = [name for name, kind in LAYERS.items() if kind.activation]
# All that need to be told nothing and take rows.
PLAIN = [
    name
    for name, kind in LAYERS.items()
    if all(one.default is not None for one in kind.fields) and name != "attention"
]


@st.composite
def networks(draw: st.DrawFn) -> tuple[NetworkSpec, int]:
    """A chain of any layers of its own width, with any loss or none, and a number of samples."""
    layers: list[LayerSpec] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["affine", "bare", *PLAIN]))
        if kind in ("affine", "bare"):
            units = draw(st.integers(1, 4))
            layers.append(LayerSpec("affine", "", units=units, bias=kind == "affine"))
        else:
            layers.append(LayerSpec(kind, ""))
    loss = draw(st.sampled_from([None, *LOSSES]))
    settings = {"weight_decay": draw(st.sampled_from([None, 0.5]))}
    reduction = draw(st.sampled_from(["mean", "sum"]))
    spec = None if loss is None else LossSpec(loss, reduction=reduction, **settings)
    return NetworkSpec.build(draw(st.integers(1, 3)), layers, spec, "float64"), draw(
        st.integers(1, 3)
    )


def made(spec: NetworkSpec, n: int) -> tuple[Written, dict[str, Any], Any]:
    """Its lines, numbers for all its tensors, and a gradient from above where there is no loss."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = initialize(spec, Initializer("he"), 1)
    arrays["x"] = rng.normal(size=(n, spec.input_size))
    if spec.loss is not None:
        arrays["t"] = np.eye(spec.output_size)[rng.integers(spec.output_size, size=n)]
    gradient = None if spec.loss is not None else rng.normal(size=(n, spec.output_size))
    return write(spec, n, spec.loss is not None), arrays, gradient


@settings(max_examples=60)
@given(networks())
def test_lines_have_the_loss_and_the_gradients_of_their_network(
    network: tuple[NetworkSpec, int],
) -> None:
    spec, n = network
    if not spec.layers and spec.loss is None:
        return
    written, arrays, gradient = made(spec, n)
    parameters = {name: arrays[name] for name in spec.parameter_shapes}
    known = make_trace(
        spec, parameters, arrays["x"], arrays.get("t"), gradient, "op", "closed", 0
    )  # fmt: skip
    values = {name: arrays[tensor] for tensor, name in written.names.items()}
    program, checked, above = read_code(written.code, values, gradient)
    trace = trace_code(program, checked, above)
    if spec.loss is not None:
        assert_allclose(trace.array("L"), known.array("loss"), rtol=1e-12, atol=1e-14)
    for tensor, name in written.names.items():
        if tensor != "t":
            assert_allclose(
                trace.array(f"{name}.grad"), known.array(f"{tensor}.grad"), rtol=1e-11, atol=1e-13
            )
    # Each op of the network is in one line.
    graph = build_graph(
        spec, n, loss="opened", form="logsumexp", closed=frozenset(one.name for one in spec.layers)
    )
    ids = [id for line in written.lines for id in line.nodes]
    assert sorted(ids) == sorted(node.id for node in graph.nodes)


def test_a_program_knows_its_lines_by_their_names() -> None:
    code = "n = 2\ny = x * n\n\ny = (y +\n     1)\nL = np.sum(y)"
    found = lines_of(build_code(code, {"x": (2,)})[0])
    assert [(one.line, one.end, one.layers) for one in found] == [
        (1, 1, ("n",)), (2, 2, ("y.before1",)), (4, 5, ("y",)), (6, 6, ("L",)),
    ]  # fmt: skip
    nodes = build_code(code, {"x": (2,)})[1].nodes
    assert [id for one in found for id in one.nodes] == [node.id for node in nodes]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_function_is_one_op_of_its_line_again(name: str) -> None:
    spec = NetworkSpec.build(2, [LayerSpec(name, "")], None, "float64")
    code = write(spec, 3, False).code
    (node,) = build_code(code, {"X": (3, 2)})[1].nodes
    assert node.op == name


def test_texts_are_read_in_many_threads_at_once() -> None:
    text = "\n".join(f"y{k} = {'(' * 40}x + {k}{')' * 40}" for k in range(150))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: len(read(text)), range(40)))
    assert found == [150] * 40


def test_a_given_name_is_none_that_the_session_has_for_itself() -> None:
    for name in ("grad_output", "learning_rate"):
        with pytest.raises(Exception, match="another name") as told:
            build_code(f"y = x * {name}", {"x": (), name: ()})
        assert told.value.code == "name"  # type: ignore[attr-defined]

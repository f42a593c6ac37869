"""Scripts compute what the explorer computes: run as they are, forward, back, and as classes."""

import ast
import contextlib
import importlib.util
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.code.classes import class_script
from app.engine.code.derived import beside, derive
from app.engine.code.running import read_code, trace_code
from app.engine.code.scripts import MOST_LITERAL, About, Numbers, numpy_script, torch_script
from app.engine.code.torch_lines import torch_line
from app.engine.code.writing import write
from app.engine.initializers import Initializer, initialize
from app.engine.layer_types import LAYERS
from app.engine.loss_types import LOSSES
from app.engine.ops import OPS
from app.engine.run import make_trace
from app.engine.spec import LayerSpec, LossSpec, NetworkSpec
from app.engine.trace import Trace
from tests.engine.code.random_programs import NAMES, random_program
from tests.engine.code.test_random_programs import used
from tests.engine.code.test_writing import PLAIN, networks
from tests.engine.test_ops import USES

ABOUT = About("A script.", "large.npz", "Large arrays are in large.npz.")


def passed(spec: NetworkSpec, n: int, seed: int = 0) -> tuple[Trace, Any]:
    """A pass of a network, and the gradient from above where there is no loss."""
    rng = np.random.default_rng(seed)
    parameters = initialize(spec, Initializer("he"), 1)
    x = rng.normal(size=(n, spec.input_size)).astype(spec.dtype)
    t = None
    if spec.loss is not None:
        t = np.eye(spec.output_size, dtype=spec.dtype)[rng.integers(spec.output_size, size=n)]
    above = None if spec.loss is not None else rng.normal(size=(n, spec.output_size))
    trace = make_trace(spec, parameters, x, t, above, "op", "closed", 0)
    return trace, above


def scripts_of(spec: NetworkSpec, n: int, trace: Trace, above: Any) -> dict[str, str]:
    """All forms of a network's pass."""
    has_targets = spec.loss is not None
    lines, torch = (
        derive(spec, n, has_targets, above is not None, torch=one) for one in (False, True)
    )
    numbers = Numbers.of(lines, trace, above, spec.dtype)
    assert numbers.gradients or not lines.graph.nodes
    return {
        "numpy": numpy_script(lines, numbers, ABOUT),
        "classes": class_script(spec, n, numbers, ABOUT),
        "torch": torch_script(torch, numbers, ABOUT),
    }


def scripts_of_program(code: str, values: dict[str, Any], above: Any = None) -> dict[str, str]:
    """Both forms of a program's pass."""
    spec, checked, start = read_code(code, values, above)
    trace = trace_code(spec, checked, start)
    lines, torch = (derive(spec, 1, False, start is not None, torch=one) for one in (False, True))
    numbers = Numbers.of(lines, trace, start, spec.dtype)
    return {
        "numpy": numpy_script(lines, numbers, ABOUT),
        "torch": torch_script(torch, numbers, ABOUT),
    }


def run(text: str) -> str:
    """What a script prints."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), np.errstate(all="ignore"):
        exec(compile(text, "script", "exec"), {})
    return told.getvalue()


@settings(max_examples=40, deadline=None)
@given(networks())
def test_scripts_of_networks_have_the_numbers_of_the_pass(network: tuple[NetworkSpec, int]) -> None:
    spec, n = network
    found = scripts_of(spec, n, *passed(spec, n))
    for form in ("numpy", "classes"):
        run(found[form])
    ast.parse(found["torch"])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_scripts_of_programs_have_the_numbers_of_the_pass(seed: int) -> None:
    made = random_program(seed)
    found = scripts_of_program(made.code, used(made))
    run(found["numpy"])
    ast.parse(found["torch"])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PLAIN)
def test_every_layer_has_a_class_and_lines(name: str, dtype: str) -> None:
    layers = [LayerSpec("affine", "", units=3), LayerSpec(name, ""), LayerSpec(name, "")]
    spec = NetworkSpec.build(2, layers, LossSpec("softmax_cross_entropy"), dtype)
    found = scripts_of(spec, 4, *passed(spec, 4))
    run(found["numpy"])
    run(found["classes"])
    title = "".join(word.capitalize() for word in name.split("_"))
    assert f"class {title}:" in found["classes"]
    assert LAYERS[name].kernel is None or "def backward" in found["classes"]


def test_a_script_fails_whose_numbers_are_others() -> None:
    layers = [LayerSpec("affine", "", units=3), LayerSpec("relu", "")]
    spec = NetworkSpec.build(2, layers, LossSpec("squared_error"), "float64")
    for form, text in scripts_of(spec, 2, *passed(spec, 2)).items():
        if form == "torch":
            continue
        told = run(text)
        assert all(f"{name} =" in told for name in ("L", "dW", "db", "dX"))
        begin, mark, end = text.rpartition("np.array([")
        with pytest.raises(AssertionError):
            run(f"{begin}{mark}1e-9 + {end}")


def test_lines_are_those_of_the_book() -> None:
    layers = [LayerSpec("affine", "", units=3), LayerSpec("relu", ""),
              LayerSpec("affine", "", units=2)]  # fmt: skip
    spec = NetworkSpec.build(2, layers, LossSpec("softmax_cross_entropy"), "float64")
    found = derive(spec, 5, True, False)
    assert [step.text for step in found.backward] == [
        "da2 = dL * (y - T) / len(a2)",
        "db2 = da2.sum(axis=0)",
        "dh1 = da2 @ W2.T",
        "dW2 = h1.T @ da2",
        "da1 = np.where(h1 > 0, dh1, 0)",
        "db1 = da1.sum(axis=0)",
        "dX = da1 @ W1.T",
        "dW1 = X.T @ da1",
    ]
    # Beside the lines forward stand these, and first what these have no name for.
    shown = beside(found, write(spec, 5, True).code)
    texts = [step.text for step in shown[:3]]
    assert texts == ["y = softmax(a2)", "dL = 1.0", found.backward[0].text]


@settings(max_examples=20, deadline=None)
@given(networks())
def test_each_gradient_of_a_pass_is_made_known_by_a_line(network: tuple[NetworkSpec, int]) -> None:
    spec, n = network
    trace, above = passed(spec, n)
    found = derive(spec, n, spec.loss is not None, above is not None)
    shown = beside(found, write(spec, n, spec.loss is not None).code)
    told = {key for step in shown for key in step.keys}
    # A sigmoid that is opened has gradients of its own within it, of which its line makes one.
    made = {
        key
        for event in trace.events if event.is_gradient and event.op != "seed"
        for key in event.writes if key.removesuffix(".grad") in found.graph.edge
    }  # fmt: skip
    assert made <= told


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_lines_beside_a_program_go_on_from_it(seed: int) -> None:
    made = random_program(seed)
    spec, values, _ = read_code(made.code, used(made))
    trace = trace_code(spec, values)
    found = derive(spec, 1, False, False)
    text = numpy_script(found, Numbers.of(found, trace, None, "float64"), ABOUT)
    head, _, _ = text.partition("# What is given")
    scope: dict[str, Any] = {}
    exec(head, scope)
    scope |= NAMES | values
    exec(made.code, scope)
    exec("\n".join(step.text for step in beside(found, made.code)), scope)
    for name in values:
        if f"{name}.grad" in trace.known:
            np.testing.assert_allclose(
                scope[found.gradients[name]], trace.array(f"{name}.grad"), rtol=1e-10, atol=1e-12
            )


@pytest.mark.parametrize("name", OPS)
def test_each_op_has_a_line_of_pytorch(name: str) -> None:
    for op, shapes, attributes in USES:
        if op == name:
            line = torch_line(op, [f"v{k}" for k in range(len(shapes))], attributes, shapes)
            ast.parse(line)
            assert "np." not in line.replace("np.s_", "")


def test_large_arrays_are_read_from_a_file(tmp_path: Path, monkeypatch: Any) -> None:
    spec = NetworkSpec.build(
        50, [LayerSpec("affine", "", units=30)], LossSpec("squared_error"), "float64"
    )
    trace, above = passed(spec, 2)
    names = ("affine1.W", "affine1.W.grad")
    assert trace.array("affine1.W").size > MOST_LITERAL
    np.savez(tmp_path / "large.npz", **{name: trace.array(name) for name in names})  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
    found = scripts_of(spec, 2, trace, above)
    for form in ("numpy", "classes"):
        assert all(f"numbers[{name!r}]" in found[form] for name in names)
        run(found[form])


def test_numbers_that_are_none_are_written_and_held_to() -> None:
    values = {"x": np.array([0.0, 1e308, 3.0]), "w": np.array([1.0, 10.0, 2.0])}
    found = scripts_of_program("y = x * w\nL = np.sum(y * y)", values)
    assert "inf" in found["numpy"]
    run(found["numpy"])


SEVERAL = [
    ([LayerSpec("affine", "", units=4), LayerSpec("sigmoid", ""), LayerSpec("affine", "", units=3)],
     LossSpec("softmax_cross_entropy", weight_decay=0.1)),
    ([LayerSpec(name, "") for name in PLAIN], LossSpec("sigmoid_cross_entropy", reduction="sum")),
]  # fmt: skip


def several() -> list[dict[str, str]]:
    """Scripts of a few networks and programs, with all ops that random programs have."""
    made = [NetworkSpec.build(3, layers, loss, "float64") for layers, loss in SEVERAL]
    made += [NetworkSpec.build(3, SEVERAL[0][0], LossSpec(loss), "float64") for loss in LOSSES]
    found = [scripts_of(spec, 4, *passed(spec, 4)) for spec in made]
    for seed in range(12):
        program = random_program(seed)
        found.append(scripts_of_program(program.code, used(program)))
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(2, 1, 6, 6)), "w": rng.normal(size=(2, 1, 3, 3))}
    lines = ["h = np.maximum(conv2d(x, w, 1, 1), 0.1)", "y = max_pool(h, 2)",
             "L = np.sum(y[::-1, 0] ** 3)"]  # fmt: skip
    return [*found, scripts_of_program("\n".join(lines), values)]


def in_one_process(folder: Path, texts: list[str]) -> None:
    """Run scripts in a fresh process that knows nothing of this program."""
    for k, text in enumerate(texts):
        (folder / f"script{k}.py").write_text(text)
    code = "import glob, runpy\nfor one in sorted(glob.glob('script*.py')): runpy.run_path(one)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("L =") == len(texts)


def test_scripts_run_alone_in_a_fresh_process(tmp_path: Path) -> None:
    texts = [text for one in several() for form, text in one.items() if form != "torch"]
    in_one_process(tmp_path, texts)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed here"
)
def test_scripts_of_pytorch_run_alone_in_a_fresh_process(tmp_path: Path) -> None:
    in_one_process(tmp_path, [one["torch"] for one in several()])

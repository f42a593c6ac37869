"""Any program at all: as NumPy has it, with its slopes, derived, drawn, and written again."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from app.drawing.figure.graph_json import draw
from app.drawing.layout.geometry import Rect
from app.engine.code.calls import CALLS
from app.engine.code.running import named_passes, read_code, trace_code
from app.engine.explain import explain
from app.engine.functions import FUNCTIONS
from app.engine.graph import OpGraph
from app.engine.ops import OPS
from app.engine.trace import Trace
from tests.engine.code.random_programs import NAMES, Program, random_program

Array = np.ndarray


def passed(made: Program) -> Trace:
    spec, values, _ = read_code(made.code, used(made))
    return trace_code(spec, values)


def used(made: Program) -> dict[str, Array]:
    """The numbers that the lines read, of those there are."""
    return {
        name: value for name, value in made.values.items() if re.search(rf"\b{name}\b", made.code)
    }


def run(code: str, values: dict[str, Array]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(code, dict(NAMES, **values), found)
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
# Its gradients lie in another order in memory than its values.
@example(35)
def test_passes_that_nobody_records_have_the_same_bits(seed: int) -> None:
    spec, values, _ = read_code((made := random_program(seed)).code, used(made))
    shifted = {name: value + 0.125 for name, value in values.items()}
    for backward in (True, False):
        passes = [(values, None), (shifted, None), (values, None)]
        found = list(named_passes(spec, passes, backward))
        for (given_, _), (told, gradients) in zip(passes, found, strict=True):
            trace = trace_code(spec, given_)
            names = {name for name in trace.known if name.isidentifier()}
            assert set(told) == names & trace.graph.tensors.keys()
            known = {name for name in told if f"{name}.grad" in trace.known}
            assert set(gradients) == (known if backward else set())
            for name, value in told.items():
                np.testing.assert_array_equal(value, trace.array(name))
            for name, value in gradients.items():
                np.testing.assert_array_equal(value, trace.array(f"{name}.grad"))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_program_has_numpys_values_and_its_gradients_are_the_slopes(seed: int) -> None:
    made = random_program(seed)
    trace = passed(made)
    for name, value in run(made.code, made.values).items():
        assert_allclose(trace.array(name), value, rtol=1e-9, atol=1e-11, err_msg=name)
    generator = np.random.default_rng(seed)
    ways = {name: generator.standard_normal(value.shape) for name, value in used(made).items()}
    ways = {name: way for name, way in ways.items() if f"{name}.grad" in trace.known}
    slope = sum(float((trace.array(f"{name}.grad") * way).sum()) for name, way in ways.items())
    ends = []
    for step in (-1e-6, 1e-6):
        moved = {name: made.values[name] + step * way for name, way in ways.items()}
        ends.append(float(run(made.code, made.values | moved)["L"]))
    assert_allclose(slope, (ends[1] - ends[0]) / 2e-6, rtol=1e-4, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_every_cell_of_a_program_is_derived_from_its_terms(seed: int) -> None:
    trace = passed(random_program(seed, 15))
    generator = np.random.default_rng(seed)
    for key in trace.known:
        array = trace.array(key)
        index = tuple(int(generator.integers(size)) for size in array.shape)
        found = explain(trace, key, index)
        total = sum(term.value for term in found.terms) * found.scale
        if found.combine == "sum":
            assert_allclose(total, array[index], rtol=1e-10, atol=1e-12, err_msg=key)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_nothing_of_a_programs_figure_lies_on_anything(seed: int) -> None:
    drawing = draw(passed(random_program(seed, 12)).graph, "op")
    rects = [
        Rect(node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"])
        for node in drawing["nodes"]
        if node["kind"] == "op"
    ]
    labels = [edge["label"] for edge in drawing["edges"] if edge["label"] is not None]
    rects += [Rect(label["x"], label["y"], label["w"], label["h"]) for label in labels]
    for k, a in enumerate(rects):
        for b in rects[k + 1 :]:
            assert a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y, (
                a,
                b,
            )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_program_written_op_by_op_is_the_same_program(seed: int) -> None:
    made = random_program(seed, 20)
    trace = passed(made)
    code = written(trace.graph)
    again = passed(Program(code, used(made)))
    assert float(again.array("L")) == float(trace.array("L"))
    assert [node.op for node in again.graph.nodes] == [node.op for node in trace.graph.nodes]
    assert written(again.graph) == code
    for name in used(made):
        if f"{name}.grad" in trace.known:
            assert_allclose(again.array(f"{name}.grad"), trace.array(f"{name}.grad"), rtol=1e-12)


def written(graph: OpGraph) -> str:
    """A line for each op, by its own NumPy line."""
    names = {
        name: repr(tensor.value) if tensor.value is not None else name
        for name, tensor in graph.tensors.items()
    }
    for k, node in enumerate(graph.nodes):
        made = node.outputs[-1]
        names[made] = made if made == graph.output else f"w{k}"
    lines = []
    for node in graph.nodes:
        operands = [names[graph.edge[id].tensor] for id in node.inputs]
        # A function has a name of its own; its NumPy line may be several ops.
        is_function = node.op in FUNCTIONS and node.op in CALLS
        line = OPS[node.op].line(operands, node.attributes)
        line = f"{node.op}({operands[0]})" if is_function else line
        lines.append(f"{names[node.outputs[-1]]} = {line}")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(8))
def test_pytorch_has_the_same_gradients(seed: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    made = random_program(seed)
    trace = passed(made)
    assert torch.is_tensor(torch.zeros(1))
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in used(made).items()}
    code = (
        made.code.replace("np.", "torch.").replace("axis=", "dim=").replace("keepdims", "keepdim")
    )
    code = code.replace("cos(0.5)", "cos(torch.tensor(0.5).double())")
    code = re.sub(r"torch\.transpose\((\w+), \(", r"torch.permute(\1, (", code)
    code = re.sub(r"(\w+)\[::-1\]", r"torch.flip(\1, (0,))", code)
    found: dict[str, Any] = {}
    own = {
        "torch": torch, "sigmoid": torch.sigmoid, "softplus": torch.nn.functional.softplus,
    }  # fmt: skip
    exec(code, dict(own, **tensors), found)
    found["L"].backward()
    for name, tensor in tensors.items():
        if f"{name}.grad" in trace.known and tensor.grad is not None:
            assert_allclose(trace.array(f"{name}.grad"), tensor.grad.numpy(), rtol=1e-9, atol=1e-12)

"""Opened graphs have the nodes and edges of the book's figures."""

import itertools
import re
import subprocess
import sys

import pytest

from app.engine.build import build_graph
from app.engine.graph import Edge, OpGraph, Tensor, for_one_sample
from app.engine.notation import all_rules, gradient_rule
from app.engine.spec import LayerSpec, NetworkSpec

AFFINE = NetworkSpec.build(2, [LayerSpec("affine", units=3)])
SCORES = NetworkSpec.build(3, [], "softmax_cross_entropy")


def ends(graph: OpGraph) -> set[tuple[str, str | None, str | None]]:
    return {(edge.id, edge.source, edge.target) for edge in graph.edges}


def test_affine_is_figure_5_27() -> None:
    graph = build_graph(AFFINE, 4)
    assert ends(graph) == {
        ("x", None, "affine1.dot"),
        ("affine1.W", None, "affine1.dot"),
        ("affine1.dot", "affine1.dot", "affine1.add"),
        ("affine1.b", None, "affine1.add"),
        ("affine1.output", "affine1.add", None),
    }
    assert {edge.id: edge.shape for edge in graph.edges} == {
        "x": (4, 2), "affine1.W": (2, 3), "affine1.dot": (4, 3), "affine1.b": (3,),
        "affine1.output": (4, 3),
    }  # fmt: skip


@pytest.mark.parametrize("classes", range(1, 13))
def test_softmax_with_loss_is_figure_5_29_for_any_number_of_classes(classes: int) -> None:
    spec = NetworkSpec.build(classes, [], "softmax_cross_entropy")
    graph = build_graph(spec, 1, "element", "opened")
    expected: set[tuple[str, str | None, str | None]] = {
        ("loss.sum", "loss.sum", "loss.reciprocal"),
        ("loss.add", "loss.add", "loss.negate"),
        ("loss.minus_one", None, "loss.negate"),
        ("loss", "loss.negate", None),
    }
    for i in range(1, classes + 1):
        exp, times = f"loss.exp.{i}", f"loss.multiply.{i}"
        share = f"loss.reciprocal:multiply.{i}" if classes > 1 else "loss.reciprocal"
        expected |= {
            (f"loss.a.{i}", None, exp),
            (f"{exp}:sum", exp, "loss.sum"),
            (f"{exp}:multiply.{i}", exp, times),
            (share, "loss.reciprocal", times),
            (times, times, f"loss.log.{i}"),
            (f"loss.log.{i}", f"loss.log.{i}", f"loss.times_t.{i}"),
            (f"loss.t.{i}", None, f"loss.times_t.{i}"),
            (f"loss.times_t.{i}", f"loss.times_t.{i}", "loss.add"),
        }
    assert ends(graph) == expected


def test_figure_5_29_writes_the_books_gradients() -> None:
    graph = build_graph(SCORES, 1, "element", "opened")
    assert {id: graph.edge[id].grad_symbol for id in (
        "loss", "loss.add", "loss.times_t.2", "loss.log.2", "loss.multiply.2",
        "loss.reciprocal:multiply.2", "loss.exp.2:multiply.2", "loss.sum", "loss.exp.2:sum",
        "loss.a.2", "loss.t.2",
    )} == {
        "loss": "1", "loss.add": "-1", "loss.times_t.2": "-1", "loss.log.2": "-t_{2}",
        "loss.multiply.2": r"-\frac{t_{2}}{y_{2}}", "loss.reciprocal:multiply.2": "-t_{2} S",
        "loss.exp.2:multiply.2": r"-\frac{t_{2}}{\exp(a_{2})}", "loss.sum": r"\frac{1}{S}",
        "loss.exp.2:sum": r"\frac{1}{S}", "loss.a.2": "y_{2} - t_{2}", "loss.t.2": None,
    }  # fmt: skip


def test_the_mean_is_a_node_of_its_own_only_for_a_batch() -> None:
    single, batch = (build_graph(SCORES, n, loss="opened") for n in (1, 5))
    assert "loss.mean" not in single.node
    assert batch.tensors["loss.one_over_n"].value == 0.2


def test_closed_is_figure_5_30() -> None:
    graph = build_graph(SCORES, 1, "element", "closed")
    (node,) = graph.nodes
    assert node.inputs == ("loss.a.1", "loss.a.2", "loss.a.3", "loss.t.1", "loss.t.2", "loss.t.3")
    assert node.outputs == ("loss.y.1", "loss.y.2", "loss.y.3", "loss")


@pytest.mark.parametrize("form", ["book", "shifted", "logsumexp"])
@pytest.mark.parametrize(("level", "n"), [("op", 1), ("op", 4), ("element", 1)])
@pytest.mark.parametrize("loss", ["closed", "opened"])
def test_ids_are_unique_and_nodes_run_after_what_they_read(
    form: str, level: str, n: int, loss: str
) -> None:
    layers = [LayerSpec("affine", units=4), LayerSpec("sigmoid"), LayerSpec("affine", units=3)]
    graph = build_graph(NetworkSpec.build(2, layers, "softmax_cross_entropy"), n, level, loss, form)
    assert len(graph.edge) == len(graph.edges)
    assert len(graph.node) == len(graph.nodes)
    made = {name for name, tensor in graph.tensors.items() if tensor.role
            in ("input", "target", "parameter", "constant")}  # fmt: skip
    for node in graph.nodes:
        assert made.issuperset(graph.edge[id].tensor for id in node.inputs)
        made |= {*node.outputs}
    assert made == set(graph.tensors)
    assert list(itertools.chain(*(layer.nodes for layer in graph.layers))) == [
        node.id for node in graph.nodes
    ]


def all_names(graph: OpGraph) -> str:
    """Every symbol and rule of a graph as one text."""
    parts: list[Tensor | Edge] = [*graph.tensors.values(), *graph.edges]
    symbols = [part.symbol for part in parts]
    gradients = [part.grad_symbol or "" for part in parts]
    return "\n".join((*symbols, *gradients, *all_rules(graph)))


@pytest.mark.parametrize("form", ["book", "shifted", "logsumexp"])
@pytest.mark.parametrize("loss", ["closed", "opened"])
def test_one_sample_of_a_batch_has_a_loss_of_its_own_name(loss: str, form: str) -> None:
    layers = [LayerSpec("affine", units=4), LayerSpec("sigmoid"), LayerSpec("affine", units=3)]
    spec = NetworkSpec.build(2, layers, "softmax_cross_entropy")
    alone = all_names(build_graph(spec, 1, "element", loss, form, sample=12))
    only = all_names(build_graph(spec, 1, "element", loss, form))
    # A letter L of its own is the loss; in \left or \mathbf{L} there would be letters around it.
    bare = r"(?<![A-Za-z\\])L(?![A-Za-z])"
    assert len(re.findall(bare + r"_\{12\}", alone)) == len(re.findall(bare, alone)) > 20
    assert alone.replace("L_{12}", "L") == only


@pytest.mark.parametrize("n", [1, 2])
def test_the_gradient_of_a_bias_is_a_sum_over_rows_of_however_many(n: int) -> None:
    graph = build_graph(AFFINE, n)
    by_b, by_y = (rf"\frac{{\partial L}}{{\partial \mathbf{{{it}}}}}" for it in "BY")
    assert graph.edge["affine1.b"].grad_symbol == by_b
    assert gradient_rule(graph, graph.node["affine1.add"], 1) == rf"{by_b} = \sum_{{n}} {by_y}"


def test_a_sample_without_an_axis_hands_its_gradient_to_the_bias_as_it_is() -> None:
    graph = for_one_sample(build_graph(AFFINE, 1))
    by_y = r"\frac{\partial L}{\partial \mathbf{Y}}"
    assert graph.edge["affine1.b"].grad_symbol == by_y
    assert gradient_rule(graph, graph.node["affine1.add"], 1) == by_y
    assert for_one_sample(graph) is graph
    with pytest.raises(ValueError, match="one sample"):
        for_one_sample(build_graph(AFFINE, 2))


def test_the_gate_of_max_names_one_score_also_where_two_are_equal() -> None:
    rows = build_graph(SCORES, 1, "element", "opened", "shifted")
    gates = [gradient_rule(rows, rows.node["loss.max"], k) for k in range(3)]
    by_m = r"\frac{\partial L}{\partial m}"
    assert gates == [rf"{by_m} [{i} = \operatorname{{argmax}}\, a]" for i in (1, 2, 3)]


def test_the_element_level_shows_one_sample() -> None:
    with pytest.raises(ValueError, match="one sample"):
        build_graph(SCORES, 2, "element")


def test_the_engine_imports_numpy_and_nothing_of_the_web() -> None:
    code = """
import importlib, pkgutil, sys
import app.engine
for module in pkgutil.iter_modules(app.engine.__path__):
    importlib.import_module(f"app.engine.{module.name}")
roots = {name.split(".")[0] for name in sys.modules}
print(roots & {"fastapi", "starlette", "pydantic", "uvicorn", "jinja2", "ziamath", "orjson"})
print({name for name in sys.modules if name.startswith("app.") and "engine" not in name})
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["set()", "set()"]

"""Shapes that do not fit: the program up to there is a figure, and what would fit is offered."""

import numpy as np
import pytest

from app.drawing.figure.graph_json import draw
from app.engine.code.clash import fits
from app.engine.code.reading import CodeError
from app.engine.code.running import read_code, trace_code
from app.engine.code.samples import samples_of

A, B, C, V = np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 2)), np.ones(3)


def clashed(code: str, **values: np.ndarray) -> list[str]:
    """The expressions that are offered; with each the program gets further than it did."""
    with pytest.raises(CodeError):
        read_code(code, values)
    spec, _, _ = read_code(code, values, up_to_clash=True)
    assert spec.clash is not None
    found = fits(code, spec.clash)
    for fit in found:
        after, _, _ = read_code(fit.code, values, up_to_clash=True)
        assert (
            after.clash is None
            or after.clash.line > spec.clash.line
            or (after.clash.end > spec.clash.end)
        )
    return [fit.expression for fit in found]


@pytest.mark.parametrize(
    ("code", "values", "offered"),
    [
        ("h = A @ B", {"A": A, "B": B}, ["A @ B.T"]),
        ("h = B @ C\nL = np.sum(h)", {"B": B, "C": C}, ["B.T @ C"]),
        ("h = A @ C", {"A": A, "C": C}, ["A.T @ C.T", "C @ A"]),
        ("h = np.exp(A @ B.T.T)", {"A": A, "B": B}, ["A @ B.T"]),
        ("h = np.dot(A, B) + 1", {"A": A, "B": B}, ["np.dot(A, B.T)"]),
        ("h = A.dot(B)", {"A": A, "B": B}, ["A.dot(B.T)"]),
        ("h = (A * 2) @ (B + 1)", {"A": A, "B": B}, ["(A * 2) @ (B + 1).T"]),
        ("h = (A + 0) @ (C - 1)", {"A": A, "C": C}, ["(A + 0).T @ (C - 1).T", "(C - 1) @ (A + 0)"]),
        ("h = A * 2 @ C", {"A": A, "C": C}, ["(A * 2).T @ C.T", "C @ (A * 2)"]),
        ("h = np.exp((A) @ (B))", {"A": A, "B": B}, ["(A) @ (B).T"]),
        ("h = ((A * 2) @ B)", {"A": A, "B": B}, ["(A * 2) @ B.T"]),
        ("h = A @ B.T @ A", {"A": A, "B": B}, ["(A @ B.T).T @ A"]),
    ],
)
def test_transposes_that_fit_are_offered_in_the_text(
    code: str, values: dict[str, np.ndarray], offered: list[str]
) -> None:
    assert clashed(code, **values) == offered


def test_sums_of_matrices_are_turned_too_but_not_swapped() -> None:
    assert clashed("h = A + A.T", A=A) == ["A + A", "A.T + A.T"]
    assert clashed("h = A + V4", A=A, V4=np.ones(4)) == []
    assert clashed("A2 = A * 1\nA2 @= B", A=A, B=B) == []


def test_the_pass_and_the_drawing_end_at_the_clash() -> None:
    code = "h = np.maximum(X @ W, 0)\ny = h @ V * 2\nL = np.sum(y - T)"
    values = {"X": A, "W": np.ones((3, 5)), "V": np.ones((4, 5)), "T": np.ones(7)}
    spec, given, _ = read_code(code, values, up_to_clash=True)
    # What comes later keeps its numbers.
    assert set(given) == {"X", "W", "V", "T"}
    assert (spec.loss, spec.learned, samples_of(spec)) == (None, (), None)
    trace = trace_code(spec, given)
    assert [(event.phase, event.op) for event in trace.events] == [
        ("forward", "dot"),
        ("forward", "relu"),
    ]
    assert "T" not in trace.graph.tensors
    for level in ("network", "layer", "op"):
        drawing = draw(trace.graph, level, backward=False)
        marked = [node for node in drawing["nodes"] if node.get("clash")]
        assert len(marked) == 1, level
    (node,) = marked
    into = [edge for edge in drawing["edges"] if edge["to"] == node["id"]]
    assert [(edge["tensor"], edge["shape_text"]) for edge in into] == [
        ("h", "(2, 5)"),
        ("V", "(4, 5)"),
    ]
    assert all(edge["direction"] == "forward" for edge in drawing["edges"])


def test_other_faults_are_refused_as_ever() -> None:
    for code in (
        "h = A @",
        "h = A @ Q",
        "h = nothing(A)",
        "h = np.ones((2, 3)) @ np.ones((2, 3)) + A",
    ):
        with pytest.raises(CodeError):
            read_code(code, {"A": A}, up_to_clash=True)

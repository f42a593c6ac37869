"""The numbered equations beside figures 5-25 and 5-27, with the shape under every factor."""

from typing import Any

from app.drawing.labels import shape_text
from app.drawing.plan import Plan
from app.engine.graph import OpGraph


def numbered_edges(graph: OpGraph, *, single: bool) -> dict[str, int]:
    """Box numbers of the backward arrows of a single Affine: 1 on X, 2 on W, 3 on B.

    B has no number for one sample: its gradient is dL/dY itself (figure 5-25).
    """
    layers = graph.layers
    if len(layers) != 1 or layers[0].type != "affine" or graph.loss_form is not None:
        return {}
    name = layers[0].name
    numbers = {"x": 1, f"{name}.W": 2}
    return numbers if single and graph.n == 1 else numbers | {f"{name}.b": 3}


def equations(plan: Plan) -> list[dict[str, Any]]:
    """Equations 1 to 3 (equation 5.13 and the sum over axis 0) for the sizes of the graph.

    Each has ``formula`` (the whole) and ``parts``: factors and signs in order, each with its own
    formula and the shape that stands under it ("" under a sign).
    """
    graph, single = plan.graph, plan.single
    numbers = numbered_edges(graph, single=single)
    if not numbers or not plan.backward:
        return []
    name = graph.layers[0].name
    x, w, b, y = (
        graph.tensors[tensor] for tensor in ("x", f"{name}.W", f"{name}.b", f"{name}.output")
    )
    dx, dw, db, dy = (tensor.grad_symbol or "" for tensor in (x, w, b, y))
    transposed = r"^{\mathsf{T}}"
    x_flat, y_flat = (shape_text(t.shape, single=single) for t in (x, y))
    y_full, x_turned, w_turned = (
        shape_text(shape) for shape in (y.shape, x.shape[::-1], w.shape[::-1])
    )
    sides = {
        1: [
            (dx, x_flat), ("=", ""),
            (dy, y_flat), (r"\cdot", ""), (w.symbol + transposed, w_turned),
        ],
        2: [
            (dw, shape_text(w.shape)), ("=", ""),
            (x.symbol + transposed, x_turned), (r"\cdot", ""), (dy, y_full),
        ],
        3: [(db, shape_text(b.shape)), ("=", ""), (r"\sum_{n}", ""), (dy, y_full)],
    }  # fmt: skip
    answer = []
    for id, number in numbers.items():
        parts = sides[number]
        left, *right = (shape for _, shape in parts if shape)
        answer.append(
            {
                "number": number,
                "edge": f"{id}.grad",
                "formula": plan.formulas.add(" ".join(latex for latex, _ in parts)),
                "shapes": f"{left} = {' '.join(right)}",
                "parts": [
                    {"formula": plan.formulas.add(latex), "shape": shape} for latex, shape in parts
                ],
            }
        )
    return answer

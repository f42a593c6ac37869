"""The numbered equations beside figures 5-25 and 5-27, and why their shapes fit (figure 5-26).

Under every factor stands its shape. In a product the two equal inner sizes are joined by a
bracket, and each outer size leads along another one to its place in the result.
"""

import re
from typing import Literal, NamedTuple

from app.drawing.figure.labels import pixel, rounded, shape_text
from app.drawing.figure.plan import Plan
from app.drawing.formulas import drawn
from app.drawing.formulas.formulas import Formula, FormulaTable
from app.engine.graph import OpGraph

Part = tuple[str, str]

ROOM = 6.0
SHAPE_DROP, BRACKET_DROP, BRACKET_STEP, MARGIN = 16.0, 5.0, 9.0, 4.0
# Advances of 12 px text, wide enough for any face: each token gets a place of its own, so that a
# bracket meets its size whatever face the reader has.
DIGIT, LETTER, PAREN, COMMA, LAST_COMMA = 7.2, 9.2, 5.0, 7.0, 4.0
_TOKEN = re.compile(r"\d+|N|[(),]")


class Size(NamedTuple):
    """One size of a shape, and the x at which it is written."""

    value: str
    x: float


def numbered_edges(graph: OpGraph, *, single: bool) -> dict[str, int]:
    """Box numbers of the backward arrows of a single Affine: 1 on X, 2 on W, 3 on B.

    B has no number for one sample: its gradient is dL/dY itself (figure 5-25).
    """
    layers = graph.layers
    if graph.is_program or len(layers) != 1 or graph.loss_form is not None:
        return {}
    if layers[0].type != "affine":
        return {}
    name = layers[0].name
    numbers = {"x": 1, f"{name}.W": 2}
    return numbers if single and graph.n == 1 else numbers | {f"{name}.b": 3}


def equations(plan: Plan) -> list[drawn.Equation]:
    """Equations 1 to 3 (equation 5.13 and the sum over axis 0) of the numbered arrows of a figure.

    Each has ``formula`` (the whole), ``parts``: factors and signs in order, each with its own
    formula and the shape that stands under it ("" under a sign), and ``picture``: the same as a
    drawing with its brackets, in coordinates of its own. A product has it once more as
    ``product``, with the result at the end as in figure 5-26.
    """
    graph = plan.graph
    if not plan.numbers or not plan.backward:
        return []
    name = graph.layers[0].name
    x, w, b, y = (
        graph.tensors[tensor] for tensor in ("x", f"{name}.W", f"{name}.b", f"{name}.output")
    )
    dx, dw, db, dy = (tensor.grad_symbol or "" for tensor in (x, w, b, y))
    transposed = r"^{\mathsf{T}}"
    x_shape, y_shape = (plan.named(tensor.shape) for tensor in (x, y))
    x_flat, y_flat = (shape_text(shape, single=plan.single) for shape in (x_shape, y_shape))
    y_full, x_turned, w_turned = (
        shape_text(shape) for shape in (y_shape, x_shape[::-1], w.shape[::-1])
    )
    sides: dict[int, list[Part]] = {
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
    answer: list[drawn.Equation] = []
    for id, number in plan.numbers.items():
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
                "picture": equation_picture(parts, plan.formulas),
            }
        )
        if len(right) == 2:
            turned = [*parts[2:], parts[1], parts[0]]
            answer[-1]["product"] = equation_picture(turned, plan.formulas, result=-1)
    return answer


def equation_picture(
    parts: list[Part], formulas: FormulaTable, result: int = 0
) -> drawn.EquationPicture:
    """An equation with the shapes under its factors and the brackets between their sizes.

    Args:
        parts: (LaTeX, shape) of factors and signs.
        formulas: where the parts are set.
        result: which of those that have a shape is the result: the first (0) or the last (-1).

    Returns:
        ``width``, ``height``; ``formulas`` by the left end of their baseline; ``texts`` centred
        at x with their baseline at y; ``lines`` of kind ``inner`` (equal sizes joined) or
        ``outer`` (a size led to the result, with a head at the end).
    """
    keys = [formulas.add(latex) for latex, _ in parts]
    baseline = max(formulas[key].ascent for key in keys) + MARGIN
    depth = max(formulas[key].height - formulas[key].ascent for key in keys)
    shapes_at = baseline + depth + SHAPE_DROP
    placed: list[drawn.PlacedFormula] = []
    texts: list[drawn.PlacedText] = []
    sizes: list[list[Size]] = []
    x = MARGIN
    for key, (_, shape) in zip(keys, parts, strict=True):
        formula = formulas[key]
        width = max(formula.width, shape_width(shape))
        placed.append(_formula(key, formula, x + width / 2, baseline))
        if shape:
            tokens, found = _shape(shape, x + width / 2, shapes_at)
            texts += tokens
            sizes.append(found)
        x += width + ROOM
    lines = _brackets(sizes.pop(result), sizes, shapes_at + BRACKET_DROP)
    lowest = max([shapes_at + 4.0, *(y for line in lines for _, y in line["points"])])
    return {
        "width": pixel(x - ROOM + MARGIN),
        "height": pixel(lowest + MARGIN),
        "formulas": placed,
        "texts": texts,
        "lines": lines,
    }


def shape_width(shape: str) -> float:
    """Width of a shape written token by token."""
    return sum(advance for _, advance in _tokens(shape))


def _advance(token: str) -> float:
    return {"(": PAREN, ")": PAREN, ",": COMMA, "N": LETTER}.get(token, DIGIT * len(token))


def _tokens(shape: str) -> list[tuple[str, float]]:
    """Tokens with their advances; after the one comma of ``(3,)`` there is no space."""
    last = shape.endswith(",)")
    found = [(token, _advance(token)) for token in _TOKEN.findall(shape)]
    return [(t, LAST_COMMA if last and t == "," else advance) for t, advance in found]


def _formula(key: str, formula: Formula, centre: float, baseline: float) -> drawn.PlacedFormula:
    return {"formula": key, "x": pixel(centre - formula.width / 2), "y": pixel(baseline)}


def _shape(shape: str, centre: float, y: float) -> tuple[list[drawn.PlacedText], list[Size]]:
    x = centre - shape_width(shape) / 2
    texts: list[drawn.PlacedText] = []
    sizes: list[Size] = []
    for token, advance in _tokens(shape):
        # A comma stands by its number; the rest of its advance is the space after it.
        at = x + (2.0 if token == "," else advance / 2)
        texts.append({"text": token, "x": pixel(at), "y": pixel(y)})
        if token.isalnum():
            sizes.append(Size(token, at))
        x += advance
    return texts, sizes


def _brackets(result: list[Size], factors: list[list[Size]], top: float) -> list[drawn.Bracket]:
    """Brackets below the shapes, the inner one nearest."""
    joins: list[tuple[Literal["inner", "outer"], Size, Size]] = []
    if len(factors) == 2:
        left, right = factors
        if left[-1].value == right[0].value:
            joins.append(("inner", left[-1], right[0]))
        kept = [(left[0], result[0])] if len(left) == 2 else []
        kept += [(right[1], result[-1])] if len(right) == 2 else []
    else:
        # A sum over axis 0: only the other axis is left.
        kept = [(factors[0][-1], result[-1])]
    joins += [("outer", size, to) for size, to in kept if size.value == to.value]
    lines: list[drawn.Bracket] = []
    for level, (kind, start, end) in enumerate(joins):
        low = top + BRACKET_STEP * (level + 1)
        points = [(start.x, top), (start.x, low), (end.x, low), (end.x, top)]
        lines.append(
            {
                "kind": kind,
                "points": rounded(points),
                "head": kind == "outer",
            }
        )
    return lines

"""What can be practised: each skill draws its own exercises, by number and without end.

Numbers are small, so that pencil and paper do: products of matrices have answers of at most two
digits, probabilities are tenths or twentieths. Even seeds ask within a network, odd ones within
lines of NumPy, as two surfaces of one thing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.practice.exercise import NUMBER, PROGRAM, SHAPE, SURFACES, Exercise
from app.engine.spec import LayerSpec

Array = np.ndarray
Generator = np.random.Generator

MAX_SEED = 2**31 - 1
RATES = (0.1, 0.2, 0.5)
AFFINE = "Y = X @ W + B"


@dataclass(frozen=True)
class Draw:
    """What an exercise is drawn from."""

    skill: str
    seed: int
    generator: Generator
    surface: str

    def whole(self, low: int, high: int, shape: tuple[int, ...] = ()) -> Array:
        """Whole numbers from low to high, both among them."""
        return self.generator.integers(low, high, size=shape, endpoint=True).astype(float)

    def size(self, low: int, high: int) -> int:
        """A size from low to high."""
        return int(self.generator.integers(low, high, endpoint=True))

    def cell(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Some cell."""
        return tuple(int(self.generator.integers(size)) for size in shape)

    def shares(self, rows: int, classes: int) -> Array:
        """Probabilities in tenths or twentieths, none of them 0."""
        parts = int(self.generator.choice([10, 20]))
        between = np.arange(1, parts)
        cuts = [np.sort(self.generator.permutation(between)[: classes - 1]) for _ in range(rows)]
        edges = np.hstack([np.zeros((rows, 1)), cuts, np.full((rows, 1), parts)])
        return np.asarray(np.diff(edges, axis=1) / parts)


Make = Callable[[Draw], Exercise]


def _affine(draw: Draw, part: str, kind: str = NUMBER, rate: float | None = None) -> Exercise:
    """An Affine layer; ``part`` is what is asked about: x, W, b or output, W.new .."""
    n, d, h = draw.size(2, 3), draw.size(2, 3), draw.size(2, 3)
    if kind == SHAPE:
        # All three differ, or a wrong shape would be a right one.
        n, d, h = (int(size) for size in draw.generator.permutation(np.arange(1, 9))[:3])
    x, w = draw.whole(-3, 4, (n, d)), draw.whole(-3, 4, (d, h))
    b, above = draw.whole(-4, 5, (h,)), draw.whole(-3, 4, (n, h))
    is_program = draw.surface == PROGRAM
    name, dot, more = part.partition(".")
    names = {"x": "X", "W": "W", "b": "B", "output": "Y"}
    key = names[name] if is_program else (name if name == "x" else f"affine1.{name}")
    key += dot + more if more else ("" if name == "output" else ".grad")
    shape = {"x": x.shape, "W": w.shape, "b": b.shape, "output": above.shape}[name]
    index = draw.cell(shape) if kind == NUMBER else ()
    if is_program:
        values = {"X": x, "W": w, "B": b}
        return Exercise(
            draw.skill, draw.seed, kind, key, index, code=AFFINE, values=values,
            grad_output=above, rate=rate,
        )  # fmt: skip
    parameters = {"affine1.W": w, "affine1.b": b}
    return Exercise(
        draw.skill, draw.seed, kind, key, index, (LayerSpec("affine", units=h),), None, parameters,
        x, None, above, rate=rate,
    )  # fmt: skip


def _elementwise(draw: Draw, layer: str, x: Array, line: str) -> Exercise:
    above = draw.whole(-9, 9, x.shape)
    above[above == 0] = 5
    index = draw.cell(x.shape)
    if draw.surface == PROGRAM:
        return Exercise(
            draw.skill, draw.seed, NUMBER, "X.grad", index, code=line, values={"X": x},
            grad_output=above,
        )  # fmt: skip
    return Exercise(
        draw.skill, draw.seed, NUMBER, "x.grad", index, (LayerSpec(layer),), x=x,
        grad_output=above,
    )  # fmt: skip


def _relu(draw: Draw) -> Exercise:
    x = draw.whole(-9, 9, (draw.size(1, 2), draw.size(2, 4)))
    x[x == 0] = -1
    return _elementwise(draw, "relu", x, "Y = np.maximum(X, 0)")


def _sigmoid(draw: Draw) -> Exercise:
    y = draw.whole(1, 9, (draw.size(1, 2), draw.size(2, 3))) / 10
    return _elementwise(draw, "sigmoid", np.log(y / (1 - y)), "Y = sigmoid(X)")


def _loss(draw: Draw, rows: int) -> Exercise:
    """Softmax-with-Loss of scores that are logarithms, so that y are round numbers."""
    classes = draw.size(3, 4)
    scores = np.log(draw.shares(rows, classes))
    t = np.eye(classes)[draw.generator.integers(classes, size=rows)]
    index = draw.cell(scores.shape)
    if draw.surface == PROGRAM:
        values = {"A": scores, "T": t}
        code = "Y = softmax(A)\nL = np.mean(np.sum(-T * np.log(Y), axis=1))"
        return Exercise(draw.skill, draw.seed, NUMBER, "A.grad", index, code=code, values=values)
    return Exercise(
        draw.skill, draw.seed, NUMBER, "x.grad", index, loss="softmax_cross_entropy", x=scores, t=t
    )


def _multiply(draw: Draw) -> Exercise:
    """Multiplication nodes: each factor gets the other (section 5.4.2)."""
    price, count, tax = (float(draw.whole(low, 9)) for low in (2, 2, 2))
    values = {"price": np.array(price), "count": np.array(count)}
    names = ["price", "count"]
    code = "L = price * count"
    if draw.surface == PROGRAM:
        values["tax"] = np.array(tax)
        names.append("tax")
        code = "apples = price * count\nL = apples * tax"
    asked = str(draw.generator.choice(names))
    return Exercise(draw.skill, draw.seed, NUMBER, f"{asked}.grad", (), code=code, values=values)


def _branch(draw: Draw) -> Exercise:
    """A number that is used twice: the two gradients are added up."""
    if draw.surface == PROGRAM:
        n = draw.size(2, 4)
        values = {name: draw.whole(-5, 6, (n,)) for name in ("x", "u", "v")}
        code = "L = np.sum(x * u + x * v)"
        return Exercise(
            draw.skill, draw.seed, NUMBER, "x.grad", draw.cell((n,)), code=code, values=values
        )
    values = {name: draw.whole(2, 9) for name in ("x", "y", "z")}
    code = "a = x * y\nb = x * z\nL = a + b"
    return Exercise(draw.skill, draw.seed, NUMBER, "x.grad", (), code=code, values=values)


SKILLS: Mapping[str, Make] = {
    "multiply": _multiply,
    "branch": _branch,
    "relu": _relu,
    "sigmoid": _sigmoid,
    "affine": lambda draw: _affine(draw, "output"),
    "shape_dX": lambda draw: _affine(draw, "x", SHAPE),
    "shape_dW": lambda draw: _affine(draw, "W", SHAPE),
    "shape_dB": lambda draw: _affine(draw, "b", SHAPE),
    "dX": lambda draw: _affine(draw, "x"),
    "dW": lambda draw: _affine(draw, "W"),
    "dB": lambda draw: _affine(draw, "b"),
    "difference": lambda draw: _loss(draw, 1),
    "mean": lambda draw: _loss(draw, int(draw.generator.choice([2, 4, 5]))),
    "update": lambda draw: _affine(draw, "W.new", rate=float(draw.generator.choice(RATES))),
}


def exercise(skill: str, seed: int) -> Exercise:
    """The exercise of a skill with this number; the same number, the same exercise.

    Raises:
        EngineError: no such skill, or a seed out of range.
    """
    if skill not in SKILLS:
        raise EngineError(
            f"skill is one of {', '.join(SKILLS)}", "skill", "type", {"enum": tuple(SKILLS)}
        )
    if not 0 <= seed <= MAX_SEED:
        raise EngineError(
            f"seed is from 0 to {MAX_SEED}", "seed", "range", {"minimum": 0, "maximum": MAX_SEED}
        )
    number = list(SKILLS).index(skill)
    generator = np.random.default_rng([number, seed])
    return SKILLS[skill](Draw(skill, seed, generator, SURFACES[seed % len(SURFACES)]))


def sheet(skill: str, seed: int, count: int) -> Iterator[Exercise]:
    """So many exercises from this seed on, no two of them the same."""
    seen = set()
    while count:
        found = exercise(skill, seed % (MAX_SEED + 1))
        seed += 1
        if found.asked not in seen:
            seen.add(found.asked)
            count -= 1
            yield found

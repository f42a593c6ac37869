"""Programs of any kind, drawn from a seed: 3 to 40 ops, shapes up to rank 4."""

import math
import random
from dataclasses import dataclass, field

import numpy as np

from app.engine.functions import function

Array = np.ndarray
Shape = tuple[int, ...]

MOST_CELLS = 48
# What NumPy itself does not have, for running the same text as Python.
NAMES = {
    "np": np,
    **{name: function(name).value for name in ("sigmoid", "softplus")},
}
_FUNCTIONS = ("np.tanh", "sigmoid", "np.sin", "np.cos", "softplus", "-", "np.square")


@dataclass
class Program:
    """A text and numbers for what it reads."""

    code: str = ""
    values: dict[str, Array] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)


def random_program(seed: int, most_ops: int = 40) -> Program:
    """One of them; its last line is a single number, L."""
    chance = random.Random(seed)
    made = Program()
    numbers = np.random.default_rng(seed)
    for k in range(chance.randint(1, 4)):
        shape = tuple(chance.randint(1, 3) for _ in range(chance.randint(0, 4)))
        made.values[f"x{k}"] = np.asarray(numbers.standard_normal(shape))
        made.shapes[f"x{k}"] = shape
    for k in range(chance.randint(3, most_ops)):
        _add_line(made, chance, f"v{k}")
    total = " + ".join(f"np.mean({name})" for name in list(made.shapes)[-3:])
    made.code += f"L = {total}\n"
    return made


def _add_line(made: Program, chance: random.Random, name: str) -> None:
    a = chance.choice(list(made.shapes))
    shape = made.shapes[a]
    ways = [_function, _binary, _reduced, _reshaped, _turned, _part, _joined, _chosen, _dot]
    for way in chance.sample(ways, len(ways)):
        found = way(made, chance, a, shape)
        if found is not None:
            text, result = found
            if math.prod(result) <= MOST_CELLS and len(result) <= 4:
                made.code += f"{name} = {text}\n"
                made.shapes[name] = result
                return


Found = tuple[str, Shape] | None


def _function(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    name = chance.choice(_FUNCTIONS)
    return f"{name}({a})", shape


def _binary(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    sign = chance.choice("+-*/")
    b = chance.choice([*made.shapes, "0.5"])
    try:
        result = np.broadcast_shapes(shape, made.shapes.get(b, ()))
    except ValueError:
        return None
    # Far from 0, so that slopes stay small enough for finite differences.
    return (f"{a} / (2 + np.cos({b}))" if sign == "/" else f"{a} {sign} {b}"), result


def _reduced(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    if not shape:
        return None
    axis, keeps = chance.randrange(len(shape)), chance.random() < 0.5
    name = chance.choice(("sum", "mean"))
    left = tuple(1 if k == axis else size for k, size in enumerate(shape) if keeps or k != axis)
    return f"np.{name}({a}, axis={axis}{', keepdims=True' if keeps else ''}) / 2", left


def _reshaped(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    order = list(shape)
    chance.shuffle(order)
    if not order:
        return None
    return f"{a}.reshape({', '.join(map(str, order))})", tuple(order)


def _turned(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    axes = list(range(len(shape)))
    chance.shuffle(axes)
    if len(axes) < 2:
        return None
    return f"np.transpose({a}, ({', '.join(map(str, axes))}))", tuple(shape[k] for k in axes)


def _part(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    if not shape:
        return None
    if chance.random() < 0.5:
        return f"{a}[{chance.randrange(shape[0])}]", shape[1:]
    return f"{a}[::-1]", shape


def _joined(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    if not shape:
        return None
    axis = chance.randrange(len(shape))
    whole = tuple(2 * size if k == axis else size for k, size in enumerate(shape))
    return f"np.concatenate([{a}, np.tanh({a})], axis={axis})", whole


def _chosen(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    return f"np.where({a} > 0.1, {a}, np.sin({a}))", shape


def _dot(made: Program, chance: random.Random, a: str, shape: Shape) -> Found:
    b = chance.choice(list(made.shapes))
    other = made.shapes[b]
    if not shape or not other or shape[-1] != (other[-2] if len(other) > 1 else other[0]):
        return None
    try:
        result = np.matmul(np.zeros(shape), np.zeros(other)).shape
    except ValueError:
        return None
    return f"np.tanh({a} @ {b})", result

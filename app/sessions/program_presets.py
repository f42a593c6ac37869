"""Programs to start from: each from the book or a paper, with numbers one can check by hand.

One row a program. Its title and what to look at in it are among the page's words, under
``preset.<id>`` and ``start.<id>``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from app.engine.code.compiling import build_code
from app.engine.code.spec import CodeSpec
from app.engine.graph import OpGraph
from app.engine.optimizers import OptimizerConfig
from app.sessions.creation import WantedCode
from app.sessions.edits import ChangeView

# The parts of the book, and what lies beyond it, in the order in which the page lists them. The
# figures of 5.6 and 5.7, which the page began with, come first.
Chapter = Literal["5.6", "5.1", "6", "7", "beyond"]


@dataclass(frozen=True)
class Program:
    """A program to start from.

    Attributes:
        id: ``apples``.
        chapter: Where it belongs.
        title: What it shows, in English; the page has its own words.
        code: Its lines.
        values: What they are given, by name, as numbers or nested lists.
        grad_output: dL/d(result), where the result is an array.
        optimizer: Where it learns otherwise than others do.
        view: How it is drawn.
    """

    id: str
    chapter: Chapter
    title: str
    code: str
    values: Mapping[str, Any]
    grad_output: Any = None
    optimizer: OptimizerConfig | None = None
    view: ChangeView = field(default_factory=lambda: ChangeView("op", "closed", 0, False))


# exp(-x) is 3, 1 and 1/3, so that y is 1/4, 1/2 and 3/4 and 16 times its slope is 3, 4 and 3.
_LOGITS = [-float(np.log(3.0)), 0.0, float(np.log(3.0))]

_ALL = (
    # 5.6: Softmax alone. Its numbers are those of figure 5-29, with the gradient that the loss
    # there hands to y; so what arrives at a is (0.3, -0.8, 0.5) again.
    Program(
        "softmax",
        "5.6",
        "Softmax and its Jacobian",
        "e = np.exp(a)\nS = np.sum(e)\ny = e / S",
        {"a": np.log([3.0, 2.0, 5.0]).tolist()},
        [0, -5, 0],
    ),
    # 5.1 to 5.5.
    Program(
        "apples",
        "5.1",
        "Two apples and the tax (figures 5-2 and 5-14)",
        "price = apple * count\ntotal = price * tax",
        {"apple": 100, "count": 2, "tax": 1.1},
    ),
    Program(
        "apples-oranges",
        "5.1",
        "Two apples and three oranges (figure 5-17)",
        "apples = apple * apple_count\n"
        "oranges = orange * orange_count\n"
        "price = apples + oranges\n"
        "total = price * tax",
        {"apple": 100, "apple_count": 2, "orange": 150, "orange_count": 3, "tax": 1.1},
    ),
    Program(
        "addition",
        "5.1",
        "The addition node (figures 5-9 to 5-11)",
        "z = x + y",
        {"x": [10], "y": [5]},
        [1.3],
    ),
    Program(
        "multiplication",
        "5.1",
        "The multiplication node (figures 5-12 and 5-13)",
        "z = x * y",
        {"x": [10], "y": [5]},
        [1.3],
    ),
    # The x of section 5.5.1, where its mask is shown.
    Program(
        "relu",
        "5.1",
        "ReLU (figure 5-18)",
        "y = np.maximum(x, 0)",
        {"x": [[1.0, -0.5], [-2.0, 3.0]]},
        [[1, 2], [3, 4]],
    ),
    Program(
        "sigmoid-opened",
        "5.1",
        "Sigmoid, opened (figures 5-19 and 5-20)",
        "y = 1 / (1 + np.exp(-x))",
        {"x": _LOGITS},
        [16, 16, 16],
    ),
    Program(
        "sigmoid-closed",
        "5.1",
        "Sigmoid, closed (figures 5-21 and 5-22)",
        "y = sigmoid(x)",
        {"x": _LOGITS},
        [16, 16, 16],
    ),
    # 6.3: the columns have deviations 5 and 10 and means 8 and 30.
    Program(
        "batch-norm",
        "6",
        "Batch normalization (section 6.3)",
        "mu = np.mean(x, axis=0)\n"
        "c = x - mu\n"
        "var = np.mean(c ** 2, axis=0)\n"
        "n = c / np.sqrt(var + 1e-7)\n"
        "y = gamma * n + beta",
        {
            "x": [[1, 40], [7, 20], [9, 40], [15, 20]],
            "gamma": [1, 2],
            "beta": [0, 1],
        },
        [[1, 0], [0, 1], [0, 0], [2, 0]],
    ),
    # 6.4.3: the mask is where a random number is above the ratio, as in the book's code.
    Program(
        "dropout",
        "6",
        "Dropout while training (section 6.4.3)",
        "h = np.maximum(x @ W + b, 0)\nmask = random > 0.5\ny = h * mask",
        {
            "x": [[1, 2], [2, -1]],
            "W": [[1, -1, 2, 1], [1, 2, -1, 0]],
            "b": [0, 1, 1, -1],
            "random": [[0.8, 0.1, 0.6, 0.9], [0.3, 0.7, 0.9, 0.2]],
        },
        [[1, 2, 3, 4], [1, 2, 3, 4]],
    ),
    # 7.2: the input, filter and bias of figures 7-3 and 7-5: (15, 16) and (6, 15), then 3 more.
    Program(
        "convolution",
        "7",
        "A convolution (figures 7-3 and 7-5)",
        "c = conv2d(x, w)\ny = c + b",
        {
            "x": [[[[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]]],
            "w": [[[[2, 0, 1], [0, 1, 2], [1, 0, 2]]]],
            "b": 3,
        },
        [[[[1, 0], [0, 2]]]],
    ),
    # 7.4 and 7.5: two samples, the inputs of figures 7-3 and 7-14, through two filters, that of
    # figure 7-3 and one that finds what differs from its neighbours.
    Program(
        "conv-layer",
        "7",
        "Convolution, ReLU and pooling for a batch (section 7.5)",
        "h = np.maximum(conv2d(x, w) + b, 0)\ny = max_pool(h, size=2, stride=2)",
        {
            "x": [
                [[[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]],
                [[[1, 2, 1, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 4, 0, 1]]],
            ],
            "w": [
                [[[2, 0, 1], [0, 1, 2], [1, 0, 2]]],
                [[[0, 1, 0], [1, -4, 1], [0, 1, 0]]],
            ],
            "b": [[[-8]], [[1]]],
        },
        [[[[1]], [[2]]], [[[3]], [[4]]]],
    ),
    # 7.3: figure 7-14, whose result is (2, 3), (4, 2).
    Program(
        "pooling",
        "7",
        "Max pooling (figure 7-14)",
        "y = max_pool(x, size=2, stride=2)",
        {"x": [[[[1, 2, 1, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 4, 0, 1]]]]},
        [[[[1, 2], [3, 4]]]],
    ),
    # Karpathy's micrograd: one neuron of scalars.
    Program(
        "neuron",
        "beyond",
        "One tanh neuron of scalars",
        "n = x1 * w1 + x2 * w2 + b\no = np.tanh(n)",
        {"x1": 2, "w1": -3, "x2": 0, "w2": 1, "b": 6.8813735870195432},
    ),
    # Mazur, "A Step by Step Backpropagation Example", 2015: the biases are held.
    Program(
        "two-two-two",
        "beyond",
        "A 2-2-2 network of sigmoids, worked step by step",
        "h = sigmoid(x @ W1 + 0.35)\ny = sigmoid(h @ W2 + 0.60)\nL = np.sum((y - t) ** 2) / 2",
        {
            "x": [0.05, 0.10],
            "W1": [[0.15, 0.25], [0.20, 0.30]],
            "W2": [[0.40, 0.50], [0.45, 0.55]],
            "t": [0.01, 0.99],
        },
        optimizer=OptimizerConfig(type="sgd", learning_rate=0.5),
    ),
    # He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015, figure 2.
    Program(
        "residual",
        "beyond",
        "A residual block",
        "h = np.maximum(x @ W1 + b1, 0)\nF = h @ W2 + b2\ny = np.maximum(F + x, 0)",
        {
            "x": [[1, 2], [-1, 1]],
            "W1": [[1, -1, 2], [1, 1, -1]],
            "b1": [0, 1, 0],
            "W2": [[1, -1], [-1, 2], [2, 1]],
            "b2": [1, -1],
        },
        [[1, 2], [3, 1]],
    ),
    # Ba, Kiros and Hinton, "Layer Normalization", 2016; the rows have deviations 5 and 10.
    Program(
        "layer-norm",
        "beyond",
        "Layer normalization",
        "mu = np.mean(x, axis=1, keepdims=True)\n"
        "c = x - mu\n"
        "var = np.mean(c ** 2, axis=1, keepdims=True)\n"
        "n = c / np.sqrt(var + 1e-5)\n"
        "y = gamma * n + beta",
        {
            "x": [[1, 7, 9, 15], [40, 20, 40, 20]],
            "gamma": [1, 2, 1, 2],
            "beta": [0, 1, 0, 1],
        },
        [[1, 0, 0, 2], [0, 1, 0, 0]],
    ),
    # Vaswani et al., "Attention Is All You Need", 2017, equation 1, with d_k = 2.
    Program(
        "attention",
        "beyond",
        "One head of attention",
        "Q = X @ W_q\nK = X @ W_k\nV = X @ W_v\nA = softmax(Q @ K.T / np.sqrt(2))\nY = A @ V",
        {
            "X": [[1, 0], [0, 1], [1, 1]],
            "W_q": [[1, 0], [0, 2]],
            "W_k": [[1, 1], [0, 1]],
            "W_v": [[1, 2], [3, 0]],
        },
        [[1, 0], [0, 1], [1, 1]],
    ),
)
PROGRAMS: Mapping[str, Program] = {program.id: program for program in _ALL}


def wanted(program: Program) -> WantedCode:
    """A program and its numbers, as whoever sends one would."""
    given = program.grad_output
    return WantedCode(
        program.code,
        {name: np.array(value, dtype=float) for name, value in program.values.items()},
        None if given is None else np.array(given, dtype=float),
        program.optimizer,
        program.view,
    )


def built(program: Program) -> tuple[CodeSpec, OpGraph]:
    """What a program is, and its graph, from the shapes of its numbers alone."""
    return build_code(
        program.code, {name: np.shape(value) for name, value in program.values.items()}
    )

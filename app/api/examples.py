"""Bodies for the OpenAPI document; a test sends every one of them.

Those of a session are for one made from `NEW_SESSION["own network"]`.
"""

from typing import Any

_NETWORK = {
    "input_size": 2,
    "layers": [
        {"type": "affine", "units": 3},
        {"type": "relu"},
        {"type": "affine", "units": 3},
    ],
    "loss": {"type": "softmax_cross_entropy"},
}

EVALUATE: dict[str, Any] = {
    "forward and backward": {
        "network": _NETWORK,
        "seed": 0,
        "initializer": "he",
        "x": [[1.0, 0.5], [-0.5, 2.0]],
        "t": [0, 2],
    },
    "one affine layer": {
        "network": {"input_size": 2, "layers": [{"type": "affine", "units": 3}]},
        "parameters": {
            "affine1.W": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
            "affine1.b": [0.1, 0.2, 0.3],
        },
        "x": [[1.0, 2.0]],
        "grad_output": [[1.0, 1.0, 1.0]],
    },
    "a loss along a line": {
        "network": _NETWORK,
        "seed": 0,
        "x": [[1.0, 0.5], [-0.5, 2.0]],
        "t": [0, 2],
        "fields": ["loss"],
        "batch": [{"parameters": {"affine2.b": [step, 0.0, 0.0]}} for step in (-1.0, 0.0, 1.0)],
    },
    "the gradient alone": {
        "network": _NETWORK,
        "x": [[1.0, 0.5]],
        "t": [0],
        "fields": ["loss", "parameter_gradients"],
    },
    "lines of NumPy": {
        "code": "h = np.maximum(X @ W, 0)\nL = np.sum(h ** 2)",
        "values": {"X": [[1.0, 2.0], [-1.0, 0.5]], "W": [[0.5, -1.0], [0.25, 1.0]]},
    },
    "a loss of one's own along a line": {
        "code": "L = np.sum((X @ w - t) ** 2)",
        "values": {"X": [[1.0, 2.0], [-1.0, 0.5]], "t": [1.0, 0.0]},
        "fields": ["loss"],
        "batch": [{"values": {"w": [step, 0.5]}} for step in (-1.0, 0.0, 1.0)],
    },
    "scores only": {
        "network": {"input_size": 3, "layers": [], "loss": {"type": "softmax_cross_entropy"}},
        "x": [[0.3, 2.9, 4.0]],
        "t": [[0, 1, 0]],
    },
}

NEW_SESSION: dict[str, Any] = {
    "own network": {
        "network": _NETWORK,
        "seed": 1,
        "initializer": {"type": "normal", "std": 0.5},
        "x": [[1.0, 0.5], [-0.5, 2.0]],
        "t": [0, 2],
        "optimizer": {"type": "momentum", "learning_rate": 0.1, "momentum": 0.9},
        "view": {"level": "op", "loss": "closed"},
    },
    "samples made by the server": {
        "network": _NETWORK,
        "data": {"dataset": "bands", "samples": 6, "seed": 0},
    },
    "a data set by its name": {
        "network": _NETWORK,
        "data": {"dataset": "spiral", "samples": 300, "batch_size": 10, "seed": 1},
        "view": {"update": True},
    },
    "preset": {"preset": "fig-5-25"},
}

EDITS: dict[str, Any] = {
    "cells": [
        {"op": "set", "tensor": "affine1.W", "index": [0, 1], "value": 0.5},
        {"op": "set", "tensor": "t", "index": [1], "value": 1},
        {"op": "set", "tensor": "learning_rate", "index": [], "value": 0.05},
    ],
    "another batch": [
        {"op": "replace", "tensor": "x", "value": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]},
        {"op": "replace", "tensor": "t", "value": [0, 1, 2]},
    ],
    "one more sample": [{"op": "insert_row", "row": 1, "x": [0.5, -1.0], "t": 2}],
    "one sample less": [{"op": "delete_row", "row": 0}],
    "classes by name": [{"op": "classes", "names": ["cat", "dog", "bird"]}],
    "view": [{"op": "view", "level": "element", "loss": "opened", "sample": 1}],
    "optimizer": [{"op": "optimizer", "optimizer": {"type": "adam", "learning_rate": 0.001}}],
    "the first numbers again": [{"op": "reset"}],
}

FORK: dict[str, Any] = {"as it is": {}, "as lines of NumPy": {"code": True}}

STEP: dict[str, Any] = {
    "one op": {"direction": "next", "granularity": "op"},
    "back to the start of the layer": {"direction": "back", "granularity": "layer"},
}

_STROKE = [[0, 9, 0], [0, 9, 0], [0, 9, 0], [0, 9, 0]]
PICTURE: dict[str, Any] = {"a stroke": {"pixels": _STROKE}}

CHECK: dict[str, Any] = {"usual step": {"h": 0.0001}}

UPDATE: dict[str, Any] = {
    "the session's optimiser": {},
    "another one from now on": {"optimizer": {"type": "sgd", "learning_rate": 0.1}},
}

NEW_RUN: dict[str, Any] = {
    "seeded mini-batches": {
        "optimizer": {"type": "sgd", "learning_rate": 0.1},
        "batch_size": 2,
        "steps": 20,
        "seed": 0,
    },
    "fixed mini-batches": {
        "optimizer": {"type": "adagrad", "learning_rate": 0.1},
        "batches": [[0], [1], [0, 1]],
    },
    "with all its settings": {
        "optimizer": {"type": "momentum", "learning_rate": 0.1},
        "batch_size": 2,
        "steps": 200,
        "schedule": {"type": "cosine", "floor": 0.1},
        "evaluate_every": 50,
        "stop": {"loss_below": 0.01},
    },
}

CHANGE_RUN: dict[str, Any] = {"a smaller one": {"learning_rate": 0.01}}

OPEN_STEP: dict[str, Any] = {"the first": {"step": 1}, "all samples again": {}}

COMPARE: dict[str, Any] = {
    "what was worked out by hand": {"tensor": "affine1.b.grad", "value": [0.1, -0.2, 0.1]}
}

SUSPECT: dict[str, Any] = {
    "a mistake and its layer": {"seed": 7, "fault": "mask_missing", "layer": "relu1"}
}

ANSWER: dict[str, Any] = {
    "a number": {"skill": "dW", "seed": 7, "answer": "4"},
    "a shape, and the right one": {
        "skill": "shape_dW",
        "seed": 7,
        "answer": "(3, 2)",
        "reveal": True,
    },
}

PREDICTION: dict[str, Any] = {
    "a number": {"tensor": "affine1.b.grad", "index": [0], "answer": "0.25"},
    "a shape, and the right one": {
        "tensor": "affine1.W.grad",
        "answer": "(2, 3)",
        "reveal": True,
    },
}

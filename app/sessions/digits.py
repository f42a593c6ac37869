"""The network of figure 5-28, trained on real digits when it is first asked for, and kept."""

import threading
from collections.abc import Mapping

import numpy as np

from app.engine.initializers import Initializer, initialize
from app.engine.network import Network
from app.engine.optimizers import OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, NetworkSpec
from app.engine.training import Training
from app.sessions.edits import Loader

Array = np.ndarray

# Sizes of the book's digit network (section 3.6.2).
LAYERS = (
    LayerSpec("affine", units=50),
    LayerSpec("relu"),
    LayerSpec("affine", units=100),
    LayerSpec("relu"),
    LayerSpec("affine", units=10),
)
SPEC = NetworkSpec.build(784, LAYERS, "softmax_cross_entropy")

TRAINING_ROWS = 8_000
BATCH = 100
# Ten times through the digits: about a second, and 95 of 100 held-out digits right.
EPOCHS = 10
OPTIMIZER = OptimizerConfig(type="adam", learning_rate=0.003)

_lock = threading.Lock()
# Once for all: whoever loads them, the digits are those of one file.
_kept: dict[str, Array] = {}


def trained(loader: Loader) -> Mapping[str, Array]:
    """Parameters of the trained network; the first caller waits for the training, a second or two.

    Args:
        loader: Gives x ``(N, 784)`` and labels ``(N,)`` of a data set's rows.
    """
    with _lock:
        if not _kept:
            _kept.update(_train(loader))
        return dict(_kept)


def _train(loader: Loader) -> dict[str, Array]:
    x, labels = loader("mnist", "train", range(TRAINING_ROWS))
    network = Network(SPEC, initialize(SPEC, Initializer("he"), seed=0))
    steps = EPOCHS * TRAINING_ROWS // BATCH
    training = Training(network, x, labels, make_optimizer(OPTIMIZER), BATCH, steps)
    while not training.finished:
        training.advance()
    return network.parameters

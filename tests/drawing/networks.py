"""Graphs of the figures, and of networks of any depth."""

from app.engine.build import build_graph
from app.engine.graph import OpGraph
from app.engine.spec import LayerSpec, NetworkSpec

LOSS = "softmax_cross_entropy"
AFFINE = NetworkSpec.build(2, [LayerSpec("affine", units=3)])
TWO_LAYER = NetworkSpec.build(
    2, [LayerSpec("affine", units=4), LayerSpec("relu"), LayerSpec("affine", units=3)], LOSS
)
DIGITS = NetworkSpec.build(
    784,
    [
        LayerSpec("affine", units=50),
        LayerSpec("relu"),
        LayerSpec("affine", units=100),
        LayerSpec("relu"),
        LayerSpec("affine", units=10),
    ],
    LOSS,
)


def softmax(classes: int, loss: str = "opened", form: str = "book") -> OpGraph:
    """Softmax-with-Loss on given scores, in scalar rows."""
    return build_graph(NetworkSpec.build(classes, [], LOSS), 1, "element", loss, form)


def chain(depth: int, activation: str = "relu", n: int = 3) -> OpGraph:
    """``depth`` Affine layers with an activation after each but the last, and the loss."""
    layers: list[LayerSpec] = []
    for i in range(depth):
        layers.append(LayerSpec("affine", units=1 + i % 7))
        if i < depth - 1:
            layers.append(LayerSpec(activation))
    return build_graph(NetworkSpec.build(3, layers, LOSS), n)

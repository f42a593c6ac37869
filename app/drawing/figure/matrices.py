"""Tensors of more than two axes as matrices side by side, each with its place among the others.

The last two axes are a matrix; the axis before them runs across, those before it run down. So of
images every row of matrices is a sample, and its channels stand beside each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from app.engine.graph import Node, OpGraph

# Between two matrices, and over each for its caption, in px.
GAP, CAPTION_H = 16.0, 16.0
CAPTION_CHARACTER = 6.4
# Numbers beside each other and below each other that a figure has room for.
MOST_ACROSS, MOST_DOWN = 12, 16
# What the axes before those of an image, or of a filter, count.
IMAGES, FILTERS = ("n", "c"), ("f", "c")
_IMAGE_OPS = frozenset({"conv2d", "max_pool"})

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """One matrix: its upper left corner within the box of all, and its place in words."""

    x: float
    y: float
    caption: str


def blocks_of(
    shape: Shape, size: tuple[float, float], names: tuple[str, ...] = ()
) -> tuple[Block, ...]:
    """The matrices of a tensor in row-major order; none where it is a single one, or too large.

    Args:
        shape: Of the tensor.
        size: Width and height of one matrix, in px.
        names: Of the axes before the last two.
    """
    *leading, rows, cols = (1, 1, *shape) if len(shape) < 3 else shape
    count = prod(leading)
    if count == 1:
        return ()
    across = leading[-1] if leading[-1] > 1 else count
    if across * cols > MOST_ACROSS or count // across * rows > MOST_DOWN:
        return ()
    captions = [_caption(place, names) for place in product(*map(range, leading))]
    width = max(size[0], CAPTION_CHARACTER * max(map(len, captions))) + GAP
    height = size[1] + CAPTION_H + GAP / 2
    return tuple(
        Block(k % across * width, k // across * height + CAPTION_H, caption)
        for k, caption in enumerate(captions)
    )


def _caption(place: tuple[int, ...], names: tuple[str, ...]) -> str:
    if len(names) != len(place):
        return f"[{', '.join(map(str, place))}]"
    return ", ".join(f"{name}={index}" for name, index in zip(names, place, strict=True))


def axis_names(graph: OpGraph) -> Mapping[str, tuple[str, ...]]:
    """What the axes before the last two count, by tensor: of images, and of filters.

    What goes into an op with images, or comes out of it, in their shape are images too; what has
    less axes, as a bias does, has the last of theirs.
    """
    found: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        if node.op in _IMAGE_OPS:
            images, *filters = _inputs(graph, node)
            found |= dict.fromkeys((images, *node.outputs), IMAGES)
            found |= dict.fromkeys(filters, FILTERS)
    for _ in range(len(graph.nodes) if found else 0):
        before = len(found)
        for node in graph.nodes:
            _share(graph, node, found)
        if len(found) == before:
            break
    return found


def _share(graph: OpGraph, node: Node, found: dict[str, tuple[str, ...]]) -> None:
    if node.op in _IMAGE_OPS or len(node.outputs) != 1:
        return
    (output,) = node.outputs
    shape = graph.tensors[output].shape
    inputs = [(one, graph.tensors[one].shape) for one in _inputs(graph, node)]
    alike = [output, *(one for one, own in inputs if own == shape)]
    known = next((found[one] for one in alike if one in found), None)
    if known is None or len(shape) != len(known) + 2:
        return
    for one in alike:
        found.setdefault(one, known)
    for one, own in inputs:
        if 2 < len(own) < len(shape) and all(a in (1, b) for a, b in _from_the_end(own, shape)):
            found.setdefault(one, known[-(len(own) - 2) :])


def _from_the_end(a: Shape, b: Shape) -> Iterator[tuple[int, int]]:
    return zip(reversed(a), reversed(b), strict=False)


def _inputs(graph: OpGraph, node: Node) -> Iterator[str]:
    return (graph.edge[id].tensor for id in node.inputs)

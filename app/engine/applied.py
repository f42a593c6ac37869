"""An op in its place: what a node of a graph makes by its row, reads, and how its rules are called.

Most ops have one result. A closed group of ops (`Closed`) has several, and may stand in rows:
``classes`` among a node's attributes says that each of its operands comes in so many single
numbers, as the classes of figure 5-30 do, and each wide result leaves in as many.
"""

from collections.abc import Sequence

import numpy as np

from app.engine.graph import Edge, Node, OpGraph
from app.engine.op import Array, Closed, Op, Result, Shape
from app.engine.ops import OPS


def row_of(node: Node) -> Op:
    """Its row of the table."""
    return OPS[node.op]


def closed_of(node: Node) -> Closed | None:
    """What it is besides where it is a closed group of ops; a box of a figure is none."""
    row = OPS.get(node.op)
    return None if row is None else row.closed


def operands(node: Node, inputs: Sequence[Array]) -> list[Array]:
    """The op's own operands: those of a node in rows are put together, each ``(1, rows)``."""
    rows = node.attributes.get("classes")
    if rows is None:
        return list(inputs)
    starts = range(0, len(inputs), rows)
    return [np.stack(inputs[start : start + rows])[np.newaxis] for start in starts]


def operands_shapes(node: Node, shapes: Sequence[Shape]) -> list[Shape]:
    """Their shapes."""
    rows = node.attributes.get("classes")
    return list(shapes) if rows is None else [(1, rows)] * (len(shapes) // rows)


def ids_of(node: Node, name: str) -> tuple[str, ...]:
    """The inputs that are an operand (by number), or the outputs that are a result (by key)."""
    rows = node.attributes.get("classes", 1)
    if name.isdecimal():
        return node.inputs[int(name) * rows : (int(name) + 1) * rows]
    start = 0
    for result in _results(node):
        width = rows if result.is_wide else 1
        if result.key == name:
            return node.outputs[start : start + width]
        start += width
    raise KeyError(name)


def result_of(node: Node, output: str) -> Result | None:
    """Which of its results a tensor is (of); None for an op of one result."""
    return next((one for one in _results(node) if output in ids_of(node, one.key)), None)


def operand_of(node: Node, k: int) -> int:
    """The number of the operand that input k is (of)."""
    return k // int(node.attributes.get("classes", 1))


def reaches(node: Node, k: int) -> bool:
    """Whether a gradient reaches input k."""
    return row_of(node).reaches(operand_of(node, k))


def results(node: Node, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """What a node makes of its operands, in the order of its outputs."""
    row, own = row_of(node), operands(node, inputs)
    if row.closed is None:
        return (row.forward(own, node.attributes),)
    made = row.closed.kernel(own, node.attributes)
    if "classes" not in node.attributes:
        return made
    spread: list[Array] = []
    for result, array in zip(row.closed.results, made, strict=True):
        spread += list(array[0]) if result.is_wide else [array]
    return tuple(spread)


def gradient(node: Node, k: int, inputs: Sequence[Array], out: Array, grad: Array) -> Array:
    """dL/d(input k) from dL/d(its last result)."""
    row, rows = row_of(node), node.attributes.get("classes")
    if rows is None:
        return row.gradient(k, inputs, out, grad, node.attributes)
    whole = row.gradient(k // rows, operands(node, inputs), out, grad, node.attributes)
    return np.asarray(whole[0, k % rows])


def forward_name(node: Node, output: str) -> str:
    """What the rule of an output is called."""
    closed, result = closed_of(node), result_of(node, output)
    if closed is None or result is None:
        return f"{node.op}.forward"
    return f"{closed.said_as}.{result.name(node.attributes)}"


def gradient_name(node: Node, k: int) -> str:
    """What the rule of dL/d(input k) is called."""
    row = row_of(node)
    if row.closed is None:
        return f"{node.op}.gradient.{row.form_of(k, node.attributes)}"
    return f"{row.closed.said_as}.{row.closed.gradient_name(node.attributes)}"


def forward_reads(node: Node, output: str) -> tuple[str, ...]:
    """Keys of what an output is made of."""
    result = result_of(node, output)
    if result is None:
        return node.inputs
    return tuple(id for name in result.reads for id in ids_of(node, name))


def gradient_reads(graph: OpGraph, node: Node, k: int) -> tuple[str, ...]:
    """Keys of what dL/d(input k) is made of, besides what comes from above."""
    row = row_of(node)
    if row.closed is not None:
        own = graph.edge[node.inputs[k]].row
        names = row.closed.gradient_reads
        return tuple(
            id for name in names for id in ids_of(node, name) if _row(graph, name, id) == own
        )
    shapes = [graph.edge[id].shape for id in node.inputs]
    rule = row.gradient_rule(k, shapes, node.attributes)
    named = {factor.operand for term in rule.terms for factor in term.factors}
    read = [id for j, id in enumerate(node.inputs) if str(j) in named]
    if "largest" in named:
        read = [node.inputs[k]]
    if "out" in named:
        read.append(graph.edges_of[node.outputs[-1]][0].id)
    return tuple(read)


def box_ends(graph: OpGraph, edge: Edge) -> tuple[str | None, str | None]:
    """The boxes of closed groups from which an edge comes and to which it goes.

    What a result is handed on to within a group goes to the box of the result that reads it.
    """
    source = target = None
    maker, user = graph.node.get(edge.source or ""), graph.node.get(edge.target or "")
    if user is not None and closed_of(user) is not None:
        name = str(operand_of(user, user.inputs.index(edge.id)))
        target = _reader(user, name)
    made = None if maker is None else result_of(maker, edge.tensor)
    if maker is not None and made is not None:
        source = f"{maker.layer}:{made.box}"
        target = _reader(maker, made.key) or target
    return source, target


def _reader(node: Node, name: str) -> str | None:
    found = (result for result in _results(node) if name in result.reads)
    return next((f"{node.layer}:{result.box}" for result in found), None)


def _row(graph: OpGraph, name: str, id: str) -> int | None:
    return graph.edge[id].row if name.isdecimal() else graph.tensors[id].row


def _results(node: Node) -> tuple[Result, ...]:
    closed = closed_of(node)
    return () if closed is None else closed.results

"""Which of the names that a program is given hold samples, a row each, of which some will do.

A program says nothing of samples. But where the program is the same, op for op, with a row more,
and the rows can be followed from op to op as one axis until they are added up, it computes
something of rows, however many there are: a mini-batch of them is a program, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.engine.code.running import Shapes, built
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.graph import OpGraph

# What adds up over the rows. The largest of all rows is no sum over them.
_ADD_UP = frozenset({"sum", "mean", "dot", "einsum"})


@dataclass(frozen=True)
class Samples:
    """Names whose first axis is one of samples, and how many there are: two or more."""

    names: tuple[str, ...]
    rows: int


def samples_of(spec: CodeSpec) -> Samples | None:
    """The samples of a program; None where it is one whole."""
    return None if spec.loss is None else _samples(spec.code, tuple(spec.shapes.items()))


def with_rows(spec: CodeSpec, names: Sequence[str], rows: int) -> CodeSpec:
    """The same program for another number of samples, which ``names`` hold.

    Raises:
        EngineError: it does not go with so many.
        TooLarge: it would be beyond a limit.
    """
    return built(spec.code, _with_rows(tuple(spec.shapes.items()), names, rows))[0]


def _with_rows(shapes: Shapes, names: Sequence[str], rows: int) -> Shapes:
    return tuple((name, (rows, *shape[1:]) if name in names else shape) for name, shape in shapes)


@lru_cache(maxsize=512)
def _samples(code: str, shapes: Shapes) -> Samples | None:
    spec, graph = built(code, shapes)
    held = [name for name, shape in shapes if shape and name not in spec.learned]
    data = [name for name in held if graph.tensors[name].role in ("input", "target")]
    if not held:
        return None
    rows = spec.shapes[(data or held)[0]][0]
    names = tuple(name for name in held if spec.shapes[name][0] == rows)
    if rows < 2:
        return None
    try:
        more = built(code, _with_rows(shapes, names, rows + 1))
    except EngineError:
        return None
    same = more[0].loss is not None and more[0].learned == spec.learned
    return Samples(names, rows) if same and _is_followed(graph, more[1], rows) else None


def _is_followed(graph: OpGraph, more: OpGraph, rows: int) -> bool:
    """Whether the rows stay one axis from op to op; ``more`` is the graph with one row more."""
    if [node.op for node in graph.nodes] != [node.op for node in more.nodes]:
        return False
    grown: dict[str, bool] = {}
    for name, tensor in graph.tensors.items():
        other = more.tensors.get(name)
        if other is None or len(other.shape) != len(tensor.shape):
            return False
        axes = [
            (one, two) for one, two in zip(tensor.shape, other.shape, strict=True) if one != two
        ]
        if axes not in ([], [(rows, rows + 1)]):
            return False
        grown[name] = bool(axes)
    return all(
        node.op in _ADD_UP or grown[node.outputs[0]]
        for node in graph.nodes
        if any(grown[graph.edge[id].tensor] for id in node.inputs)
    )

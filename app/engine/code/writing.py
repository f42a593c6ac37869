"""A network of layers as lines of NumPy: what `compiling` reads, written from its op graph."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from app.engine.build import build_graph
from app.engine.code.calls import CALLS
from app.engine.code.clash import Fit
from app.engine.code.compiling import build_code, group_names
from app.engine.code.naming import NetworkNames
from app.engine.code.reading import MODULES, parsed, read
from app.engine.code.running import graph_of
from app.engine.code.spec import CodeSpec
from app.engine.code.step import Step
from app.engine.functions import FAMILIES, FUNCTIONS
from app.engine.graph import Node, OpGraph
from app.engine.ops import OPS
from app.engine.spec import NetworkSpec

# What is longer gets a line of its own, as far as there is a name for it.
LONGEST = 48


class Chooses(Protocol):
    """Whoever knows which nodes are functions of one number each."""

    def is_function(self, node: Node) -> bool:
        """Whether this one is."""


# An op as a line: from its name, its operands and its attributes.
Line = Callable[[str, Sequence[str], Mapping[str, Any]], str]


@dataclass(frozen=True)
class LineOf:
    """A line and what it stands for.

    Attributes:
        line, end: Its first and its last row in the text, counted from 1.
        layers: The layers, or the lines of a program, as events and drawings name them.
        nodes: The ops, by the ids of the op graph; the loss as it is when opened.
    """

    line: int
    end: int
    layers: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A text, what each of its lines stands for, and its names by the network's tensors.

    ``fits`` are the operands of a clash otherwise, where shapes do not fit; ``backward`` are the
    lines back that go with the text.
    """

    code: str
    lines: tuple[LineOf, ...]
    names: Mapping[str, str]
    fits: tuple[Fit, ...] = ()
    backward: tuple[Step, ...] = ()


def lines_of(spec: CodeSpec) -> tuple[LineOf, ...]:
    """What the lines of a program stand for; those after a clash stand for nothing yet."""
    groups = {group.name: group.nodes for group in graph_of(spec).layers}
    lines = read(spec.code)
    return tuple(
        LineOf(line.number, line.end, (name,), groups.get(name, ()))
        for line, name in zip(lines, group_names(lines), strict=True)
    )


def write(spec: NetworkSpec, n: int, targets: bool) -> Written:
    """The lines of a network for ``n`` samples.

    Softmax with cross entropy is written by log y = z - log S, which never meets log 0.

    Args:
        spec: A chain of layers.
        n: Rows of x.
        targets: Whether there are some; without, the loss stops at the probabilities.
    """
    whole = frozenset(layer.name for layer in spec.layers)
    graph = build_graph(spec, n, loss="opened", form="logsumexp", targets=targets, closed=whole)
    return _Writer(spec, graph).written()


class _Writer:
    def __init__(self, spec: NetworkSpec, graph: OpGraph) -> None:
        self.graph = graph
        self.names = NetworkNames(spec, graph, {*CALLS, *MODULES})
        # What is made so far and has no line yet: its text, and the nodes that are in it.
        self.waiting: dict[str, tuple[str, tuple[Node, ...]]] = {}

    def written(self) -> Written:
        given = dict(self.names.of)
        rows: list[str] = []
        lines: list[LineOf] = []
        for node in self.graph.nodes:
            text, nodes = self._expression(node)
            (made,) = node.outputs
            if self._waits(made, node, text):
                self.waiting[made] = text, nodes
                continue
            name = self.names.give(made, self.names.wished(made, node))
            rows.append(f"{name} = {text}")
            layers = tuple(dict.fromkeys(one.layer for one in nodes))
            at = len(rows)
            lines.append(LineOf(at, at, layers, tuple(one.id for one in nodes)))
        return Written("\n".join(rows), tuple(lines), given)

    def _waits(self, made: str, node: Node, text: str) -> bool:
        """Whether it is written where it is used: there alone, and short enough."""
        return waits(self.graph, self.names, made, node, text)

    def _expression(self, node: Node) -> tuple[str, tuple[Node, ...]]:
        within: list[Node] = []
        texts: dict[str, str] = {}
        for id in node.inputs:
            name = self.graph.edge[id].tensor
            if name in self.waiting:
                text, nodes = self.waiting.pop(name)
                within += nodes
                texts[name] = f"({text})"
            elif name in self.names.of:
                texts[name] = self.names.of[name]
            else:
                texts[name] = f"({constant_text(self.graph.tensors[name].value)})"
        return expression(self.graph, node, texts, self.names.of["x"], _line), (*within, node)


def waits(graph: OpGraph, names: Chooses, made: str, node: Node, text: str) -> bool:
    """Whether what a node makes is written where it is used: there alone, and short enough."""
    uses = [edge.target for edge in graph.edges_of[made] if edge.target is not None]
    if len(uses) != 1 or made == graph.output or len(text) > LONGEST:
        return False
    there = graph.node[uses[0]]
    if there.layer == node.layer:
        return node.id != "loss.log_y"
    # An Affine and the function after it are one line: h = np.maximum(X @ W + b, 0).
    return names.is_function(there) and not names.is_function(node)


def expression(graph: OpGraph, node: Node, texts: Mapping[str, str], x: str, line: Line) -> str:
    """What a node makes of its operands, whose ``texts`` are names or stand in parentheses."""
    operands: list[str] = []
    scale = ""
    for id in node.inputs:
        tensor = graph.tensors[graph.edge[id].tensor]
        if node.op == "multiply" and tensor.name == "loss.one_over_n":
            scale = f"/ len({x})"
        elif node.op == "multiply" and isinstance(tensor.value, float) and tensor.value == -1:
            scale = "-"
        else:
            operands.append(texts[tensor.name])
    if scale:
        text = f"-{operands[0]}" if scale == "-" else f"{operands[0]} {scale}"
    else:
        text = line(node.op, operands, node.attributes)
    # Python itself knows which parentheses are needed.
    return ast.unparse(parsed(text))


def constant_text(value: Any) -> str:
    """Numbers that are known beforehand, as a literal."""
    if np.ndim(value) == 0:
        return repr(float(value))
    numbers = np.asarray(value)
    # A mask is easier to read without a point after every 0 and 1.
    is_whole = (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2**53).all()
    return f"np.array({(numbers.astype(int) if is_whole else numbers).tolist()!r})"


def _line(op: str, operands: Sequence[str], attributes: Mapping[str, Any]) -> str:
    """The op's own NumPy line where that is read as this op again, else a call by its name."""
    if op in FUNCTIONS or op in FAMILIES:
        constants = tuple(sorted(attributes.items()))
        if not _reads_as_itself(op, constants):
            return f"{op}({', '.join([*operands, *(repr(value) for _, value in constants)])})"
    return OPS[op].line(operands, attributes)


@cache
def _reads_as_itself(op: str, constants: tuple[tuple[str, Any], ...]) -> bool:
    line = OPS[op].line(["x"], dict(constants))
    nodes = build_code(f"y = {line}", {"x": (2, 3)})[1].nodes
    return len(nodes) == 1 and nodes[0].op == op

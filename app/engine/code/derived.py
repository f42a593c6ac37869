"""A pass as lines of NumPy, forward and back: from the op graph, by the rows of the table of ops.

A value has a line of its own where a line of the backward half needs it, or where several lines do;
otherwise it is written where it is used. A gradient has a line where something is done to it; what
an op hands on as it is, as + does, keeps its name.
"""

import ast
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engine.build import build_graph
from app.engine.code.naming import SCRIPT_NAMES, LayerNames, NetworkNames, ProgramNames
from app.engine.code.reading import parsed, read
from app.engine.code.running import graph_of
from app.engine.code.spec import CodeSpec
from app.engine.code.step import Step
from app.engine.code.torch_lines import torch_line
from app.engine.code.writing import constant_text, expression, waits
from app.engine.graph import Node, OpGraph
from app.engine.op import written
from app.engine.ops import OPS
from app.engine.spec import NetworkSpec

Array = np.ndarray
AnyNames = NetworkNames | ProgramNames | LayerNames
# Numbers of a mask that are written beside the lines.
MOST_SHOWN = 64


@dataclass(frozen=True)
class Derived:
    """All lines of a pass.

    Attributes:
        graph: Of tensors, with the loss closed.
        given: Names of what the pass is given, by tensor.
        constants: Arrays that the graph knows beforehand, such as masks, by tensor; in ``names``.
        names: Names of all tensors that have one.
        forward, backward: The lines; no backward half without something to start from.
        starts: The name of the gradient that the backward half starts from.
        gradients: Names of gradients, by tensor.
    """

    graph: OpGraph
    given: Mapping[str, str]
    constants: Mapping[str, Array]
    names: Mapping[str, str]
    forward: tuple[Step, ...]
    backward: tuple[Step, ...]
    starts: str | None
    gradients: Mapping[str, str]


def derive(spec: NetworkSpec, n: int, targets: bool, starts: bool, torch: bool = False) -> Derived:
    """The lines of a network or a program.

    Args:
        spec: The network, or the program.
        n: Rows of x.
        targets: Whether there are some.
        starts: Whether a pass without a loss is given a gradient to start from.
        torch: In PyTorch, which has no backward half.

    Raises:
        ValueError: a program whose shapes clash.
    """
    names: AnyNames
    if isinstance(spec, CodeSpec):
        if spec.clash is not None:
            raise ValueError("what does not fit cannot be run")
        graph = graph_of(spec)
        names = ProgramNames(graph, SCRIPT_NAMES)
        given = {
            name: names.of[name]
            for name in graph.tensors
            if name in names.of and graph.edges_of[name][0].source is None
        }
    else:
        whole = frozenset(layer.name for layer in spec.layers)
        graph = build_graph(spec, n, targets=targets, closed=whole)
        names = NetworkNames(spec, graph, SCRIPT_NAMES)
        given = dict(names.of)
    output = graph.tensors[graph.output]
    goes_back = bool(
        output.grad_symbol is not None and (output.role == "loss" or starts) and graph.nodes
    )
    deriver = Deriver(graph, graph.nodes, names, goes_back and not torch, torch)
    forward = deriver.forward()
    called = names.of[graph.output]
    start = names.free(f"d{called}") if goes_back else None
    backward = deriver.backward(graph.output, start) if start and not torch else ()
    return Derived(
        graph, given, deriver.constants, dict(names.of), forward, backward, start, deriver.grads
    )


def beside(derived: Derived, code: str) -> tuple[Step, ...]:
    """The backward half as it goes with a written forward half.

    First come the values that it reads and that the text has no name for; they have no keys.
    """
    known = set(_assigned(code)) | set(derived.given.values())
    makers = {
        derived.names[tensor]: Step(
            derived.names[tensor], f"{derived.names[tensor]} = {_short(value)}", tensor, (), ()
        )
        for tensor, value in derived.constants.items()
    }
    makers |= {step.name: step for step in derived.forward}
    wanted: set[str] = set()
    waiting = [step.text for step in derived.backward]
    while waiting:
        for name in _read(waiting.pop()) & makers.keys() - known - wanted:
            wanted.add(name)
            waiting.append(makers[name].text)
    if derived.starts is None:
        return ()
    inner = (step for name, step in makers.items() if name in wanted)
    output = derived.graph.output
    start = "1.0" if derived.graph.tensors[output].role == "loss" else "grad_output"
    text = f"{derived.starts} = {start}"
    node = derived.graph.edges_of[output][0].source
    nodes = (node,) if node else ()
    same = [tensor for tensor, name in derived.gradients.items() if name == derived.starts]
    edges = [edge.id for tensor in same for edge in derived.graph.edges_of[tensor]]
    layers = tuple(derived.graph.node[one].layer for one in nodes)
    first = Step(derived.starts, text, output, nodes, layers).also(
        *(f"{key}.grad" for key in (*same, *edges))
    )
    return (*inner, first, *derived.backward)


def _assigned(code: str) -> list[str]:
    return [line.name for line in read(code)] if code else []


def _read(text: str) -> set[str]:
    (statement,) = parsed(text).body
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _short(value: Array) -> str:
    return constant_text(value) if value.size <= MOST_SHOWN else f"...  # {value.shape}"


def needs(graph: OpGraph, node: Node) -> frozenset[str]:
    """The tensors whose numbers the backward half of a node reads."""
    found = set()
    for k, id in enumerate(node.inputs):
        if graph.edge[id].differentiable and OPS[node.op].reaches(k):
            shapes = [graph.edge[one].shape for one in node.inputs]
            template = OPS[node.op].back(k, shapes, node.attributes)
            fields = {name for _, name, _, _ in string.Formatter().parse(template) if name}
            found |= {graph.edge[node.inputs[int(one)]].tensor for one in fields - {"g", "y"}}
            if "y" in fields:
                found.add(node.outputs[0])
    return frozenset(found)


class Deriver:
    """The lines of some nodes of a graph that follow on each other.

    Attributes:
        constants: The arrays that they read and that are known beforehand.
        needed: The tensors whose numbers the backward half reads.
        grads: Names of gradients, by tensor.
    """

    def __init__(
        self, graph: OpGraph, nodes: Sequence[Node], names: AnyNames, goes_back: bool,
        torch: bool = False,
    ) -> None:  # fmt: skip
        """Begin.

        Args:
            graph: All of it.
            nodes: Those that are written.
            names: They have names for what is given already.
            goes_back: Whether there is a backward half to keep values for.
            torch: Whether it is in PyTorch.
        """
        self.graph = graph
        self.nodes = nodes
        self.names = names
        self.torch = torch
        self.needed = frozenset(
            name for node in nodes if goes_back and self._flows(node)
            for name in needs(graph, node)
        )  # fmt: skip
        read = (graph.edge[id].tensor for node in nodes for id in node.inputs)
        values = {name: graph.tensors[name].value for name in dict.fromkeys(read)}
        self.constants = {
            name: value for name, value in values.items() if isinstance(value, np.ndarray)
        }
        for name in self.constants:
            names.give(name, names.constant(name))
        self.given = frozenset(names.of)
        self.waiting: dict[str, tuple[str, tuple[Node, ...]]] = {}
        self.grads: dict[str, str] = {}
        self._steps: list[Step] = []
        # The step that made what a gradient is called by.
        self._made: dict[str, int] = {}

    def backward(self, output: str, start: str) -> tuple[Step, ...]:
        """The lines back, from the gradient of the output, which is called ``start``."""
        self.grads[output] = start
        for node in reversed(self.nodes):
            # Where no edge lets a gradient through, as from a maximum that is only subtracted,
            # none arrives.
            if node.outputs[-1] in self.grads:
                self._back(node)
        return tuple(self._steps)

    def _flows(self, node: Node) -> bool:
        return self.graph.tensors[node.outputs[-1]].grad_symbol is not None

    def forward(self) -> tuple[Step, ...]:
        """The lines forward."""
        found: list[Step] = []
        for node in self.nodes:
            within: list[Node] = []
            texts: dict[str, str] = {}
            for id in node.inputs:
                name = self.graph.edge[id].tensor
                if name in self.waiting:
                    text, held = self.waiting.pop(name)
                    within += held
                    texts[name] = f"({text})"
                else:
                    texts[name] = self._operand(name)
            for made, text in self._results(node, texts):
                nodes = (*within, node)
                # A line of a program that has a name keeps it.
                is_named = made in self.names.of
                is_due = made in self.needed or len(node.outputs) > 1 or is_named
                if not is_due and self._within(node) and self._waits(made, node, text):
                    self.waiting[made] = text, nodes
                    continue
                wished = self.names.wished(made, node)
                name = self.names.of[made] if is_named else self.names.give(made, wished)
                layers = tuple(dict.fromkeys(one.layer for one in nodes))
                ids = tuple(one.id for one in nodes)
                found.append(Step(name, f"{name} = {text}", made, ids, layers))
        return tuple(found)

    def _waits(self, made: str, node: Node, text: str) -> bool:
        return waits(self.graph, self.names, made, node, text)

    def _within(self, node: Node) -> bool:
        """Whether what a node makes has no line of its own in a program."""
        return not self.graph.is_program or node.outputs[0] != node.layer

    def _results(self, node: Node, texts: Mapping[str, str]) -> list[tuple[str, str]]:
        """What a node makes, each with its text."""
        closed = OPS[node.op].closed
        shapes = [self.graph.edge[id].shape for id in node.inputs]
        operands = [texts[self.graph.edge[id].tensor] for id in node.inputs]
        if closed is None:
            text = expression(
                self.graph, node, texts, self.names.rows,
                lambda op, some, attributes: self._line(op, some, attributes, shapes),
            )  # fmt: skip
            return [(node.outputs[0], text)]
        found = []
        for made, result in zip(node.outputs, closed.results, strict=True):
            if self.torch:
                op = "softmax" if result.is_wide else node.op
                text = torch_line(op, operands, node.attributes, shapes)
            else:
                text = written(result.numpy, operands, node.attributes)
            found.append((made, tidy(text)))
        return found

    def _line(
        self, op: str, operands: Sequence[str], attributes: Mapping[str, Any],
        shapes: Sequence[tuple[int, ...]],
    ) -> str:  # fmt: skip
        if self.torch:
            return torch_line(op, operands, attributes, shapes)
        return OPS[op].script_line(operands, attributes)

    def _operand(self, name: str) -> str:
        if name in self.names.of:
            return self.names.of[name]
        return f"({constant_text(self.graph.tensors[name].value)})"

    def _back(self, node: Node) -> None:
        graph = self.graph
        grad = self.grads[node.outputs[-1]]
        shapes = [graph.edge[id].shape for id in node.inputs]
        # A value that no line of the backward half reads may have no name; nothing reads it here.
        operands = [
            self._operand(tensor)
            if (tensor := graph.edge[id].tensor) in self.names.of
            or graph.tensors[tensor].value is not None
            else "_"
            for id in node.inputs
        ]
        out = self.names.of.get(node.outputs[0], "_")
        for k, id in enumerate(node.inputs):
            edge = graph.edge[id]
            if not edge.differentiable:
                continue
            text = tidy(OPS[node.op].gradient_line(k, operands, out, grad, shapes, node.attributes))
            self._hand_back(node, edge.tensor, f"{id}.grad", text, grad)

    def _hand_back(self, node: Node, tensor: str, key: str, text: str, grad: str) -> None:
        before = self.grads.get(tensor)
        parts = [one for one in self.graph.edges_of[tensor] if one.differentiable]
        if text == grad and before is None and len(parts) == 1 and tensor not in self.given:
            # Handed on as it is: no line, the gradient has a second key.
            self.grads[tensor] = grad
            if grad in self._made:
                at = self._made[grad]
                self._steps[at] = self._steps[at].also(key, f"{tensor}.grad")
            return
        if before is None:
            name = self.names.of_gradient(tensor, self._called(tensor))
            self.grads[tensor] = name
        else:
            name = before
            text = tidy(f"{name} + ({text})")
        self._made[name] = len(self._steps)
        self._steps.append(
            Step(name, f"{name} = {text}", tensor, (node.id,), (node.layer,),
                 tuple(dict.fromkeys((key, f"{tensor}.grad"))))
        )  # fmt: skip

    def _called(self, tensor: str) -> str:
        """A tensor's name, or what it would be called that has no line of its own."""
        if tensor in self.names.of:
            return self.names.of[tensor]
        source = self.graph.edges_of[tensor][0].source
        assert source is not None
        return self.names.free(self.names.wished(tensor, self.graph.node[source]))


def tidy(text: str) -> str:
    """A line with the parentheses alone that it needs."""
    return ast.unparse(parsed(text))

"""A network as classes, as section 5.7.2 has it: layers with forward and backward, and a net.

Each class is written from the ops that its layer opens into, so that there is one for every type of
layer there is. Two layers whose lines are the same share one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.build import build_graph
from app.engine.code.derived import Deriver, needs
from app.engine.code.literals import numpy_literal
from app.engine.code.naming import SCRIPT_NAMES, LayerNames, NetworkNames, attribute
from app.engine.code.scripts import HELD, About, Numbers, Values, framed
from app.engine.code.step import Step
from app.engine.graph import Node
from app.engine.layer_types import LAYERS
from app.engine.loss_types.decay import LAYER as DECAY
from app.engine.spec import NetworkSpec

_COUNTS = {1: "OneLayerNet", 2: "TwoLayerNet", 3: "ThreeLayerNet"}


@dataclass(frozen=True)
class _Layer:
    """A layer as a class: how it is called, its text, and what it is made with, by tensor."""

    name: str
    title: str
    body: str
    given: tuple[str, ...]
    learned: tuple[str, ...]


def class_script(spec: NetworkSpec, n: int, numbers: Numbers, about: About) -> str:
    """A network of layers as classes in NumPy, with its numbers, held to those of the pass.

    Args:
        spec: A chain of layers.
        n: Rows of x.
        numbers: Of a pass of it.
        about: What is said at the top.
    """
    return _Classes(spec, n, numbers).script(about)


class _Classes:
    def __init__(self, spec: NetworkSpec, n: int, numbers: Numbers) -> None:
        self.spec = spec
        self.numbers = numbers
        self.targets = "t" in numbers.given and spec.loss is not None
        whole = frozenset(layer.name for layer in spec.layers)
        self.graph = build_graph(spec, n, targets=self.targets, closed=whole)
        self.names = NetworkNames(spec, self.graph, {*SCRIPT_NAMES, "net", "grads"})
        self.goes_back = bool(numbers.gradients)
        self.bodies: dict[str, str] = {}
        self.layers = self._layers()
        self.loss = self._loss()

    def script(self, about: About) -> str:
        given = {tensor: self.names.of[tensor] for tensor in self.numbers.given}
        arrays = {
            tensor: value
            for layer in self.layers
            for tensor in layer.given
            if isinstance(value := self.graph.tensors[tensor].value, np.ndarray)
        }
        for tensor in arrays:
            self.names.give(tensor, self.names.constant(tensor))
        filed = self.numbers.filed(arrays)
        values = Values(numpy_literal, filed)
        lines = [
            f"{name} = {values.of(tensor, self.numbers.given[tensor])}"
            for tensor, name in given.items()
        ]
        lines += [
            f"{self.names.of[tensor]} = {values.of(tensor, value.astype(self.numbers.dtype))}"
            for tensor, value in arrays.items()
        ]
        body = [
            *(text.replace("class _", f"class {name}", 1) for text, name in self.bodies.items()),
            self._net(),
            "# What is given\n" + "\n".join(lines),
            self._run(values),
        ]
        return framed(about, self.numbers, arrays, ["\n\n\n".join(body)])

    def _layers(self) -> list[_Layer]:
        found: list[_Layer] = []
        x = "x"
        for layer in self.spec.layers:
            nodes = [node for node in self.graph.nodes if node.layer == layer.name]
            output = f"{layer.name}.output"
            found.append(self._layer(layer.name, _camel(layer.type), nodes, x, output))
            x = output
        return found

    def _loss(self) -> _Layer | None:
        if not self.targets:
            return None
        nodes = [node for node in self.graph.nodes if node.layer == "loss"]
        assert self.spec.loss is not None
        words = self.spec.loss.kind.title.split()
        title = "".join(word[0].upper() + word[1:] for word in words)
        return self._layer("loss", title, nodes, self.spec.output_tensor, nodes[-1].outputs[-1])

    def _layer(self, name: str, title: str, nodes: Sequence[Node], x: str, output: str) -> _Layer:
        graph = self.graph
        kept = frozenset(
            tensor for node in nodes for tensor in (needs(graph, node) if self.goes_back else ())
        )
        learned = tuple(part for part in self.spec.parameter_shapes if part.startswith(f"{name}."))
        names = LayerNames(x, output, learned, kept)
        takes_targets = name == "loss"
        if takes_targets:
            names.give("t", "self.t" if "t" in kept else "t")
        deriver = Deriver(graph, nodes, names, self.goes_back)
        forward = deriver.forward()
        backward = deriver.backward(output, "dout") if self.goes_back else ()
        given = (*learned, *deriver.constants)
        body = _class(forward, backward, names, given, takes_targets, self.goes_back, deriver)
        return _Layer(name, self._named(title, body), body, given, learned)

    def _named(self, title: str, body: str) -> str:
        """The class of these lines; of another layer of the type with other lines, ``Name2``."""
        if body not in self.bodies:
            alike = sum(re.fullmatch(rf"{title}\d*", name) is not None for name in
                        self.bodies.values())  # fmt: skip
            self.bodies[body] = f"{title}{alike + 1}" if alike else title
        return self.bodies[body]

    @property
    def title(self) -> str:
        """What the net is called, by how many layers learn weights."""
        affine = sum(layer.type == "affine" for layer in self.spec.layers)
        return _COUNTS.get(affine, "Net")

    def _net(self) -> str:
        parts = [f"class {self.title}:", *_indented(self._begin())]
        parts += ["", *_indented(_PREDICT)]
        if self.loss is not None:
            parts += ["", *_indented(self._loss_lines())]
        if self.goes_back:
            parts += ["", *_indented(self._gradient_lines())]
        return "\n".join(parts)

    def _begin(self) -> list[str]:
        lines = ["def __init__(self, params):", "    self.params = params", "    self.layers = {}"]
        for layer in self.layers:
            operands = ", ".join(self._operand(tensor) for tensor in layer.given)
            lines.append(f"    self.layers[{layer.name!r}] = {layer.title}({operands})")
        if self.loss is not None:
            lines.append(f"    self.last_layer = {self.loss.title}()")
        return lines

    def _operand(self, tensor: str) -> str:
        if tensor in self.spec.parameter_shapes:
            return f"params[{self.names.of[tensor]!r}]"
        return f"params[{tensor!r}]"

    @property
    def _decay(self) -> float:
        has = any(layer.name == DECAY for layer in self.graph.layers)
        return self.spec.loss.weight_decay if has and self.spec.loss is not None else 0.0

    def _loss_lines(self) -> list[str]:
        lines = ["def loss(self, x, t):", "    y = self.predict(x)"]
        if not self._decay:
            return [*lines, "    return self.last_layer.forward(y, t)"]
        names = [self.names.of[weight] for weight in self.spec.weights]
        return [
            *lines,
            f"    weights = [self.params[name] for name in {names!r}]",
            "    squares = sum(np.sum(W**2) for W in weights)",
            f"    return self.last_layer.forward(y, t) + {self._decay / 2!r} * squares",
        ]

    def _gradient_lines(self) -> list[str]:
        if self.loss is not None:
            lines = ["def gradient(self, x, t):", "    self.loss(x, t)",
                     "    dout = self.last_layer.backward(1.0)"]  # fmt: skip
        else:
            lines = ["def gradient(self, x, dout):", "    self.predict(x)"]
        lines += [
            "    for layer in reversed(list(self.layers.values())):",
            "        dout = layer.backward(dout)",
            "    grads = {'X': dout}",
        ]
        for layer in self.layers:
            for tensor in layer.learned:
                name = self.names.of[tensor]
                plus = ""
                if self._decay and tensor in self.spec.weights:
                    plus = f" + {self._decay!r} * self.params[{name!r}]"
                own = f"self.layers[{layer.name!r}].d{attribute(tensor)}"
                lines.append(f"    grads[{name!r}] = {own}{plus}")
        return [*lines, "    return grads"]

    def _run(self, values: Values) -> str:
        learned = [
            f"    {self.names.of[tensor]!r}: {self.names.of[tensor]},"
            for tensor in self.spec.parameter_shapes
        ]
        learned += [
            f"    {tensor!r}: {self.names.of[tensor]},"
            for layer in self.layers
            for tensor in layer.given
            if tensor not in self.spec.parameter_shapes
        ]
        inner = "\n".join(["params = {", *learned, "}"]) if learned else "params = {}"
        lines = ["# Forward and back", inner, f"net = {self.title}(params)"]
        checks = []
        x, result = self.names.of["x"], self.numbers.result
        if result is not None:
            called = "L" if self.loss else "y"
            made = f"net.loss({x}, {self.names.of['t']})" if self.loss else f"net.predict({x})"
            checks.append(f"check({called!r}, {made}, {numpy_literal(result)})")
        if self.goes_back:
            start = self.names.of["t"] if self.loss else "dy"
            if self.numbers.start is not None:
                lines.append(f"dy = {numpy_literal(self.numbers.start)}")
            lines.append(f"grads = net.gradient({x}, {start})")
            for tensor, known in self.numbers.gradients.items():
                name = self.names.of[tensor]
                checks.append(
                    f"check({'d' + name!r}, grads[{name!r}], {values.of(f'{tensor}.grad', known)})"
                )
        return "\n".join([*lines, "", f"# {HELD}", *checks])


_PREDICT = [
    "def predict(self, x):",
    "    for layer in self.layers.values():",
    "        x = layer.forward(x)",
    "    return x",
]


def _class(
    forward: Sequence[Step], backward: Sequence[Step], names: LayerNames, given: Sequence[str],
    takes_targets: bool, goes_back: bool, deriver: Deriver,
) -> str:  # fmt: skip
    """The text of a class ``_``."""
    parts = ["class _:"]
    if given:
        operands = ", ".join(attribute(tensor) for tensor in given)
        begin = [f"def __init__(self, {operands}):"]
        begin += [f"    {names.of[tensor]} = {attribute(tensor)}" for tensor in given]
        parts += [*_indented(begin), ""]
    lines = [f"def forward(self, x{', t' if takes_targets else ''}):"]
    lines += [f"    self.{one} = {one}" for one in ("x", "t") if f"self.{one}" in _of(names)]
    made = forward[-1].name if forward else names.of[names.x]
    texts = [step.text for step in forward]
    lines += [f"    {text}" for text in texts]
    parts += _indented([*lines, f"    return {made}"])
    if goes_back:
        lines = [f"def backward(self, dout{'=1.0' if takes_targets else ''}):"]
        lines += [f"    {step.text}" for step in backward]
        lines.append(f"    return {deriver.grads[names.x]}")
        parts += ["", *_indented(lines)]
    return "\n".join(parts)


def _of(names: LayerNames) -> set[str]:
    return {names.of[names.x], names.of.get("t", "")}


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _camel(type: str) -> str:
    assert type in LAYERS
    return "".join(word.capitalize() for word in type.split("_"))

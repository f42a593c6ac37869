"""What tensors are called in lines of NumPy: the book's names, and none twice."""

import keyword
from collections.abc import Collection, Iterable

from app.engine.code.helpers import HELPERS
from app.engine.graph import Node, OpGraph
from app.engine.layer_types import LAYERS
from app.engine.spec import NetworkSpec

# Of what a network is given and of what the lines of its loss make.
_NAMES = {
    "x": "X", "t": "T", "loss": "L",
    "loss.subtract": "z", "loss.exp": "e", "loss.sum": "s", "loss.probabilities": "y",
}  # fmt: skip
# What the lines of a script call or name themselves.
SCRIPT_NAMES = frozenset(
    {*HELPERS, *keyword.kwlist, "np", "numpy", "math", "torch", "F", "print", "len", "int", "float",
     "range", "slice", "isinstance", "tuple", "check", "numbers", "inf", "nan", "largest", "taken"}
)  # fmt: skip


class Names:
    """A name for each tensor, asked for in the order in which they are made."""

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = set(taken)
        self.of: dict[str, str] = {}

    def give(self, tensor: str, name: str) -> str:
        """The tensor's name from now on: this, or one like it that is free."""
        self.of[tensor] = self.free(name)
        return self.of[tensor]

    @property
    def rows(self) -> str:
        """What has as many rows as there are samples."""
        return self.of.get("x", "")

    def of_gradient(self, tensor: str, name: str) -> str:
        """What the gradient of a tensor of this name is called from now on."""
        return self.free(f"d{name}")

    def free(self, name: str) -> str:
        """This name, with as many underscores behind it as it takes to be new."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


class NetworkNames(Names):
    """Those of a network: W1, a1, h1, L."""

    def __init__(self, spec: NetworkSpec, graph: OpGraph, taken: Collection[str]) -> None:
        super().__init__(taken)
        self.spec = spec
        self.graph = graph
        self.types = {layer.name: layer.type for layer in graph.layers}
        for name, tensor in graph.tensors.items():
            if tensor.role in ("input", "parameter", "target") and tensor.value is None:
                self.give(name, _NAMES.get(name) or self._parameter(name))

    def is_function(self, node: Node) -> bool:
        """Whether it is of a layer that takes each number by itself."""
        kind = LAYERS.get(self.types[node.layer])
        return kind is not None and kind.activation

    def wished(self, made: str, node: Node) -> str:
        """What a tensor that a node makes would best be called."""
        if made in _NAMES:
            return _NAMES[made]
        if node.layer == "loss":
            return made.rpartition(".")[2]
        if made == self.graph.output:
            return "y"
        layer, _, part = made.rpartition(".")
        if part != "output":
            return part
        return f"{'h' if self.is_function(node) else 'a'}{self._index(layer)}"

    def constant(self, name: str) -> str:
        """What a tensor is called whose numbers are known beforehand, such as a mask."""
        return name.rpartition(".")[2]

    def _parameter(self, name: str) -> str:
        """``W1`` for the first of several layers that learn, ``W`` where there is but one."""
        layer, _, part = name.rpartition(".")
        return f"{part}{self._index(layer)}"

    def _index(self, layer: str) -> str:
        """Which of the layers that learn it is, or comes after; nothing where there is but one."""
        learning = list(dict.fromkeys(name.rpartition(".")[0] for name in self.spec.parameters))
        if len(learning) < 2:
            return ""
        names = [name for one in self.spec.layers for name in one.names]
        until = max(
            at for at, name in enumerate(names) if name == layer or name.startswith(f"{layer}.")
        )
        count = sum(name in learning for name in names[: until + 1])
        return str(count) if count else ""


class ProgramNames(Names):
    """Those of a program: its own; of what stands within a line, the line's and the op's."""

    def __init__(self, graph: OpGraph, taken: Collection[str]) -> None:
        super().__init__(taken)
        self.graph = graph
        for name in _plain(graph.tensors):
            self.give(name, name)

    def is_function(self, node: Node) -> bool:
        """Lines of a program stay as they are."""
        return True

    def wished(self, made: str, node: Node) -> str:
        """``y_before1`` for a value that the name y had before; ``h_dot`` within the line of h."""
        if made in self.of:
            return self.of[made]
        line = node.layer.partition(".")[0]
        return made.replace(".", "_") if made == node.layer else f"{line}_{node.op}"

    def constant(self, name: str) -> str:
        """A list of numbers in a line."""
        return "numbers_" + name.partition(".")[0]


def _plain(tensors: Iterable[str]) -> list[str]:
    return [name for name in tensors if name.isidentifier()]


class LayerNames(Names):
    """Those within a layer's class: what the backward half reads is kept in ``self``."""

    def __init__(self, x: str, output: str, parameters: Collection[str], kept: Collection[str]):
        """Begin with what the class is given.

        Args:
            x: The tensor that enters.
            output: The one that it makes.
            parameters: Those that it learns.
            kept: What the backward half reads.
        """
        super().__init__({*SCRIPT_NAMES, "self", "dout"})
        self.x = x
        self.output = output
        self.kept = kept
        self.parameters = parameters
        self.give(x, "self.x" if x in kept else "x")
        for name in parameters:
            self.give(name, f"self.{attribute(name)}")

    @property
    def rows(self) -> str:
        """What has as many rows as there are samples."""
        return self.of[self.x]

    def is_function(self, node: Node) -> bool:
        """What a layer makes is not written into the next."""
        return True

    def wished(self, made: str, node: Node) -> str:
        """``out`` for what the layer makes."""
        name = "out" if made == self.output else made.rpartition(".")[2]
        return f"self.{name}" if made in self.kept else name

    def constant(self, name: str) -> str:
        """A mask is given to the layer when it is made."""
        return f"self.{attribute(name)}"

    def of_gradient(self, tensor: str, name: str) -> str:
        """``self.dW`` for what it learns, ``dx`` for what it hands back."""
        plain = name.removeprefix("self.")
        return self.free(f"self.d{plain}" if tensor in self.parameters else f"d{plain}")


def attribute(name: str) -> str:
    """A tensor of a layer as an attribute: ``W`` of affine1.W, ``affine1_W`` within a residual."""
    return name.partition(".")[2].replace(".", "_")

"""One line of a pass, and what it stands for."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Step:
    """One line.

    Attributes:
        name: What it makes.
        text: ``name = ...``
        tensor: The tensor, or, in the backward half, the one whose gradient it is.
        nodes: The ops, by the ids of the op graph.
        layers: The layers they belong to, or the lines of a program.
        keys: Of the backward half: which gradients of a trace it makes known.
    """

    name: str
    text: str
    tensor: str
    nodes: tuple[str, ...]
    layers: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def also(self, *keys: str) -> "Step":
        """The same, making known these, too."""
        return replace(self, keys=tuple(dict.fromkeys((*self.keys, *keys))))

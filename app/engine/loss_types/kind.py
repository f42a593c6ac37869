"""What a loss is: one value, from which everything that names losses follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.engine.bounds import Bounds
from app.engine.builder import GraphBuilder
from app.engine.layer_types.kind import Field
from app.engine.layers import SoftmaxWithLoss
from app.engine.targets import Targets

Array = np.ndarray
Settings = Mapping[str, Any]

MEAN, SUM = REDUCTIONS = ("mean", "sum")

# What every loss has: whether the samples' losses are averaged or added up, and lambda, where
# lambda/2 times the sum of all squared weights is added.
REDUCTION = Field("reduction", None, MEAN, choices=REDUCTIONS)
WEIGHT_DECAY = Field("weight_decay", Bounds(minimum=0, maximum=1e6), 0.0)


@dataclass(frozen=True)
class LossView:
    """How a loss is looked at, for one that has more ways than one.

    Attributes:
        closed: Whether it is one op, not opened into several.
        form: How it is computed when it is opened, see `app.engine.forms`.
        targets: Whether there are any; without, it stops at the probabilities.
        shows_mean: Whether the 1/N of a mean is a node of its own.
        in_rows: Whether each class of the one sample has a row of single numbers.
    """

    closed: bool
    form: str
    targets: bool
    shows_mean: bool
    in_rows: bool


@dataclass(frozen=True)
class Boxes:
    """The boxes of a figure in which a loss stands, where it is more than one.

    Attributes:
        titles: What is written in each, in their order.
        box_of: The box of an op of the opened loss, by its name and the loss's form.
    """

    titles: Mapping[str, str]
    box_of: Callable[[str, str | None], str]


@dataclass(frozen=True)
class LossType:
    """A loss.

    Attributes:
        name: As a body has it.
        title: What stands in its box.
        build: Adds its ops to a graph, from the name of the scores; the name of what it gives.
        targets: Checks targets and makes rows ``(N, H)`` of them.
        losses: The samples' losses ``(N,)`` of scores and targets, both ``(N, H)``.
        slopes: The gradients ``(N, H)`` of the samples' losses by their scores.
        hits: How much of each sample is right ``(N,)``, 0 to 1.
        formula: It as LaTeX, of one sample.
        output_symbol: What its scores are called where they are no scores but the answer itself.
        probabilities: Of scores, ``(N, H)``; None where there are none.
        predictions: The classes ``(N,)`` of scores; None where there are none.
        has_classes: Whether the outputs are scores of classes, of which one is right.
        boxes: Of a loss that is one op with a kernel until it is opened, and has probabilities to
            show without targets, too: where it stands in a figure. None for others.
        kernel: Fast code for its mean over samples; without, ``losses`` and ``slopes`` do it.
    """

    name: str
    title: str
    build: Callable[[GraphBuilder, str, LossView], str]
    targets: Callable[[object, Targets], Array]
    losses: Callable[[Array, Array], Array]
    slopes: Callable[[Array, Array], Array]
    hits: Callable[[Array, Array], Array]
    formula: str
    output_symbol: str = ""
    probabilities: Callable[[Array], Array | None] = lambda scores: None
    predictions: Callable[[Array], Array | None] = lambda scores: None
    has_classes: bool = False
    boxes: Boxes | None = None
    kernel: type[SoftmaxWithLoss] | None = None
    fields: tuple[Field, ...] = (REDUCTION, WEIGHT_DECAY)
    by_name: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})

    @property
    def opens(self) -> bool:
        """Whether it is closed until it is opened."""
        return self.boxes is not None

    def whole(self, settings: Settings) -> Settings:
        """The settings with a default for each that is left out."""
        return {one.name: settings.get(one.name, one.default) for one in self.fields}


def closer(scores: Array, t: Array) -> Array:
    """Where the answer is nearest: the largest of several is at the target's largest, or the one
    number is less than 1/2 away.
    """
    if scores.shape[1] == 1:
        return np.asarray((np.abs(scores - t) < 0.5)[:, 0] * 1.0)
    return np.asarray((scores.argmax(axis=1) == t.argmax(axis=1)) * 1.0)

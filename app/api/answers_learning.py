"""What the answers about learning hold: derivations, checks, updates, runs.

See `answers`, of which this is the other half.
"""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.api.answers import LossesAnswer, OptimizerAnswer
from app.api.cells import Cell, Shape, Value, words
from app.sessions.run import State


class FactorAnswer(TypedDict):
    """One factor of a term and the cell it came from."""

    tensor: str
    index: list[int]
    value: Cell
    function: Annotated[
        str, Field(description="What was taken of the cell, such as `log`; else `identity`.")
    ]
    cell_value: Annotated[Cell, Field(description="The cell itself, before the function.")]


class TermAnswer(TypedDict):
    """A product of factors and a coefficient."""

    factors: list[FactorAnswer]
    coefficient: Cell
    value: Cell


class DivisorAnswer(TypedDict):
    """The sum by which the terms are divided, as in softmax: `scale` is 1 over its value."""

    terms: list[TermAnswer]
    value: Cell
    shift: Annotated[
        Cell, Field(description="What was subtracted in every exponent; 0 where exp is safe.")
    ]
    omitted: int
    omitted_value: Cell


class ExplanationAnswer(TypedDict):
    """Where one number comes from.

    The terms, and `omitted` more whose sum is `omitted_value`, add up to it, times `scale`; or the
    largest of them is it, where `combine` is `max`.
    """

    tensor: str
    index: list[int]
    value: Cell
    rule: str
    rule_name: str
    shapes: dict[str, Shape]
    terms: list[TermAnswer]
    scale: Cell
    combine: Annotated[str, words("sum", "max")]
    omitted: Annotated[
        int, Field(description="Terms that are not listed; the listed ones count most.")
    ]
    omitted_value: Cell
    divisor: DivisorAnswer | None
    note: Annotated[
        Annotated[str, words("others", "digits", "complement", "root", "corrected")] | None,
        Field(
            description="Why the terms are not those of the rule: `others`, minus the other "
            "probabilities stand for y - 1, which would lose digits; `digits`, a cell is rounded "
            "and its logarithm was taken before the rounding; `complement`, another function of x "
            "stands for 1 - y; `root`, the factor is 1 over the root of the cell, to which epsilon "
            "is added; `corrected`, the same of Adam, whose running means are freed of their bias."
        ),
    ]


class CheckedAnswer(TypedDict):
    """How far the numerical gradient of one parameter is from backpropagation's.

    `worst` is the cell with the largest error, `backpropagated` and `numerical` are its gradients;
    all three are null where no cell could be compared.
    """

    max_relative_error: Cell | None
    worst: list[int] | None
    backpropagated: Cell | None
    numerical: Cell | None
    cells: int
    checked: int
    not_comparable: list[list[int]]


class CheckAnswer(TypedDict):
    """The numerical check of all parameters."""

    h: float
    seed: int
    sampled: bool
    max_relative_error: Cell | None
    parameters: dict[str, CheckedAnswer]


class UpdatedAnswer(TypedDict):
    """One parameter in a step of the optimiser: new = old + change."""

    old: Value
    gradient: Value
    change: Value
    new: Value


class UpdateAnswer(TypedDict):
    """One step of the optimiser."""

    version: int
    data_version: int
    optimizer: OptimizerAnswer
    loss: LossesAnswer
    parameters: dict[str, UpdatedAnswer]


class RunAnswer(TypedDict):
    """A training run."""

    id: str
    state: State
    step: int
    steps: int
    loss: Cell | None
    accuracy: Cell | None
    gradient_norms: dict[str, Cell]
    error: str | None
    seconds_left: Annotated[
        float | None, Field(description="At the pace of the last seconds; null unless it runs.")
    ]
    epoch: Annotated[int, Field(description="How many times the samples were gone through.")]
    samples: Annotated[int, Field(description="Samples learned from, each as often as it came.")]
    ended_by: Annotated[
        Annotated[str, words("loss_below", "patience")] | None,
        Field(description="What has ended it before its last step."),
    ]
    optimizer: Annotated[
        OptimizerAnswer, Field(description="With the learning rate that was asked for last.")
    ]
    batch_size: int
    seed: int


class RunsAnswer(TypedDict):
    """The session's runs, oldest first."""

    runs: list[RunAnswer]


class RunEventAnswer(TypedDict):
    """The `data` of an event `progress` or `state`."""

    run: str
    state: State
    step: int
    steps: int
    loss: Cell | None
    accuracy: Cell | None
    gradient_norms: dict[str, Cell]
    seconds_left: float | None
    epoch: int
    samples: int
    error: NotRequired[str]


class HistoryAnswer(TypedDict):
    """What a run has seen, in columns: a row for each step that is told of, in their order.

    Null stands where nothing was measured. Loss and accuracy are what the step's mini-batch saw
    before its update; the held-out samples are looked at after it.
    """

    step: list[int]
    loss: list[Cell]
    accuracy: list[float]
    test_loss: list[Cell | None]
    test_accuracy: list[float | None]
    learning_rate: list[float]
    gradient_norms: Annotated[
        dict[str, list[Cell | None]], Field(description="By parameter, of its gradient.")
    ]
    update_ratios: Annotated[
        dict[str, list[Cell | None]],
        Field(description="By parameter, the norm of its change over the norm it had before."),
    ]
    dead: Annotated[
        dict[str, list[float | None]],
        Field(description="By ReLU layer, the share of units that the mini-batch left closed."),
    ]

"""What the answers about learning hold: derivations, checks, updates, runs.

See `answers`, of which this is the other half.
"""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.api.answers import LossesAnswer, OptimizerAnswer
from app.api.cells import Cell, Shape, Value, words, written_as
from app.engine.alarms import NAMES
from app.engine.graph import LINE
from app.engine.rates import SCHEDULES
from app.engine.spec import LAYER_TYPES
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
    largest of them is it, where `combine` is `max`; where it is `positive`, the value is 1 or 0 by
    the sign of their sum.
    """

    tensor: str
    index: list[int]
    value: Cell
    rule: str
    rule_name: str
    shapes: dict[str, Shape]
    terms: list[TermAnswer]
    scale: Cell
    combine: Annotated[str, words("sum", "max", "positive")]
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
    functions: Annotated[
        dict[str, str],
        Field(
            description="How each `function` of a factor is written where a number stands for "
            "`{x}`: `{(x)}` is it in brackets where it is negative, `{-x}` with the other sign, "
            "`{value}` the factor's value, `{(shift)}` the divisor's `shift`."
        ),
    ]


Objective = Annotated[
    Annotated[str, words("loss", "upstream")],
    Field(
        description="What is differentiated: the loss or, in a session without one, `upstream`, "
        "the sum of the given gradient times the output."
    ),
]


class CheckedAnswer(TypedDict):
    """How far the numerical gradient of one parameter is from backpropagation's.

    A cell's error is the difference over the larger of the two. `worst` is the cell with the
    largest error, `backpropagated` and `numerical` are its gradients. Null stands where no cell
    could be compared.
    """

    shape: Shape
    passed: Annotated[
        bool | None, Field(description="Whether no cell's error is above `tolerance`.")
    ]
    max_relative_error: Cell | None
    norm_error: Annotated[
        Cell | None,
        Field(description="The error of all cells compared together, in the Euclidean norm."),
    ]
    mean_difference: Annotated[
        Cell | None, Field(description="The mean of the differences themselves, as in the book.")
    ]
    worst: list[int] | None
    backpropagated: Cell | None
    numerical: Cell | None
    cells: int
    checked: int
    places: Annotated[
        list[int], Field(description="The cells that were nudged, counted row by row.")
    ]
    errors: Annotated[
        list[Cell | None], Field(description="Their errors; null for a cell at a kink of a ReLU.")
    ]
    not_comparable: list[list[int]]


class CheckAnswer(TypedDict):
    """The numerical check of all parameters."""

    h: float
    seed: int
    objective: Objective
    sampled: bool
    tolerance: float
    max_relative_error: Cell | None
    parameters: dict[str, CheckedAnswer]


class NudgeAnswer(TypedDict):
    """One step to either side: `numerical` is (`plus` - `minus`) / 2h."""

    h: float
    minus: Cell
    plus: Cell
    numerical: Cell
    error: Annotated[Cell, Field(description="|numerical - backpropagated|")]
    relative_error: Annotated[
        Cell, Field(description="That over the larger of the two; 0 where both are 0.")
    ]
    kink: Annotated[
        bool, Field(description="Whether a ReLU opens or closes between the two sides.")
    ]


class NudgedAnswer(TypedDict):
    """One gradient and what steps with the number that it is of have given.

    `start` is what is differentiated, without a step, and `value` the number that is moved.
    """

    tensor: str
    index: list[int]
    objective: Objective
    start: Cell
    value: Cell
    backpropagated: Cell
    nudges: list[NudgeAnswer]


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


class LayerHealthAnswer(TypedDict):
    """How one layer fares; null for what it does not have.

    `value` and `gradient` are the roots of the mean squares of its outputs and of dL/d(output).
    """

    name: str
    type: Annotated[
        str,
        words(*LAYER_TYPES, LINE),
        Field(description="Of a program, each of its lines is told of."),
    ]
    value: Cell
    gradient: Cell | None
    ratio: Annotated[
        Cell | None, Field(description="The norm of the next change of W over the norm of W.")
    ]
    dead: Annotated[
        float | None, Field(description="Of a ReLU layer, the share of units no sample opens.")
    ]
    saturated: Annotated[
        float | None,
        Field(description="Of sigmoid and tanh, the share of outputs with hardly any slope."),
    ]


class AlarmAnswer(TypedDict):
    """Something that goes wrong, and the number whose derivation shows why."""

    name: Annotated[str, words(*NAMES)]
    layer: str | None
    unit: Annotated[int | None, Field(description="A unit of the layer; or a class.")]
    measured: Cell
    limit: float
    tensor: Annotated[str | None, Field(description="Explain this cell, with `update=true`.")]
    index: list[int]
    step: Annotated[
        int | None, Field(description="Open this step of the run first: it shows there.")
    ]


class ScaleAnswer(TypedDict):
    """The ends of a logarithmic scale."""

    minimum: float
    maximum: float


class HealthAnswer(TypedDict):
    """How a network fares while it learns.

    `loss` is told of the next update on the session's samples. Alarms stand with causes before
    what follows from them. `scale` is for all layers of all networks.
    """

    version: int
    data_version: int
    loss: LossesAnswer
    scale: ScaleAnswer
    layers: list[LayerHealthAnswer]
    alarms: list[AlarmAnswer]


class RegionsAnswer(TypedDict):
    """A square of the plane in `size` by `size` cells, row by row from the top.

    `classes` are the likeliest ones, -1 where the network has come to NaN; `certainty` is their
    probability. `batch` names the points that the step at hand learns from; null without one.
    """

    version: int
    data_version: int
    low: list[float]
    high: list[float]
    size: int
    classes: Annotated[Any, written_as(list[int])]
    certainty: Annotated[Any, written_as(list[float])]
    points: Annotated[Any, written_as(list[list[float]])]
    labels: Annotated[Any, written_as(list[int])]
    batch: Annotated[Any, written_as(list[int] | None)]


class DoubtfulDigit(TypedDict):
    """A digit, what it is and what the network takes it for; its pixels from 0 to 255."""

    row: int
    label: int
    prediction: Annotated[int, Field(description="-1 where the network has come to NaN.")]
    label_probability: Cell
    probability: Cell
    pixels: list[int]


class DoubtfulAnswer(TypedDict):
    """The digits to whose right class the network gives the least probability."""

    version: int
    data_version: int
    samples: int
    wrong: int
    digits: list[DoubtfulDigit]


class ScheduleAnswer(TypedDict):
    """How the learning rate falls, with the settings that its type has."""

    type: Annotated[str, words(*SCHEDULES)]
    every: NotRequired[int]
    factor: NotRequired[float]
    floor: NotRequired[float]


class StopAnswer(TypedDict):
    """What may end a run early; null where it was not asked for."""

    loss_below: float | None
    patience: int | None


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
    schedule: ScheduleAnswer
    batch_size: int
    fixed_batches: Annotated[
        bool,
        Field(description="Whether its mini-batches were given by their rows, in place of a seed."),
    ]
    seed: int
    evaluate_every: Annotated[
        int | None, Field(description="Null where no samples are held out and it was not given.")
    ]
    stop: StopAnswer


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
    accuracy: Annotated[
        list[float | None], Field(description="Null of a program, which has no classes.")
    ]
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

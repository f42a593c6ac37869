"""What can be edited of a session, as values; `draft.apply_edits` applies them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from app.drawing.figure.graph_json import MOST_ROWS
from app.engine.bounds import whole
from app.engine.code.running import fits_scalars
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.open_ops import openable_ops
from app.engine.optimizers import OptimizerConfig
from app.engine.scalars import MOST_SCALARS
from app.engine.spec import NetworkSpec
from app.engine.targets import flat_labels, takes_labels
from app.sessions.state import FORMS, LEVELS, LOSS_VIEWS, Session, View

Array = np.ndarray

LEARNING_RATE = "learning_rate"


@dataclass(frozen=True)
class SetCell:
    """One cell of a tensor; for the learning rate, which is no tensor, ``index`` is empty."""

    tensor: str
    index: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Replace:
    """A whole tensor: x, t, grad_output, a parameter, or the learning rate as a 0-d array."""

    tensor: str
    value: Array


@dataclass(frozen=True)
class InsertRow:
    """One more sample before ``row``, by default at the end.

    What of x ``(D,)``, t (a label, or ``(C,)``) and grad_output ``(C,)`` is None is as in the row
    before.
    """

    row: int | None = None
    x: Array | None = None
    t: Array | None = None
    grad_output: Array | None = None


@dataclass(frozen=True)
class DeleteRow:
    """One sample less."""

    row: int


@dataclass(frozen=True)
class NameClasses:
    """Names of the classes, in their order; without any, classes go by their numbers."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ChangeView:
    """What is None keeps its value."""

    level: str | None = None
    loss: str | None = None
    sample: int | None = None
    single: bool | None = None
    open: tuple[str, ...] | None = None
    form: str | None = None
    update: bool | None = None

    def over(self, view: View) -> View:
        """``view`` with what this names, nothing checked."""
        asked = {part.name: getattr(self, part.name) for part in fields(self)}
        return replace(view, **{name: value for name, value in asked.items() if value is not None})


@dataclass(frozen=True)
class Load:
    """x and t from rows of a data set."""

    dataset: str
    split: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class ChangeOptimizer:
    """Another optimiser, which starts with nothing gathered."""

    optimizer: OptimizerConfig


@dataclass(frozen=True)
class ChangeCode:
    """Another program; what it reads and is not given here keeps its numbers.

    ``grad_output`` is dL/d(result) of an array; without it, the old one stays where it fits, unless
    it ``clears`` it. ``up_to_clash``: where shapes do not fit, the program up to there.
    """

    code: str
    values: Mapping[str, Array]
    grad_output: Array | None = None
    clears: bool = False
    up_to_clash: bool = False


@dataclass(frozen=True)
class Reset:
    """Numbers that the server made, as at the start; of a preset, the learning rate too."""


Edit = (
    SetCell
    | Replace
    | InsertRow
    | DeleteRow
    | NameClasses
    | ChangeView
    | Load
    | ChangeOptimizer
    | ChangeCode
    | Reset
)
# From data set, split and row numbers (None: all) to x ``(N, D)`` and labels ``(N,)``.
Loader = Callable[[str, str, Sequence[int] | None], tuple[Array, Array]]


def changed_view(view: View, change: ChangeView, session: Session, field: str) -> View:
    """``view`` with what ``change`` names.

    Raises:
        EngineError: an unknown word, a row, a layer or an op the session does not have, too many
            classes to open.
    """
    new = change.over(view)
    if new.level not in LEVELS:
        raise _choice("level", LEVELS, field)
    if new.loss not in LOSS_VIEWS:
        raise _choice("loss", LOSS_VIEWS, field)
    if new.form not in FORMS:
        raise _choice("form", FORMS, field)
    # An op opens at several samples only; its name holds all the same, as rows come and go.
    names = [layer.name for layer in session.spec.layers] + [*openable_ops(session.spec)]
    if not set(new.open) <= set(names):
        raise EngineError(
            "open names layers of the network, the + of an affine layer (such as affine1.add), "
            "or loss.mean",
            f"{field}/open",
            "choice",
            {"enum": names},
        )
    # One order and no name twice: the same picture has one name.
    new = replace(new, open=tuple(name for name in names if name in new.open))
    rows = whole(0, session.n - 1)
    if not rows.holds(new.sample):
        raise EngineError(
            f"sample is a row of x, {rows.words}", f"{field}/sample", "range", rows.schema
        )
    if new.level == "element" and isinstance(session.spec, CodeSpec):
        if not fits_scalars(session.spec):
            raise EngineError(
                f"level element shows at most {MOST_SCALARS} operations on single numbers",
                f"{field}/level",
                "limit",
                {"maximum": MOST_SCALARS},
            )
    elif new.level == "element" and session.spec.joins_samples and session.n > 1:
        raise EngineError(
            "level element shows one sample alone; what this network makes of a sample hangs on "
            "the others",
            f"{field}/level",
            "choice",
            {"enum": [level for level in LEVELS if level != "element"]},
        )
    elif new.level == "element" and session.spec.output_size > MOST_ROWS:
        raise EngineError(
            f"level element shows at most {MOST_ROWS} classes",
            f"{field}/level",
            "limit",
            {"maximum": MOST_ROWS},
        )
    return new


def _choice(name: str, choices: Sequence[str], field: str) -> EngineError:
    message = f"{name} is one of {', '.join(choices)}"
    return EngineError(message, f"{field}/{name}", "choice", {"enum": choices})


def kept_targets(t: Array, spec: NetworkSpec) -> Array:
    """Targets in the form they are kept in: whole labels as int64, rows in the network's dtype.

    The numbers that a single output is to be are a column.
    """
    dtype = spec.dtype
    if not takes_labels(spec):
        t = t[:, np.newaxis] if t.ndim == 1 else t
    else:
        t = flat_labels(t, spec.output_size)
    if t.ndim == 1 and (t == np.floor(t)).all() and (np.abs(t) < 2**53).all():
        return t.astype(np.int64)
    return t.astype(dtype if t.ndim == 2 else np.float64)

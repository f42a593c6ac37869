"""What a session's numbers were made from, and from there to what they are: its recipe.

Where the server made numbers itself (a preset, samples, drawn parameters), few words make them
again; what was changed since is told as edits. Optimisers start with nothing gathered.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.initializers import Initializer
from app.engine.spec import Limits
from app.sessions import presets
from app.sessions.creation import Made, Numbers, Wanted, WantedCode, check
from app.sessions.edits import (
    LEARNING_RATE,
    ChangeCode,
    ChangeOptimizer,
    Edit,
    Load,
    Loader,
    NameClasses,
    Replace,
    SetCell,
)
from app.sessions.filled import filled
from app.sessions.planes import PLANES
from app.sessions.pool import Pool
from app.sessions.samples import BANDS
from app.sessions.state import Session, Source, network_json

Array = np.ndarray

# Beyond so many cells of one tensor, or of all, whole tensors are shorter and all in one request.
CELLS_OF_ONE, CELLS_OF_ALL = 24, 60


@dataclass(frozen=True)
class Start:
    """The numbers that a session began with, as far as the server made them.

    ``made``: steps of learning that its pool counts as made before.
    """

    numbers: Numbers
    source: Source | None
    pool: Pool | None
    made: int

    def arrays(self) -> dict[str, Array | None]:
        """All of them by name."""
        return {
            "x": self.numbers.x,
            "t": self.numbers.t,
            "grad_output": self.numbers.grad_output,
            **self.numbers.parameters,
        }


@dataclass(frozen=True)
class Recipe:
    """How to make the numbers of a session again.

    Attributes:
        base: A body for a new session.
        edits: Of the new session, in order; none where it is right at once.
        digest: Of all numbers together: those who follow the recipe can see that they have them.
    """

    base: dict[str, Any]
    edits: tuple[Edit, ...]
    digest: str


def origin_of(wanted: Wanted | WantedCode) -> dict[str, Any]:
    """What of a body makes numbers by itself, as the body has it; kept with the session."""
    found: dict[str, Any] = {}
    if isinstance(wanted, WantedCode):
        return found
    if wanted.parameters is None:
        found |= {"seed": wanted.seed, "initializer": asdict(wanted.initializer)}
    if isinstance(wanted.x, Made):
        found["data"] = asdict(wanted.x)
    return found


def start(session: Session, limits: Limits, loader: Loader, made: int | None = None) -> Start:
    """What the server made of a session's numbers, made again; those sent are as they are now.

    With the mini-batch after ``made`` steps where there is a pool; by default, its first.
    """
    wanted: Wanted | WantedCode
    if session.preset is not None:
        wanted = presets.wanted(session.preset, session.origin.get("row"), loader)
    elif isinstance(session.spec, CodeSpec):
        spec = session.spec
        wanted = WantedCode(
            spec.code, session.parameters, session.grad_output, up_to_clash=spec.clash is not None
        )
    else:
        wanted = _wanted(session)
    asked = wanted.x
    if isinstance(wanted, Wanted) and isinstance(asked, Made):
        if made is None:
            made = asked.step
        wanted = replace(wanted, x=replace(asked, step=made))
    sent = session.preset is None and "data" not in session.origin
    if isinstance(wanted, Wanted):
        wanted = filled(wanted, limits, loader)
    source = session.source if sent else wanted.source
    return Start(check(wanted, limits), source, wanted.pool, made or 0)


def began_with(
    session: Session, limits: Limits, loader: Loader, field: str, made: int | None = None
) -> Start:
    """The same of a session that was right when it was made.

    Raises:
        EngineError: of ``field``, where a data set is gone, as those of one's own are when nobody
            has used them for long.
    """
    try:
        return start(session, limits, loader, made)
    except EngineError:
        raise EngineError("the data set is no longer kept", field, "name") from None


def recipe(session: Session, limits: Limits, loader: Loader) -> Recipe:
    """The shortest way to the session's numbers.

    Raises:
        EngineError: there is none any more, as the data set is gone.
    """
    origin = session.origin
    made = session.steps.made if session.pool is not None else None
    if session.preset is not None:
        base = {"preset": session.preset} | {k: v for k, v in origin.items() if k == "row"}
    elif isinstance(session.spec, CodeSpec):
        base = {"code": session.spec.code, "values": dict(session.parameters)}
        if session.grad_output is not None:
            base["grad_output"] = session.grad_output
        if session.spec.clash is not None:
            base["up_to_clash"] = True
    else:
        base = {"network": network_json(session.spec)}
        if "seed" in origin:
            base |= {"seed": origin["seed"], "initializer": _initializer(origin["initializer"])}
        else:
            base["parameters"] = dict(session.parameters)
        if "data" in origin:
            base["data"] = _data(origin["data"], made)
        else:
            given = {"x": session.x, "t": session.t, "grad_output": session.grad_output}
            base |= {name: value for name, value in given.items() if value is not None}
        if session.view.single:
            base["view"] = {"single": True}
    began = began_with(session, limits, loader, "data/dataset", made)
    return Recipe(base, tuple(_edits(session, began)), digest(session))


def digest(session: Session) -> str:
    """A name for the session's numbers: equal where all of them are, to the last bit."""
    found = hashlib.sha256()
    for name, array in sorted(_arrays(session).items()):
        if array is not None:
            found.update(f"{name} {array.dtype} {array.shape}".encode())
            # Adding 0 turns -0 into 0, as the edits of a recipe do.
            found.update((array + array.dtype.type(0)).tobytes())
    return found.hexdigest()[:16]


def _wanted(session: Session) -> Wanted:
    """What made a session that is no preset; with what is there where it was sent."""
    spec, origin = session.spec, session.origin
    drawn, made = "seed" in origin, "data" in origin
    return Wanted(
        spec.input_size,
        spec.layers,
        spec.loss,
        spec.dtype,
        Made(**origin["data"]) if made else session.x,
        parameters=None if drawn else session.parameters,
        seed=origin.get("seed", 0),
        initializer=Initializer(**origin["initializer"]) if drawn else Initializer(),
        t=None if made else session.t,
        grad_output=None if made else session.grad_output,
        input_shape=spec.input_shape or None,
    )


def _initializer(kept: Mapping[str, Any]) -> Any:
    """As a body has it: by its name alone where it has no settings."""
    return dict(kept) if kept["type"] == "normal" else kept["type"]


def _data(kept: Mapping[str, Any], made: int | None) -> dict[str, Any]:
    """As a body has it: made-up samples have a seed, those of a data set a part of it."""
    pooled = made is not None
    if kept["dataset"] == BANDS:
        others = {"split", "noise"}
    elif kept["dataset"] in PLANES:
        others = set()
    else:
        others = {"noise"} if pooled else {"seed", "noise"}
    data = {name: value for name, value in kept.items() if name not in others and value is not None}
    data.pop("step", None)
    return data | {"step": made} if made else data


def _arrays(session: Session) -> dict[str, Array | None]:
    return {
        "x": session.x,
        "t": session.t,
        "grad_output": session.grad_output,
        **session.parameters,
    }


def _edits(session: Session, began: Start) -> list[Edit]:
    """From the numbers that a session began with to those it has."""
    before, now = began.arrays(), _arrays(session)
    found: list[Edit] = []
    if isinstance(session.spec, CodeSpec) and session.spec != began.numbers.spec:
        # Another program than the preset's: all it is given is told with it.
        gradient = session.grad_output
        clashes = session.spec.clash is not None
        found.append(ChangeCode(session.spec.code, session.parameters, gradient, False, clashes))
        before = now
    if session.source is not None and session.source != began.source:
        # These are the rows' own numbers.
        source = session.source
        found.append(Load(source.dataset, source.split, source.rows))
        before |= {"x": session.x, "t": session.t}
    differing = {
        name: array
        for name, array in now.items()
        if array is not None and not same(array, before[name])
    }
    cells = {name: _cells(array, before[name]) for name, array in differing.items()}
    few = sum(len(c) for c in cells.values() if c is not None) <= CELLS_OF_ALL
    for name, array in differing.items():
        changed = cells[name]
        if few and changed is not None:
            found += [SetCell(name, index, array[index].item()) for index in changed]
        else:
            found.append(Replace(name, array))
    first = presets.first_optimizer(session.preset)
    if session.optimizer != first:
        rate = session.optimizer.learning_rate
        only_rate = session.optimizer == replace(first, learning_rate=rate)
        found.append(
            SetCell(LEARNING_RATE, (), rate) if only_rate else ChangeOptimizer(session.optimizer)
        )
    # Those that came with the data come with it again.
    if session.classes != tuple(session.origin.get("classes", ())):
        found.append(NameClasses(session.classes))
    return found


def same(a: Array | None, b: Array | None) -> bool:
    """Equal in every cell, numbers that are none included."""
    if a is None or b is None:
        return a is b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _cells(now: Array, before: Array | None) -> list[tuple[int, ...]] | None:
    """Where two tensors differ; None where that is longer to tell than the whole tensor."""
    if before is None or now.shape != before.shape or now.dtype != before.dtype:
        return None
    # Numbers that are none differ from themselves, which only tells too much.
    where = np.argwhere(now != before)
    if len(where) > min(CELLS_OF_ONE, now.size // 3 + 1):
        return None
    return [tuple(int(i) for i in index) for index in where]

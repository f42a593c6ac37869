"""What a learner owns, as one immutable value, and how it lies in the store.

A `Record` of the store has a small JSON part and named arrays. A step of the cursor rewrites the
small part alone; an edit adds the arrays that it made, told by identity, since arrays here are
never written into.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from app.engine.code.samples import samples_of
from app.engine.code.spec import Clash, CodeSpec
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec, LossSpec, NetworkSpec
from app.engine.strides import Cursor
from app.engine.targets import targets_of
from app.sessions.opened import Opened
from app.sessions.pool import Pool
from app.sessions.run import KEPT_RUNS
from app.sessions.steps import Steps
from app.sessions.store.store import Record

Array = np.ndarray

LEVELS = ("network", "layer", "op", "element")
LOSS_VIEWS = ("opened", "closed")
FORMS = ("book", "stable")

# The x of a program: one row without columns.
NO_SAMPLES = np.zeros((1, 0))
# Of a session that was made without one.
FIRST_OPTIMIZER = OptimizerConfig(type="sgd", learning_rate=0.1)

_PARAMETER, _OPTIMIZER, _BASE = "parameters/", "optimizer/", "base/"


@dataclass(frozen=True)
class View:
    """What the drawing shows and the cursor steps through.

    ``sample`` is the row that level ``element`` shows; ``single`` writes shapes without the 1 of a
    single row, as figure 5-25 does. ``open`` names layers that stand opened among boxes, and ops
    that are opened (see `app.engine.open_ops`), at any level but ``element``, which shows one
    sample. ``form`` is how an opened loss is computed: as in the book where that is safe, or always
    ``stable``, with the largest score subtracted first. ``update``: the pass goes on into the
    update of the parameters, and from there into the next step of learning.
    """

    level: str = "op"
    loss: str = "closed"
    sample: int = 0
    single: bool = False
    open: tuple[str, ...] = ()
    form: str = "book"
    update: bool = False

    @property
    def open_layers(self) -> tuple[str, ...]:
        """What of ``open`` is a layer; the name of an op has a dot."""
        return tuple(name for name in self.open if "." not in name)

    @property
    def open_ops(self) -> tuple[str, ...]:
        """What of ``open`` is an op, and so has events of its own in the trace."""
        if self.level == "element":
            return ()
        return tuple(name for name in self.open if "." in name)

    @property
    def trace_level(self) -> tuple[str, str, int, str]:
        """Level, loss, sample and form of the trace that belongs to the drawing."""
        form = self.form if self.loss == "opened" else "book"
        if self.level == "element":
            return "element", self.loss, self.sample, form
        return "op", self.loss, 0, form


@dataclass(frozen=True)
class Source:
    """Rows of a data set that a session's x and t are, unchanged."""

    dataset: str
    split: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Session:
    """All of a session.

    Attributes:
        token_hash: SHA-256 of the edit token.
        version: Counts every change; the ETag.
        data_version: Counts changes of numbers: what was computed belongs to one data version.
        parameters: Of ``spec``, in its dtype.
        x: Inputs ``(N, D)``.
        t: As given: labels ``(N,)`` or one-hot rows ``(N, C)``.
        grad_output: dL/d(last output) ``(N, C)`` of a network without a loss.
        optimizer_state: What the optimiser has gathered, such as velocities; empty at the start.
        created, touched: Seconds since 1970.
        source: Where x and t are from, until one of their numbers is edited.
        pool: What x and t are a mini-batch of, and what the next ones are drawn from; None where x
            and t are all there is.
        runs: Last known states of the session's runs, oldest first.
        steps: How far it has learned by going on from one mini-batch to the next.
        opened: The step of a run that is shown, until x or t is edited.
        origin: What of the body that made the session makes numbers by itself, see `origin`.
        classes: Names that its owner gave to the classes; none where they go by their numbers.
    """

    id: str
    token_hash: bytes
    version: int
    created: float
    touched: float
    spec: NetworkSpec
    parameters: Mapping[str, Array]
    x: Array
    t: Array | None = None
    grad_output: Array | None = None
    optimizer: OptimizerConfig = FIRST_OPTIMIZER
    optimizer_state: Mapping[str, Array] = field(default_factory=dict)
    view: View = field(default_factory=View)
    cursor: Cursor = field(default_factory=lambda: Cursor(0, 0))
    preset: str | None = None
    data_version: int = 1
    source: Source | None = None
    pool: Pool | None = None
    runs: tuple[dict[str, Any], ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)
    opened: Opened | None = None
    classes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many samples the session has."""
        return int(self.x.shape[0])

    @property
    def network(self) -> NetworkSpec:
        """The network with what it draws at the step of learning that is shown."""
        return self.spec.at_step(self.steps.made if self.opened is None else self.opened.step - 1)

    @property
    def samples(self) -> Array:
        """x in the shape of its samples ``(N, ...)``."""
        return self.x.reshape(self.n, *self.spec.sample)

    @property
    def targets(self) -> Array | None:
        """Targets as rows ``(N, C)``, one-hot where they are labels."""
        if self.t is None:
            return None
        return targets_of(self.spec, self.t, self.n)

    def meta(self) -> dict[str, Any]:
        """All that is no array, as JSON."""
        return {
            "network": kept_network(self.spec),
            "optimizer": asdict(self.optimizer),
            "view": asdict(self.view),
            "cursor": [self.cursor.seq, self.cursor.element],
            "preset": self.preset,
            "data_version": self.data_version,
            "source": source_json(self.source),
            "pool": None if self.pool is None else self.pool.as_json(),
            "runs": list(self.runs[-KEPT_RUNS:]),
            "origin": dict(self.origin),
            "steps": [self.steps.made, self.steps.base],
            "opened": None if self.opened is None else asdict(self.opened),
            "classes": list(self.classes),
        }

    def arrays(self) -> dict[str, Array]:
        """All arrays by the store's names."""
        arrays = _named(self.parameters, self.optimizer_state)
        base = _named(self.steps.parameters, self.steps.optimizer_state)
        arrays |= {f"{_BASE}{name}": value for name, value in base.items()}
        arrays["x"] = self.x
        if self.t is not None:
            arrays["t"] = self.t
        if self.grad_output is not None:
            arrays["grad_output"] = self.grad_output
        return arrays

    def changed_arrays(self, old: "Session") -> dict[str, Array | None]:
        """The arrays that ``old`` does not have as they are here; None for those gone."""
        before, after = old.arrays(), self.arrays()
        changed: dict[str, Array | None] = {
            name: value for name, value in after.items() if before.get(name) is not value
        }
        return changed | {name: None for name in before if name not in after}

    def record(self) -> Record:
        """The session for `Store.create`."""
        return Record(
            id=self.id,
            token_hash=self.token_hash,
            version=self.version,
            created=self.created,
            touched=self.touched,
            meta=self.meta(),
            arrays=self.arrays(),
        )

    @classmethod
    def from_record(cls, record: Record) -> "Session":
        """The session that `record` and `replace` wrote."""
        meta, arrays = record.meta, record.arrays
        spec = network_spec(meta["network"])
        return cls(
            id=record.id,
            token_hash=record.token_hash,
            version=record.version,
            created=record.created,
            touched=record.touched,
            spec=spec,
            parameters={name: arrays[f"{_PARAMETER}{name}"] for name in spec.parameter_shapes},
            x=arrays["x"],
            t=arrays.get("t"),
            grad_output=arrays.get("grad_output"),
            optimizer=OptimizerConfig(**meta["optimizer"]),
            optimizer_state=below(arrays, _OPTIMIZER),
            view=View(**{**meta["view"], "open": tuple(meta["view"].get("open", ()))}),
            cursor=Cursor(*meta["cursor"]),
            preset=meta["preset"],
            data_version=meta["data_version"],
            source=_source(meta.get("source")),
            pool=Pool.of(meta.get("pool")),
            runs=tuple(meta["runs"]),
            origin=meta.get("origin", {}),
            steps=Steps(
                meta.get("steps", (0, 0))[0],
                meta.get("steps", (0, 0))[1],
                below(arrays, f"{_BASE}{_PARAMETER}"),
                below(arrays, f"{_BASE}{_OPTIMIZER}"),
            ),
            opened=Opened(**meta["opened"]) if meta.get("opened") else None,
            classes=tuple(meta.get("classes", ())),
        )


def _named(parameters: Mapping[str, Array], optimizer: Mapping[str, Array]) -> dict[str, Array]:
    named = {f"{_PARAMETER}{name}": value for name, value in parameters.items()}
    return named | {f"{_OPTIMIZER}{name}": value for name, value in optimizer.items()}


def below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Those of ``arrays`` whose names begin with ``prefix``, by the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def source_json(source: Source | None) -> dict[str, Any] | None:
    """A source as the API writes it."""
    return None if source is None else {**asdict(source), "rows": list(source.rows)}


def _source(document: dict[str, Any] | None) -> Source | None:
    if document is None:
        return None
    return Source(document["dataset"], document["split"], tuple(document["rows"]))


def network_spec(document: Mapping[str, Any]) -> NetworkSpec:
    """The spec that `network_json` wrote, or a session's record of a program.

    Most requests read a session, and few of these have another network than those before.
    """
    return _spec_of(orjson.dumps(document))


@lru_cache(maxsize=512)
def _spec_of(text: bytes) -> NetworkSpec:
    document = orjson.loads(text)
    if "code" in document:
        kept = document["program"]
        return CodeSpec(
            0,
            (),
            LossSpec(document["loss"]["type"]) if document["loss"] else None,
            document["dtype"],
            code=document["code"],
            shapes={name: tuple(shape) for name, shape in kept["shapes"].items()},
            output=kept["output"],
            output_shape=tuple(kept["output_shape"]),
            cells=kept["cells"],
            work=kept.get("work", 0),
            names=tuple(kept["names"]),
            clash=_clash(kept.get("clash")),
        )
    return NetworkSpec(
        document["input_size"],
        tuple(LayerSpec(**layer) for layer in document["layers"]),
        LossSpec(**document["loss"]) if document["loss"] else None,
        document["dtype"],
        tuple(document.get("input_shape", ())),
    )


def _clash(kept: Mapping[str, Any] | None) -> Clash | None:
    if kept is None:
        return None
    line, column = kept["end"]
    shapes = tuple(map(tuple, kept["shapes"]))
    return Clash(**{**kept, "end": (line, column), "shapes": shapes})


def kept_network(spec: NetworkSpec) -> dict[str, Any]:
    """What `network_spec` makes a spec of again, without reading a program once more."""
    if not isinstance(spec, CodeSpec):
        return network_json(spec)
    program = {
        "shapes": {name: list(shape) for name, shape in spec.shapes.items()},
        "output": spec.output,
        "output_shape": list(spec.output_shape),
        "cells": spec.cells,
        "work": spec.work,
        "names": list(spec.names),
        "clash": None if spec.clash is None else asdict(spec.clash),
    }
    return {**_network_json(spec), "code": spec.code, "program": program}


def network_json(spec: NetworkSpec) -> dict[str, Any]:
    """``spec`` as the API writes a network; of a program its code and what it learns."""
    if isinstance(spec, CodeSpec):
        samples, clash = samples_of(spec), spec.clash
        return {
            **_network_json(spec),
            "code": spec.code,
            "learned": list(spec.learned),
            "clash": None
            if clash is None
            else {
                "line": clash.line,
                "column": clash.column,
                "message": clash.message,
                "shapes": [list(shape) for shape in clash.shapes],
            },
            "samples": None
            if samples is None
            else {"names": list(samples.names), "rows": samples.rows},
        }
    return _network_json(spec)


def _network_json(spec: NetworkSpec) -> dict[str, Any]:
    shape = {"input_shape": list(spec.input_shape)} if spec.input_shape else {}
    return {
        "input_size": spec.input_size,
        **shape,
        "layers": [layer.as_json for layer in spec.layers],
        "loss": None if spec.loss is None else spec.loss.as_json,
        "dtype": spec.dtype,
    }

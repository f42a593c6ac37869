"""What is done as heavy work: the same in a thread of the server and in a process of its own.

`ordered` writes a job as one piece of bytes, `done` reads and does it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from app.api.bodies import parse
from app.api.bounds import Bound
from app.api.convert import code_variations, variations, wanted, wanted_code
from app.api.models import EVALUATE, Evaluate, EvaluateBatch, EvaluateCode, EvaluateCodeBatch
from app.api.values import MAX_ANSWER_CELLS, encode
from app.api.views import (
    BACKWARD_FIELDS,
    EVALUATION_FIELDS,
    PROGRAM_FIELDS,
    evaluation_cells,
    evaluation_json,
    program_json,
)
from app.api.views_learning import check_json
from app.api.views_lessons import predicted_json
from app.api.views_practice import compared_json, specimen_json
from app.engine.code.running import graph_of, named_passes
from app.engine.code.spec import CodeSpec
from app.engine.errors import TooLarge
from app.engine.spec import Limits, NetworkSpec
from app.sessions.batch import check_batch, check_code_batch
from app.sessions.creation import Numbers, check, spec_of
from app.sessions.learning import check_gradients
from app.sessions.mistakes import compare, predicted, specimen
from app.sessions.passes import Passes
from app.sessions.pictures import picture, place_in
from app.sessions.runs.work.frames import pack, unpack
from app.sessions.state import Session, View
from app.sessions.store.store import Record

Parts = tuple[dict[str, Any], dict[str, np.ndarray]]

# What a process keeps of passes, since several pictures of one are often asked for.
PASSES_BYTES = 16 << 20
# From so many numbers on, work is large. Below it takes some hundredths of a second at most, and
# handing it over would take longer than the little that others have to wait.
LARGE_PICTURE, LARGE_CHECK, LARGE_PASS = 4_000, 2_000, 20_000
# An op of a program takes as long as so many numbers, a layer as long as its ops.
OP_CELLS = 20
LAYER_CELLS = 2 * OP_CELLS


@dataclass
class Workplace:
    """What is kept from one job to the next."""

    passes: Passes = field(default_factory=lambda: Passes(PASSES_BYTES))


class Job(Protocol):
    """Something to be done, all that it needs included."""

    name: ClassVar[str]

    @property
    def is_large(self) -> bool:
        """Whether it takes so long that others would have to wait."""

    def parts(self) -> Parts:
        """All of it, as a document and arrays."""

    def do(self, workplace: Workplace) -> bytes:
        """The answer's content.

        Raises:
            EngineError, Conflict, Problem: what is wrong with what is asked for.
        """


@dataclass(frozen=True)
class Picture:
    """The figure of a session as SVG; see `pictures.picture`.

    Attributes:
        cursor: As a query has it.
        words: The language of what it says of itself, and that language's words.
        most_cells: How many numbers it may show.
    """

    name: ClassVar[str] = "picture"

    session: Session
    view: View
    cursor: str | None
    theme: str
    numbers: bool
    equations: bool
    lit: bool
    words: tuple[str, Mapping[str, str]] | None
    most_cells: int

    @property
    def is_large(self) -> bool:
        """Whether many numbers are written out."""
        return _sample_cells(self.session) > LARGE_PICTURE

    def parts(self) -> Parts:
        """All of it."""
        session, arrays = _session_parts(self.session)
        document = {
            "session": session,
            "view": asdict(self.view),
            "cursor": self.cursor,
            "theme": self.theme,
            "numbers": self.numbers,
            "equations": self.equations,
            "lit": self.lit,
            "words": self.words,
            "most_cells": self.most_cells,
        }
        return document, arrays

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Picture":
        """The picture that gave these `parts`."""
        view, words = document["view"], document["words"]
        return cls(
            _session(document["session"], arrays),
            _view(view),
            document["cursor"],
            document["theme"],
            document["numbers"],
            document["equations"],
            document["lit"],
            None if words is None else (words[0], words[1]),
            document["most_cells"],
        )

    def do(self, workplace: Workplace) -> bytes:
        """The SVG in UTF-8."""
        place = place_in(workplace.passes, self.session, self.view, self.cursor)
        return picture(
            workplace.passes, self.session, self.view, place, self.theme,
            numbers=self.numbers, lit=self.lit, equations=self.equations, words=self.words,
            most_cells=self.most_cells,
        ).encode("utf-8")  # fmt: skip


@dataclass(frozen=True)
class Check:
    """A session's gradients against their definition; see `learning.check_gradients`."""

    name: ClassVar[str] = "check"

    session: Session
    h: float
    seed: int

    @property
    def is_large(self) -> bool:
        """Whether there is much to compute, over and over."""
        return _much_to_compute(self.session)

    def parts(self) -> Parts:
        """All of it."""
        session, arrays = _session_parts(self.session)
        return {"session": session, "h": self.h, "seed": self.seed}, arrays

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Check":
        """The check that gave these `parts`."""
        return cls(_session(document["session"], arrays), document["h"], document["seed"])

    def do(self, workplace: Workplace) -> bytes:
        """The answer as JSON."""
        result = check_gradients(self.session, self.h, self.seed)
        return encode(check_json(self.session, result, self.seed))


@dataclass(frozen=True)
class Pass:
    """One pass or many of a network or a program that nobody keeps.

    Attributes:
        body: Who asks for it, as it came.
        limits: How large it may be.
        max_cells: Larger tensors are told in short.
    """

    name: ClassVar[str] = "pass"

    body: bytes
    limits: Limits
    max_cells: int
    is_large: ClassVar[bool] = True

    def parts(self) -> Parts:
        """All of it."""
        body = np.frombuffer(self.body, dtype=np.uint8)
        return {"limits": asdict(self.limits), "max_cells": self.max_cells}, {"body": body}

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Pass":
        """The pass that gave these `parts`."""
        limits = Limits(**document["limits"])
        return cls(arrays["body"].tobytes(), limits, document["max_cells"])

    def do(self, workplace: Workplace) -> bytes:
        """The answer as JSON."""
        body, told = parse(self.body, EVALUATE), Bound(self.max_cells)
        if isinstance(body, EvaluateCode):
            return evaluated_code(self.limits, body, told)
        return evaluated(self.limits, body, told)


@dataclass(frozen=True)
class Compare:
    """Somebody's gradient beside the session's; see `mistakes.compare`."""

    name: ClassVar[str] = "compare"

    session: Session
    tensor: str
    value: np.ndarray

    @property
    def is_large(self) -> bool:
        """Whether many wrong passes are made of many numbers."""
        return _much_to_compute(self.session)

    def parts(self) -> Parts:
        """All of it."""
        session, arrays = _session_parts(self.session)
        # No parameter has a name with a space.
        return {"session": session, "tensor": self.tensor}, {**arrays, "the answer": self.value}

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Compare":
        """The comparison that gave these `parts`."""
        kept = {name: array for name, array in arrays.items() if name != "the answer"}
        session = _session(document["session"], kept)
        return cls(session, document["tensor"], arrays["the answer"])

    def do(self, workplace: Workplace) -> bytes:
        """The answer as JSON."""
        found, places = compare(self.session, self.tensor, self.value)
        return encode(compared_json(self.tensor, self.value, found, places))


@dataclass(frozen=True)
class Predict:
    """Somebody's prediction of a number or a shape; see `mistakes.predicted`."""

    name: ClassVar[str] = "predict"

    session: Session
    view: View
    tensor: str
    index: tuple[int, ...] | None
    text: str
    reveal: bool

    @property
    def is_large(self) -> bool:
        """Whether many wrong passes are made of many numbers."""
        return _much_to_compute(self.session)

    def parts(self) -> Parts:
        """All of it."""
        session, arrays = _session_parts(self.session)
        rest = {"tensor": self.tensor, "index": self.index, "text": self.text}
        more = {"view": asdict(self.view), "reveal": self.reveal}
        return {"session": session, **rest, **more}, arrays

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Predict":
        """The prediction that gave these `parts`."""
        index = document["index"]
        return cls(
            _session(document["session"], arrays), _view(document["view"]), document["tensor"],
            None if index is None else tuple(index), document["text"], document["reveal"],
        )  # fmt: skip

    def do(self, workplace: Workplace) -> bytes:
        """The answer as JSON."""
        shown = workplace.passes.trace(self.session, self.view)
        judged, right = predicted(self.session, shown, self.tensor, self.index, self.text)
        return encode(predicted_json(judged, right, self.reveal))


@dataclass(frozen=True)
class Zoo:
    """A mistake at work in a session; see `mistakes.specimen`."""

    name: ClassVar[str] = "zoo"

    session: Session
    fault: str
    site: int | None
    steps: int

    @property
    def is_large(self) -> bool:
        """Whether there is much to compute, over and over."""
        return _much_to_compute(self.session)

    def parts(self) -> Parts:
        """All of it."""
        session, arrays = _session_parts(self.session)
        rest = {"fault": self.fault, "site": self.site, "steps": self.steps}
        return {"session": session, **rest}, arrays

    @classmethod
    def of(cls, document: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> "Zoo":
        """The specimen that gave these `parts`."""
        session = _session(document["session"], arrays)
        return cls(session, document["fault"], document["site"], document["steps"])

    def do(self, workplace: Workplace) -> bytes:
        """The answer as JSON."""
        return encode(specimen_json(*specimen(self.session, self.fault, self.site, self.steps)))


JOBS: Mapping[str, type[Picture | Check | Pass | Compare | Predict | Zoo]] = {
    job.name: job for job in (Picture, Check, Pass, Compare, Predict, Zoo)
}


def ordered(job: Job) -> bytes:
    """A job as bytes."""
    document, arrays = job.parts()
    return pack({"job": job.name, **document}, arrays)


def done(workplace: Workplace, order: bytes) -> bytes:
    """What comes of the job that `ordered` wrote; for what is raised see `Job.do`."""
    document, arrays = unpack(order)
    return JOBS[document["job"]].of(document, arrays).do(workplace)


def evaluated(
    limits: Limits, body: Evaluate | EvaluateBatch, told: Bound, most: int | None = None
) -> bytes:
    """The answer to a network and its numbers, as JSON.

    Args:
        limits: How large it may be.
        body: The network.
        told: How tensors are told.
        most: Where the passes hold more numbers than this, nothing is done, and nothing answered.

    Raises:
        EngineError: something does not fit.
        TooLarge: the pass, or the answer, is beyond its limit.
        Problem: a variation has no x.
    """
    fields = frozenset(EVALUATION_FIELDS if body.fields is None else body.fields)
    backward = not fields.isdisjoint(BACKWARD_FIELDS)
    asked, batch = wanted(body), variations(body)
    if most is not None and pass_size(spec_of(asked), _rows(body)) > most:
        return b""
    if batch is None:
        numbers = check(asked, limits)
        _check_answer([numbers], fields, "network/layers")
        return encode(evaluation_json(numbers.evaluate(backward), fields, told))
    passes = check_batch(asked, batch, limits, backward)
    _check_answer(passes, fields, "batch")
    results = [evaluation_json(numbers.evaluate(backward), fields, told) for numbers in passes]
    return encode({"results": results})


def evaluated_code(
    limits: Limits, body: EvaluateCode, told: Bound, most: int | None = None
) -> bytes:
    """The answer to a program and its numbers, as JSON; see `evaluated`.

    Args:
        limits: How large it may be.
        body: The program.
        told: How tensors are told.
        most: Where the passes hold more numbers than this, nothing is done, and nothing answered.
    """
    fields = frozenset(PROGRAM_FIELDS if body.fields is None else body.fields)
    backward = "gradients" in fields
    asked = wanted_code(body)
    is_batch = isinstance(body, EvaluateCodeBatch)
    if isinstance(body, EvaluateCodeBatch):
        passes = check_code_batch(asked, code_variations(body), limits, backward)
    else:
        passes = [check(asked, limits)]
    spec = passes[0].spec
    assert isinstance(spec, CodeSpec)
    halves = len(fields & {"values", "gradients"})
    _check_cells(halves * len(passes) * spec.cells // 2, "batch" if is_batch else "code")
    size = spec.cells + OP_CELLS * len(graph_of(spec).nodes)
    if most is not None and len(passes) * size > most:
        return b""
    given = ((numbers.parameters, numbers.grad_output) for numbers in passes)
    results = [
        program_json(spec, *found, fields, told) for found in named_passes(spec, given, backward)
    ]
    return encode({"results": results} if is_batch else results[0])


def pass_size(spec: NetworkSpec, rows: Iterable[int]) -> int:
    """How much work the passes of a network are, counted in numbers.

    Args:
        spec: The network.
        rows: Of each pass, how many samples it has.
    """
    layers = sum(1 for layer in spec.layers for _ in layer.all)
    return sum(spec.pass_cells(n) + LAYER_CELLS * layers for n in rows)


def _rows(body: Evaluate | EvaluateBatch) -> list[int]:
    shared = 0 if body.x is None else len(body.x)
    if not isinstance(body, EvaluateBatch):
        return [shared]
    return [shared if one.x is None else len(one.x) for one in body.batch]


def _check_answer(passes: list[Numbers], fields: Collection[str], field: str) -> None:
    _check_cells(
        sum(evaluation_cells(numbers.spec, len(numbers.x), fields) for numbers in passes), field
    )


def _check_cells(cells: int, field: str) -> None:
    if cells > MAX_ANSWER_CELLS:
        raise TooLarge(
            f"the answer would hold {cells:,} numbers, at most {MAX_ANSWER_CELLS:,} are sent; "
            "ask for fewer `fields`, or make a session and get the tensors that you need",
            field,
        )


def _sample_cells(session: Session) -> int:
    """About how many numbers of a pass go with the samples: those that are written out."""
    spec = session.spec
    return spec.cells if isinstance(spec, CodeSpec) else 4 * session.n * sum(spec.widths)


def _much_to_compute(session: Session) -> bool:
    return session.spec.parameter_count + _sample_cells(session) > LARGE_CHECK


def _session_parts(session: Session) -> Parts:
    record = session.record()
    # The runs' and the token's are nobody's business there.
    document = {"id": record.id, "version": record.version, "meta": {**record.meta, "runs": []}}
    return document, dict(record.arrays)


def _view(document: Mapping[str, Any]) -> View:
    return View(**{**document, "open": tuple(document["open"])})


def _session(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Session:
    return Session.from_record(
        Record(document["id"], b"", document["version"], 0.0, 0.0, document["meta"], arrays)
    )

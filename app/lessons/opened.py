"""The session that a lesson's address opens, and whether the lesson goes with it."""

import base64
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import orjson

from app.api.bodies import parse
from app.api.convert import edit_list, wanted_session
from app.api.models import EDITS, NEW_SESSION, SessionFromPreset
from app.api.problem import Problem
from app.engine.errors import EngineError
from app.engine.practice.exercise import SHAPE
from app.engine.spec import Limits
from app.engine.trace import NotComputed, Trace
from app.lessons.written import ANSWER, UNTIL, VIEW, Fault, Until, Written
from app.sessions import presets
from app.sessions.creation import Wanted, begin, check
from app.sessions.draft import apply_edits
from app.sessions.edits import ChangeView, Loader, changed_view
from app.sessions.filled import filled
from app.sessions.passes import Passes
from app.sessions.state import FORMS, LEVELS, LOSS_VIEWS, Session

# What stands before the numbers in a link that Share makes (static/js/arrive.js).
PACKED = "#s="
# As many bytes as the page unpacks (static/js/packing.js), and cells of a tensor as it has at hand.
MOST_BYTES, MOST_CELLS = 4_000_000, 2_000
_NAMES = {
    "preset", "level", "loss", "open", "form", "sample", "update", "beside", "at", "stride",
    "lang", "shared", "panels",
}  # fmt: skip


class NoFigure(ValueError):
    """An address that opens no figure."""


def faults_of(lesson: Written, limits: Limits, loader: Loader) -> Iterator[Fault]:
    """What of a lesson does not go with its figure.

    Args:
        lesson: As it is written.
        limits: Of the server.
        loader: Gives the digits.
    """
    try:
        trace = opened(lesson.view, limits, loader)
    except NoFigure as error:
        yield lesson.fault(VIEW, str(error))
        return
    asked, until = lesson.asked, lesson.until
    if asked is not None:
        try:
            value = _value(trace, asked.tensor)
            if asked.kind != SHAPE:
                _cell(value, asked.index)
        except NoFigure as error:
            yield lesson.fault(ANSWER, str(error))
    if until is not None:
        try:
            value = _value(trace, until.tensor)
            if until.index is not None:
                _cell(value, until.index)
            if value.size > MOST_CELLS:
                raise NoFigure(f"it has more than {MOST_CELLS:,} numbers, too many to be watched")
            if holds(until, value):
                raise NoFigure("it is so from the start")
        except NoFigure as error:
            yield lesson.fault(UNTIL, str(error))


def holds(until: Until, value: np.ndarray) -> bool:
    """Whether a condition is met; the page asks the same of its own numbers."""
    if until.sign == SHAPE:
        return value.shape == until.shape
    cells = value if until.index is None else value[until.index]
    if until.sign == "=":
        # To nine digits: 0.1 + 0.2 is 0.3.
        close = np.abs(cells - until.number) <= 1e-9 * max(1.0, abs(until.number))
        return bool(np.all(close))
    return bool(np.all(cells < until.number if until.sign == "<" else cells > until.number))


def opened(view: str, limits: Limits, loader: Loader) -> Trace:
    """The pass that an address shows, from its question mark on.

    Raises:
        NoFigure: it shows none.
    """
    address, _, packed = view.partition("#")
    if not address.startswith("?"):
        raise NoFigure("an address is what Share copies, or ?preset=fig-5-25")
    query = {name: values[0] for name, values in parse_qs(address[1:]).items()}
    if "session" in query:
        raise NoFigure("a session is not kept for ever: take the address that Share copies")
    if strange := sorted(set(query) - _NAMES):
        raise NoFigure(f"an address has no {strange[0]}")
    try:
        session = _packed(packed, limits, loader) if packed else _preset(query, limits, loader)
        whole = changed_view(session.view, _change(query), session, "")
        return Passes().trace(session, whole)
    except EngineError as error:
        raise NoFigure(f"it cannot be opened: {error}") from None


def _preset(query: dict[str, str], limits: Limits, loader: Loader) -> Session:
    name = query.get("preset")
    if name is None:
        raise NoFigure("it names neither a preset nor numbers")
    wanted = presets.wanted(name, None, loader)
    return begin("lesson", b"", 0.0, wanted, check(wanted, limits), name)


def _packed(packed: str, limits: Limits, loader: Loader) -> Session:
    """The session of the numbers that stand in a link."""
    if not packed.startswith(PACKED[1:]):
        raise NoFigure("its numbers cannot be read")
    try:
        signs = packed.removeprefix(PACKED[1:])
        raw = base64.urlsafe_b64decode(signs + "=" * (-len(signs) % 4))
        inflating = zlib.decompressobj(-15)
        text = inflating.decompress(raw, MOST_BYTES)
        recipe = orjson.loads(text)
        body = parse(orjson.dumps(recipe["base"]), NEW_SESSION)
        edits = edit_list(parse(orjson.dumps(recipe["edits"]), EDITS)) if recipe["edits"] else []
    except (ValueError, zlib.error, KeyError, TypeError, Problem):
        raise NoFigure("its numbers cannot be read") from None
    if isinstance(body, SessionFromPreset):
        wanted, name = presets.wanted(body.preset, body.row, loader), body.preset
    else:
        wanted, name = wanted_session(body), None
    if isinstance(wanted, Wanted):
        wanted = filled(wanted, limits, loader)
    session = begin("lesson", b"", 0.0, wanted, check(wanted, limits), name)
    session = apply_edits(session, edits, limits, loader)
    return replace(session, id="lesson")


def _change(query: dict[str, str]) -> ChangeView:
    for name, allowed in (("level", LEVELS), ("loss", LOSS_VIEWS), ("form", FORMS)):
        if name in query and query[name] not in allowed:
            raise NoFigure(f"{name} is one of {', '.join(allowed)}")
    sample = query.get("sample", "")
    if sample and not re.fullmatch(r"[0-9]{1,5}", sample):
        raise NoFigure("sample is a whole number from 0")
    names = tuple(name for name in query.get("open", "").split(",") if name)
    return ChangeView(
        query.get("level"), query.get("loss"), int(sample) if sample else None,
        open=names or None, form=query.get("form"),
        update=True if query.get("update") == "1" else None,
    )  # fmt: skip


def _value(trace: Trace, key: str) -> np.ndarray:
    try:
        value = trace.value(key)
    except KeyError:
        raise NoFigure("the figure has no tensor of this name") from None
    if isinstance(value, NotComputed):
        raise NoFigure("this tensor is not computed in the figure")
    return value


def _cell(value: np.ndarray, index: tuple[int, ...]) -> None:
    inside = len(index) == value.ndim and all(
        at < size for at, size in zip(index, value.shape, strict=True)
    )
    if not inside:
        size = " x ".join(map(str, value.shape)) or "a single number"
        raise NoFigure(f"the tensor has no such cell: it is {size}")

"""Moving a cursor over a trace in five strides: step, phase, layer, op, element.

A cursor stands between events, or between the cells of one: events before ``seq`` are done, and
of event ``seq`` the first ``element`` cells, row by row. Going back passes the same events the
other way round, so every place can be reached from both sides.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.trace import Event, Trace

STRIDES = ("step", "phase", "layer", "op", "element")
DIRECTIONS = ("next", "back")


@dataclass(frozen=True)
class Cursor:
    """A place in a trace; (0, 0) is before the first event."""

    seq: int = 0
    element: int = 0


@dataclass(frozen=True)
class Passed:
    """An event that the cursor passed, wholly or, with ``cells``, just these cells of it."""

    event: Event
    cells: tuple[tuple[int, ...], ...] | None = None


def stops(trace: Trace, stride: str) -> tuple[int, ...]:
    """The ``seq`` at which a stride of this size stops, the start and the end among them.

    Raises:
        EngineError: the stride is unknown.
    """
    _check(stride, STRIDES, "granularity")
    events = trace.events
    if stride in ("op", "element"):
        return tuple(range(len(events) + 1))

    if stride == "step":
        return (0, len(events)) if events else (0,)

    def part(event: Event) -> tuple[str, ...]:
        return (event.phase,) if stride == "phase" else (event.phase, event.layer)

    inner = [
        later.seq for earlier, later in itertools.pairwise(events) if part(earlier) != part(later)
    ]
    return (0, *inner, len(events)) if events else (0,)


def clamp(cursor: Cursor, trace: Trace) -> Cursor:
    """``cursor`` within ``trace``."""
    if cursor.seq >= len(trace.events):
        return Cursor(len(trace.events), 0)
    return Cursor(cursor.seq, min(cursor.element, trace.events[cursor.seq].elements - 1))


def advance(
    trace: Trace, cursor: Cursor, direction: str, stride: str
) -> tuple[Cursor, tuple[Passed, ...]]:
    """Move one stride: the new cursor, and what it passed in the order of passing.

    At either end nothing is passed and the cursor stays.

    Raises:
        EngineError: the direction or the stride is unknown.
    """
    _check(direction, DIRECTIONS, "direction")
    _check(stride, STRIDES, "granularity")
    forward = direction == "next"
    if stride == "element":
        return _one_cell(trace, cursor, forward)
    places = stops(trace, stride)
    if forward:
        target = next((place for place in places if place > cursor.seq), cursor.seq)
    else:
        here = cursor.seq + (cursor.element > 0)
        target = next((place for place in reversed(places) if place < here), 0)
    return Cursor(target), _passed(trace, cursor, target)


def _passed(trace: Trace, cursor: Cursor, target: int) -> tuple[Passed, ...]:
    """What lies between the cursor and the start of event ``target``, a part event included."""
    events = trace.events
    if target > cursor.seq:
        first = _rest(events[cursor.seq], cursor.element) if cursor.element else None
        whole = [Passed(event) for event in events[cursor.seq : target]]
        return tuple([first, *whole[1:]] if first else whole)
    whole = [Passed(event) for event in reversed(events[target : cursor.seq])]
    if cursor.element:
        event = events[cursor.seq]
        cells = tuple(_cell(event, k) for k in reversed(range(cursor.element)))
        return (Passed(event, cells), *whole)
    return tuple(whole)


def _one_cell(trace: Trace, cursor: Cursor, forward: bool) -> tuple[Cursor, tuple[Passed, ...]]:
    events = trace.events
    if forward:
        if cursor.seq >= len(events):
            return cursor, ()
        event = events[cursor.seq]
        passed = Passed(event, (_cell(event, cursor.element),))
        last = cursor.element + 1 >= event.elements
        return Cursor(cursor.seq + 1) if last else Cursor(cursor.seq, cursor.element + 1), (passed,)
    if cursor.element:
        seq, element = cursor.seq, cursor.element - 1
    elif cursor.seq:
        seq, element = cursor.seq - 1, events[cursor.seq - 1].elements - 1
    else:
        return cursor, ()
    return Cursor(seq, element), (Passed(events[seq], (_cell(events[seq], element),)),)


def _rest(event: Event, done: int) -> Passed:
    return Passed(event, tuple(_cell(event, k) for k in range(done, event.elements)))


def _cell(event: Event, k: int) -> tuple[int, ...]:
    return tuple(int(place) for place in np.unravel_index(k, event.shape)) if event.shape else ()


def _check(value: str, allowed: tuple[str, ...], field: str) -> None:
    if value not in allowed:
        raise EngineError(f"{field} is one of {', '.join(allowed)}", field, "type")

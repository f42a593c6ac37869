"""A session's figure as a finished picture, with the numbers known at a cursor."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.drawing.figure.captions import Caption, english, in_language
from app.drawing.svg.figure import figure_svg
from app.drawing.svg.look import Play, Shown
from app.engine.errors import EngineError, TooLarge
from app.engine.strides import Cursor, clamp
from app.engine.trace import Event, Trace
from app.sessions.passes import Passes
from app.sessions.presets import titles
from app.sessions.state import Session, View

# The place behind the last event.
END = "end"
# Each of these is at least a pixel of the file.
MOST_CELLS = 2_000_000


def picture(
    passes: Passes,
    session: Session,
    view: View,
    cursor: Cursor,
    theme: str,
    *,
    numbers: bool,
    lit: bool,
    equations: bool,
    words: tuple[str, Mapping[str, str]] | None = None,
    most_cells: int = MOST_CELLS,
) -> str:
    """The figure of a session as SVG.

    Args:
        passes: for its trace and its drawing.
        session: whose numbers are shown.
        view: how it is drawn.
        cursor: in the trace of ``view``; beyond its end is its end.
        theme: ``light`` or ``dark``.
        numbers: whether numbers are written, and places for those to come.
        lit: whether the op in play stands out.
        equations: whether the numbered equations are part of it.
        words: the language of its title and description, and that language's words; None for
            English, as tools read it.
        most_cells: how many numbers are shown at most.

    Raises:
        TooLarge: there would be more.
        EngineError: the view does not go with the session.
        ValueError: the theme is unknown.
    """
    drawing = passes.drawing(session, view)
    if numbers:
        _check_cells(drawing, most_cells)
    trace = passes.trace(session, view)
    shown = shown_at(trace, clamp(cursor, trace), numbers=numbers, lit=lit)
    told = _caption(session, drawing, words)
    return figure_svg(drawing, shown, theme, equations=equations, caption=told)


def place_in(passes: Passes, session: Session, view: View, text: str | None) -> Cursor:
    """The place that a query names in the trace of a view.

    Raises:
        EngineError: the trace has no such place.
    """
    if text is None:
        return passes.same_place(session, replace(session, view=view))
    trace = passes.trace(session, view)
    if text == END:
        return Cursor(len(trace.events))
    seq, _, element = text.partition(".")
    cursor = Cursor(int(seq), int(element or 0))
    if cursor.seq > len(trace.events) or cursor.element >= max(1, _cells(trace, cursor.seq)):
        raise EngineError(
            f"cursor is an event from 0 to {len(trace.events)}, and a cell of it", "cursor", "range"
        )
    return cursor


def _cells(trace: Trace, seq: int) -> int:
    return trace.events[seq].elements if seq < len(trace.events) else 1


def _caption(
    session: Session, drawing: Any, words: tuple[str, Mapping[str, str]] | None
) -> Caption:
    preset = session.preset
    if words is None:
        title = f"{titles()[preset]} ({preset})" if preset else "Computational graph"
        return english(drawing, title)
    language, said = words
    title = said[f"preset.{preset}" if preset else "header.own"]
    return in_language(drawing, title, language, said)


def _check_cells(drawing: Any, most: int) -> None:
    cells = sum(
        label["rows"] * label["cols"] * len(label.get("blocks", (label,)))
        for label in (edge["label"] for edge in drawing["edges"])
        if label is not None and label["mode"] not in ("name", "fan")
    )
    if cells > most:
        raise TooLarge(
            f"the picture would show {cells:,} numbers, at most {most:,} are drawn; take fewer "
            "samples, a level of boxes, or numbers=false",
            "level",
            {"maximum": most},
        )


def shown_at(trace: Trace, cursor: Cursor, *, numbers: bool, lit: bool) -> Shown:
    """What a trace shows at a cursor."""
    known = {key: trace.array(key).size for key in trace.inputs}
    for event in trace.events[: cursor.seq]:
        known |= {key: trace.array(key).size for key in _made(event)}
    if cursor.element:
        # Cells become known row by row, also on an edge that shares the event's tensor.
        for key in _made(trace.events[cursor.seq]):
            known[key] = min(cursor.element, trace.array(key).size)
    values = {key: trace.array(key) for key in trace.known}
    return Shown(values, known, _play(trace, cursor) if lit else None, numbers)


def _made(event: Event) -> tuple[str, ...]:
    return (*event.writes, *event.totals)


def _play(trace: Trace, cursor: Cursor) -> Play | None:
    """The event being revealed, or else the last one done; None at the start."""
    seq = cursor.seq if cursor.element else cursor.seq - 1
    if seq < 0:
        return None
    event = trace.events[seq]
    cell = cursor.element - 1 if cursor.element else None
    return Play(event.node, frozenset(event.reads), frozenset(event.writes), cell)

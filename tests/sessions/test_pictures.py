"""A session's picture at a cursor knows what the page knows there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.strides import Cursor, advance
from app.sessions.edits import ChangeView, changed_view
from app.sessions.gallery import preset_session
from app.sessions.passes import Passes
from app.sessions.pictures import picture, shown_at
from app.sessions.service import Service
from app.sessions.state import Session

SVG = "{http://www.w3.org/2000/svg}"


def no_digits(
    dataset: str, split: str, rows: Sequence[int] | None
) -> tuple[np.ndarray, np.ndarray]:
    raise AssertionError("these figures have no digits")


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def batch() -> Session:
    return preset_session("fig-5-27", no_digits)


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def numbers_in(svg: str) -> int:
    """How many numbers stand in cells, which are groups with a type size."""
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return sum(len(group) for group in groups if group.get("font-size") == "12")


def painted(passes: Passes, session: Session, cursor: Cursor, *, lit: bool = False) -> str:
    return picture(
        passes, session, session.view, cursor, "light", numbers=True, lit=lit, equations=False
    )


def test_nothing_but_inputs_is_known_at_the_start_and_everything_at_the_end(
    passes: Passes, batch: Session
) -> None:
    trace = passes.trace(batch)
    start = shown_at(trace, Cursor(), numbers=True, lit=True)
    end = shown_at(trace, Cursor(len(trace.events)), numbers=True, lit=False)

    assert set(start.known) == set(trace.inputs)
    assert start.play is None
    assert end.known == {key: trace.array(key).size for key in trace.known}


def test_each_step_of_one_cell_makes_one_more_number_known(passes: Passes, batch: Session) -> None:
    trace = passes.trace(batch)
    cursor, count = Cursor(), numbers_in(painted(passes, batch, Cursor()))
    while cursor.seq < len(trace.events):
        cursor, _ = advance(trace, cursor, "next", "element")
        event = trace.events[cursor.seq - (cursor.element == 0)]
        before, count = count, numbers_in(painted(passes, batch, cursor))
        assert count - before == len(event.writes)


def test_the_numbers_are_those_of_the_pass(passes: Passes, batch: Session) -> None:
    svg = painted(passes, batch, Cursor(len(passes.trace(batch).events)))
    # dB = (5, 7, 9): the book's NumPy demonstration.
    assert set("579") <= set(texts(svg))
    assert numbers_in(svg) == 2 * (6 + 6 + 9 + 3 + 9)


def test_the_op_in_play_is_the_one_being_revealed_or_else_the_last_one_done(
    passes: Passes, batch: Session
) -> None:
    trace = passes.trace(batch)
    done = shown_at(trace, Cursor(2), numbers=True, lit=True).play
    within = shown_at(trace, Cursor(2, 1), numbers=True, lit=True).play

    assert done
    assert (done.node, done.writes, done.cell) == (
        trace.events[1].node, frozenset(trace.events[1].writes), None
    )  # fmt: skip
    assert within
    assert (within.node, within.reads, within.cell) == (
        trace.events[2].node, frozenset(trace.events[2].reads), 0
    )  # fmt: skip


def test_a_cursor_beyond_the_end_is_the_end(passes: Passes, batch: Session) -> None:
    events = len(passes.trace(batch).events)
    assert painted(passes, batch, Cursor(10**6)) == painted(passes, batch, Cursor(events))


def test_a_picture_follows_the_view_and_not_the_session_s_own(
    passes: Passes, created: tuple[Session, str]
) -> None:
    session, _ = created
    boxes = changed_view(session.view, ChangeView(level="network"), session, "view")
    svg = picture(passes, session, boxes, Cursor(), "dark", numbers=True, lit=False, equations=True)
    assert {"Affine 1", "Affine 2", "Softmax"} <= set(texts(svg))
    assert "dot" not in texts(svg)


def test_a_view_that_does_not_go_with_the_session_is_refused(
    passes: Passes, batch: Session
) -> None:
    single = replace(batch.view, single=True)
    with pytest.raises(EngineError, match="single sample"):
        picture(passes, batch, single, Cursor(), "light", numbers=True, lit=False, equations=True)


def test_its_name_is_the_preset_s(passes: Passes, batch: Session) -> None:
    assert "<title>Affine for a batch (fig-5-27)</title>" in painted(passes, batch, Cursor())
    own = replace(batch, preset=None)
    assert "<title>Computational graph</title>" in painted(passes, own, Cursor())


def test_float32_numbers_are_written_as_the_page_writes_them(
    service: Service, passes: Passes, created: tuple[Session, str]
) -> None:
    session, _ = created
    small = replace(
        session,
        spec=replace(session.spec, dtype="float32"),
        parameters={name: value.astype(np.float32) for name, value in session.parameters.items()},
        x=np.array([[0.1, 0.7], [-0.3, 2.5]], np.float32),
    )
    written = texts(painted(passes, small, Cursor()))
    # The double next to the float 0.1 is 0.10000000149, which would be written 0.1000.
    assert {"0.1", "0.7", "\u22120.3", "2.5"} <= set(written)


def test_numbers_that_are_not_finite_are_written_as_such(passes: Passes, batch: Session) -> None:
    huge = replace(batch, x=np.array([[1e308, -1e308], [1.0, 2.0], [2.0, 4.0]]))
    svg = painted(passes, huge, Cursor(len(passes.trace(huge).events)))
    assert re.search("\u221e|NaN", svg)

"""The cursor: every place can be reached from both sides, in four strides."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.errors import EngineError
from app.engine.run import make_trace
from app.engine.strides import STRIDES, Cursor, Passed, advance, stops
from app.engine.trace import Trace
from tests.engine.networks import make_case

CASE = make_case([2, 3, 2], ["relu"], 3, 0)
TRACE = make_trace(CASE.spec, CASE.parameters, CASE.x, CASE.t, loss="opened")


def walk(trace: Trace, cursor: Cursor, direction: str, stride: str) -> tuple[Cursor, list[Passed]]:
    passed: list[Passed] = []
    for _ in range(10_000):
        cursor, now = advance(trace, cursor, direction, stride)
        if not now:
            return cursor, passed
        passed += now
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("stride", STRIDES)
def test_to_the_end_and_back_passes_the_same_in_reverse(stride: str) -> None:
    end, there = walk(TRACE, Cursor(), "next", stride)
    start, back = walk(TRACE, end, "back", stride)
    assert end == Cursor(len(TRACE.events))
    assert start == Cursor()
    assert back == there[::-1]
    assert [seq for seq, _ in itertools.groupby(p.event.seq for p in there)] == list(
        range(len(TRACE.events))
    )


def test_the_element_stride_passes_every_cell_row_by_row() -> None:
    _, passed = walk(TRACE, Cursor(), "next", "element")
    first = [p.cells for p in passed if p.event.seq == 0]
    assert first == [((n, h),) for n in range(3) for h in range(3)]
    assert len(passed) == sum(event.elements for event in TRACE.events)


@given(st.lists(st.tuples(st.sampled_from(["next", "back"]), st.sampled_from(STRIDES))))
@settings(max_examples=100)
def test_any_walk_knows_exactly_the_cells_behind_it(moves: list[tuple[str, str]]) -> None:
    cursor, known = Cursor(), set[tuple[int, tuple[int, ...] | None]]()
    everything = {event.seq: set(advance_cells(TRACE, event.seq)) for event in TRACE.events}
    for direction, stride in moves:
        cursor, passed = advance(TRACE, cursor, direction, stride)
        for part in passed:
            cells = set(part.cells) if part.cells is not None else everything[part.event.seq]
            marked = {(part.event.seq, cell) for cell in cells}
            known = known | marked if direction == "next" else known - marked
    expected = {(seq, cell) for seq in range(cursor.seq) for cell in everything[seq]}
    if cursor.element:
        expected |= {
            (cursor.seq, cell) for cell in advance_cells(TRACE, cursor.seq)[: cursor.element]
        }
    assert known == expected


def advance_cells(trace: Trace, seq: int) -> list[tuple[int, ...]]:
    """The cells of one event in their order, by the element stride itself."""
    cells: list[tuple[int, ...]] = []
    cursor = Cursor(seq)
    while cursor.seq == seq:
        cursor, (part,) = advance(trace, cursor, "next", "element")
        assert part.cells is not None
        cells += part.cells
    return cells


def test_phases_and_layers_stop_where_they_change() -> None:
    events = TRACE.events
    phases = [events[seq].phase for seq in stops(TRACE, "phase")[:-1]]
    assert phases == ["forward", "loss", "backward"]
    layers = [events[seq].layer for seq in stops(TRACE, "layer")[:-1]]
    assert layers == ["affine1", "relu1", "affine2", "loss", "loss", "affine2", "relu1", "affine1"]


def test_an_op_stride_from_within_an_event_finishes_it_or_undoes_it() -> None:
    inside = Cursor(0, 4)
    assert advance(TRACE, inside, "next", "op")[0] == Cursor(1)
    assert advance(TRACE, inside, "back", "op")[0] == Cursor(0)


@pytest.mark.parametrize(("direction", "stride"), [("up", "op"), ("next", "mile")])
def test_unknown_moves_are_refused(direction: str, stride: str) -> None:
    with pytest.raises(EngineError):
        advance(TRACE, Cursor(), direction, stride)

"""The place in a pass is an event: it is kept through level, loss, form and sample."""

from dataclasses import replace

import numpy as np
import pytest

from app.engine.progress import progress
from app.engine.strides import Cursor
from app.sessions import presets
from app.sessions.creation import Wanted
from app.sessions.service import Service
from app.sessions.state import Session, View
from app.sessions.store.open_store import open_store
from tests.sessions.test_presets import loader

PHASES = ("forward", "loss", "backward")
VIEWS = [
    View(level, loss, sample, open=names, form=form)
    for level in ("op", "element", "layer")
    for loss, form in (("closed", "book"), ("opened", "book"), ("opened", "stable"))
    for sample in ((0, 1) if level == "element" else (0,))
    for names in ((), ("affine1.add", "loss.mean"))
]


def made(service: Service, wanted: Wanted) -> Session:
    return service.create(wanted)[0]


@pytest.fixture(scope="module")
def service() -> Service:
    return Service(open_store("memory"), loader)


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_every_event_keeps_its_place_there_and_back(service: Service, preset: str) -> None:
    session = made(service, presets.wanted_network(preset, None, loader))
    views = [
        replace(view, sample=min(view.sample, session.n - 1))
        for view in VIEWS
        if session.spec.loss is not None or (view.level != "element" and view.loss == "closed")
    ]
    for there, back in zip(views, [*views[1:], views[0]], strict=True):
        one, other = replace(session, view=there), replace(session, view=back)
        before, after = service.passes.trace(one), service.passes.trace(other)
        reached, common = progress(before), set(progress(before)) & set(progress(after))
        last = Cursor(0, 0)
        for seq in range(len(before.events) + 1):
            cursor = service.passes.same_place(replace(one, cursor=Cursor(seq)), other)
            assert cursor.seq >= last.seq, "a later event is never earlier elsewhere"
            last = cursor
            if seq == 0:
                assert cursor == Cursor(0, 0)
                continue
            event, found = before.events[seq - 1], after.events[cursor.seq - 1]
            assert PHASES.index(found.phase) >= PHASES.index(event.phase)
            assert found.layer == event.layer or found.phase != event.phase
            if reached[seq - 1] in common:
                returned = service.passes.same_place(replace(other, cursor=cursor), one)
                assert returned == Cursor(seq)
        assert last == Cursor(len(after.events))


def test_the_event_in_play_is_kept_as_plus_opens_and_closes(service: Service) -> None:
    session = made(service, presets.wanted_network("fig-5-27", None, loader))
    opened = replace(session, view=replace(session.view, open=("affine1.add",)))
    names = [
        [event.rule_name for event in service.passes.trace(one).events] for one in (session, opened)
    ]
    assert names[0] == [name for name in names[1] if "repeat" not in name]
    for seq, name in enumerate(names[0], 1):
        there = service.passes.same_place(replace(session, cursor=Cursor(seq)), opened)
        # What + did for B is done by Repeat, after + has handed on.
        did = "repeat.gradient.0" if name == "add.gradient.1" else name
        assert names[1][there.seq - 1] == did
        back = service.passes.same_place(replace(opened, cursor=there), session)
        assert back == Cursor(seq)


@pytest.mark.parametrize(
    ("seq", "view", "made_there"),
    [
        (18, View("element", "closed"), "affine1.W.grad"),
        (9, View("element", "closed"), "affine2.output.grad"),
        (9, View("op", "opened"), "affine2.output.grad"),
        (7, View("element", "opened"), "loss"),
        (6, View("op", "opened"), "loss.probabilities"),
        (8, View("op", "opened"), "loss.grad"),
        (4, View("element", "opened", form="stable"), "affine2.dot"),
    ],
)
def test_what_was_in_play_is_in_play(
    service: Service, seq: int, view: View, made_there: str
) -> None:
    session = made(service, presets.wanted_network("two-layer", None, loader))
    moved = replace(session, view=view)
    cursor = service.passes.same_place(replace(session, cursor=Cursor(seq)), moved)
    event = service.passes.trace(moved).events[cursor.seq - 1]
    assert made_there in (*event.writes, *event.totals)


def test_cells_of_an_event_stay_as_far_as_it_has_them(service: Service) -> None:
    session = made(service, presets.wanted_network("two-layer", None, loader))
    alone = replace(session, view=View("element", "closed"))
    for cells, kept in ((1, 1), (3, 3), (19, 3)):
        old = replace(session, cursor=Cursor(1, cells))
        assert service.passes.same_place(old, alone) == Cursor(1, kept)
    t, version = np.asarray(session.t)[:1], session.data_version + 1
    fewer = replace(session, x=session.x[:1], t=t, data_version=version)
    assert service.passes.same_place(replace(session, cursor=Cursor(1, 7)), fewer) == Cursor(1, 3)

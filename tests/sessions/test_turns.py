"""Turns are taken in order, and closing ends the threads when all are served."""

import threading
import time

import pytest

from app.sessions.runs.turns import Turns


def test_everyone_is_served_in_turn_and_whoever_is_hurried_comes_first() -> None:
    served: list[str] = []
    holding, begin = threading.Event(), threading.Event()

    def work(name: str) -> None:
        if name == "hold":
            holding.set()
            assert begin.wait(5)
            return
        served.append(name)
        if served.count(name) < 2:
            turns.put(name)

    turns = Turns(work, threads=1)
    turns.put("hold")
    assert holding.wait(5)
    for name in ("a", "b", "c"):
        turns.put(name)
    turns.hurry("c")
    turns.hurry("nobody")
    turns.put("d", first=True)
    begin.set()
    turns.close(5)
    assert served == ["d", "c", "a", "b", "d", "c", "a", "b"]


def test_closing_serves_what_is_queued() -> None:
    served: list[int] = []
    turns = Turns(served.append, threads=2)
    for number in range(100):
        turns.put(number)
    turns.close(5)
    assert sorted(served) == list(range(100))


def test_closing_waits_no_longer_than_it_may_and_what_still_waits_is_never_served() -> None:
    taken: list[int] = []
    hanging, release = threading.Event(), threading.Event()

    def hang(number: int) -> None:
        taken.append(number)
        hanging.set()
        release.wait(10)

    turns = Turns(hang, threads=1)
    turns.put(0)
    turns.put(1)
    assert hanging.wait(5)
    start = time.monotonic()
    turns.close(0.1)
    assert time.monotonic() - start < 1
    release.set()
    turns.close(5)
    assert taken == [0]


def test_a_turn_that_fails_is_logged_and_the_next_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served: list[float] = []
    turns: Turns[float] = Turns(lambda number: served.append(1 / number), threads=1)
    turns.put(0.0)
    turns.put(2.0)
    turns.close(5)
    assert served == [0.5]
    assert "ZeroDivisionError" in caplog.text


def test_turns_are_taken_on_several_threads_at_once() -> None:
    meeting = threading.Barrier(2, timeout=5)
    met: list[int] = []

    def meet(number: int) -> None:
        meeting.wait()
        met.append(number)

    turns = Turns(meet, threads=2)
    turns.put(0)
    turns.put(1)
    turns.close(5)
    assert sorted(met) == [0, 1]

"""One process that trains, by a clock of the test's own: turns, orders and words of progress."""

from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest

from app.engine.training import StepStats, Training
from app.sessions.runs.work import worker
from app.sessions.runs.work.frames import pack, read, read_length, unpack
from app.sessions.runs.work.worker import Worker


class Clock:
    """Stands still unless it is moved on."""

    def __init__(self) -> None:
        self.passed = self.used = 0.0

    def perf_counter(self) -> float:
        return self.passed

    def thread_time(self) -> float:
        return self.used

    def work(self, seconds: float) -> None:
        """So much time of the processor."""
        self.passed += seconds
        self.used += seconds

    def wait(self, seconds: float) -> None:
        """So much time of which somebody else has had the processor."""
        self.passed += seconds


class Steps(Training):
    """A training whose every step takes the same time; nothing is computed."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.done = 0

    @property
    def finished(self) -> bool:
        return False

    @property
    def epoch(self) -> int:
        return 0

    @property
    def seen(self) -> int:
        return self.done

    def advance(self) -> None:
        self.clock.work(self.seconds)
        self.done += 1

    def stats(self) -> StepStats:
        return StepStats(self.done, 1.0, 0.5, {})


class Heard:
    """A worker, and what it has told: when, and what."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sink = BytesIO()
        self.worker = Worker(BytesIO(), self.sink)
        self.told: list[tuple[float, dict[str, Any]]] = []
        self._read = 0

    def turn(self) -> None:
        self.worker.turn()
        self.listen()

    def listen(self) -> None:
        """Take up what was told since."""
        self.sink.seek(self._read)
        while (frame := read(self.sink, read_length(self.sink))) is not None:
            self.told.append((self.clock.passed, unpack(frame)[0]))
            self._read = self.sink.tell()

    def times(self, key: str) -> list[float]:
        """When there was progress of a training."""
        return [at for at, word in self.told if (word["tell"], word["key"]) == ("progress", key)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(worker, "time", clock)
    return clock


@pytest.fixture
def heard(clock: Clock) -> Heard:
    return Heard(clock)


def test_a_training_with_long_steps_has_no_more_time_than_one_with_short_ones(
    clock: Clock, heard: Heard
) -> None:
    steps = {seconds: Steps(clock, seconds) for seconds in (0.0001, 0.004, 0.7)}
    for seconds, training in steps.items():
        heard.worker.begin(str(seconds), training)
    for _ in range(20_000):
        heard.turn()
    had = [seconds * training.done for seconds, training in steps.items()]
    assert sum(had) == pytest.approx(clock.used)
    # Nobody is cut off in a step, so that of the longest is how far they may be apart.
    assert max(had) - min(had) <= 0.7 + worker.SLICE_SECONDS
    assert min(had) > 5


def test_who_was_kept_waiting_by_another_process_has_not_had_the_time_it_took(
    clock: Clock, heard: Heard
) -> None:
    class Interrupted(Steps):
        def advance(self) -> None:
            super().advance()
            clock.wait(0.05)

    steps = {"alone": Steps(clock, 0.001), "interrupted": Interrupted(clock, 0.001)}
    for key, training in steps.items():
        heard.worker.begin(key, training)
    for _ in range(2_000):
        heard.turn()
    done = [training.done for training in steps.values()]
    assert max(done) - min(done) <= worker.SLICE_SECONDS / 0.001


def test_an_order_is_obeyed_before_the_next_slice(clock: Clock, heard: Heard) -> None:
    going, other = Steps(clock, 0.001), Steps(clock, 0.001)
    heard.worker.begin("going", going)
    heard.worker.begin("other", other)
    heard.turn()
    made = going.done
    heard.worker._orders.put(pack({"do": "drop", "key": "going"}, {}))
    for _ in range(5):
        heard.turn()
    assert going.done == made
    assert other.done > 0


@pytest.mark.parametrize("others", [0, 15])
def test_progress_comes_ten_times_a_second_by_the_clock(
    clock: Clock, heard: Heard, others: int
) -> None:
    keys = [str(number) for number in range(1 + others)]
    for key in keys:
        heard.worker.begin(key, Steps(clock, 0.0007))
    while clock.passed < 10:
        heard.turn()
    for key in keys:
        times = heard.times(key)
        assert len(times) in (99, 100)
        for count, at in enumerate(times, 1):
            assert 0 <= at - 0.1 * count < 0.02


@pytest.mark.parametrize(("wait", "lost"), [(0.08, 0), (0.3, 0), (0.45, 0), (3.0, 25)])
def test_words_held_up_are_made_good_soon_but_not_in_a_rush(
    clock: Clock, heard: Heard, wait: float, lost: int
) -> None:
    heard.worker.begin("a", Steps(clock, 0.001))
    while clock.passed < 2:
        heard.turn()
    clock.wait(wait)
    while clock.passed < 8:
        heard.turn()
    times = heard.times("a")
    assert 80 - lost - 1 <= len(times) <= 80 - lost + 1
    apart = [b - a for a, b in pairwise(times)]
    assert min(apart) >= worker.CLOSEST_SECONDS - 1e-9
    # Never more than ten a second since the beginning.
    assert all(count <= at / 0.1 + 1e-9 for count, at in enumerate(times, 1))

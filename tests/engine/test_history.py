"""A training's history: bounded, the same however it came about, and true to the steps."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.history import MAX_ROWS, History, Rows, is_due
from app.engine.layers import cross_entropy
from app.engine.meter import gates, measured
from app.engine.network import Network
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.rates import Rates, Schedule
from app.engine.training import Training, Watch
from tests.engine.networks import make_case

LOSSES = st.one_of(
    st.floats(0, 10, width=32), st.sampled_from([float("nan"), float("inf"), 0.0, 1.0])
)


def same(one: Rows, other: Rows) -> None:
    for name, array in vars(one).items():
        found = getattr(other, name)
        if isinstance(array, dict):
            assert array.keys() == found.keys()
            pairs = [(array[key], found[key]) for key in array]
        else:
            pairs = [(array, found)]
        for a, b in pairs:
            np.testing.assert_array_equal(a, b)


def filled(losses: list[float], cuts: set[int], put_away: set[int]) -> History:
    """A history of these losses, told in pieces that end at ``cuts``."""
    history = History(["W"], [])
    start = 0
    for end in sorted({c for c in cuts if c < len(losses)} | {len(losses)}):
        if end == start:
            continue
        history.note(start + 1, np.array(losses[start:end]), np.zeros(end - start))
        if end in put_away:
            history = History.of(["W"], [], history.arrays())
        start = end
    return history


@settings(max_examples=40)
@given(
    st.lists(LOSSES, min_size=1, max_size=60),
    st.integers(1, 200),
    st.sets(st.integers(0, 9_000), max_size=20),
    st.sets(st.integers(0, 9_000), max_size=5),
)
def test_it_does_not_depend_on_how_it_was_told(
    losses: list[float], times: int, cuts: set[int], put_away: set[int]
) -> None:
    losses = losses * times
    at_once = filled(losses, set(), set())
    in_pieces = filled(losses, cuts | put_away, put_away)
    one_by_one = filled(losses, set(range(len(losses))), set())
    same(at_once.rows(), in_pieces.rows())
    for name, array in at_once.arrays().items():
        np.testing.assert_array_equal(array, in_pieces.arrays()[name])
        np.testing.assert_array_equal(array, one_by_one.arrays()[name])


@settings(max_examples=30)
@given(st.integers(1, 30_000), st.integers(0, 2**32 - 1))
def test_extremes_and_ends_are_kept_in_few_rows(steps: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    losses = random.exponential(size=steps).astype(np.float32)
    history = filled(losses.tolist(), set(), set())
    rows = history.rows()
    assert len(rows.step) <= MAX_ROWS
    assert (np.diff(rows.step) > 0).all()
    assert (rows.step[0], rows.step[-1]) == (1, steps)
    np.testing.assert_array_equal(rows.loss, losses[rows.step - 1])
    assert rows.loss.min() == losses.min()
    assert rows.loss.max() == losses.max()
    few = history.rows(points=50)
    assert len(few.step) <= 50
    assert few.loss.max() == losses.max()
    part = history.rows(steps // 3 + 1, steps // 2 + 1)
    assert part.step.min(initial=steps) >= steps // 3 + 1
    assert part.step.max(initial=0) <= steps // 2 + 1


def test_a_wide_bucket_looked_at_as_a_whole_keeps_what_it_keeps_row_by_row() -> None:
    random = np.random.default_rng(0)
    # Few different losses, so that extremes come again; and some that are no numbers.
    losses = random.integers(1, 40, 10_000).astype(float)
    losses[random.integers(0, 10_000, 60)] = random.choice([np.nan, np.inf, 0.0], 60)
    at_once = filled(losses.tolist(), set(), set()).arrays()
    assert at_once["widths"][0] > 8
    for name, array in filled(losses.tolist(), set(range(10_000)), set()).arrays().items():
        np.testing.assert_array_equal(array, at_once[name])


def test_norms_are_measured_often_first_and_seldom_later() -> None:
    due = [step for step in range(1, 1_000_001) if is_due(step)]
    assert due[:33] == [*range(1, 33), 34]
    assert len(due) < 300
    assert max(b / a for a, b in itertools.pairwise(due[31:])) < 1.1


@given(st.integers(1, 5), st.integers(1, 9), st.integers(2, 6), st.integers(0, 10_000), st.data())
def test_losses_computed_together_have_the_bits_of_one(
    k: int, n: int, classes: int, seed: int, data: Any
) -> None:
    random = np.random.default_rng(seed)
    dtype = data.draw(st.sampled_from(["float64", "float32"]))
    size = data.draw(st.sampled_from([1e-3, 1.0, 30.0, 700.0]))
    scores = (size * random.standard_normal((k, n, classes))).astype(dtype)
    labels = random.integers(classes, size=(k, n))
    losses, accuracies = measured(scores, labels)
    for i in range(k):
        one = cross_entropy(scores[i], np.eye(classes, dtype=dtype)[labels[i]])
        assert losses[i] == one
        assert losses.dtype == one.dtype
        assert accuracies[i] == (scores[i].argmax(axis=1) == labels[i]).mean()


def training(steps: int, start: Training | None = None, **watched: Any) -> Training:
    case = make_case([3, 6, 4], ["relu"], 11, 1)
    optimizer = make_optimizer(OptimizerConfig("adam", 0.05))
    network = Network(case.spec, case.parameters if start is None else start.network.parameters)
    arguments: dict[str, Any] = {"start": 0}
    names = (list(case.spec.parameter_shapes), gates(network))
    history = History(*names)
    if start is not None:
        optimizer.restore(start.optimizer.state())
        assert start.watch.history is not None
        history = History.of(*names, start.watch.history.arrays())
        arguments = {"start": start.done}
        watched |= {"best": start.watch.best, "waited": start.watch.waited}
    watch = Watch(history, (case.x[:5], case.t.argmax(axis=1)[:5]), 7, **watched)
    return Training(network, case.x, case.t, optimizer, 4, steps, seed=5, watch=watch, **arguments)


def finish(one: Training, until: int) -> Training:
    while one.done < until and not one.finished:
        one.advance()
    one.settle()
    return one


def test_a_history_tells_what_the_steps_saw() -> None:
    told = training(90)
    stats = []
    while not told.finished:
        stats.append(told.step())
    told.settle()
    assert told.watch.history is not None
    rows = told.watch.history.rows()
    assert rows.step.tolist() == list(range(1, 91))
    np.testing.assert_array_equal(rows.loss, np.array([s.loss for s in stats], np.float32))
    np.testing.assert_array_equal(rows.accuracy, np.array([s.accuracy for s in stats], np.float32))
    for name, norms in rows.gradient_norms.items():
        for step, norm in zip(rows.step, norms, strict=True):
            expected = stats[step - 1].gradient_norms[name] if is_due(int(step)) else np.nan
            np.testing.assert_array_equal(norm, np.float32(expected))
    assert np.isfinite(rows.test_loss).nonzero()[0].tolist() == [*range(6, 90, 7), 89]
    assert ((rows.dead["relu1"] >= 0) | np.isnan(rows.dead["relu1"])).all()


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_training_taken_up_again_has_the_same_history(cut: int) -> None:
    whole = finish(training(90), 90)
    again = finish(training(90, finish(training(90), cut)), 90)
    assert whole.watch.history is not None
    assert again.watch.history is not None
    same(whole.watch.history.rows(), again.watch.history.rows())
    assert (whole.watch.best, whole.watch.waited) == (again.watch.best, again.watch.waited)


def test_a_training_ends_when_it_is_good_enough_or_gets_no_better() -> None:
    good = finish(training(2_000, loss_below=0.5), 2_000)
    assert good.watch.ended == "loss_below"
    assert good.stats().loss < 0.5
    assert good.done < 2_000
    assert good.finished
    tired = finish(training(10_000, patience=3), 10_000)
    assert tired.watch.ended == "patience"
    assert tired.done % 7 == 0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rates_follow_from_the_step(name: str) -> None:
    case = make_case([2, 3], [], 6, 0)

    def trained(rates: Rates | None, rate: float, steps: int) -> Network:
        network = Network(case.spec, case.parameters)
        optimizer = make_optimizer(OptimizerConfig(name, rate))
        one = Training(network, case.x, case.t, optimizer, 2, steps, rates=rates)
        while not one.finished:
            one.advance()
        return network

    plain = trained(None, 0.1, 3)
    changed = trained(Rates(0.5, changes=[(1, 0.1), (4, 9.0)]), 0.5, 3)
    for key, value in plain.parameters.items():
        np.testing.assert_array_equal(value, changed.parameters[key])


def test_schedules_fall_as_they_say() -> None:
    falling = Rates(1.0, Schedule("step", every=10, factor=0.1), 100)
    assert [falling.at(s) for s in (1, 10, 11, 20)] == [1, 1, 0.1, 0.1]
    assert falling.at(21) == pytest.approx(0.01)
    cosine = Rates(2.0, Schedule("cosine", floor=0.5), 101)
    assert (cosine.at(1), cosine.at(101)) == (2.0, 1.0)
    assert cosine.at(51) == pytest.approx(1.5)
    falling.change(12, 5.0)
    falling.change(12, 6.0)
    assert falling.at(11) == 0.1
    assert falling.at(12) == pytest.approx(0.6)


def test_counters_are_kept_apart() -> None:
    one = training(10)
    told = []
    for _ in range(6):
        one.advance()
        told.append((one.done, one.epoch, one.seen))
    assert told == [(1, 0, 4), (2, 0, 8), (3, 1, 11), (4, 1, 15), (5, 1, 19), (6, 2, 22)]

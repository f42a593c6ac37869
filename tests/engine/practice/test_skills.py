"""Skills: exercises without end, whose keys an independent computation agrees with."""

import os

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.faults import FAULTS
from app.engine.faults.updates import UPDATES
from app.engine.practice import MAX_SEED, SKILLS, Exercise, blamed, exercise, judged, sheet
from app.engine.practice.blame import BLAMED
from app.engine.practice.exercise import PROGRAM, SHAPE

Array = np.ndarray

# EVERY_SEED=1 tries a thousand.
SEEDS = range(1_000 if os.environ.get("EVERY_SEED") else 60)


def numbers_of(exercise: Exercise) -> dict[str, Array]:
    """What is given, by one name on either surface."""
    given = {name.rpartition(".")[2]: np.asarray(a) for name, a in exercise.parameters.items()}
    given |= {name: np.asarray(value) for name, value in exercise.values.items()}
    for name, array in (("X", exercise.x), ("T", exercise.t), ("G", exercise.grad_output)):
        if array is not None:
            given[name] = array
    return given


def affine_key(skill: str, given: dict[str, Array], rate: float | None) -> Array:
    x, w, g = given["X"], given["W"], given["G"]
    b = given["b"] if "b" in given else given["B"]
    dw = np.einsum("nd,nh->dh", x, g)
    keys: dict[str, Array] = {
        "affine": np.einsum("nd,dh->nh", x, w) + b,
        "dX": np.einsum("nh,dh->nd", g, w),
        "dW": dw,
        "dB": np.einsum("nh->h", g),
        "shape_dX": x,
        "shape_dW": w,
        "shape_dB": b,
        "update": w - (rate or 0.0) * dw,
    }
    return keys[skill]


def key_of(one: Exercise) -> Array:
    """The answer's whole array, computed without the engine."""
    given = numbers_of(one)
    if "W" in given:
        return affine_key(one.skill, given, one.rate)
    if one.skill == "relu":
        return np.where(given["X"] > 0, given["G"], 0.0)
    if one.skill == "sigmoid":
        y = 1 / (1 + np.exp(-given["X"]))
        return np.asarray(given["G"] * y * (1 - y))
    if one.skill in ("difference", "mean"):
        scores = given["A"] if "A" in given else given["X"]
        y = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return np.asarray((y - given["T"]) / len(scores))
    if one.skill == "branch":
        return np.asarray(given["u"] + given["v"] if "u" in given else given["y"] + given["z"])
    others = [value for name, value in given.items() if f"{name}.grad" != one.tensor]
    return np.asarray(np.prod(others))


@pytest.mark.parametrize("skill", SKILLS)
def test_every_key_is_right(skill: str) -> None:
    for seed in SEEDS:
        one = exercise(skill, seed)
        key = key_of(one)
        if one.kind == SHAPE:
            assert one.right == key.shape
            assert judged(one, str(key.shape)).right
        else:
            assert np.isclose(one.right, key[one.index], rtol=1e-12, atol=1e-12)
            assert judged(one, repr(float(key[one.index]))).right


@pytest.mark.parametrize("skill", SKILLS)
def test_answers_have_few_digits(skill: str) -> None:
    for seed in SEEDS:
        right = exercise(skill, seed).right
        if isinstance(right, float):
            assert abs(right) < 100
            assert np.isclose(right, round(right, 4), atol=1e-12), (skill, seed, right)


@pytest.mark.parametrize("skill", SKILLS)
def test_a_sheet_has_nothing_twice(skill: str) -> None:
    items = list(sheet(skill, 5, 30))

    assert len({item.asked for item in items}) == len(items) == 30


def test_no_sheet_of_the_largest_size_has_an_exercise_twice() -> None:
    for skill in SKILLS:
        for seed in SEEDS[::40]:
            items = list(sheet(skill, seed, 40))
            assert len({item.asked for item in items}) == len(items) == 40


@pytest.mark.parametrize("skill", SKILLS)
def test_a_skill_has_two_surfaces_and_the_same_seed_is_the_same_exercise(skill: str) -> None:
    assert exercise(skill, 8).asked == exercise(skill, 8).asked
    even, odd = exercise(skill, 2), exercise(skill, 3)
    assert odd.surface == PROGRAM
    assert even.code != odd.code


def test_a_wrong_answer_is_named() -> None:
    one = exercise("dW", 4)
    right = one.right
    assert isinstance(right, float)
    assert "sign" in judged(one, repr(-float(right))).faults
    shape = exercise("shape_dW", 0)
    assert isinstance(shape.right, tuple)
    assert judged(shape, str(shape.right[::-1])).faults == ("transposed_result",)
    bias = exercise("shape_dB", 0)
    assert bias.grad_output is not None
    assert judged(bias, str(bias.grad_output.shape)).faults == ("not_summed",)
    step = exercise("update", 0)
    old = step.parameters["affine1.W"][step.index]
    assert isinstance(step.right, float)
    assert "uphill" in judged(step, repr(float(2 * old - step.right))).faults


def test_what_a_mistake_left_out_is_named() -> None:
    assert set(BLAMED) == {*FAULTS, *UPDATES}
    gate, product, step, shape = (
        exercise(skill, 0) for skill in ("relu", "dW", "update", "shape_dB")
    )
    assert blamed(gate, ["mask_missing"]) == (("x", gate.index),)
    assert blamed(gate, ["upstream_ignored"]) == (("relu1.output.grad", gate.index),)
    assert blamed(gate, ["sign"]) == ()
    row, column = product.index
    everything = {("x", (n, row)) for n in range(3)} | {
        ("affine1.dot.grad", (n, column)) for n in range(3)
    }
    assert set(blamed(product, [])) <= everything
    assert blamed(step, ["rate_missing"]) == (("affine1.W.grad", step.index),)
    assert blamed(shape, ["not_summed"]) == (("affine1.output.grad", None),)


def test_too_few_digits_are_told_apart_from_a_wrong_answer() -> None:
    one = next(e for e in (exercise("mean", s) for s in SEEDS) if np.isclose(e.right, 0.0125))

    answer = judged(one, "0.01")

    assert not answer.right
    assert answer.few_digits


@pytest.mark.parametrize(("skill", "seed"), [("juggling", 0), ("dW", -1), ("dW", MAX_SEED + 1)])
def test_what_is_no_exercise_is_refused(skill: str, seed: int) -> None:
    with pytest.raises(EngineError):
        exercise(skill, seed)

"""The programs to start from come out with the numbers of the book and of the papers."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.code.running import read_code, trace_code
from app.engine.optimizers import OptimizerConfig
from app.engine.trace import Trace
from app.sessions import presets, program_presets
from app.sessions.edits import ChangeView, Reset, SetCell
from app.sessions.learning import check_gradients
from app.sessions.program_presets import PROGRAMS
from app.sessions.service import Service
from app.web.files import STATIC
from app.web.languages import LANGUAGES, first_words, strings


def trace_of(name: str) -> Trace:
    wanted = program_presets.wanted(PROGRAMS[name])
    spec, values, gradient = read_code(wanted.code, wanted.values, wanted.grad_output)
    return trace_code(spec, values, gradient)


# What the book or the paper says, or what follows from it by hand.
SAID: dict[str, dict[str, Any]] = {
    "softmax": {"S": 10, "y": [0.3, 0.2, 0.5], "S.grad": 0.1, "a.grad": [0.3, -0.8, 0.5]},
    "apples": {
        "price": 200, "total": 220, "price.grad": 1.1,
        "apple.grad": 2.2, "count.grad": 110, "tax.grad": 200,
    },
    "apples-oranges": {
        "apples": 200, "oranges": 450, "price": 650, "total": 715,
        "apple.grad": 2.2, "apple_count.grad": 110, "orange.grad": 3.3, "orange_count.grad": 165,
        "tax.grad": 650,
    },
    "addition": {"z": [15], "x.grad": [1.3], "y.grad": [1.3]},
    "multiplication": {"z": [50], "x.grad": [6.5], "y.grad": [13]},
    "relu": {"y": [[1, 0], [0, 3]], "x.grad": [[1, 0], [0, 4]]},
    "sigmoid-opened": {"y": [0.25, 0.5, 0.75], "x.grad": [3, 4, 3]},
    "sigmoid-closed": {"y": [0.25, 0.5, 0.75], "x.grad": [3, 4, 3]},
    "batch-norm": {"mu": [8, 30], "var": [25, 100], "beta.grad": [3, 1]},
    "dropout": {
        "mask": [[1, 0, 1, 1], [0, 1, 1, 0]], "y": [[3, 0, 1, 0], [0, 0, 6, 0]],
        "b.grad": [1, 0, 6, 0],
    },
    "convolution": {"c": [[[[15, 16], [6, 15]]]], "y": [[[[18, 19], [9, 18]]]], "b.grad": 3},
    "conv-layer": {
        "h.conv2d1": [
            [[[15, 16], [6, 15]], [[0, 0], [8, 0]]], [[[13, 16], [6, 16]], [[0, -2], [9, 0]]],
        ],
        "y": [[[[8]], [[9]]], [[[8]], [[10]]]],
        "b.grad": [[[4]], [[6]]],
    },
    "pooling": {
        "y": [[[[2, 3], [4, 2]]]],
        "x.grad": [[[[0, 1, 0, 0], [0, 0, 0, 2], [0, 0, 0, 4], [0, 3, 0, 0]]]],
    },
    "neuron": {
        "o": 0.7071067811865476, "x1.grad": -1.5, "x2.grad": 0.5, "w1.grad": 1, "w2.grad": 0,
        "b.grad": 0.5,
    },
    "two-two-two": {"L": 0.2983711087600027, "y": [0.7513650695523157, 0.7729284653214625]},
    "residual": {
        "y": [[3, 2], [0, 6]], "F.grad": [[1, 2], [0, 1]], "x:add6.grad": [[1, 2], [0, 1]],
    },
    "layer-norm": {"mu": [[8], [30]], "var": [[25], [100]], "beta.grad": [1, 1, 0, 2]},
    "attention": {"V": [[1, 2], [3, 0], [4, 2]]},
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_that_are_said(name: str) -> None:
    trace = trace_of(name)
    for key, value in SAID[name].items():
        assert_allclose(trace.array(key), value, rtol=1e-14, err_msg=key)


def test_batch_and_layer_normalization_are_the_same_but_for_the_axis() -> None:
    for name, axis, small in (("batch-norm", 0, 1e-7), ("layer-norm", 1, 1e-5)):
        trace = trace_of(name)
        x = trace.array("x")
        deviation = np.sqrt(x.var(axis=axis, keepdims=True) + small)
        n = (x - x.mean(axis=axis, keepdims=True)) / deviation
        assert_allclose(trace.array("n"), n, rtol=1e-14)
        # What is taken from everyone's mean is missing in everyone's gradient.
        assert_allclose(trace.array("x.grad").sum(axis=axis), 0, atol=1e-14)


def test_a_head_of_attention_is_equation_1_of_its_paper() -> None:
    trace = trace_of("attention")
    q, k, v = (trace.array(name) for name in "QKV")
    weights = np.exp(q @ k.T / np.sqrt(2))
    weights /= weights.sum(axis=1, keepdims=True)
    assert_allclose(trace.array("Y"), weights @ v, rtol=1e-14)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_learns_has_the_gradient_of_differences(service: Service, name: str) -> None:
    session, token = service.create_preset(name, None)
    if session.spec.learned:
        check = check_gradients(service.owned(session.id, token), 1e-5, 0)
        assert all(one.passed for one in check.parameters.values())


def test_the_2_2_2_network_learns_as_its_author_worked_it_out(service: Service) -> None:
    session, token = service.create_preset("two-two-two", None)
    updated, result = service.update(session.id, token, None, None)
    assert result.losses.before == 0.2983711087600027
    assert result.losses.after == pytest.approx(0.29102777369359933, rel=1e-15)
    assert updated.parameters["W1"][0, 0] == pytest.approx(0.1497807161327628, rel=1e-14)


def test_a_rate_of_its_own_is_part_of_a_preset(service: Service) -> None:
    session, token = service.create_preset("two-two-two", None)
    assert session.optimizer == OptimizerConfig(type="sgd", learning_rate=0.5)
    assert service.recipe(session).edits == ()
    rate = SetCell("learning_rate", (), 0.1)
    session = service.edit(session.id, token, None, [rate])
    assert service.recipe(session).edits == (rate,)
    session = service.edit(session.id, token, None, [Reset()])
    assert session.optimizer.learning_rate == 0.5
    assert service.recipe(session).edits == ()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_its_own_recipe(service: Service, name: str) -> None:
    session, token = service.create_preset(name, None)
    recipe = service.recipe(session)
    assert (recipe.base, recipe.edits) == ({"preset": name}, ())
    # And learning can be shown, or there is nothing to learn.
    shown = service.edit(session.id, token, None, [ChangeView(update=bool(session.spec.learned))])
    assert service.passes.trace(shown).events


def test_a_program_takes_no_row(service: Service) -> None:
    with pytest.raises(Exception, match="apples shows no digit"):
        service.create_preset("apples", 3)


def test_the_names_of_presets_are_no_two_s() -> None:
    assert len(presets.titles()) == len(presets.PRESETS) + len(PROGRAMS)
    # Built within the limits of a pass.
    assert all(program_presets.built(one)[0].cells for one in PROGRAMS.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_program_has_its_words_and_they_come_later(language: str) -> None:
    words, first = strings(language, STATIC), first_words(language, STATIC)
    chapters = {f"menu.chapter.{one.chapter}" for one in PROGRAMS.values()}
    wanted = chapters | {f"{kind}.{name}" for kind in ("preset", "start") for name in PROGRAMS}
    assert wanted <= words.keys()
    assert not wanted & first.keys()
    assert {f"preset.{name}" for name in presets.PRESETS} <= first.keys()

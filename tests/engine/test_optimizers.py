"""Every optimiser does what its formula says, and stops and goes on without a trace."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.errors import EngineError
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer

Array = np.ndarray
GRADIENTS = [np.array([0.5, -2.0]), np.array([1.0, 0.0]), np.array([-0.25, 4.0])]


def by_formula(config: OptimizerConfig, start: Array) -> Array:
    """The last parameters, written out cell by cell with plain floats."""
    epsilon = config.epsilon or 0.0
    end = []
    for cell, p in enumerate(start.tolist()):
        v = h = m = s = 0.0
        for k, gradient in enumerate(GRADIENTS, start=1):
            g, rate = float(gradient[cell]), config.learning_rate
            if config.type == "sgd":
                p -= rate * g
            elif config.type == "momentum":
                v = config.momentum * v - rate * g
                p += v
            elif config.type == "adagrad":
                h += g * g
                p -= rate * g / (math.sqrt(h) + epsilon)
            else:
                m = config.beta1 * m + (1 - config.beta1) * g
                s = config.beta2 * s + (1 - config.beta2) * g * g
                fair_m, fair_s = m / (1 - config.beta1**k), s / (1 - config.beta2**k)
                p -= rate * fair_m / (math.sqrt(fair_s) + epsilon)
        end.append(p)
    return np.array(end)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("epsilon", [None, 0.1])
def test_three_steps_follow_the_formula(name: str, epsilon: float | None) -> None:
    config = OptimizerConfig(name, 0.3, epsilon=epsilon)
    optimizer, p = make_optimizer(config), {"p": np.array([1.0, -1.0])}
    for gradient in GRADIENTS:
        p = optimizer.update(p, {"p": gradient})
    assert_allclose(p["p"], by_formula(config, np.array([1.0, -1.0])), rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_stopping_and_going_on_changes_no_bit(name: str) -> None:
    config = OptimizerConfig(name, 0.3)
    through, p = make_optimizer(config), {"p": np.array([1.0, -1.0])}
    first = through.update(p, {"p": GRADIENTS[0]})
    kept = through.state()
    one = through.update(first, {"p": GRADIENTS[1]})
    # Restored last, so that a state that changes with the optimiser would show.
    resumed = make_optimizer(config)
    resumed.restore(kept)
    two = resumed.update(first, {"p": GRADIENTS[1]})
    assert one["p"].tobytes() == two["p"].tobytes()
    assert through.state().keys() == resumed.state().keys()


def test_a_state_of_another_type_is_refused() -> None:
    momentum = make_optimizer(OptimizerConfig("momentum"))
    momentum.update({"p": np.ones(2)}, {"p": np.ones(2)})
    with pytest.raises(EngineError, match="another type"):
        make_optimizer(OptimizerConfig("adam")).restore(momentum.state())


def test_an_epsilon_left_out_is_the_types_own() -> None:
    found = [OptimizerConfig(name).epsilon for name in OPTIMIZERS]
    assert found == [None, None, 1e-10, 1e-8]


def test_a_step_beyond_all_numbers_is_an_infinity_and_no_warning() -> None:
    sgd = make_optimizer(OptimizerConfig("sgd", 1e6))
    assert sgd.update({"p": np.ones(1)}, {"p": np.full(1, 1e308)})["p"][0] == -np.inf


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_given_is_written_into_and_float32_stays(name: str) -> None:
    optimizer = make_optimizer(OptimizerConfig(name, 0.3))
    p, g = np.ones(2, "f4"), np.ones(2, "f4")
    p.setflags(write=False)
    g.setflags(write=False)
    new = p
    for _ in range(2):
        new = optimizer.update({"p": new}, {"p": g})["p"]
    assert new.dtype == np.float32
    assert (new < 1).all()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"type": "newton"}, "optimizer/type"),
        ({"learning_rate": 0.0}, "optimizer/learning_rate"),
        ({"learning_rate": True}, "optimizer/learning_rate"),
        ({"learning_rate": "0.1"}, "optimizer/learning_rate"),
        ({"learning_rate": math.inf}, "optimizer/learning_rate"),
        ({"learning_rate": math.nan}, "optimizer/learning_rate"),
        ({"momentum": 1.0}, "optimizer/momentum"),
        ({"beta2": -0.1}, "optimizer/beta2"),
        ({"epsilon": 0.0}, "optimizer/epsilon"),
    ],
)
def test_wrong_settings_are_refused_by_name(settings: dict[str, object], field: str) -> None:
    with pytest.raises(EngineError) as error:
        OptimizerConfig(**settings)  # type: ignore[arg-type]
    assert error.value.field == field

"""First values: seeded, of the right spread."""

import math

import numpy as np
import pytest

from app.engine.errors import EngineError
from app.engine.initializers import Initializer, initialize
from app.engine.spec import LayerSpec, NetworkSpec

SPEC = NetworkSpec.build(400, [LayerSpec("affine", units=300)])


@pytest.mark.parametrize(
    ("initializer", "spread"),
    [(Initializer("normal", 0.01), 0.01), (Initializer("xavier"), math.sqrt(1 / 400)),
     (Initializer("he"), math.sqrt(2 / 400)), (Initializer("zeros"), 0)],
)  # fmt: skip
def test_weights_have_the_spread_and_biases_start_at_zero(
    initializer: Initializer, spread: float
) -> None:
    drawn = initialize(SPEC, initializer, 0)
    assert drawn["affine1.W"].std() == pytest.approx(spread, rel=0.02)
    assert not drawn["affine1.b"].any()


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, same, other = (initialize(SPEC, Initializer(), seed)["affine1.W"] for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_float32_sees_the_same_network() -> None:
    single = NetworkSpec.build(400, SPEC.layers, dtype="float32")
    drawn = initialize(single, Initializer(), 0)["affine1.W"]
    assert drawn.dtype == np.float32
    assert np.array_equal(drawn, initialize(SPEC, Initializer(), 0)["affine1.W"].astype("f4"))


@pytest.mark.parametrize(("kind", "std"), [("magic", 1.0), ("normal", -1.0), ("normal", math.inf)])
def test_a_wrong_initializer_is_refused(kind: str, std: float) -> None:
    with pytest.raises(EngineError):
        Initializer(kind, std)

"""The order of the samples is that of NumPy's own generator, whatever the seed and the epoch."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from app.engine.batches import MiniBatches
from app.engine.shuffles import TOGETHER, Shuffles, states

SEEDS = st.integers(0, 2**63 - 1)


@given(SEEDS, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9))
@example(0, [0])
@example(2**32 - 1, [0])
@example(2**32, [1])
@example(2**63 - 1, [2**32 - 1])
def test_the_hash_of_a_seed_is_numpys(seed: int, epochs: list[int]) -> None:
    for epoch, found in zip(epochs, states(seed, np.array(epochs)), strict=True):
        hashed = np.random.SeedSequence([seed, epoch]).generate_state(4, np.uint64)
        assert found.tobytes() == hashed.tobytes()


@given(SEEDS, st.integers(1, 300), st.lists(st.integers(0, 3 * TOGETHER), min_size=1, max_size=9))
def test_an_epoch_has_its_order_whichever_were_asked_for_before(
    seed: int, n: int, epochs: list[int]
) -> None:
    shuffles = Shuffles(n, seed)
    for epoch in epochs:
        expected = np.random.default_rng([seed, epoch]).permutation(n)
        assert shuffles.order(epoch).tolist() == expected.tolist()


def test_steps_go_through_the_order_of_their_epoch() -> None:
    batches = MiniBatches(7, 3, 11, None)
    for epoch in (0, 1, 2 * TOGETHER, 5):
        order = np.random.default_rng([11, epoch]).permutation(7).tolist()
        rows = [batches.rows(3 * epoch + k).tolist() for k in range(3)]
        assert rows == [order[:3], order[3:6], order[6:]]

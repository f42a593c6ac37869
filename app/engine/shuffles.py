"""The order of the samples in every epoch: that of ``default_rng([seed, epoch])``, at less cost.

To begin a generator costs NumPy several times what it takes to shuffle a few samples: a third of a
step of a network of three neurons, where every step is an epoch. Most of it goes into hashing the
seed, which is the same arithmetic for all epochs, so it is done here for many of them at once. The
hash is that of `numpy.random.SeedSequence` (after O'Neill, "Developing a seed_seq alternative",
2015), which NumPy promises not to change; the orders are the same to the last row.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

Array = np.ndarray

# Epochs whose seeds are hashed at once.
TOGETHER = 256
POOL = 4
_WORD = 2**32


class Shuffles:
    """The order of ``n`` samples in every epoch.

    Args:
        n: How many samples.
        seed: 0 or more, below 2 to the power of 64.
    """

    def __init__(self, n: int, seed: int) -> None:
        self._n = n
        self._seed = seed
        self._first = 0
        self._states = np.zeros((0, POOL), np.uint64)

    def order(self, epoch: int) -> Array:
        """The rows ``(n,)`` as they come in an epoch, counted from 0."""
        place = epoch - self._first
        if not 0 <= place < len(self._states):
            place = epoch % TOGETHER
            self._first = epoch - place
            epochs = np.arange(self._first, self._first + TOGETHER)
            self._states = states(self._seed, epochs)
        begun = np.random.PCG64(_Hashed(self._states[place]))  # type: ignore[arg-type]
        return np.random.Generator(begun).permutation(self._n)


class _Hashed(ISeedSequence):
    """A seed that is hashed already."""

    def __init__(self, state: Array) -> None:
        self._state = state

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        """The four words of 64 bits that PCG64 asks for."""
        assert n_words == len(self._state)
        assert np.dtype(dtype) == self._state.dtype
        return self._state


def states(seed: int, epochs: Array) -> Array:
    """``SeedSequence([seed, epoch]).generate_state(4, uint64)`` of all epochs ``(k,)``: ``(k, 4)``.

    Args:
        seed: 0 or more, below 2 to the power of 64.
        epochs: 0 or more, below 2 to the power of 32.
    """
    words = [np.full(len(epochs), word, np.uint32) for word in _words(seed)]
    words.append(epochs.astype(np.uint32))
    words += [np.zeros(len(epochs), np.uint32)] * (POOL - len(words))
    constants = _constants(0x43B0D7E5, 0x931E8875)
    pool = [_hashed(word, constants) for word in words]
    for source in range(POOL):
        for other in range(POOL):
            if other != source:
                pool[other] = _mixed(pool[other], _hashed(pool[source], constants))
    constants = _constants(0x8B51F9DD, 0x58F38DED)
    made = [_hashed(pool[k % POOL], constants).astype(np.uint64) for k in range(2 * POOL)]
    pairs = zip(made[::2], made[1::2], strict=True)
    return np.stack([low | high << np.uint64(32) for low, high in pairs], axis=1)


def _words(seed: int) -> list[int]:
    """In words of 32 bits, the lowest first."""
    return [seed % _WORD, seed // _WORD] if seed >= _WORD else [seed]


def _constants(first: int, factor: int) -> Iterator[tuple[np.uint32, np.uint32]]:
    """For one value after the other what its hash is made with."""
    while True:
        second = first * factor % _WORD
        yield np.uint32(first), np.uint32(second)
        first = second


def _hashed(words: Array, constants: Iterator[tuple[np.uint32, np.uint32]]) -> Array:
    """A hash of each word, another one at every call."""
    added, factor = next(constants)
    hashed = (words ^ added) * factor
    return np.asarray(hashed ^ hashed >> np.uint32(16))


def _mixed(x: Array, y: Array) -> Array:
    """Of two words one."""
    mixed: Array = np.uint32(0xCA01F9DD) * x - np.uint32(0x4973F715) * y
    return np.asarray(mixed ^ mixed >> np.uint32(16))

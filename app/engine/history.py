"""What a training has seen, step by step, in no more rows than a curve has use for.

Three series are kept, each thinned by a rule that knows the steps alone and what was measured at
them, so that a history is the same whoever watched, paused or took the training up again:

- the mini-batch's loss and accuracy of every step. Steps stand together in buckets, of which the
  rows with the smallest and the largest loss are kept; when there are too many, buckets become
  twice as wide. A peak is never lost;
- loss and accuracy over held-out samples, thinned in the same way;
- norms and shares, at steps that grow further apart as the training goes on (`is_due`).

All numbers are float32, as they are kept; NaN stands where nothing was measured.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Row = tuple[float, ...]

MAX_ROWS = 2_000
CURVE_ROWS = 1_000
TEST_ROWS = 400
# So many steps are measured in full before only every 2nd, 4th, .. is.
DENSE = 32

# So many rows are looked at one by one.
FEW = 8

STEP, LOSS, ACCURACY, TEST_LOSS, TEST_ACCURACY = range(5)


@dataclass(frozen=True)
class Rows:
    """Rows of a history in the order of their steps; NaN where nothing was measured.

    Attributes:
        step: Counted from 1, ``(n,)`` int64.
        loss, accuracy: Of the step's mini-batch before its update, ``(n,)`` float32, as all others.
        test_loss, test_accuracy: Over the held-out samples, after the update.
        gradient_norms: By parameter, the Euclidean norm of its gradient.
        update_ratios: By parameter, the norm of its change over the norm it had before.
        dead: By ReLU layer, the share of units that no sample of the mini-batch opened.
    """

    step: Array
    loss: Array
    accuracy: Array
    test_loss: Array
    test_accuracy: Array
    gradient_norms: dict[str, Array]
    update_ratios: dict[str, Array]
    dead: dict[str, Array]


class History:
    """The three series of one training.

    Args:
        parameters: Names whose norms and ratios are kept.
        gates: Names of ReLU layers whose dead units are counted.
    """

    def __init__(self, parameters: Sequence[str], gates: Sequence[str] = ()) -> None:
        self.parameters = tuple(parameters)
        self.gates = tuple(gates)
        self._curve = _Thinned(CURVE_ROWS, LOSS)
        self._tests = _Thinned(TEST_ROWS, TEST_LOSS)
        self._health: list[Row] = []
        self._ends: list[Row] = []

    @property
    def last(self) -> int:
        """The newest step that was noted; 0 before the first."""
        return int(self._ends[-1][STEP]) if self._ends else 0

    def note(self, first: int, losses: Array, accuracies: Array) -> None:
        """The mini-batches of steps ``first``, ``first + 1``, .. as they saw them.

        Args:
            first: Counted from 1, the one after `last`.
            losses: ``(k,)``; an infinity or NaN is kept as such.
            accuracies: ``(k,)``, shares from 0 to 1.
        """
        steps = map(float, range(first, first + len(losses)))
        rows: list[Row] = list(zip(steps, _kept(losses), _kept(accuracies), strict=True))
        self._curve.extend(rows)
        if not self._ends:
            self._ends.append(rows[0])
        self._ends[1:] = rows[-1:]

    def note_test(self, loss: float, accuracy: float) -> None:
        """What the held-out samples showed after the newest step."""
        self._tests.add((*self._ends[-1], *_kept([loss, accuracy])))

    def note_health(
        self, norms: Iterable[float], ratios: Iterable[float], dead: Iterable[float]
    ) -> None:
        """Norms, ratios and dead shares of the newest step, in the order of their names."""
        self._health.append((*self._ends[-1], *_kept([*norms, *ratios, *dead])))

    def rows(self, first: int = 1, last: int | None = None, points: int = MAX_ROWS) -> Rows:
        """At most ``points`` rows of the steps from ``first`` to ``last``.

        Where there are more, those with the extremes of the loss stay.
        """
        last = self.last if last is None else last

        def within(rows: Iterable[Row]) -> list[Row]:
            return [row for row in rows if first <= row[STEP] <= last]

        curve = within(_merged([*self._ends[:1], *self._curve.rows, *self._ends[1:]]))
        tests, health = within(self._tests.rows), within(self._health)
        if len(curve) + len(tests) + len(health) > points:
            curve = _thinned(curve, max(2, points // 2), LOSS)
            tests = _thinned(tests, points // 4, TEST_LOSS)
            health = _thinned(health, points // 4, LOSS)
        return self._table(curve, tests, health)

    def arrays(self) -> dict[str, Array]:
        """All of it by name, for `of`: float32."""
        width = 3 + 2 * len(self.parameters) + len(self.gates)
        return {
            "curve": _array(self._curve.rows, 3),
            "tests": _array(self._tests.rows, 5),
            "health": _array(self._health, width),
            "ends": _array(self._ends, 3),
            "widths": np.array([self._curve.width, self._tests.width], dtype=np.int64),
        }

    @classmethod
    def of(
        cls, parameters: Sequence[str], gates: Sequence[str], arrays: Mapping[str, Array]
    ) -> "History":
        """The history that gave these `arrays`; it goes on as if it had never been put away."""
        history = cls(parameters, gates)
        history._curve.load(_rows(arrays["curve"]), int(arrays["widths"][0]))
        history._tests.load(_rows(arrays["tests"]), int(arrays["widths"][1]))
        history._health = _rows(arrays["health"])
        history._ends = _rows(arrays["ends"])
        return history

    def _table(self, curve: list[Row], tests: list[Row], health: list[Row]) -> Rows:
        steps = sorted({int(row[STEP]) for row in (*curve, *tests, *health)})
        place = {step: k for k, step in enumerate(steps)}
        columns = np.full((5 + 2 * len(self.parameters) + len(self.gates), len(steps)), np.nan)
        for kept, start in ((curve, None), (tests, TEST_LOSS), (health, TEST_ACCURACY + 1)):
            for row in kept:
                k = place[int(row[STEP])]
                columns[LOSS : ACCURACY + 1, k] = row[LOSS : ACCURACY + 1]
                if start is not None:
                    columns[start : start + len(row) - 3, k] = row[3:]
        found = columns.astype(np.float32)
        count = len(self.parameters)
        norms, ratios, dead = found[5 : 5 + count], found[5 + count : 5 + 2 * count], found[
            5 + 2 * count :
        ]  # fmt: skip
        return Rows(
            np.array(steps, dtype=np.int64),
            found[LOSS],
            found[ACCURACY],
            found[TEST_LOSS],
            found[TEST_ACCURACY],
            dict(zip(self.parameters, norms, strict=True)),
            dict(zip(self.parameters, ratios, strict=True)),
            dict(zip(self.gates, dead, strict=True)),
        )


def is_due(step: int) -> bool:
    """Whether norms are measured at a step: all to 32, then every 2nd to 64, every 4th to 128, ..

    Of a million steps 270 are.
    """
    if step <= DENSE:
        return True
    stride = 1 << ((step - 1) // DENSE).bit_length()
    return step % stride == 0


class _Thinned:
    """Rows in buckets of ``width`` steps, of each the one with the least and that with the most."""

    def __init__(self, limit: int, key: int) -> None:
        self.rows: list[Row] = []
        self.width = 1
        self._limit = limit
        self._key = key
        # Where the rows of the newest bucket begin.
        self._start = 0

    def add(self, row: Row) -> None:
        rows = self.rows
        if rows and self._bucket(rows[-1]) == self._bucket(row):
            # Nearly always it lies between the two that are there.
            one, other = rows[self._start][self._key], rows[-1][self._key]
            if one <= row[self._key] <= other or other <= row[self._key] <= one:
                return
            rows[self._start :] = _extremes([*rows[self._start :], row], self._key)
            return
        self._start = len(rows)
        rows.append(row)
        while len(self.rows) > self._limit:
            self.width *= 2
            self._regroup()

    def extend(self, rows: list[Row]) -> None:
        """Rows of steps that follow each other; the same as to `add` each.

        Nearly all rows of a wide bucket lie between its extremes, and need not be looked at one by
        one.
        """
        sizes = np.array([row[self._key] for row in rows])
        sizes[np.isnan(sizes)] = np.inf
        place = 0
        while place < len(rows):
            self.add(rows[place])
            # The rest of its bucket, which may have become wider just now.
            left = self.width - 1 - (int(rows[place][STEP]) - 1) % self.width
            place, end = place + 1, min(len(rows), place + 1 + left)
            if end - place > FEW:
                part = sizes[place:end]
                kept = sorted({place + int(part.argmin()), place + int(part.argmax())})
            else:
                kept = list(range(place, end))
            for k in kept:
                self.add(rows[k])
            place = end

    def load(self, rows: list[Row], width: int) -> None:
        self.rows, self.width = rows, width
        self._regroup()

    def _regroup(self) -> None:
        buckets: dict[int, list[Row]] = {}
        for row in self.rows:
            buckets.setdefault(self._bucket(row), []).append(row)
        kept = [_extremes(bucket, self._key) for bucket in buckets.values()]
        self.rows = [row for bucket in kept for row in bucket]
        self._start = len(self.rows) - (len(kept[-1]) if kept else 0)

    def _bucket(self, row: Row) -> int:
        return (int(row[STEP]) - 1) // self.width


def _extremes(rows: list[Row], key: int) -> list[Row]:
    """The rows with the least and the most, in order; what is no number counts as the most."""

    def size(row: Row) -> float:
        value = row[key]
        return value if value == value else float("inf")

    least, most = min(rows, key=size), max(rows, key=size)
    if least is most:
        return [least]
    return [least, most] if least[STEP] < most[STEP] else [most, least]


def _thinned(rows: list[Row], points: int, key: int) -> list[Row]:
    """At most ``points`` rows, the ends and the extremes of equal stretches between them."""
    if len(rows) <= points:
        return rows
    if points < 4:
        return rows[:1][:points]
    inner, count = rows[1:-1], (points - 2) // 2
    first, span = inner[0][STEP], inner[-1][STEP] - inner[0][STEP] + 1
    buckets: dict[int, list[Row]] = {}
    for row in inner:
        buckets.setdefault(int((row[STEP] - first) * count / span), []).append(row)
    kept = [row for bucket in buckets.values() for row in _extremes(bucket, key)]
    return [rows[0], *kept, rows[-1]]


def _merged(rows: list[Row]) -> list[Row]:
    """Each step once."""
    return list({row[STEP]: row for row in rows}.values())


def _kept(values: Array | Sequence[float]) -> list[float]:
    with np.errstate(over="ignore"):
        kept: list[float] = np.asarray(values).astype(np.float32).tolist()
    return kept


def _array(rows: list[Row], width: int) -> Array:
    return np.array(rows, dtype=np.float32).reshape(len(rows), width)


def _rows(array: Array) -> list[Row]:
    return [tuple(row) for row in array.tolist()]

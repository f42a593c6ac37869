"""Mini-batches: which rows each step learns from, as the seed and the step's number say."""

from collections.abc import Sequence

import numpy as np

from app.engine.bounds import whole
from app.engine.errors import EngineError, TooLarge
from app.engine.shuffles import Shuffles
from app.engine.spec import Limits, NetworkSpec

Array = np.ndarray
Batches = Sequence[Sequence[int]]


class MiniBatches:
    """Which rows each step learns from.

    Fixed batches are used in their order, and again from the first when there are more steps.
    Otherwise every epoch is a new shuffle without replacement, whose last batch may be short.
    """

    def __init__(
        self, n: int, size: int | None, seed: int, fixed: Batches | None, in_order: bool = False
    ) -> None:
        """Check the sizes and rows.

        Args:
            n: How many rows there are.
            size: Of a mini-batch; all of them where it is None.
            seed: Of the shuffles.
            fixed: The rows of every mini-batch.
            in_order: Where each step learns from all rows, they stay as they stand.

        Raises:
            EngineError: names the batch and the row at fault.
        """
        self.seed = whole_number(seed, "seed", 0, 2**63 - 1)
        self._n = n
        self._shuffles = Shuffles(n, self.seed)
        self._order = np.arange(0)
        self._epoch = -1
        self._fixed: list[Array] | None = None
        if fixed is not None:
            if size is not None:
                raise EngineError("batch_size and batches exclude each other", "batch_size")
            if not _listed(fixed):
                raise EngineError("batches is a list of at least one batch", "batches", "shape")
            self._fixed = [_rows(rows, n, f"batches/{k}") for k, rows in enumerate(fixed)]
            self.size = max(map(len, self._fixed))
        else:
            what = ", the number of samples"
            self.size = n if size is None else whole_number(size, "batch_size", 1, n, what)
        self._stay = np.arange(n) if in_order and fixed is None and self.size == n else None

    @property
    def count(self) -> int | None:
        """How many batches were fixed; None where they are drawn."""
        return None if self._fixed is None else len(self._fixed)

    @property
    def per_epoch(self) -> int:
        """How many steps an epoch has."""
        return -(-self._n // self.size) if self._fixed is None else len(self._fixed)

    def seen(self, steps: int) -> int:
        """How many samples ``steps`` steps learn from, a row as often as it comes."""
        epochs, rest = divmod(steps, self.per_epoch)
        if self._fixed is None:
            return epochs * self._n + min(rest * self.size, self._n)
        lengths = [len(batch) for batch in self._fixed]
        return epochs * sum(lengths) + sum(lengths[:rest])

    def rows(self, step: int) -> Array:
        """The rows of step ``step``, counted from 0."""
        if self._fixed is not None:
            return self._fixed[step % len(self._fixed)]
        if self._stay is not None:
            return self._stay
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._order = self._shuffles.order(epoch)
            self._epoch = epoch
        return self._order[place * self.size : (place + 1) * self.size]


def check_sizes(batches: Batches, spec: NetworkSpec, limits: Limits) -> None:
    """Refuse fixed batches beyond the limits.

    A row may come often, so a batch can be far larger than the samples that were let in.

    Raises:
        TooLarge: names the batch.
    """
    for k, rows in enumerate(batches):
        n = len(rows)
        if n > limits.samples:
            raise TooLarge(
                f"a batch has at most {limits.samples:,} rows",
                f"batches/{k}",
                {"maxItems": limits.samples},
            )
        if spec.pass_cells(n) > limits.cells:
            raise TooLarge(
                f"one pass over this batch would hold {spec.pass_cells(n):,} numbers, "
                f"at most {limits.cells:,} are allowed",
                f"batches/{k}",
                {"maximum": limits.cells},
            )


def _rows(rows: Sequence[int], n: int, field: str) -> Array:
    if not _listed(rows):
        raise EngineError("a batch is a list of at least one row number", field, "shape")
    allowed = whole(0, n - 1)
    for place, row in enumerate(rows):
        if isinstance(row, bool) or not isinstance(row, int | np.integer):
            raise EngineError("a row is a whole number", f"{field}/{place}", "type")
        if not 0 <= row < n:
            raise EngineError(
                f"a row is {allowed.words}", f"{field}/{place}", "range", allowed.schema
            )
    return np.array(rows, dtype=np.intp)


def _listed(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > 0 and value.ndim > 0
    return isinstance(value, list | tuple | range) and len(value) > 0


def whole_number(value: object, field: str, low: int, high: int, what: str = "") -> int:
    """A whole number from ``low`` to ``high``, or an error that names the field."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise EngineError(f"{field} is a whole number", field, "type")
    if not low <= value <= high:
        allowed = whole(low, high).schema
        raise EngineError(f"{field} is from {low:,} to {high:,}{what}", field, "range", allowed)
    return int(value)

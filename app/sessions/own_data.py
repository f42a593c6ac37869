"""Data sets that people bring along, kept beside the sessions that learn from them.

A data set is a record of the store like a session: counted in the same books, dropped when nobody
has used it for as long, and never changed. Its name is not to be guessed; who has it may read it.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from app.engine.bounds import whole
from app.engine.errors import EngineError
from app.sessions.csvfile import Table
from app.sessions.edits import Loader
from app.sessions.store.clock import now
from app.sessions.store.store import NotFound, Record, SessionDamaged, Store

Array = np.ndarray

PREFIX = "own-"
# Tables in memory, each of 8 MB at most.
KEPT = 8
# Signs of a class's name in a session.
MAX_CLASS_NAME = 30
# How stale "last used" may be.
TOUCH_SECONDS = 60.0

_KIND = "dataset"


@dataclass(frozen=True)
class _Kept:
    x: Array
    labels: Array
    about: dict[str, Any]


class OwnData:
    """Tables by name, and through them the data sets that come with the explorer; thread-safe."""

    def __init__(self, store: Store, others: Loader) -> None:
        self._store = store
        self._others = others
        self._lock = threading.Lock()
        self._tables: OrderedDict[str, tuple[_Kept, float]] = OrderedDict()

    def add(self, table: Table, owner: str = "") -> dict[str, Any]:
        """Keep a table; what `about` tells of it.

        Raises:
            StoreFull: no room for it.
        """
        at = now()
        name = PREFIX + secrets.token_urlsafe(12)
        rows = len(table.labels)
        about = {
            "name": name,
            "splits": {"train": table.train, "test": rows - table.train},
            "shape": [len(table.columns)],
            "classes": len(table.classes),
            "class_names": list(table.classes),
            "columns": list(table.columns),
            "label": table.label,
        }
        # A thousand column names are more than the small part of a record may hold.
        words = np.frombuffer(orjson.dumps(about), dtype=np.uint8)
        arrays = {"x": table.x, "labels": table.labels, "about": words}
        self._store.create(Record(name, b"", 1, at, at, {"kind": _KIND}, arrays), owner)
        return about

    def about(self, name: str) -> dict[str, Any]:
        """Its splits, columns and classes.

        Raises:
            NotFound: there is none, or nobody has used it for long.
        """
        return self._table(name).about

    def class_names(self, dataset: str, count: int) -> tuple[str, ...]:
        """What a network with so many outputs calls its classes by, each on one short line.

        None for a data set that came along, for another number of classes, and where the names are
        their numbers.

        Raises:
            NotFound: there is none, or nobody has used it for long.
        """
        if not dataset.startswith(PREFIX):
            return ()
        words = self.about(dataset)["class_names"]
        names = tuple(_short(" ".join(word.split())) or str(k) for k, word in enumerate(words))
        if len(names) != count or names == tuple(map(str, range(count))):
            return ()
        return names

    def load(self, dataset: str, split: str, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """Samples as a network takes them, of one's own data set or of one that came along.

        Without ``rows`` all of the split, not to be written into.

        Returns:
            x ``(N, D)`` and the labels ``(N,)``.

        Raises:
            EngineError: no such data set, split or row.
        """
        if not dataset.startswith(PREFIX):
            return self._others(dataset, split, rows)
        try:
            table = self._table(dataset)
        except (NotFound, SessionDamaged):
            raise EngineError("there is no such data set", "dataset", "name") from None
        splits: dict[str, int] = table.about["splits"]
        if split not in splits:
            raise EngineError(
                f"split is one of {', '.join(splits)}", "split", "name", {"enum": list(splits)}
            )
        first = 0 if split == "train" else splits["train"]
        if rows is None:
            part = slice(first, first + splits[split])
            return table.x[part], table.labels[part]
        allowed = whole(0, splits[split] - 1)
        for place, row in enumerate(rows):
            if not 0 <= row < splits[split]:
                raise EngineError(
                    f"a row of {split} is {allowed.words}"
                    if splits[split]
                    else f"{split} is empty",
                    f"rows/{place}",
                    "range",
                    allowed.schema,
                )
        places = np.asarray(rows, dtype=np.intp) + first
        return table.x[places], table.labels[places]

    def _table(self, name: str) -> _Kept:
        at = now()
        with self._lock:
            known = self._tables.get(name)
            if known is not None and at - known[1] < TOUCH_SECONDS:
                self._tables.move_to_end(name)
                return known[0]
        if known is None:
            record = self._store.get(name)
            if record.meta.get("kind") != _KIND:
                raise NotFound("there is no such data set")
            try:
                about = orjson.loads(record.arrays["about"].tobytes())
                table = _Kept(record.arrays["x"], record.arrays["labels"], about)
            except (LookupError, ValueError) as error:
                raise SessionDamaged(f"a data set makes no sense: {error!r}") from error
        else:
            table = known[0]
        self._store.touch(name)
        with self._lock:
            self._tables[name] = (table, at)
            self._tables.move_to_end(name)
            while len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        return table


def _short(name: str) -> str:
    return name if len(name) <= MAX_CLASS_NAME else name[: MAX_CLASS_NAME - 1].rstrip() + "…"


def is_session(record: Record) -> bool:
    """Whether a record of the store is a session's."""
    return "kind" not in record.meta

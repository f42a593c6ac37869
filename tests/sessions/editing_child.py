"""Edits a session for ever and says each acknowledged version; its parent kills it."""

import sys

import numpy as np

from app.sessions.store.open_store import open_store
from app.sessions.store.store import NotFound, Record

# Large enough that SQLite checkpoints its WAL file every few dozen edits, so that kills meet it.
CELLS = 10_000

if __name__ == "__main__":
    store = open_store(f"sqlite:{sys.argv[1]}")
    try:
        found = store.get("a")
    except NotFound:
        store.create(Record("a", b"", 1, 9e9, 9e9, {"n": 1}, {"x": np.full(CELLS, 1.0)}))
        found = store.get("a")
    while True:
        number = found.version + 1
        # Every third edit is a step of the cursor, which writes no array.
        arrays = {"x": np.full(CELLS, float(number))} if number % 3 else {}
        found = store.replace("a", found.version, {"n": number}, arrays)
        sys.stdout.write(f"{found.version}\n")
        sys.stdout.flush()

"""Edits a session for ever and says each acknowledged version; its parent kills it."""

import sys

import numpy as np

from app.sessions.store import NotFound, Record, open_store

if __name__ == "__main__":
    store = open_store(f"sqlite:{sys.argv[1]}")
    try:
        found = store.get("a")
    except NotFound:
        store.create(Record("a", b"", 1, 9e9, 9e9, {"n": 1}, {"x": np.zeros(5000)}))
        found = store.get("a")
    while True:
        number = found.version + 1
        x = np.full(5000, float(number))
        found = store.replace("a", found.version, {"n": number}, {"x": x})
        sys.stdout.write(f"{found.version}\n")
        sys.stdout.flush()

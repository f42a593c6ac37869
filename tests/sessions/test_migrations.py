"""Files of every earlier shape are opened, with all that a learner had in them.

The statements and bytes are those of the versions that wrote such files, not today's.
"""

import hashlib
import json
import sqlite3
import struct
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app import datasets
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.sessions.store.rescue import rescue
from app.sessions.store.schema import SCHEMA_VERSION

TOKEN = "the learner's edit token"
META = {
    "network": {
        "input_size": 2,
        "layers": [{"type": "affine", "name": "affine1", "units": 3}],
        "loss": None,
        "dtype": "float64",
    },
    "optimizer": {
        "type": "sgd", "learning_rate": 0.1, "momentum": 0.9, "beta1": 0.9, "beta2": 0.999,
        "epsilon": None,
    },
    "view": {"level": "op", "loss": "closed", "sample": 0, "single": True},
    "cursor": [1, 0],
    "preset": "fig-5-25",
    "data_version": 1,
    "runs": [],
}  # fmt: skip
ARRAYS = {
    "parameters/affine1.W": np.array([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]),
    "parameters/affine1.b": np.array([1.0, 2.0, 3.0]),
    "x": np.array([[0.7, 2.0]]),
    "grad_output": np.array([[1.0, 2.0, 3.0]]),
}
SESSIONS = """CREATE TABLE sessions (id TEXT PRIMARY KEY, token_hash BLOB NOT NULL,
    version INTEGER NOT NULL, created REAL NOT NULL, touched REAL NOT NULL,
    bytes INTEGER NOT NULL, meta BLOB NOT NULL)"""
BESIDE = """CREATE TABLE {} (session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (session_id, name))"""
FILES = {
    # The first server: no numbers of rows, and arrays with their checksum at the front.
    "1, first": (
        1, 1,
        [
            f"{SESSIONS} WITHOUT ROWID",
            "CREATE INDEX sessions_by_touched ON sessions (touched)",
            BESIDE.format("arrays"),
        ],
    ),
    "1": (1, 2, [SESSIONS, BESIDE.format("arrays")]),
    "2": (
        2, 2,
        [
            SESSIONS,
            BESIDE.format("arrays"),
            BESIDE.format("attachments"),
            "CREATE INDEX attachments_by_name ON attachments (name)",
        ],
    ),
}  # fmt: skip


def encoded(array: np.ndarray, form: int) -> bytes:
    body = struct.pack(f"<{array.ndim}Q", *array.shape) + array.astype("<f8").tobytes()
    if form == 1:
        return struct.pack("<4sBBBxI", b"BPXA", 1, 1, array.ndim, zlib.crc32(body)) + body
    whole = struct.pack("<4sBBBx", b"BPXA", 2, 1, array.ndim) + body
    return whole + struct.pack("<I", zlib.crc32(whole))


def write(path: Path, version: int, form: int, statements: Sequence[str]) -> None:
    """A file as an earlier version left it, with one session."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    for statement in statements:
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {version}")
    data = {name: encoded(array, form) for name, array in ARRAYS.items()}
    meta = json.dumps(META, separators=(",", ":")).encode()
    # What form 1 charged a row for has changed since; a file says it as it was.
    size = 256 * (form - 1) + len(meta) + sum(map(len, data.values()))
    now = time.time()
    database.execute(
        "INSERT INTO sessions VALUES (?, ?, 2, ?, ?, ?, ?)",
        ("a", hashlib.sha256(TOKEN.encode()).digest(), now, now, size, meta),
    )
    database.executemany("INSERT INTO arrays VALUES ('a', ?, ?)", list(data.items()))
    if version > 1:
        database.execute("INSERT INTO attachments VALUES ('a', 'run/1/plan', x'01')")
    database.close()


@pytest.fixture(params=FILES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write(tmp_path / "s.db", *FILES[request.param])
    return tmp_path / "s.db"


def test_there_is_a_file_of_every_version() -> None:
    assert {version for version, _, _ in FILES.values()} == set(range(1, SCHEMA_VERSION + 1))


def test_a_learner_goes_on_in_a_file_of_any_version(path: Path) -> None:
    service = Service(open_store(f"sqlite:{path}"), datasets.load)
    session = service.get("a")
    assert session.version == 2
    assert session.parameters["affine1.W"].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert session.x.tolist() == [[0.7, 2.0]]
    moved, _, passed = service.step("a", TOKEN, (2,), "next", "op")
    assert (moved.version, len(passed)) == (3, 1)
    service.keeper.store.replace("a", 3, moved.meta(), {}, {"run/2/plan": b"kept"})
    service.close()
    store = open_store(f"sqlite:{path}")
    assert store.attachment("a", "run/2/plan") == b"kept"
    store.delete("a")
    assert store.stats().sessions == 0
    assert store.stats().bytes == 0
    store.close()
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert database.execute("SELECT count(*) FROM arrays").fetchone() == (0,)
    assert database.execute("SELECT count(*) FROM attachments").fetchone() == (0,)
    database.close()


def test_a_file_of_any_version_can_be_rescued(path: Path) -> None:
    found = rescue(str(path))
    assert (found.saved, found.lost) == (1, 0)
    service = Service(open_store(f"sqlite:{path}"), datasets.load)
    assert service.get("a").x.tolist() == [[0.7, 2.0]]
    service.close()

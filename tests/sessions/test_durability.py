"""Kill -9 in the middle of edits, twenty times: no acknowledged edit is lost."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.sessions.store.open_store import open_store
from app.sessions.store.store import StoreBusy

ROOT = Path(__file__).parent.parent.parent


def test_no_acknowledged_edit_is_lost_to_twenty_kills(tmp_path: Path) -> None:
    path, last = tmp_path / "s.db", 1
    generator = random.Random(0)
    for kill in range(20):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.sessions.editing_child", str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            assert child.stdout is not None
            said = child.stdout.readline()
            if kill == 0:
                with pytest.raises(StoreBusy, match=str(child.pid)):
                    open_store(f"sqlite:{path}")
            time.sleep(generator.uniform(0, 0.05))
        finally:
            child.kill()
        said += child.stdout.read()
        child.wait()
        child.stdout.close()
        # What stands behind the last line's end was cut by the kill.
        acknowledged = [int(line) for line in said.split("\n")[:-1]]
        assert acknowledged == list(range(acknowledged[0], acknowledged[-1] + 1))
        assert acknowledged[0] in (last + 1, last + 2)
        last = acknowledged[-1]

        store = open_store(f"sqlite:{path}")
        found = store.get("a")
        store.close()
        # One edit more may have been kept before it was acknowledged.
        assert found.version in (last, last + 1)
        assert found.meta == {"n": found.version}
        newest = found.version if found.version % 3 else found.version - 1
        assert set(found.arrays["x"]) == {float(newest)}
    assert last > 20
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()

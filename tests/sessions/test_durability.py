"""Kill -9 in the middle of edits, twenty times: no acknowledged edit is lost."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from app.sessions.store import open_store

ROOT = Path(__file__).parent.parent.parent


def test_no_acknowledged_edit_is_lost_to_twenty_kills(tmp_path: Path) -> None:
    path, last = tmp_path / "s.db", 1
    generator = random.Random(0)
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.sessions.editing_child", str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert child.stdout is not None
        acknowledged = [child.stdout.readline()]
        time.sleep(generator.uniform(0, 0.05))
        child.kill()
        acknowledged += child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
        # The very last line may have been cut by the kill.
        last = max([last, *(int(line) for line in acknowledged[:-1] if line.strip())])
        store = open_store(f"sqlite:{path}")
        found = store.get("a")
        store.close()
        assert found.version >= last
        assert found.meta == {"n": found.version}
        assert set(found.arrays["x"]) == {float(found.version) if found.version > 1 else 0.0}
    assert last > 20
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()

"""The page of notes in `docs` runs, where there is pandas; where there is none, it says so."""

import importlib.util
import subprocess
import sys
from pathlib import Path

NOTES = Path(__file__).parent.parent / "docs/learning_rates.py"


def test_the_notes_run_or_say_what_they_need(server: str) -> None:
    command = [sys.executable, str(NOTES), server]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    if importlib.util.find_spec("pandas") is None:
        assert done.returncode == 1
        assert done.stderr == ("This page of notes needs pandas: python -m pip install pandas\n")
        return
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rate", "0.01", "0.10", "1.00"]
    slow, usual = (float(number) for number in lines[-1].split()[1:3])
    assert usual < slow

"""The programs of `docs/rest.md` print what stands below them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parent.parent / "docs/rest.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"^## ([^\n]+)$.*?^```python\n(.*?)^```$\s*^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
)


def test_every_program_is_run() -> None:
    assert len(EXAMPLES) == TEXT.count("```python") == 9


@pytest.mark.parametrize(("title", "program", "shown"), EXAMPLES)
def test_the_program_prints_what_is_shown(
    server: str, title: str, program: str, shown: str
) -> None:
    command = [sys.executable, "-c", program.replace("http://127.0.0.1:8000", server)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr == ""
    assert done.stdout == shown

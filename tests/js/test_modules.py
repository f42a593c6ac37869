"""Every *.test.js beside this file holds."""

import re
from pathlib import Path

import pytest

from tests.js.node import run

FILES = sorted(Path(__file__).parent.glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_module_of_the_page_does_what_it_says(file: Path) -> None:
    done = run(str(file))

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^(#|ℹ) pass [1-9]", done.stdout, re.MULTILINE), done.stdout

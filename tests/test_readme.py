"""What the README shows is what happens."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    """All fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_example_gives_the_answer_shown(server: str) -> None:
    (command,) = (block for block in blocks("sh") if block.startswith("curl"))
    (shown,) = (json.loads(block) for block in blocks("json"))

    answer: Any = json.loads(run(["sh", "-c", command.replace(ADDRESS, server)]))

    assert {name: answer[name] for name in shown} == shown


def test_the_python_example_prints_what_is_shown(server: str) -> None:
    # One program in two parts, each with what it prints.
    program, shown = blocks("python"), blocks("text")

    assert len(program) == len(shown) == 2
    done = run([sys.executable, "-c", "\n".join(program).replace(ADDRESS, server)])
    assert done == "".join(shown)


def test_the_first_screen_has_the_two_commands_and_a_picture() -> None:
    first = README[: README.index("\n## ")]
    commands = re.findall(r"^make (\w+)", first, re.MULTILINE)

    assert commands == ["run", "test"]
    for target in commands:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(first.splitlines()) < 30
    assert re.search(r"!\[.+\]\(docs/explorer\.png\)", first)


def test_the_command_for_serving_others_is_one_the_program_takes() -> None:
    (command,) = (block for block in blocks("sh") if block.startswith("python -m app"))
    options = set(re.findall(r"--[a-z-]+", command))

    usage = run([sys.executable, "-m", "app", "--help"])

    assert options <= set(re.findall(r"--[a-z-]+", usage))


def test_every_file_it_names_is_there() -> None:
    names = re.findall(r"\]\(([^)#:]+)\)", README)

    assert names
    assert [name for name in names if not (ROOT / name).is_file()] == []

"""Who has the processor first, told of real processes."""

import os
import subprocess
import sys
from argparse import ArgumentTypeError

import pytest

from app.sessions.runs.work.priority import NICENESS, VARIABLE, priority

TOLD = """
import os
from app.sessions.runs.work.priority import give_way
give_way()
print(os.sched_getscheduler(0) == os.SCHED_IDLE, os.nice(0))
"""


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no idle priority here")
@pytest.mark.parametrize(("word", "is_idle"), [("idle", True), ("low", False), (None, True)])
def test_trainings_give_way_as_they_are_told(word: str | None, is_idle: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if word is not None:
        environment[VARIABLE] = word

    said = subprocess.run(
        [sys.executable, "-c", TOLD], env=environment, capture_output=True, text=True, check=True
    )

    nice = os.nice(0) if is_idle else min(19, os.nice(0) + NICENESS)
    assert said.stdout.split() == [str(is_idle), str(nice)]


def test_a_priority_that_there_is_not_is_refused() -> None:
    assert priority("low") == "low"
    with pytest.raises(ArgumentTypeError, match="idle, low"):
        priority("high")

"""Who has the processor first: those who answer; training takes what is left."""

import argparse
import os
from contextlib import suppress

# What waits at a nice level is given its share now and then, and whoever answers waits meanwhile:
# with 30 trainings the slowest hundredth of answers took 2.8 times as long as without. Work for
# idle time gives way at once, and it is 1.2; but while others keep every core busy, it hardly goes
# on.
PRIORITIES = ("idle", "low")
# How those who train hear of it, whoever has started them.
VARIABLE = "BACKPROP_TRAINING_PRIORITY"
NICENESS = 10


def priority(text: str) -> str:
    """One of `PRIORITIES`.

    Raises:
        ArgumentTypeError: it is none.
    """
    if text not in PRIORITIES:
        raise argparse.ArgumentTypeError(f"it is one of {', '.join(PRIORITIES)}")
    return text


def give_way() -> None:
    """Let all other processes come first, as much as the environment says.

    With ``idle`` whenever they want the processor, where the system knows such a thing; with
    ``low`` mostly.
    """
    if os.environ.get(VARIABLE, PRIORITIES[0]) == "idle" and hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # where a container forbids it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    if hasattr(os, "nice"):
        os.nice(NICENESS)

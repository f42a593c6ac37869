"""Serves a store in which a run is active, or starts one; says when it runs, and each step saved.

It is there to be killed.

python -m tests.sessions.training_child STORE ["SESSION RUN" or "program"]
"""

import sys
import time
from dataclasses import replace

import numpy as np

from app.engine.optimizers import OptimizerConfig
from app.sessions.creation import WantedCode
from app.sessions.runs import workshop
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from tests.sessions.conftest import WANTED, load_rows

# A seed and mini-batches of one row, so that a step too many, too few or twice would show.
STEPS, SEED = 120_000, 5
PLAN = Plan(batch_size=1, steps=STEPS, seed=SEED)
# The same of lines of NumPy, whose steps take longer.
LINES = WantedCode(
    "h = np.maximum(X @ W, 0)\nL = np.mean((h @ v - T) ** 2)",
    {
        "X": np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5], [1.0, 1.0], [0.0, -0.5]]),
        "W": np.array([[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]]),
        "v": np.array([0.5, -1.0, 0.25]),
        "T": np.array([1.0, -0.5, 0.25, 2.0, 0.0]),
    },
    optimizer=OptimizerConfig("adam", 0.001),
)
LINE_STEPS = 12_000

if __name__ == "__main__":
    workshop.SAVE_SECONDS = 0.02
    service = Service(open_store(f"sqlite:{sys.argv[1]}"), load_rows)
    if len(sys.argv) == 2 or sys.argv[2] == "program":
        wanted, steps = (WANTED, STEPS) if len(sys.argv) == 2 else (LINES, LINE_STEPS)
        session, token = service.create(wanted)
        run = service.trainer.start(session.id, token, None, replace(PLAN, steps=steps))
        ids = f"{session.id} {run.id}"
    else:
        ids = sys.argv[2]
    while service.trainer.run(*ids.split())["state"] in ("queued", "interrupted"):
        time.sleep(0.002)
    sys.stdout.write(f"{ids}\n")
    sys.stdout.flush()
    end, saved = time.monotonic() + 60, -1
    while time.monotonic() < end:
        step = service.trainer.archive.steps(*ids.split())[-1]
        if step != saved:
            saved = step
            sys.stdout.write(f"{saved}\n")
            sys.stdout.flush()
        time.sleep(0.002)

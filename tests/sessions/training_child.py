"""Serves a store in which a run is active, or starts one; says when it runs, and each step saved.

It is there to be killed.

python -m tests.sessions.training_child STORE ["SESSION RUN"]
"""

import sys
import time

from app.sessions.runs import workshop
from app.sessions.runs.work.order import Plan
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from tests.sessions.conftest import WANTED, load_rows

# A seed and mini-batches of one row, so that a step too many, too few or twice would show.
STEPS, SEED = 120_000, 5
PLAN = Plan(batch_size=1, steps=STEPS, seed=SEED)

if __name__ == "__main__":
    workshop.SAVE_SECONDS = 0.02
    service = Service(open_store(f"sqlite:{sys.argv[1]}"), load_rows)
    if len(sys.argv) == 2:
        session, token = service.create(WANTED)
        run = service.trainer.start(session.id, token, None, PLAN)
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

"""Kill -9 in the middle of a run, twenty times: it goes on by itself, and no bit differs."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.engine.network import Network
from app.engine.optimizers import make_optimizer
from app.engine.training import Training
from app.sessions.learning import require_targets
from app.sessions.runs import runs
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from tests.sessions.conftest import WANTED, load_rows
from tests.sessions.training_child import PLAN, STEPS

ROOT = Path(__file__).parent.parent.parent


def serve(path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sessions.training_child", str(path), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_run_survives_twenty_kills_and_ends_where_it_would_have_ended_in_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, generator = tmp_path / "s.db", random.Random(0)
    ids, steps = "", [0]
    for kill in range(20):
        child = serve(path, *filter(None, [ids]))
        assert child.stdout is not None
        with child, child.stdout:
            try:
                ids = child.stdout.readline().strip()
                # A busy machine may come to nothing in that time; now and then it must.
                while kill % 5 == 4 and int(child.stdout.readline()) <= steps[-1]:
                    pass
                time.sleep(generator.uniform(0, 0.2))
            finally:
                child.kill()
        # Looked into between two servers: what it has come to never goes back.
        monkeypatch.setattr(runs.RunManager, "adopt", lambda self, id, run: None)
        service = Service(open_store(f"sqlite:{path}"), load_rows)
        monkeypatch.undo()
        session_id, run_id = ids.split()
        steps.append(service.trainer.archive.steps(session_id, run_id)[-1])
        service.close()
    assert steps == sorted(steps)
    assert len(set(steps)) > 3
    assert steps[-1] < STEPS
    service = Service(open_store(f"sqlite:{path}"), load_rows)
    assert service.trainer.run(session_id, run_id)["state"] in (
        "interrupted",
        "running",
        "finished",
    )
    end = time.monotonic() + 60
    while service.trainer.run(session_id, run_id)["state"] != "finished":
        assert time.monotonic() < end
        time.sleep(0.05)
    found = service.get(session_id)
    assert service.trainer.archive.steps(session_id, run_id)[-1] == STEPS
    began, _ = service.create(WANTED)
    alone = Training(
        Network(began.spec, began.parameters), began.x, require_targets(began),
        make_optimizer(began.optimizer), PLAN.batch_size, STEPS, PLAN.seed,
    )  # fmt: skip
    while not alone.finished:
        alone.advance()
    for name, value in alone.network.parameters.items():
        assert found.parameters[name].tobytes() == value.tobytes()
    service.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_who_trains_ends_with_the_server_however_it_ends(tmp_path: Path) -> None:
    child = serve(tmp_path / "s.db")
    assert child.stdout is not None
    with child, child.stdout:
        child.stdout.readline()
        pids: list[int] = []
        end = time.monotonic() + 20
        while not pids:
            assert time.monotonic() < end
            tasks = Path(f"/proc/{child.pid}/task").glob("*/children")
            pids = [int(pid) for task in tasks for pid in task.read_text().split()]
        child.kill()
    while any(Path(f"/proc/{pid}").exists() and _lives(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

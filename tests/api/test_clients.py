"""Clients that others' generators make from the OpenAPI document, doing every call there is.

openapi-python-client's and @hey-api/openapi-ts's (checked by tsc, run by Node) each call the whole
server over a socket, and read every answer as the type that they made for it.
"""

import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from app.api import examples
from app.server import Settings, create_app
from tests.api.described import operations
from tests.api.test_looks import DIGITS
from tests.conftest import serving

HERE = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app(Settings())) as address:
        yield address


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def generated(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """The Python client: its package, and its `models`."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "openapi.json").write_text(json.dumps(document), "utf-8")
    said = run(
        sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json",
        "--output-path", "explorer_client", "--meta", "none",
        "--config", HERE / "python.yaml", "--fail-on-warning",
        cwd=folder,
    )  # fmt: skip
    assert "WARNING" not in said
    sys.path.insert(0, str(folder))
    yield SimpleNamespace(
        client=importlib.import_module("explorer_client"),
        models=importlib.import_module("explorer_client.models"),
    )
    sys.path.remove(str(folder))


class Caller:
    """Calls through the generated Python client, remembering which."""

    def __init__(self, generated: SimpleNamespace, document: dict[str, Any], address: str) -> None:
        self.models, self.package = generated.models, generated.client
        self.address = address
        self.open = self.package.Client(base_url=address)
        self.clients = [self.open]
        self.called: set[str] = set()
        self.tags = {
            operation["operationId"]: operation["tags"][0]
            for _, _, operation in operations(document)
        }

    def own(self, token: str) -> Any:
        """A client that holds a session's edit token."""
        owner = self.package.AuthenticatedClient(base_url=self.address, token=token)
        self.clients.append(owner)
        return owner

    def file(self, content: io.BytesIO) -> Any:
        return importlib.import_module(f"{self.package.__name__}.types").File(payload=content)

    def close(self) -> None:
        for client in self.clients:
            client.get_httpx_client().close()

    def __call__(self, operation: str, *args: Any, by: Any = None, **kwargs: Any) -> Any:
        """What the answer is read as; it is a success, and nothing was left unread."""
        name = f"explorer_client.api.{self.tags[operation]}.{operation}"
        module = importlib.import_module(name)
        answer = module.sync_detailed(*args, client=by or self.open, **kwargs)
        assert 200 <= answer.status_code < 300, (operation, answer.content)
        assert answer.parsed is not None or answer.status_code == 204, operation
        assert type(answer.parsed).__name__ != "ProblemAnswer"
        self.called.add(operation)
        return answer.parsed


def npy(array: Any) -> io.BytesIO:
    file = io.BytesIO()
    np.save(file, np.asarray(array, dtype=float))
    file.seek(0)
    return file


def test_the_python_client_does_every_call(
    generated: SimpleNamespace, document: dict[str, Any], address: str
) -> None:
    with closing(Caller(generated, document, address)) as call:
        do_every_call(call)

    assert call.called == set(call.tags)


def do_every_call_of_practice(call: Caller, id: str) -> None:
    models = call.models

    skill = call("get_skills").skills[0]
    assert call("get_exercise", skill=skill, seed=1).session
    assert len(call("get_sheet", skill=skill, count=2).items) == 2
    answered = models.PracticeAnswer.from_dict(examples.ANSWER["a number"])
    assert call("judge_answer", body=answered).right in (True, False)
    assert call("get_faults").faults
    fault = call("get_places", id).faults[0].id
    assert call("get_specimen", id, fault, steps=2).gradients
    mine = models.Compared.from_dict(examples.COMPARE["what was worked out by hand"])
    assert not call("compare_gradient", id, body=mine).equal
    assert call("get_hidden", id, seed=7).gradients
    guess = models.Suspected.from_dict(examples.SUSPECT["a mistake and its layer"])
    assert call("judge_suspect", id, body=guess)
    lesson = call("get_lessons").lessons[0].id
    assert call("get_lesson", lesson).title
    said = models.Prediction.from_dict(examples.PREDICTION["a number"])
    assert not call("judge_prediction", id, body=said).right


def do_every_call(call: Caller) -> None:
    models = call.models

    for body in examples.EVALUATE.values():
        name = f"Evaluate{'Code' * ('code' in body)}{'Batch' * ('batch' in body)}"
        call("evaluate", body=getattr(models, name).from_dict(body))
    for name in ("index", "catalogue", "presets", "datasets", "problems"):
        call(f"get_{name}")
    assert call("get_row", "mnist", "test", 3).label in range(10)
    drawn = models.Picture.from_dict(examples.PICTURE["a stroke"])
    assert max(map(max, call("prepare_drawing", body=drawn).pixels)) == 1
    table = call.file(io.BytesIO(b"a,b\n1,x\n2,y\n"))
    assert call("get_dataset", call("create_dataset", body=table).name).class_names == ["x", "y"]

    made = call("create_session", body=models.SessionFromPreset(preset="fig-5-25"))
    body = models.NewSession.from_dict(examples.NEW_SESSION["own network"])
    made = call("create_session", body=body)
    id, own = made.id, call.own(made.edit_token)
    assert call("get_session", id).x == examples.NEW_SESSION["own network"]["x"]
    assert call("fork_session", id, body=models.Fork()).edit_token
    assert call("get_code", id).lines[0].layers == ["affine1", "relu1"]
    edit = models.SetCell(op="set", tensor="affine1.W", value=0.5, index=[0, 1])
    call("edit_session", id, by=own, body=[edit], if_match="*")
    step = call("step_session", id, by=own, body=models.Step())
    assert step.cursor.seq == 1

    assert call("get_graph", id).nodes[0].x > 0
    assert call("get_trace", id).events[0].phase
    assert call("get_recipe", id).base.network.input_size
    assert len(call("get_layers", id).layers) == 3
    assert call("get_layer", id, "affine1").output
    assert call("get_figure", id).payload.read().startswith(b"<svg")
    assert b"import numpy" in call("get_export", id).payload.read()
    explained = call("explain_number", id, tensor="affine1.W.grad", index="0,1")
    assert explained.rule_name == "dot.gradient.1"
    nudged = call("nudge_number", id, tensor="affine1.W.grad", index="0,1", h=[0.001, 0.0001])
    assert [one.h for one in nudged.nudges] == [0.001, 0.0001]
    call("check_session", id, by=own, body=models.Check())
    do_every_call_of_practice(call, id)
    assert call("update_session", id, by=own, body=models.Update()).loss.after

    weights = call("get_tensor", id, "affine1.W").value
    put = call.file(npy(weights))
    changed = call("put_tensor", id, "affine1.W", by=own, body=put, if_match="*", max_cells=100)
    assert changed.parameters["affine1.W"] == weights
    assert call("get_tensors", id).tensors
    put = call.file(io.BytesIO(save({"affine1.W": np.asarray(weights)})))
    call("put_tensors", id, by=own, body=put, if_match="*")

    run = call("start_run", id, by=own, body=models.NewRun(steps=1_000_000, batch_size=1))
    control = {"by": own, "body": models.Nothing()}
    while call("get_run", id, run.id).step == 0:
        time.sleep(0.01)
    call("control_run", id, run.id, "pause", **control)
    assert call("get_run", id, run.id).state == "paused"
    change = models.ChangeRun(learning_rate=0.5)
    assert call("change_run", id, run.id, by=own, body=change).optimizer.learning_rate == 0.5
    assert call("get_history", id, run.id).loss
    assert call("get_health", id, run=run.id).layers[0].ratio > 0
    assert call("get_regions", id, size=8).size == 8
    digits = models.SessionWithData.from_dict(DIGITS)
    assert len(call("get_doubtful", call("create_session", body=digits).id, count=3).digits) == 3
    opened = call("open_step", id, run.id, by=own, body=models.OpenStep(step=1))
    assert opened.opened.step == 1
    with ThreadPoolExecutor(1) as threads:
        events = threads.submit(call, "get_events", id, last_event_id="0")
        call("control_run", id, run.id, "stop", **control)
        assert len(call("get_runs", id).runs) == 1
        time.sleep(0.2)
        # The stream of a session that is gone ends.
        call("delete_session", id, by=own)
        assert "event: bye" in events.result(20)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generator for TypeScript in it."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no Node here")
    folder = tmp_path_factory.mktemp("typescript")
    for name in (
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        "openapi-ts.config.js",
        "calls.ts",
    ):
        shutil.copy(HERE / name, folder)
    command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("npm cannot bring @hey-api/openapi-ts")
    return folder


def test_the_typescript_client_does_every_call(
    packages: Path, document: dict[str, Any], address: str
) -> None:
    (packages / "openapi.json").write_text(json.dumps(document), "utf-8")

    run("node", "node_modules/@hey-api/openapi-ts/bin/run.js", cwd=packages)
    run("node", "node_modules/typescript/bin/tsc", cwd=packages)
    said = run("node", "built/calls.js", cwd=packages, ADDRESS=address)

    assert set(said.split()) == {
        operation["operationId"] for _, _, operation in operations(document)
    }

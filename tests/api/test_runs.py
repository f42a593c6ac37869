"""Runs by REST: PyTorch's trajectories, control, conflicts, and what stays after a restart."""

import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from numpy.testing import assert_allclose
from starlette.testclient import TestClient

from app.api import close, install
from app.sessions.open_store import open_store
from app.sessions.service import Service
from tests.api.conftest import API, SMALL, Owner, digits
from tests.reference import load, trajectories

LONG = {"steps": 1_000_000, "batch_size": 2, "optimizer": {"type": "sgd", "learning_rate": 1e-6}}


def until(owner: Owner, path: str, *states: str) -> dict[str, Any]:
    """The run once it is in one of these states."""
    for _ in range(2000):
        run: dict[str, Any] = owner.get(path).json()
        if run["state"] in states:
            return run
        time.sleep(0.01)
    raise AssertionError(run)


def started(owner: Owner, body: dict[str, Any]) -> str:
    """The path of a new run, below the session's."""
    answer = owner.post("/runs", body)
    assert answer.status_code == 202, answer.text
    location: str = answer.headers["location"]
    return location.removeprefix(owner.url)


@pytest.mark.parametrize("name", trajectories())
def test_every_optimizer_follows_pytorch_through_a_run(client: TestClient, name: str) -> None:
    case = load(name)
    owner = Owner(client, {key: case[key] for key in ("network", "parameters", "x", "t")})
    path = started(owner, {"optimizer": case["optimizer"], "batches": case["batches"]})
    run = until(owner, path, "finished")
    session = owner.get().json()
    assert run["step"] == run["steps"] == len(case["batches"])
    assert_allclose(run["loss"], case["expected"]["losses"][-1], rtol=1e-10)
    for key, expected in case["expected"]["parameters"].items():
        assert_allclose(session["parameters"][key], expected, rtol=1e-10)
    # The pass follows the new parameters.
    evaluated = client.post(
        f"{API}/evaluate",
        json={key: case[key] for key in ("network", "x", "t")}
        | {"parameters": session["parameters"]},
    ).json()
    assert session["loss"] == evaluated["loss"]


def test_a_run_pauses_goes_on_and_stops_at_once(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    path = started(owner, LONG)
    until(owner, path, "running")
    began = time.monotonic()
    paused = owner.post(f"{path}/pause").json()
    assert time.monotonic() - began < 1
    assert paused["state"] == "paused"
    version = owner.get().json()["version"]
    time.sleep(0.05)
    assert owner.get(path).json()["step"] == paused["step"]
    assert owner.get().json()["version"] == version
    owner.post(f"{path}/resume")
    for _ in range(200):
        if owner.get(path).json()["step"] > paused["step"]:
            break
        time.sleep(0.01)
    else:
        raise AssertionError("the run does not go on")
    stopped = owner.post(f"{path}/stop").json()
    assert stopped["state"] == "stopped"
    assert owner.get("/runs").json()["runs"] == [stopped]


def test_nothing_is_changed_while_a_run_is_active(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    path = started(owner, LONG)
    owner.post(f"{path}/pause")
    edit = [{"op": "set", "tensor": "x", "index": [0, 0], "value": 5}]
    headers = owner.token | {"If-Match": "*"}
    refused = [
        client.patch(owner.url, json=edit, headers=headers),
        owner.post("/runs", LONG),
        owner.post("/update"),
    ]
    assert [answer.status_code for answer in refused] == [409, 409, 409]
    assert {answer.json()["type"] for answer in refused} == {f"{API}/problems#run-active"}
    owner.post(f"{path}/stop")
    assert client.patch(owner.url, json=edit, headers=headers).status_code == 200
    assert owner.post(f"{path}/pause").status_code == 409
    over = owner.post(f"{path}/resume")
    assert over.status_code == 409
    assert over.json()["type"].endswith("#run-over")
    # It may have come to its end just now, so stopping it is no mistake.
    assert owner.post(f"{path}/stop").json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/steps"),
        ({"steps": 0}, "/steps"),
        ({"steps": 5, "batch_size": 4}, "/batch_size"),
        ({"batches": [[0, 3]]}, "/batches/0/1"),
        ({"batches": [[]]}, "/batches/0"),
        ({"batches": [[0]], "batch_size": 1}, "/batch_size"),
        ({"steps": 5, "optimizer": {"type": "newton"}}, "/optimizer"),
    ],
)
def test_a_wrong_plan_is_refused_by_field(
    client: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = Owner(client, SMALL).post("/runs", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_unknown_runs_and_actions_are_not_found(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    assert owner.get("/runs/none").status_code == 404
    assert owner.post("/runs/none/pause").status_code == 404
    assert owner.post("/runs/none/stop").status_code == 404
    assert owner.post("/runs/none/explode").status_code == 422


def test_a_loss_that_blows_up_is_told_as_it_is(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    body = {"steps": 30, "optimizer": {"type": "sgd", "learning_rate": 1e6}}
    path = started(owner, body)
    run = until(owner, path, "finished")
    assert run["loss"] in ("NaN", "Infinity") or run["loss"] > 1e3
    assert owner.get().status_code == 200


def test_a_run_that_the_end_of_the_server_cut_off_goes_on_by_itself_with_the_next(
    tmp_path: Path,
) -> None:
    url = f"sqlite:{tmp_path}/s.db"

    def serve() -> tuple[FastAPI, Service]:
        service = Service(open_store(url), digits)
        app = FastAPI()
        install(app, service)
        return app, service

    plan = LONG | {"steps": 20_000}
    app, service = serve()
    with TestClient(app) as client:
        owner, whole = Owner(client, SMALL), Owner(client, SMALL)
        path, waiting = started(owner, plan), started(whole, plan)
        until(owner, path, "running")
        whole.post(f"{waiting}/pause")
    close(app)
    service.close()
    assert service.trainer.manager.list(owner.created["id"])[-1].state == "interrupted"
    app, service = serve()
    with TestClient(app) as client:
        owner.client = whole.client = client
        assert owner.get(path).json()["state"] in ("interrupted", "running")
        assert owner.post("/update").status_code == 409
        assert owner.get("/runs").json()["runs"][0]["id"] in path
        assert whole.get(waiting).json()["state"] == "paused"
        whole.post(f"{waiting}/resume")
        for one, place in ((owner, path), (whole, waiting)):
            assert until(one, place, "finished")["step"] == 20_000
        # Both began alike, so both end alike, wherever they were cut.
        assert owner.state["parameters"] == whole.state["parameters"]
    close(app)
    service.close()

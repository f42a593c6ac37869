"""Runs by REST: PyTorch's trajectories, control, conflicts, and what stays after a restart."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.testing import assert_allclose
from starlette.testclient import TestClient

from app.api import close, install
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.web.pages import words
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


def test_the_history_comes_in_columns_and_as_a_table(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    plan = {"steps": 400, "batch_size": 2, "schedule": {"type": "step", "every": 100}}
    path = started(owner, plan | {"optimizer": {"type": "sgd", "learning_rate": 0.4}})
    done = until(owner, path, "finished")
    assert (done["epoch"], done["samples"], done["seconds_left"]) == (200, 600, None)
    history = owner.get(f"{path}/history").json()
    assert history["step"] == list(range(1, 401))
    assert_allclose(history["loss"][-1], done["loss"], rtol=1e-6)
    assert history["learning_rate"][::100] == [0.4, 0.2, 0.1, 0.05]
    assert history["test_loss"] == [None] * 400
    norms = history["gradient_norms"]["affine1.W"]
    assert (None in norms[:32], norms[32], norms[34] is None) == (False, None, True)
    assert history["dead"].keys() == {"relu1"}
    part = owner.get(f"{path}/history?from=101&to=300&points=50").json()
    assert len(part["step"]) <= 50
    assert 101 <= min(part["step"]) <= max(part["step"]) <= 300
    answer = owner.get(f"{path}/history", headers={"Accept": "application/x-npy"})
    table = np.load(io.BytesIO(answer.content))
    assert table["step"].tolist() == history["step"]
    assert_allclose(table["loss"], history["loss"], rtol=1e-6)
    assert np.isnan(table["gradient_norms/affine1.W"][32])
    assert owner.get("/runs/none/history").status_code == 404


def test_what_blew_up_is_told_as_text_and_what_was_not_measured_as_null(
    client: TestClient,
) -> None:
    owner = Owner(client, SMALL)
    path = started(owner, {"steps": 40, "optimizer": {"type": "sgd", "learning_rate": 1e6}})
    until(owner, path, "finished")
    history = owner.get(f"{path}/history").json()
    told = {type(value).__name__ for value in history["loss"]}
    assert told == {"float", "str"} or max(map(float, history["loss"])) > 1e3
    assert None not in history["loss"]
    assert history["gradient_norms"]["affine1.W"][32] is None


def test_a_run_ends_early_where_it_is_good_enough_and_its_rate_is_changed(
    client: TestClient,
) -> None:
    owner = Owner(client, SMALL)
    rate = {"optimizer": {"type": "sgd", "learning_rate": 0.3}}
    path = started(owner, rate | {"steps": 1_000_000, "stop": {"loss_below": 0.05}})
    done = until(owner, path, "finished")
    assert done["ended_by"] == "loss_below"
    assert done["step"] < 1_000_000
    assert done["loss"] < 0.05
    refused = owner.post("/runs", {"steps": 5, "stop": {"patience": 3}})
    assert refused.json()["errors"][0]["pointer"] == "/stop/patience"
    path = started(owner, LONG)
    change = client.patch(owner.url + path, json={"learning_rate": 0.5}, headers=owner.token)
    assert change.json()["optimizer"]["learning_rate"] == 0.5
    wrong = client.patch(owner.url + path, json={"learning_rate": 0}, headers=owner.token)
    assert wrong.json()["errors"][0]["pointer"] == "/learning_rate"
    owner.post(f"{path}/stop")
    over = client.patch(owner.url + path, json={"learning_rate": 0.5}, headers=owner.token)
    assert over.json()["type"].endswith("#run-over")


@pytest.mark.parametrize(
    ("schedule", "stop"),
    [
        ({"type": "constant"}, {"loss_below": None, "patience": None}),
        ({"type": "step", "every": 7, "factor": 0.9}, {"loss_below": 0.01, "patience": None}),
        ({"type": "cosine", "floor": 0.1}, {"loss_below": None, "patience": 900}),
    ],
)
def test_what_a_run_was_asked_for_is_told_and_makes_it_again_bit_for_bit(
    client: TestClient, schedule: dict[str, Any], stop: dict[str, Any]
) -> None:
    plane = {"data": {"dataset": "moons", "samples": 40, "batch_size": 8}}
    asked = {
        "optimizer": {"type": "momentum", "learning_rate": 0.1, "momentum": 0.8},
        "batch_size": 4,
        "steps": 30,
        "seed": 5,
        "schedule": schedule,
        "evaluate_every": 3,
        "stop": stop,
    }
    network = {
        "input_size": 2,
        "layers": [{"type": "affine", "units": 2}],
        "loss": SMALL["network"]["loss"],
    }
    told, body = [], asked
    for _ in range(2):
        owner = Owner(client, {"network": network, **plane})
        path = started(owner, body)
        run = until(owner, path, "finished")
        assert {key: run[key] for key in asked} == asked
        assert not run["fixed_batches"]
        told.append(owner.get(f"{path}/history").json())
        body = {key: run[key] for key in asked}
    assert told[0] == told[1]
    # Where samples are not held out, and mini-batches are given.
    owner = Owner(client, SMALL)
    path = started(owner, {"batches": [[0], [0]]})
    run = until(owner, path, "finished")
    assert (run["fixed_batches"], run["evaluate_every"]) == (True, None)
    assert run["schedule"] == {"type": "constant"}


def test_a_step_is_opened_with_its_mini_batch_and_closed_again(client: TestClient) -> None:
    owner = Owner(client, {"preset": "two-layer"})
    path = started(owner, {"steps": 30, "batch_size": 2})
    until(owner, path, "finished")
    after = owner.state
    opened = owner.post(f"{path}/open", {"step": 17}).json()
    run = path.removeprefix("/runs/")
    assert opened["opened"] == {"run": run, "step": 17, "last": 30, "unchanged": True}
    assert len(opened["x"]) == 2
    assert opened["cursor"]["seq"] == 0
    history = owner.get(f"{path}/history").json()
    assert_allclose(opened["loss"], history["loss"][16], rtol=1e-6)
    assert owner.post(f"{path}/open", {"step": 31}).json()["errors"][0]["pointer"] == "/step"
    whole = owner.post(f"{path}/open").json()
    assert whole["opened"] is None
    assert (whole["x"], whole["parameters"]) == (after["x"], after["parameters"])


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
        install(app, service, words)
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

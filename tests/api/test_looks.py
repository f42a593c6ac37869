"""What is looked at while a network learns: its health, regions of the plane, doubtful digits."""

import io
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from app import datasets
from app.engine.alarms import NAMES
from app.engine.regions import SIZES
from app.sessions.service import Service
from tests.api.conftest import API, SMALL, Owner

LAYERS = [{"type": "affine", "units": 8}, {"type": "relu"}, {"type": "affine", "units": 2}]
NETWORK = {"input_size": 2, "layers": LAYERS, "loss": {"type": "softmax_cross_entropy"}}
MOONS: dict[str, Any] = {
    "network": NETWORK,
    "data": {"dataset": "moons", "samples": 60, "noise": 0.1},
}
DIGITS: dict[str, Any] = {
    "network": {**NETWORK, "input_size": 784, "layers": [{"type": "affine", "units": 10}]},
    "data": {"dataset": "mnist", "samples": 300},
}


def trained(owner: Owner, steps: int, rate: float, batch: int = 20) -> str:
    """A run to its end; its id."""
    plan = {
        "optimizer": {"type": "sgd", "learning_rate": rate},
        "steps": steps,
        "batch_size": batch,
    }
    run: str = owner.post("/runs", plan).json()["id"]
    while owner.get(f"/runs/{run}").json()["state"] not in ("finished", "failed"):
        time.sleep(0.01)
    return run


def names(health: Any) -> list[str]:
    return [alarm["name"] for alarm in health["alarms"]]


def test_health_tells_of_every_layer_and_of_the_next_update(client: TestClient) -> None:
    owner = Owner(client, MOONS)
    told = owner.get("/health").json()
    layers = owner.get("/layers").json()["layers"]
    assert [one["name"] for one in told["layers"]] == ["affine1", "relu1", "affine2"]
    for one, layer in zip(told["layers"], layers, strict=True):
        mean = np.sqrt(np.mean(np.square(layer["output"])))
        assert one["value"] == pytest.approx(mean)
    assert told["layers"][1]["ratio"] is told["layers"][0]["dead"] is None
    assert told["alarms"] == []
    assert told["scale"] == {"minimum": 1e-9, "maximum": 1e4}
    # The update that is made is the one that was told of.
    made = owner.post("/update", {}).json()
    assert made["loss"] == told["loss"]
    change, old = (made["parameters"]["affine1.W"][part] for part in ("change", "old"))
    ratio = np.linalg.norm(change) / np.linalg.norm(old)
    assert told["layers"][0]["ratio"] == pytest.approx(ratio)


def wide(layers: int, act: str, **more: Any) -> dict[str, Any]:
    """So many hidden layers of 16 units, on two moons."""
    hidden = [{"type": "affine", "units": 16}, {"type": act}] * layers
    return {**MOONS, "network": {**NETWORK, "layers": [*hidden, LAYERS[2]]}, **more}


def shifted(body: dict[str, Any], name: str, times: float, plus: float) -> dict[str, Any]:
    """The same with one parameter times a number, plus another."""
    parameters = body["parameters"]
    return {**body, "parameters": {**parameters, name: times * np.array(parameters[name]) + plus}}


# What goes wrong, and the session in which it does; `drawn` are the parameters that are drawn.
SICK: dict[str, Any] = {
    "dead_relus": lambda drawn: shifted(drawn(wide(1, "relu")), "affine1.b", 1, -10),
    "saturated": lambda drawn: shifted(drawn(wide(1, "sigmoid")), "affine1.W", 60, 0),
    "rate_low": lambda drawn: wide(1, "relu", optimizer={"type": "sgd", "learning_rate": 1e-4}),
    "symmetric": lambda drawn: wide(1, "relu", initializer={"type": "zeros"}),
    "unscaled_inputs": lambda drawn: shifted(drawn(wide(1, "relu")), "x", 255, 0),
    "exploding": lambda drawn: wide(8, "relu", initializer={"type": "normal", "std": 1.0}),
    "vanishing": lambda drawn: wide(8, "sigmoid"),
    "missing_class": lambda drawn: {
        **MOONS, "network": {**NETWORK, "layers": [*LAYERS[:2], {"type": "affine", "units": 3}]}
    },
    "not_finite": lambda drawn: shifted(drawn(wide(1, "relu")), "x", 0, 1.7e308),
}  # fmt: skip


def test_every_alarm_points_at_a_number_of_the_figure_that_explains_itself(
    client: TestClient,
) -> None:
    def drawn(body: dict[str, Any]) -> dict[str, Any]:
        made = client.post(f"{API}/sessions", json=body).json()
        numbers = {"parameters": made["parameters"] | {"x": made["x"]}, "t": made["t"]}
        return {"network": body["network"], **numbers}

    # With the run of the next test.
    assert {*SICK, "rate_high"} == set(NAMES)
    for name, body in SICK.items():
        sent = body(drawn)
        x = sent.get("parameters", {}).pop("x", None)
        if x is not None:
            sent["x"] = np.asarray(x).tolist()
            sent["parameters"] = {k: np.asarray(v).tolist() for k, v in sent["parameters"].items()}
        owner = Owner(client, sent)
        told = owner.get("/health").json()["alarms"]
        assert name in [alarm["name"] for alarm in told], name
        for alarm in told:
            assert alarm["step"] is None
            graph = owner.get("/graph?level=op&update=true").json()
            events = owner.get("/trace?level=op&update=true&max_cells=0").json()["events"]
            shown = {edge["key"] for edge in graph["edges"]}
            shown |= {key for event in events for key in event["writes"] if "change" in key}
            assert alarm["tensor"] in shown, alarm
            index = ",".join(map(str, alarm["index"]))
            asked = {"level": "op", "update": "true", "tensor": alarm["tensor"], "index": index}
            derived = owner.get("/explain", params=asked)
            assert derived.status_code == 200, derived.text
            assert derived.json()["terms"], alarm


def test_a_rate_too_high_leads_by_its_run_to_the_number(client: TestClient) -> None:
    owner = Owner(client, MOONS)
    run = trained(owner, 60, 30.0)
    alarm = next(
        one
        for one in owner.get("/health", params={"run": run}).json()["alarms"]
        if one["name"] == "rate_high"
    )
    assert alarm["step"] >= 1
    owner.post(f"/runs/{run}/open", {"step": alarm["step"]})
    there = owner.get("/health", params={"run": run}).json()
    found = next(one for one in there["alarms"] if one["name"] == "rate_high")
    assert found["tensor"].endswith(".W.change")
    asked = {
        "update": "true",
        "tensor": found["tensor"],
        "index": ",".join(map(str, found["index"])),
    }
    derived = owner.get("/explain", params=asked).json()
    assert {term["coefficient"] for term in derived["terms"]} == {-30.0}


def test_what_comes_to_nan_in_a_run_is_told_with_what_was_wrong_before_its_first_step(
    client: TestClient,
) -> None:
    deep = [LAYERS[0]] * 8  # no gate that could close before it is too late
    body = {**MOONS, "network": {**NETWORK, "layers": [*deep, LAYERS[2]]}, "seed": 1}
    owner = Owner(client, {**body, "initializer": {"type": "normal", "std": 3.0}})
    run = trained(owner, 50, 0.1)
    told = owner.get("/health", params={"run": run}).json()
    assert names(told)[0] == "not_finite"
    assert names(told)[1:3] == ["exploding", "rate_high"]
    first = told["alarms"][1]
    assert (first["step"], first["tensor"]) == (1, None)
    # The numbers that are none come as words.
    assert told["loss"]["before"] == "NaN"


def test_a_class_is_missed_in_all_samples_not_in_a_mini_batch(client: TestClient) -> None:
    three = [LAYERS[0], LAYERS[1], {"type": "affine", "units": 3}]
    body = {**MOONS, "network": {**NETWORK, "layers": three}}
    owner = Owner(client, body)  # two moons, three classes
    told = owner.get("/health").json()
    assert names(told) == ["missing_class"]
    assert (told["alarms"][0]["unit"], told["alarms"][0]["tensor"]) == (2, "affine2.b.grad")
    there = {**body, "data": {"dataset": "blobs", "samples": 60, "noise": 0.1}}
    owner = Owner(client, there)
    run = trained(owner, 5, 0.1, batch=2)
    owner.post(f"/runs/{run}/open", {"step": 3})
    assert names(owner.get("/health", params={"run": run}).json()) == []


def test_what_is_no_number_comes_in_by_no_door(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    for word in ("NaN", "Infinity", "1e999"):
        text = f'{{"network": {{"input_size": 1, "layers": []}}, "x": [[{word}]]}}'
        sent = {"content": text, "headers": {"Content-Type": "application/json"}}
        assert client.post(f"{API}/sessions", **sent).status_code in (400, 422)  # type: ignore[arg-type]
    for cell in ("NaN", None):
        edit = {"op": "set", "tensor": "x", "index": [0, 0], "value": cell}
        assert owner.patch(edit).status_code == 422
    file = io.BytesIO()
    np.save(file, np.array([[np.nan, 1], [0, 0], [0, 0]]))
    headers = owner.token | {"If-Match": "*", "Content-Type": "application/x-npy"}
    put = client.put(f"{owner.url}/tensors/x", content=file.getvalue(), headers=headers)
    assert put.status_code == 422
    table = client.post(
        f"{API}/datasets", content=b"a,b\n1,x\nnan,y\n", headers={"Content-Type": "text/csv"}
    )
    assert table.status_code == 422
    assert names(owner.get("/health").json()) == []


def test_regions_are_what_the_network_says_of_every_cell(client: TestClient) -> None:
    owner = Owner(client, MOONS)
    trained(owner, 300, 0.5)
    told = owner.get("/regions", params={"size": 12}).json()
    session = owner.get().json()
    assert told["size"] == 12
    assert np.array(told["points"]).tolist() == session["x"]
    assert told["labels"] == session["t"]
    step = np.subtract(told["high"], told["low"]) / 12
    middles = [
        [told["low"][0] + (column + 0.5) * step[0], told["high"][1] - (row + 0.5) * step[1]]
        for row in range(12)
        for column in range(12)
    ]
    body = {"network": NETWORK, "parameters": session["parameters"], "x": middles}
    said = client.post(f"{API}/evaluate", json=body).json()
    assert told["classes"] == said["predictions"]
    most = np.max(said["probabilities"], axis=1)
    np.testing.assert_allclose(told["certainty"], most, rtol=1e-6)
    # All points are well inside.
    points = np.array(told["points"])
    assert (points > told["low"]).all()
    assert (points < told["high"]).all()


def test_regions_ring_the_mini_batch_of_the_step_at_hand(client: TestClient) -> None:
    owner = Owner(client, MOONS)
    assert owner.get("/regions").json()["batch"] is None
    run = trained(owner, 7, 0.5, batch=10)
    assert len(owner.get("/regions").json()["batch"]) == 10
    opened = owner.post(f"/runs/{run}/open", {"step": 3}).json()
    told = owner.get("/regions").json()
    assert len(told["points"]) == 60
    batch = [told["points"][row] for row in told["batch"]]
    assert sorted(batch) == sorted(opened["x"])


def test_regions_are_of_a_plane_alone_and_bounded(client: TestClient, service: Service) -> None:
    wide = {**NETWORK, "input_size": 3}
    owner = Owner(client, {"network": wide, "x": [[1.0, 2.0, 3.0]], "t": [0]})
    assert owner.get("/regions").status_code == 404
    owner = Owner(client, {"network": {**NETWORK, "loss": None}, "x": [[1.0, 2.0]]})
    assert owner.get("/regions").status_code == 404
    # Much work for each cell: fewer cells.
    layers = [{"type": "affine", "units": 1000}, {"type": "affine", "units": 1000}, LAYERS[2]]
    owner = Owner(client, {**MOONS, "network": {**NETWORK, "layers": layers}})
    told = owner.get("/regions", params={"size": SIZES[1]}).json()
    assert SIZES[0] <= told["size"] < SIZES[1]
    assert len(told["classes"]) == told["size"] ** 2
    # All points in one place, as far out as numbers go.
    far = {"network": NETWORK, "x": [[1.7e308, -1.7e308]] * 2, "t": [0, 1]}
    told = Owner(client, far).get("/regions").json()
    assert set(told["classes"]) <= {-1, 0, 1}


def test_doubtful_digits_are_those_that_the_network_is_least_right_about(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def load(dataset: str, split: str, rows: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        read.append(len(rows))
        return datasets.load(dataset, split, rows)

    monkeypatch.setattr(service, "loader", load)
    owner = Owner(client, DIGITS)
    told = owner.get("/doubtful", params={"count": 30}).json()
    parameters = owner.get("?max_cells=10000").json()["parameters"]
    x, labels = datasets.load("mnist", "test", range(2000))
    scores = x @ np.array(parameters["affine1.W"]) + parameters["affine1.b"]
    y = np.exp(scores - scores.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    right = y[np.arange(2000), labels]
    assert told["samples"] == 2000 == read[-1]
    assert told["wrong"] == int((y.argmax(axis=1) != labels).sum())
    assert [one["row"] for one in told["digits"]] == np.argsort(right)[:30].tolist()
    for one in told["digits"]:
        pixels, label = datasets.digit("mnist", "test", one["row"])
        assert one["pixels"] == pixels.tolist()
        assert one["label"] == label == labels[one["row"]]
        assert one["prediction"] == y[one["row"]].argmax()
        assert one["label_probability"] == pytest.approx(right[one["row"]])
    assert Owner(client, MOONS).get("/doubtful").status_code == 404

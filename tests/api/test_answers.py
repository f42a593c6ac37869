"""Live answers of every call are what the OpenAPI document says: nothing more, nothing less.

The schemas of answers allow no field that they do not name, and name none that may be missing but
where they say so.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import datasets
from app.engine.optimizers import OptimizerConfig
from app.server import Settings, create_app
from app.sessions.presets import PRESETS
from app.sessions.run import Run
from app.sessions.service import Service
from app.sessions.state import LEVELS, LOSS_VIEWS
from app.sessions.store.open_store import open_store
from app.sessions.store.wire import json_safe
from tests.api.conftest import API, SMALL, Owner
from tests.api.described import Described, operations

NO_LOSS = {
    "network": {"input_size": 2, "layers": [{"type": "affine", "units": 3}, {"type": "tanh"}]},
    "x": [[1.0, 2.0], [3.0, -4.0]],
    "grad_output": [[1.0, 0.5, 0.25], [1.0, 1.0, 1.0]],
}
STARTS: dict[str, Any] = {
    **{name: {"preset": name} for name in PRESETS},
    "own": SMALL,
    "no targets": {key: value for key, value in SMALL.items() if key != "t"},
    "no loss": NO_LOSS,
    "no gradient": {key: value for key, value in NO_LOSS.items() if key != "grad_output"},
    "float32": SMALL | {"network": SMALL["network"] | {"dtype": "float32"}},
    "infinite": SMALL | {"x": [[1e308, 1e308]], "t": [0], "seed": 1},
    "other layers": {
        "network": {
            "input_size": 3,
            "layers": [
                {"type": "affine", "units": 8, "name": "first"},
                {"type": "sigmoid"},
                {"type": "affine", "units": 7},
                {"type": "tanh"},
                {"type": "affine", "units": 9},
            ],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[0.1, 0.2, 0.3]] * 6,
        "t": [0, 1, 2, 3, 4, 5],
    },
}
LEARNERS = ["two-layer", "own", "float32", "infinite", "other layers"]
OPTIMIZERS = [
    {"type": "sgd"},
    {"type": "momentum", "momentum": 0.5},
    {"type": "adagrad"},
    {"type": "adam", "learning_rate": 0.01},
]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(open_store("memory"), datasets.load)
    yield service
    service.close()


@pytest.fixture(scope="module")
def described() -> Described:
    """Every app has the same document; to make it takes longer than most of these tests."""
    return Described(create_app(Settings()))


@pytest.mark.parametrize("start", STARTS)
def test_what_a_session_shows_is_as_described(
    client: TestClient, described: Described, start: str
) -> None:
    owner = Owner(client, STARTS[start])
    described.check(owner.answer)
    names = [layer["name"] for layer in owner.created["network"]["layers"]]

    def read(path: str, **query: Any) -> Any:
        answer = described.check(owner.get(path, params=query))
        assert answer.status_code == 200, answer.text
        return answer

    read("")
    read("/code")
    read("/export")
    for cells in (0, 10_000):
        read("/layers", max_cells=cells)
        for name in names:
            read(f"/layers/{name}", max_cells=cells)
    for level, loss in product(LEVELS, LOSS_VIEWS):
        view = {"level": level, "loss": loss}
        read("/graph", **view, form="stable")
        read("/figure.svg", **view)
        read("/trace", **view, max_cells=0)
        for event in read("/trace", **view).json()["events"][:40]:
            shape = read(f"/tensors/{event['writes'][0]}", **view).json()["shape"]
            index = ",".join("0" for _ in shape)
            read("/explain", **view, tensor=event["writes"][0], index=index)
    for level in ("network", "layer"):
        read("/graph", level=level, open=",".join(names))
    network = owner.created["network"]
    ops = [f"{layer['name']}.add" for layer in network["layers"] if layer["type"] == "affine"]
    opened = {"open": ",".join(ops), "loss": "closed", "level": "op"}
    if network["loss"]:
        opened["open"] += ",loss.mean"
    read("/graph", **opened)
    read("/figure.svg", **opened)
    for event in read("/trace", **opened).json()["events"]:
        shape = read(f"/tensors/{event['writes'][0]}", **opened).json()["shape"]
        index = ",".join("0" for _ in shape)
        read("/explain", **opened, tensor=event["writes"][0], index=index)
    read("/explain", tensor="x", index="0,0")
    read("/tensors")


@pytest.mark.parametrize("start", [*LEARNERS, "fig-5-25", "fig-5-29"])
def test_every_stride_is_as_described(client: TestClient, described: Described, start: str) -> None:
    owner = Owner(client, STARTS[start])
    described.check(owner.patch({"op": "view", "level": "element"}))
    for granularity in ("element", "element", "op", "layer", "phase", "phase", "phase"):
        body = {"direction": "next", "granularity": granularity}
        step = described.check(owner.post("/step", body)).json()
        described.check(owner.get())
    assert step["cursor"]["at_end"]
    for granularity in ("element", "op", "layer", "phase"):
        body = {"direction": "back", "granularity": granularity}
        described.check(owner.post("/step", body))
    described.check(owner.post("/step", Prefer="return=minimal"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda found: str(found["type"]))
@pytest.mark.parametrize("start", LEARNERS)
def test_learning_is_as_described(
    client: TestClient, described: Described, start: str, optimizer: dict[str, Any]
) -> None:
    owner = Owner(client, STARTS[start])
    described.check(owner.post("/check", {"h": 1e-3}))
    described.check(owner.post("/update", {"optimizer": optimizer}))
    described.check(owner.post("/update", Prefer="return=minimal"))
    described.check(owner.patch({"op": "set", "tensor": "x", "index": [0, 0], "value": 0.5}))
    started = described.check(owner.post("/runs", {"steps": 3, "batch_size": 1}))
    run = f"/runs/{started.json()['id']}"
    described.check(owner.post(f"{run}/pause"))
    described.check(owner.post(f"{run}/resume"))
    described.check(owner.post(f"{run}/stop"))
    described.check(owner.get(run))
    described.check(owner.get("/runs"))
    described.check(client.post(f"{owner.url}/fork"))
    described.check(client.delete(owner.url, headers=owner.token))
    described.check(owner.get())


def test_events_are_as_described(service: Service, described: Described) -> None:
    """The stream itself does not end; `test_stream.py` has that."""
    schema = {"$ref": "#/components/schemas/RunEventAnswer"}
    failed = Run("r", "failed", 1, 2, OptimizerConfig(), 3, 0, float("nan"), 0.5, {"W": 1.0}, "no")

    for run in (failed, replace(failed, error=None, loss=None, accuracy=None)):
        assert not described.faults(schema, json_safe(run.as_event()))


@pytest.mark.parametrize("path", ["", "/catalogue", "/presets", "/datasets", "/problems"])
def test_the_catalogue_is_as_described(client: TestClient, described: Described, path: str) -> None:
    assert described.check(client.get(f"{API}{path}")).json()


@pytest.mark.parametrize("start", [name for name, body in STARTS.items() if "network" in body])
def test_evaluations_are_as_described(client: TestClient, described: Described, start: str) -> None:
    assert described.check(client.post(f"{API}/evaluate", json=STARTS[start])).status_code == 200
    described.check(client.post(f"{API}/evaluate", json={**STARTS[start], "x": [["a"]]}))


def test_rows_and_refusals_are_as_described(client: TestClient, described: Described) -> None:
    described.check(client.get(f"{API}/datasets/mnist/rows/test/3"))
    described.check(client.get(f"{API}/datasets/mnist/rows/test/99999"))
    described.check(client.get(f"{API}/datasets/mnist/rows/test/first"))
    described.check(client.post(f"{API}/sessions", json={"network": {"layers": 1}}))
    described.check(client.post(f"{API}/sessions", content=b"{"))


def test_a_schema_that_lets_anything_through_is_none(described: Described) -> None:
    """Answers have no object of unknown fields and no value of unknown kind."""
    schemas = described.document["components"]["schemas"]
    loose = []

    def look(schema: dict[str, Any], place: str) -> None:
        known = {"$ref", "type", "anyOf", "oneOf", "enum", "const"} & set(schema)
        if not known or (
            schema.get("type") == "object"
            and "properties" not in schema
            and not isinstance(schema.get("additionalProperties"), dict)
        ):
            loose.append(place)
        for name, inner in schema.get("properties", {}).items():
            look(inner, f"{place}/{name}")
        for inner in schema.get("anyOf", ()):
            look(inner, place)
        if schema.get("properties") and schema.get("additionalProperties") is not False:
            loose.append(f"{place} takes more")
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                look(schema[key], f"{place}/{key}")

    for _, path, operation in operations(described.document):
        for response in operation["responses"].values():
            for media in described.whole(response).get("content", {}).values():
                look(media["schema"], path)
    for name, schema in schemas.items():
        look(schema, name)
    assert loose == []

"""The limits that the server tells are those that it keeps."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.engine.functions import function
from app.engine.ops import OPS
from app.engine.spec import LAYER_TYPES
from app.web.languages import LANGUAGES
from tests.api.conftest import API, SMALL

IMAGES = ("conv2d", "max_pool")
# Layers for a layer that has some in it.
RELU = [{"type": "relu"}]


def told(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get(f"{API}/catalogue").json()
    return document


def test_every_kind_of_layer_is_told_with_its_fields(client: TestClient) -> None:
    layers = told(client)["layers"]

    assert [layer["name"] for layer in layers] == list(LAYER_TYPES)
    assert layers[0]["fields"] == {
        "units": {"type": "integer", "minimum": 1, "maximum": 4096},
        "bias": {"type": "boolean", "default": True},
    }


@pytest.mark.parametrize("table", ["functions", "ops", "layers", "losses", "levels"])
def test_every_row_of_every_table_has_its_texts_in_all_languages(
    client: TestClient, table: str
) -> None:
    for row in told(client)[table]:
        assert set(row["texts"]) == set(LANGUAGES), row["name"]
        keys = [set(texts) for texts in row["texts"].values()]
        assert keys[0] == keys[1] == keys[2], row["name"]
        assert all(text for texts in row["texts"].values() for text in texts.values())
        if table in ("layers", "losses"):
            assert keys[0] == set(row["fields"])
        elif table == "levels":
            assert keys[0] == {"name"}
        elif OPS[row["name"]].closed is None:
            assert {"forward"} <= keys[0]
            if OPS[row["name"]].reaches(0):
                assert keys[0] & {"gradient", "gradient.0"}, row["name"]


def test_how_many_numbers_a_layer_learns_is_told(client: TestClient) -> None:
    learned = {layer["name"]: layer["learned"] for layer in told(client)["layers"]}
    assert {name: n for name, n in learned.items() if n} == {"layer_norm": 2, "batch_norm": 2}


def test_a_field_is_taken_at_its_ends_and_not_beyond_and_told_where_it_is_no_default(
    client: TestClient,
) -> None:
    taken = 0
    for layer in told(client)["layers"]:
        needed = {
            name: allowed.get("minimum", RELU)
            for name, allowed in layer["fields"].items()
            if "default" not in allowed
        }
        for name, allowed in layer["fields"].items():
            good, bad = _tried(allowed)
            for value, is_good in [(v, True) for v in good] + [(v, False) for v in bad]:
                sample: dict[str, Any] = {"input_size": 2}
                if layer["name"] in IMAGES:
                    side = 4 if name == "filters" else 64
                    sample = {"input_shape": [1, side, side]}
                elif layer["name"] == "attention":
                    sample = {"input_shape": [1, 64]}
                cell = 0.0 if layer["name"] == "embedding" else 0.5
                body = {
                    "network": {
                        **sample,
                        "layers": [{"type": layer["name"], **needed, name: value}],
                    },
                    "x": [[cell] * math.prod(sample.get("input_shape", [2]))],
                }
                made = client.post(f"{API}/sessions", json=body)
                assert made.status_code == (201 if is_good else 422), (layer, name, value)
                if made.status_code == 201:
                    seen = made.json()["network"]["layers"][0]
                    if value == RELU:
                        value = [{**one, "name": f"{one['type']}1"} for one in RELU]
                    assert seen.get(name, allowed.get("default", 1)) == value
                    taken += 1
    assert taken >= 6


def _tried(allowed: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values of a field that are taken, its ends among them, and some that are not."""
    if allowed.get("type") == "array":
        return [RELU], [[], "relu", [1], [{"type": "other"}]]
    if "enum" in allowed:
        return allowed["enum"], ["other", 1]
    if allowed["type"] == "boolean":
        return [True, False], [1, "no"]
    low, high = allowed.get("minimum"), allowed.get("maximum")
    if high is None:
        low, beyond = allowed["minimum"], allowed["exclusiveMaximum"]
        return [low, beyond / 2], [low - 1, beyond, "1"]
    good = [high / 2 if low is None else low, low + 1 if low else high]
    return good, [allowed["exclusiveMinimum"] if low is None else low - 1, high * 2 + 1, "1"]


def test_functions_and_ops_are_told_as_they_reckon(client: TestClient) -> None:
    document = told(client)
    functions = {one["name"]: one for one in document["functions"]}
    activations = {one["name"] for one in document["layers"] if one["activation"]}

    assert {name for name, one in functions.items() if one["layer"]} == activations
    assert functions["leaky_relu"]["fields"]["slope"]["default"] == 0.01
    assert functions["relu"]["kinks"] == [0]
    assert "{x}" in functions["exp"]["plain"]
    x = np.array([0.25, 2.0])
    tried = 0
    for name, one in functions.items():
        # The other lines call functions that only programs here have.
        if "gelu" not in name:
            made = eval(one["numpy"], {"np": np, "x": x})
            np.testing.assert_allclose(made, function(name).value(x), rtol=1e-15)
            tried += 1
    assert tried > 12
    ops = {one["name"]: one for one in document["ops"]}
    assert set(ops) == set(OPS)
    assert ops["dot"]["numpy"] == "A @ B"


def test_a_limit_is_what_is_taken_and_one_more_is_not(client: TestClient) -> None:
    limits = told(client)["limits"]

    def status(body: dict[str, Any]) -> int:
        code: int = client.post(f"{API}/sessions", json=body).status_code
        return code

    def network(input_size: int, *units: int) -> dict[str, Any]:
        layers = [{"type": "affine", "units": count} for count in units]
        return {"network": {"input_size": input_size, "layers": layers}}

    def data(samples: int) -> dict[str, Any]:
        return {"data": {"dataset": "bands", "samples": samples}}

    bodies: tuple[tuple[str, Callable[[int], dict[str, Any]]], ...] = (
        ("input_size", lambda size: network(size, 1) | data(1)),
        ("units", lambda size: network(1, size) | data(1)),
        ("samples", lambda size: network(1, 1) | data(size)),
        ("seed", lambda size: SMALL | {"seed": size}),
    )
    for name, body in bodies:
        bounds = limits[name]
        assert [
            status(body(size))
            for size in (
                bounds["minimum"] - 1,
                bounds["minimum"],
                bounds["maximum"],
                bounds["maximum"] + 1,
            )
        ] == [422, 201, 201, 422], name
    most = limits["layers"]["maxItems"]
    assert status(network(1, *[1] * most) | data(1)) == 201
    assert status(network(1, *[1] * (most + 1)) | data(1)) == 422


def test_the_learning_rate_is_bounded_as_told(client: TestClient) -> None:
    assert told(client)["limits"]["learning_rate"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1e6,
    }


def test_what_a_program_may_call_is_told_and_read(client: TestClient) -> None:
    program = told(client)["program"]
    assert {"np.exp", "np.sum", "softmax", "conv2d"} <= set(program["functions"])
    for name in program["functions"]:
        body = {"code": f"y = x + {name}()", "values": {"x": 1}}
        errors = client.post(f"{API}/evaluate", json=body).json()["errors"]
        # Known, and asked for its arguments.
        assert errors[0]["message"].endswith("needs an argument"), name
    for name in program["methods"]:
        body = {"code": f"y = x.{name}(0)", "values": {"x": [[1.0]]}}
        answer = client.post(f"{API}/evaluate", json=body)
        assert answer.status_code == 200 or answer.json()["errors"][0]["code"] != "name", name
    for name in program["constants"]:
        assert client.post(
            f"{API}/evaluate", json={"code": f"y = x * {name}", "values": {"x": 1}}
        ).is_success

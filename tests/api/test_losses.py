"""Sessions with every loss: made, looked at, edited, stepped, checked and trained."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import API

LOSSES = ("softmax_cross_entropy", "squared_error", "sigmoid_cross_entropy")


def made(client: TestClient, loss: dict[str, Any], units: int, t: Any) -> dict[str, Any]:
    layers = [{"type": "affine", "units": 3}, {"type": "gelu"}, {"type": "affine", "units": units}]
    body = {
        "network": {"input_size": 2, "layers": layers, "loss": loss},
        "x": [[0.1, 0.2], [0.4, -0.3], [1.0, 0.5]],
        "t": t,
    }
    answer = client.post(f"{API}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("decay", [0, 0.1])
def test_a_session_of_any_loss_answers_whatever_is_asked(
    client: TestClient, loss: str, decay: float
) -> None:
    spec = {"type": loss} | ({"weight_decay": decay, "reduction": "sum"} if decay else {})
    session = made(client, spec, 2, [[0.25, 0.75], [1, 0], [0.5, 0.5]])
    home, key = f"{API}/sessions/{session['id']}", f"Bearer {session['edit_token']}"

    assert session["network"]["loss"] == spec
    for level in ("network", "layer", "op", "element"):
        for view in ("closed", "opened"):
            query = {"level": level, "loss": view}
            for name in ("graph", "trace", "figure.svg"):
                answer = client.get(f"{home}/{name}", params=query)
                assert answer.status_code == 200, (name, query, answer.text[:300])
    for name in ("layers", "health"):
        assert client.get(f"{home}/{name}").status_code == 200, name
    headers = {"Authorization": key, "If-Match": "*"}
    checked = client.post(f"{home}/check", json={}, headers=headers).json()
    assert all(one["max_relative_error"] < 1e-4 for one in checked["parameters"].values())
    edit = [{"op": "set", "tensor": "t", "index": [0, 1], "value": 0.75}]
    edited = client.patch(home, json=edit, headers=headers)
    assert edited.status_code == 200, edited.text
    explained = client.get(f"{home}/explain", params={"tensor": "affine1.W.grad", "index": "0,1"})
    assert explained.status_code == 200
    first = client.post(f"{home}/update", json={}, headers=headers).json()
    assert first["loss"]["after"] < first["loss"]["before"]


def test_a_single_number_is_met_by_a_squared_error_and_edited_to_any_other(
    client: TestClient,
) -> None:
    session = made(client, {"type": "squared_error"}, 1, [1, 2, 3])
    headers = {"Authorization": f"Bearer {session['edit_token']}", "If-Match": "*"}
    home = f"{API}/sessions/{session['id']}"

    edit = [{"op": "set", "tensor": "t", "index": [1, 0], "value": 2.5}]
    edited = client.patch(home, json=edit, headers=headers)

    assert edited.json()["t"] == [[1], [2.5], [3]]
    assert client.get(f"{home}/regions").status_code == 404


@pytest.mark.parametrize("loss", LOSSES)
def test_evaluate_tells_what_a_loss_makes_of_the_scores(client: TestClient, loss: str) -> None:
    body = {
        "network": {"input_size": 2, "layers": [], "loss": {"type": loss}},
        "x": [[0.0, 2.0]],
        "t": [[0.5, 0.5]],
    }

    found = client.post(f"{API}/evaluate", json=body).json()

    assert (found["probabilities"] is None) is (loss == "squared_error")
    assert (found["predictions"] is None) is (loss != "softmax_cross_entropy")
    assert found["loss"] > 0


def test_a_field_of_a_loss_is_checked_and_named(client: TestClient) -> None:
    for field, value in (("weight_decay", -1), ("reduction", "median"), ("slope", 1)):
        body = {
            "network": {
                "input_size": 1, "layers": [], "loss": {"type": "squared_error", field: value}
            },
            "x": [[1.0]],
        }  # fmt: skip
        refused = client.post(f"{API}/evaluate", json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == f"/network/loss/{field}"

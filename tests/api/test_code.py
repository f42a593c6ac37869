"""Lines of NumPy in the place of a network: evaluated, kept, drawn, stepped, shared."""

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import API, Owner, pointers

CODE = "h = np.maximum(X @ W + b, 0)\nL = np.sum(h ** 2) / 2"
BODY: dict[str, Any] = {
    "code": CODE,
    "values": {
        "X": [[1.0, 2.0], [3.0, -4.0]],
        "W": [[0.5, -1.0, 0.25], [1.0, 0.5, -0.5]],
        "b": [0.0, 0.1, 0.2],
    },
}


def test_evaluate_answers_every_name_and_its_gradient(client: TestClient) -> None:
    answer = client.post(f"{API}/evaluate", json=BODY)
    assert answer.status_code == 200
    found = answer.json()
    x, w, b = (np.array(BODY["values"][name]) for name in ("X", "W", "b"))
    h = np.maximum(x @ w + b, 0)
    assert found["output"] == "L"
    assert found["loss"] == found["values"]["L"] == pytest.approx((h**2).sum() / 2)
    assert found["values"].keys() == {"X", "W", "b", "h", "L"}
    np.testing.assert_allclose(found["values"]["h"], h)
    for name, gradient in {"X": h @ w.T, "W": x.T @ h, "b": h.sum(axis=0), "h": h}.items():
        np.testing.assert_allclose(found["gradients"][name], gradient)
    assert found["gradients"]["L"] == 1


def test_an_array_as_the_result_has_no_loss(client: TestClient) -> None:
    body = {"code": "y = x ** 3", "values": {"x": [1, 2]}}
    forward = client.post(f"{API}/evaluate", json=body).json()
    assert (forward["loss"], forward["gradients"]) == (None, {})
    whole = client.post(f"{API}/evaluate", json=body | {"grad_output": [1, 10]}).json()
    assert whole["gradients"]["x"] == [3, 120]


def test_images_go_in_and_come_out_as_deep_as_they_are(client: TestClient) -> None:
    x = np.arange(18.0).reshape(1, 2, 3, 3).tolist()
    w = np.ones((1, 2, 2, 2)).tolist()
    code = "y = conv2d(x, w)\nL = np.sum(max_pool(y, 2))"
    found = client.post(f"{API}/evaluate", json={"code": code, "values": {"x": x, "w": w}}).json()
    assert np.shape(found["values"]["y"]) == (1, 1, 2, 2)
    assert np.shape(found["gradients"]["x"]) == (1, 2, 3, 3)


@pytest.mark.parametrize(
    ("body", "pointer", "line", "column"),
    [
        ({"code": "y = x +", "values": {"x": 1}}, "/code", 1, 8),
        ({"code": "h = x\ny = h @ x", "values": {"x": [[1, 2]]}}, "/code", 2, 5),
        ({"code": "y = x * w", "values": {"x": 1}}, "/values/w", 1, 9),
    ],
)
def test_a_fault_in_the_text_has_its_line_and_column(
    client: TestClient, body: dict[str, Any], pointer: str, line: int, column: int
) -> None:
    for path in ("evaluate", "sessions"):
        answer = client.post(f"{API}/{path}", json=body)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["line"], error["column"]) == (pointer, line, column)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"code": ""}, "/code"),
        ({"code": "y = x", "values": {"x": "1"}}, "/values/x"),
        ({"code": "y = x", "values": {"x": [[1], [2, 3]]}}, "/values/x/1"),
        ({"code": "y = x", "values": {"x": [[[1, 2]], [[3]]]}}, "/values/x/1"),
        ({"code": "y = x", "values": {"x": [[[[[[[1]]]]]]]}}, "/values/x"),
        ({"code": "y = x * 2", "values": {"x": 1, "z": 2}}, "/values/z"),
        ({"code": "y = x * 2", "values": {"x": 1}, "network": {}}, "/network"),
        ({"code": "y = W[i]", "values": {"W": [[1.0]], "i": [3]}}, "/values/i/0"),
    ],
)
def test_a_wrong_value_is_named(client: TestClient, body: dict[str, Any], pointer: str) -> None:
    answer = client.post(f"{API}/evaluate", json=body)
    assert answer.status_code == 422
    assert pointers(answer)[0].startswith(pointer)


def test_a_session_of_a_program_does_what_any_does(client: TestClient) -> None:
    owner = Owner(client, BODY)
    assert owner.created["network"]["code"] == CODE
    stateless = client.post(f"{API}/evaluate", json=BODY).json()
    assert owner.created["loss"] == stateless["loss"]
    paths = ("", "/graph", "/trace", "/layers", "/recipe", "/figure.svg", "/tensors")
    for path in paths:
        assert owner.get(path).status_code == 200, path
    derived = owner.get("/explain?tensor=W.grad&index=0,0").json()
    assert sum(term["value"] for term in derived["terms"]) == pytest.approx(derived["value"])
    answer = client.patch(
        owner.url,
        json=[{"op": "code", "code": CODE.replace("2) / 2", "2)")}],
        headers=owner.token | {"If-Match": "*"},
    )
    assert answer.status_code == 200
    assert answer.json()["loss"] == pytest.approx(2 * owner.created["loss"])


def test_its_recipe_makes_it_again(client: TestClient) -> None:
    owner = Owner(client, BODY)
    headers = owner.token | {"If-Match": "*"}
    edit = {"op": "set", "tensor": "W", "index": [0, 1], "value": 5.5}
    assert client.patch(owner.url, json=[edit], headers=headers).status_code == 200
    recipe = owner.get("/recipe").json()
    again = Owner(client, recipe["base"])
    if recipe["edits"]:
        client.patch(again.url, json=recipe["edits"], headers=again.token | {"If-Match": "*"})
    assert again.get("/recipe").json()["digest"] == recipe["digest"]


def test_a_network_is_no_program(client: TestClient) -> None:
    owner = Owner(client, {"preset": "fig-5-25"})
    answer = client.patch(
        owner.url, json=[{"op": "code", "code": "y = x", "values": {"x": 1}}],
        headers=owner.token | {"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert pointers(answer) == ["/0/op"]


def test_a_program_has_no_mini_batches(client: TestClient) -> None:
    owner = Owner(client, BODY)
    answer = client.post(f"{owner.url}/runs", json={"steps": 3}, headers=owner.token)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("nothing-to-learn")

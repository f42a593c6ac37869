from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests import reference
from tests.api.conftest import API, SMALL, pointers


def close_to(actual: Any, expected: Any) -> None:
    """Equal to 1e-10 relative, cell by cell, with texts for what is not finite."""
    if isinstance(expected, dict):
        assert expected.keys() <= actual.keys()
        for key, value in expected.items():
            close_to(actual[key], value)
    elif isinstance(expected, list) and any(isinstance(item, dict) for item in expected):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            close_to(one, other)
    elif isinstance(expected, list):
        np.testing.assert_allclose(
            np.array(actual, float), np.array(expected, float), rtol=1e-10, atol=1e-13
        )
    elif isinstance(expected, float):
        assert actual == pytest.approx(expected, rel=1e-10, abs=1e-13)
    else:
        assert actual == expected


@pytest.mark.parametrize("name", reference.passes())
def test_every_pass_agrees_with_pytorch(client: TestClient, name: str) -> None:
    case = reference.load(name)
    expected = case["expected"]

    answer = client.post(
        f"{API}/evaluate", json={key: case[key] for key in ("network", "parameters", "x", "t")}
    )

    assert answer.status_code == 200
    close_to(answer.json(), expected)


def test_a_seed_draws_the_same_parameters_again(client: TestClient) -> None:
    first, again = (client.post(f"{API}/evaluate", json=SMALL).json() for _ in range(2))
    other = client.post(f"{API}/evaluate", json=SMALL | {"seed": 4}).json()

    assert first == again
    assert first["loss"] != other["loss"]


def test_one_hot_rows_mean_the_same_as_labels(client: TestClient) -> None:
    rows = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]

    labels = client.post(f"{API}/evaluate", json=SMALL).json()
    one_hot = client.post(f"{API}/evaluate", json=SMALL | {"t": rows}).json()

    assert labels == one_hot


def test_without_targets_there_is_the_forward_half_only(client: TestClient) -> None:
    body = {key: value for key, value in SMALL.items() if key != "t"}

    answer = client.post(f"{API}/evaluate", json=body).json()

    assert answer["loss"] is None
    assert len(answer["probabilities"]) == 3
    assert answer["layers"][0]["grad_input"] is None
    assert answer["grad_input"] is None
    assert answer["parameter_gradients"] == {}


def test_the_gradient_of_x_is_told_with_layers_and_without(client: TestClient) -> None:
    deep = client.post(f"{API}/evaluate", json=SMALL).json()
    scores = {"network": {"input_size": 2, "layers": [], "loss": SMALL["network"]["loss"]}}
    flat = client.post(f"{API}/evaluate", json=scores | {"x": [[0, 0], [1, 1]], "t": [0, 1]}).json()
    given = {"network": {"input_size": 2, "layers": []}, "x": [[0, 0]], "grad_output": [[3, 4]]}

    assert deep["grad_input"] == deep["layers"][0]["grad_input"]
    assert flat["grad_input"] == [[-0.25, 0.25], [0.25, -0.25]]
    assert client.post(f"{API}/evaluate", json=given).json()["grad_input"] == [[3, 4]]


def test_without_a_loss_the_backward_half_starts_at_the_given_gradient(client: TestClient) -> None:
    body = {
        "network": {"input_size": 2, "layers": [{"type": "affine", "units": 3}]},
        "parameters": {"affine1.W": [[1, 2, 3], [4, 5, 6]], "affine1.b": [0, 0, 0]},
        "x": [[1, 2], [3, 4]],
        "grad_output": [[1, 2, 3], [4, 5, 6]],
    }

    answer = client.post(f"{API}/evaluate", json=body).json()

    assert answer["loss"] is None
    assert answer["probabilities"] is None
    assert answer["parameter_gradients"]["affine1.b"] == [5, 7, 9]


def test_an_own_name_names_layer_and_parameters(client: TestClient) -> None:
    network = {"input_size": 2, "layers": [{"type": "affine", "units": 1, "name": "scores"}]}

    answer = client.post(f"{API}/evaluate", json={"network": network, "x": [[1, 2]]}).json()

    assert [layer["name"] for layer in answer["layers"]] == ["scores"]


def test_float32_is_computed_in_float32(client: TestClient) -> None:
    network = SMALL["network"] | {"dtype": "float32"}

    double = client.post(f"{API}/evaluate", json=SMALL).json()["loss"]
    single = client.post(f"{API}/evaluate", json=SMALL | {"network": network}).json()["loss"]

    assert single != double
    assert single == pytest.approx(double, rel=1e-5)


def test_an_overflow_is_told_in_words(client: TestClient) -> None:
    body = {
        "network": {"input_size": 1, "layers": [{"type": "affine", "units": 2}]},
        "parameters": {"affine1.W": [[1e300, -1e300]], "affine1.b": [0, 0]},
        "x": [[1e300]],
    }

    answer = client.post(f"{API}/evaluate", json=body).json()

    assert answer["layers"][0]["output"] == [["Infinity", "-Infinity"]]


LAYERS_33 = [{"type": "relu"}] * 33


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"x": [[1, 2, 3]]}, "/x", "shape"),
        ({"x": [1, 2]}, "/x/0", "shape"),
        ({"t": [0, 1]}, "/t", "shape"),
        ({"t": [0, 1, 3]}, "/t/2", "range"),
        ({"t": [0, 1, -1]}, "/t/2", "range"),
        ({"t": [0, 1, 0.5]}, "/t/2", "range"),
        ({"t": [[1, 0, 0], [0, 1, 1], [0, 0, 1]]}, "/t/1", "range"),
        ({"grad_output": [[1, 1, 1]] * 3}, "/grad_output", "value"),
        ({"parameters": {"affine1.W": [[1, 2, 3]]}}, "/parameters/affine1.W", "shape"),
        ({"parameters": {"nope": [1]}}, "/parameters/nope", "name"),
        ({"network": {"input_size": 2, "layers": [{"type": "affine"}]}},
         "/network/layers/0/units", "range"),
        ({"network": {"input_size": 2, "layers": [{"type": "relu", "units": 3}]}},
         "/network/layers/0/units", "value"),
        ({"network": {"input_size": 2, "layers": [{"type": "relu", "name": "x"}]}},
         "/network/layers/0/name", "name"),
        ({"network": {"input_size": 2, "layers": LAYERS_33}}, "/network/layers", "length"),
        ({"network": {"input_size": 2, "layers": [{"type": "affine", "units": 5000}]}},
         "/network/layers/0/units", "limit"),
        ({"network": {"input_size": 2, "layers": [{"type": "affine", "units": 4000}] * 2}},
         "/network/layers", "limit"),
        ({"initializer": {"type": "normal", "std": -1}}, "/initializer/std", "range"),
        ({"seed": -1}, "/seed", "range"),
        ({"seed": 1.5}, "/seed", "type"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(
    client: TestClient, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = client.post(f"{API}/evaluate", json=SMALL | change)

    assert answer.status_code == 422
    assert pointer in pointers(answer)
    assert code in [error["code"] for error in answer.json()["errors"]]


def test_a_small_body_cannot_ask_for_a_huge_answer(client: TestClient) -> None:
    layers = [{"type": "affine", "units": 1200}, {"type": "affine", "units": 1200}]
    body = {"network": {"input_size": 1, "layers": layers}, "x": [[1]]}

    answer = client.post(f"{API}/evaluate", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "limit"


def test_the_body_must_be_plain_json(client: TestClient) -> None:
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ):
        answer = client.post(f"{API}/evaluate", content=b"{}", headers=headers)
        assert answer.status_code == 415, headers
        assert answer.headers["accept"] == "application/json"


def test_a_body_of_a_megabyte_is_read_and_one_byte_more_is_not(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}

    largest = client.post(f"{API}/evaluate", content=b" " * (1 << 20), headers=headers)
    larger = client.post(f"{API}/evaluate", content=b" " * ((1 << 20) + 1), headers=headers)

    assert largest.status_code == 400
    assert larger.status_code == 413
    assert pointers(larger) == []


def test_a_body_of_unknown_length_is_cut_off_too(client: TestClient) -> None:
    def pieces() -> Any:
        for _ in range(1100):
            yield b" " * 1024

    answer = client.post(
        f"{API}/evaluate", content=pieces(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413


def test_without_a_loss_there_are_no_classes_to_predict(client: TestClient) -> None:
    network = {"input_size": 2, "layers": [{"type": "affine", "units": 3}]}

    answer = client.post(f"{API}/evaluate", json={"network": network, "x": [[1, 2]]}).json()

    assert answer["predictions"] is None
    assert client.post(f"{API}/evaluate", json=SMALL).json()["predictions"] is not None


def test_a_refusal_says_what_is_allowed_for_programs_too(client: TestClient) -> None:
    def allowed(change: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(f"{API}/evaluate", json=SMALL | change)
        found: dict[str, Any] = answer.json()["errors"][0]["allowed"]
        return found

    rows, classes = len(SMALL["x"]), SMALL["network"]["layers"][-1]["units"]
    label = {"type": "integer", "minimum": 0, "maximum": classes - 1}
    assert allowed({"t": [classes] * rows}) == label
    assert allowed({"t": [0] * (rows + 1)}) == {"shapes": [[rows]]}
    assert allowed({"seed": -1}) == {"minimum": 0}
    layers = [{"type": "affine", "units": 5000}]
    network = {"input_size": 2, "layers": layers}
    size = {"type": "integer", "minimum": 1, "maximum": 4096}
    assert allowed({"network": network, "t": None}) == size
    assert set(allowed({"network": network | {"dtype": "int8"}})["enum"]) == {"float64", "float32"}

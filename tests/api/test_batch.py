"""Many passes in one call, and answers with only what was asked for."""

import copy
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.api.heavy import jobs
from app.engine.network import Network
from app.sessions import batch
from tests.api.conftest import API, SMALL, pointers

FIELDS = ["loss", "probabilities", "predictions", "layers", "parameter_gradients", "grad_input"]
PARAMETERS: dict[str, Any] = {
    "affine1.W": [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]],
    "affine1.b": [0.0, 0.1, 0.2],
    "affine2.W": [[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0], [0.25, 0.5, 0.75]],
    "affine2.b": [0.3, 0.2, 0.1],
}


def post(client: TestClient, **fields: Any) -> Any:
    body = SMALL | fields
    return client.post(
        f"{API}/evaluate", json={key: value for key, value in body.items() if value is not None}
    )


def alone(client: TestClient, **fields: Any) -> Any:
    answer = post(client, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_result_is_what_the_variation_gives_alone(client: TestClient, dtype: str) -> None:
    network = SMALL["network"] | {"dtype": dtype}
    variations: list[dict[str, Any]] = [
        {},
        {"parameters": {"affine1.W": [[1, 2, 3], [4, 5, 6]]}},
        {"parameters": PARAMETERS},
        {"x": [[0.5, -0.5]], "t": [1]},
        {"x": [[0.5, -0.5], [1, 2]], "t": [[0, 1, 0], [0, 0, 1]], "parameters": PARAMETERS},
        {"t": [2, 2, 2]},
    ]
    for base in ({}, {"parameters": PARAMETERS}):
        results = alone(client, network=network, **base, batch=variations)["results"]

        drawn = alone(client, network=network, **base)
        values = {
            f"{layer['name']}.{name}": parameter["value"]
            for layer in drawn["layers"]
            for name, parameter in layer["parameters"].items()
        }
        for variation, result in zip(variations, results, strict=True):
            own = variation | {"parameters": values | variation.get("parameters", {})}
            assert result == alone(client, network=network, **own)


def test_variations_that_have_all_x_need_none_beside_them(client: TestClient) -> None:
    rows = [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]

    together = alone(client, x=None, t=None, batch=[{"x": x} for x in rows])["results"]

    assert together == [alone(client, x=x, t=None) for x in rows]


def test_a_loss_surface_is_one_call(client: TestClient) -> None:
    steps = np.linspace(-1, 1, 21)
    W, b = np.array(PARAMETERS["affine2.W"]), np.array(PARAMETERS["affine2.b"])
    points = [(W + first, np.add(b, [second, 0, 0])) for first in steps for second in steps]
    variations = [
        {"parameters": {"affine2.W": W.tolist(), "affine2.b": b.tolist()}} for W, b in points
    ]

    answer = post(client, parameters=PARAMETERS, fields=["loss"], batch=variations)

    assert answer.status_code == 200
    losses = [result["loss"] for result in answer.json()["results"]]
    assert len(answer.content) < 21 * 21 * 40
    # Against the classes themselves, without any batch.
    x, t = np.array(SMALL["x"]), np.eye(3)[SMALL["t"]]
    for loss, (W, b) in list(zip(losses, points, strict=True))[::40]:
        hidden = np.maximum(x @ PARAMETERS["affine1.W"] + PARAMETERS["affine1.b"], 0)
        scores = hidden @ W + b
        expected = np.log(np.exp(scores).sum(axis=1)) - (scores * t).sum(axis=1)
        assert loss == pytest.approx(expected.mean(), rel=1e-14)


@pytest.mark.parametrize("fields", [[name] for name in FIELDS] + [["loss", "predictions"], FIELDS])
def test_an_answer_has_the_fields_asked_for_and_no_others(
    client: TestClient, fields: list[str]
) -> None:
    whole = alone(client)

    assert list(whole) == FIELDS
    part = alone(client, fields=fields)
    assert part == {name: whole[name] for name in fields}
    assert alone(client, fields=fields, batch=[{}]) == {"results": [part]}


def test_without_gradients_in_the_answer_there_is_no_backward_half(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nobody asked for this")

    monkeypatch.setattr(Network, "backward", refuse)
    for layer in ("Affine", "Relu", "SoftmaxWithLoss"):
        monkeypatch.setattr(f"app.engine.layers.{layer}.backward", refuse)

    assert alone(client, fields=["loss", "probabilities", "predictions"])["loss"] > 0
    with pytest.raises(AssertionError):
        alone(client, fields=["parameter_gradients"])


GRADIENT = {"network": {"input_size": 2, "layers": [{"type": "affine", "units": 3}]}, "t": None}
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown field": ({"fields": ["loss", "losses"]}, ["/fields/1"]),
    "no fields": ({"fields": []}, ["/fields"]),
    "fields of a variation": ({"batch": [{"fields": ["loss"]}]}, ["/batch/0/fields"]),
    "no variations": ({"batch": []}, ["/batch"]),
    "too many variations": ({"batch": [{}] * 1001}, ["/batch"]),
    "no object": ({"batch": [[]]}, ["/batch/0"]),
    "x of another width": ({"batch": [{}, {"x": [[1, 2, 3]]}]}, ["/batch/1/x"]),
    "x without its t": ({"batch": [{}, {"x": [[1, 2]]}]}, ["/batch/1/x"]),
    "t without its x": ({"batch": [{"t": [0, 1]}]}, ["/batch/0/t"]),
    "a label too large": ({"batch": [{"t": [0, 1, 3]}]}, ["/batch/0/t/2"]),
    "a cell": ({"batch": [{}, {"x": [[1, "2"]]}]}, ["/batch/1/x/0/1"]),
    "a parameter of another shape": (
        {"batch": [{}, {"parameters": {"affine1.b": [1, 2]}}]},
        ["/batch/1/parameters/affine1.b"],
    ),
    "no such parameter": (
        {"batch": [{"parameters": {"affine9.b": [1, 2]}}]},
        ["/batch/0/parameters/affine9.b"],
    ),
    "a start where the loss is one": (
        {"batch": [{"grad_output": [[1, 1, 1]] * 3}]},
        ["/batch/0/grad_output"],
    ),
    "a start of another length": (
        GRADIENT | {"batch": [{"grad_output": [[1, 1, 1]]}]},
        ["/batch/0/grad_output"],
    ),
    "x without its start": (
        GRADIENT | {"grad_output": [[1, 1, 1]] * 3, "batch": [{"x": [[1, 1]]}]},
        ["/batch/0/x"],
    ),
    "no x anywhere": ({"x": None, "batch": [{"x": [[1, 2]]}, {}]}, ["/batch/1/x"]),
    "a wrong first x": ({"x": None, "t": None, "batch": [{"x": [[1]]}]}, ["/batch/0/x"]),
    "what they share": ({"t": [0, 1], "batch": [{}]}, ["/t"]),
    "a network": ({"network": {"input_size": 0, "layers": []}, "batch": [{}]},
                  ["/network/input_size"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_its_variation(client: TestClient, case: str) -> None:
    fields, expected = WRONG[case]

    answer = post(client, **fields)

    assert answer.status_code == 422
    assert pointers(answer) == expected


def test_the_words_for_fields_are_told(client: TestClient) -> None:
    message = post(client, fields=["gradients"]).json()["errors"][0]["message"]

    assert all(f"'{name}'" in message for name in FIELDS)


def test_work_beyond_the_limit_is_refused_before_any_is_done(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_BATCH_CELLS", 1_000)
    monkeypatch.setattr(Network, "evaluate", lambda *_: pytest.fail("work was done"))

    whole = post(client, batch=[{}] * 40)
    forward = post(client, batch=[{}] * 40, fields=["loss"])

    (first,), (second,) = pointers(whole), pointers(forward)
    assert whole.json()["errors"][0]["code"] == "limit"
    assert "1,000" in whole.json()["errors"][0]["message"]
    # Half the work, so twice as far.
    assert int(second.split("/")[2]) == pytest.approx(2 * int(first.split("/")[2]), abs=1)


def test_numbers_beyond_the_limit_of_an_answer_are_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_ANSWER_CELLS", 30)

    assert post(client, fields=["loss"], batch=[{}] * 30).status_code == 200
    many = post(client, fields=["loss"], batch=[{}] * 31)
    assert pointers(many) == ["/batch"]
    assert "31" in many.json()["detail"]
    assert pointers(post(client)) == ["/network/layers"]
    assert post(client, fields=["loss", "parameter_gradients"]).status_code == 200


def test_nothing_of_a_body_is_changed_by_its_variations(client: TestClient) -> None:
    body = SMALL | {"parameters": copy.deepcopy(PARAMETERS)}
    variations = [{"parameters": {"affine1.b": [9, 9, 9]}}, {}]

    results = alone(client, **body, batch=variations)["results"]

    assert results[1] == alone(client, **body)
    assert results[0] != results[1]

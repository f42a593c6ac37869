"""Many passes of one program in one call, and answers with only what was asked for."""

import json
import time
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.api.heavy import jobs
from app.engine.spec import Limits
from app.sessions import batch
from tests.api.conftest import API, pointers

CODE = "h = np.maximum(X @ W + b, 0)\ny = h @ V\nL = np.mean((y - t) ** 2)"
VALUES: dict[str, Any] = {
    "X": [[1.0, 2.0], [-1.0, 0.5], [0.25, -3.0]],
    "W": [[0.5, -1.0, 2.0], [0.25, 1.0, -0.5]],
    "b": [0.1, 0.0, -0.1],
    "V": [[1.0], [2.0], [-1.0]],
    "t": [[1.0], [0.0], [2.0]],
}
FIELDS = ["loss", "output", "values", "gradients"]


def post(client: TestClient, query: str = "", **fields: Any) -> Any:
    body = {"code": CODE, "values": VALUES} | fields
    return client.post(f"{API}/evaluate{query}", json=body)


def results(client: TestClient, **fields: Any) -> Any:
    answer = post(client, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


VARIATIONS: list[dict[str, Any]] = [
    {},
    {"values": {"b": [1.0, 2.0, 3.0]}},
    {"values": {"W": [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]], "b": [0.0, 0.0, 0.0]}},
    {"values": VALUES},
]


def test_each_result_is_what_the_variation_gives_alone(client: TestClient) -> None:
    found = results(client, batch=VARIATIONS)["results"]

    alone = [
        results(client, values=VALUES | variation.get("values", {})) for variation in VARIATIONS
    ]
    assert found == alone
    assert found[0] == found[3] != found[1]


@pytest.mark.parametrize("fields", [["loss"], ["output", "values"], ["gradients"], FIELDS])
def test_an_answer_has_the_fields_that_are_asked_for_and_the_same_bits(
    client: TestClient, fields: list[str]
) -> None:
    whole = results(client)
    some = results(client, fields=fields)
    many = results(client, fields=fields, batch=VARIATIONS)["results"]

    # Without gradients nothing is recorded; the numbers are the same to the last bit.
    assert some == many[0] == {name: whole[name] for name in fields}


def test_a_result_that_is_an_array_takes_its_gradient_in_every_variation(
    client: TestClient,
) -> None:
    code, values = "y = x ** 3", {"x": [1.0, 2.0]}
    starts: list[dict[str, Any]] = [{}, {"grad_output": [1.0, 0.0]}, {"values": {"x": [3.0, 4.0]}}]

    found = results(client, code=code, values=values, grad_output=[1.0, 1.0], batch=starts)
    without = results(client, code=code, values=values, batch=[{}, {"grad_output": [0.0, 1.0]}])

    gradients = [one["gradients"]["x"] for one in found["results"]]
    assert gradients == [[3.0, 12.0], [3.0, 0.0], [27.0, 48.0]]
    assert [one["loss"] for one in found["results"]] == [None] * 3
    assert without["results"][0]["gradients"] == {}
    assert without["results"][1]["gradients"]["x"] == [0.0, 12.0]


def test_names_that_all_variations_have_need_not_stand_beside_them(client: TestClient) -> None:
    shared = {name: value for name, value in VALUES.items() if name != "b"}
    own = [{"values": {"b": [k, 0.0, 1.0]}} for k in (0.0, 1.0)]

    found = results(client, values=shared, fields=["loss"], batch=own)["results"]

    assert found == [
        {"loss": results(client, values=shared | one["values"])["loss"]} for one in own
    ]


def test_a_loss_surface_is_one_call_and_much_less_work_than_its_passes_alone(
    client: TestClient,
) -> None:
    steps = np.linspace(-1, 1, 21)
    variations = [{"values": {"b": [first, second, 0.0]}} for first in steps for second in steps]
    body = {"code": CODE, "values": VALUES, "fields": ["loss"], "batch": variations}

    began = time.process_time()
    answer = client.post(f"{API}/evaluate", json=body)
    together = time.process_time() - began
    began = time.process_time()
    for variation in variations[:21]:
        post(client, values=VALUES | variation["values"], fields=["loss"])
    alone = (time.process_time() - began) * 21

    assert answer.status_code == 200
    losses = [one["loss"] for one in answer.json()["results"]]
    assert len(answer.content) < 441 * 40
    X, W, V, t = (np.array(VALUES[name]) for name in "XWVt")
    for loss, one in list(zip(losses, variations, strict=True))[::40]:
        y = np.maximum(X @ W + one["values"]["b"], 0) @ V
        assert loss == pytest.approx(float(np.mean((y - t) ** 2)), rel=1e-14)
    assert together < alone / 5


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"batch": []}, "/batch"),
        ({"batch": [{}, {"values": {"b": [1.0]}}]}, "/batch/1/values/b"),
        ({"batch": [{}, {"values": {"nope": 1.0}}]}, "/batch/1/values/nope"),
        ({"batch": [{"values": {"b": "x"}}]}, "/batch/0/values/b"),
        ({"batch": [{"values": {"b": [1.0, "2", 3.0]}}]}, "/batch/0/values/b/1"),
        ({"batch": [{}, {"grad_output": 1.0}]}, "/batch/1/grad_output"),
        ({"batch": [{"x": 1}]}, "/batch/0/x"),
        ({"batch": [{}], "fields": ["layers"]}, "/fields/0"),
        ({"fields": []}, "/fields"),
        ({"code": "y = x +", "values": {}, "batch": [{"values": {"x": 1.0}}]}, "/code"),
        (
            {"values": {k: v for k, v in VALUES.items() if k != "b"},
             "batch": [{"values": {"b": [1.0, 2.0]}}]},
            "/code",
        ),
        (
            {"values": {k: v for k, v in VALUES.items() if k != "b"},
             "batch": [{"values": {"b": [1.0, 2.0, 3.0]}}, {}]},
            "/batch/1/values/b",
        ),
        (
            {"code": "y = W[i]", "values": {"W": [[1.0], [2.0]], "i": [0]},
             "batch": [{}, {"values": {"i": [2]}}]},
            "/batch/1/values/i/0",
        ),
        (
            {"code": "y = W[i]", "values": {"W": [[1.0], [2.0]]},
             "batch": [{"values": {"i": [2]}}]},
            "/batch/0/values/i/0",
        ),
        (
            {"code": "y = x * 2", "values": {"x": [1.0]},
             "batch": [{}, {"grad_output": [1.0, 2.0]}]},
            "/batch/1/grad_output",
        ),
    ],
)  # fmt: skip
def test_a_fault_names_its_variation(
    client: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = post(client, **body)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]


def test_a_batch_is_bounded_by_its_ops_cells_and_products(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("MAX_BATCH_OPS", 1_000),
        ("MAX_BATCH_CELLS", 2_000),
        ("MOST_WORK", 2_000),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(batch, name, value)
            refused = post(client, batch=[{}] * 50)
            most = refused.json()["errors"][0]["allowed"]["maxItems"]
            assert pointers(refused) == ["/batch"]
            assert 1 <= most < 50
            assert post(client, batch=[{}] * most).status_code == 200
            # Without gradients more of them fit.
            assert post(client, fields=["loss"], batch=[{}] * (most + 1)).status_code == 200


def test_the_longest_program_a_thousand_times_is_refused_or_quick(client: TestClient) -> None:
    lines = ["y0 = x"] + [f"y{k} = y{k - 1} + {' + '.join(['x'] * 8)}" for k in range(1, 49)]
    body = {"code": "\n".join(lines), "values": {"x": 1.0}, "fields": ["gradients"]}

    refused = client.post(f"{API}/evaluate", json=body | {"batch": [{}] * 1_000})
    most = refused.json()["errors"][0]["allowed"]["maxItems"]
    began = time.process_time()
    answer = client.post(f"{API}/evaluate", json=body | {"batch": [{}] * most})

    assert refused.status_code == 422
    assert answer.status_code == 200
    assert time.process_time() - began < 5


def test_more_numbers_than_are_sent_are_refused_unless_few_are_asked_for(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_ANSWER_CELLS", 1_000)

    assert pointers(post(client, batch=[{}] * 100)) == ["/batch"]
    assert post(client, fields=["loss"], batch=[{}] * 100).status_code == 200


def test_max_cells_bounds_every_tensor_of_an_evaluation(client: TestClient) -> None:
    program = post(client, "?max_cells=3").json()
    network = {
        "network": {
            "input_size": 2,
            "layers": [{"type": "affine", "units": 3}],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[1.0, 2.0], [3.0, 4.0]],
        "t": [0, 1],
    }
    layered = client.post(f"{API}/evaluate?max_cells=3", json=network).json()
    many = client.post(f"{API}/evaluate?max_cells=0", json={**network, "batch": [{}]}).json()

    assert program["values"]["b"] == VALUES["b"]
    assert program["values"]["X"]["shape"] == [3, 2]
    assert program["values"]["X"]["link"] is None
    assert program["gradients"]["W"]["omitted"] is True
    assert layered["parameter_gradients"]["affine1.W"]["omitted"] is True
    assert len(layered["parameter_gradients"]["affine1.b"]) == 3
    for name in ("probabilities", "grad_input"):
        assert layered[name]["omitted"] is True
    assert layered["layers"][0]["output"]["max"] >= layered["layers"][0]["output"]["min"]
    assert "[[" not in json.dumps(many)
    assert pointers(client.post(f"{API}/evaluate?max_cells=-1", json=network)) == ["/max_cells"]


def test_a_process_of_its_own_gives_the_same_answer(client: TestClient) -> None:
    body = {"code": CODE, "values": VALUES, "batch": VARIATIONS, "fields": ["loss", "gradients"]}
    order = jobs.ordered(jobs.Pass(json.dumps(body).encode(), Limits(), 3))

    done = jobs.done(jobs.Workplace(), order)

    answer = client.post(f"{API}/evaluate?max_cells=3", json=body)
    assert json.loads(done) == answer.json()
    assert answer.json()["results"][1]["gradients"]["W"]["omitted"] is True

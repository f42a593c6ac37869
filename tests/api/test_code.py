"""Lines of NumPy in the place of a network: evaluated, kept, drawn, stepped, shared."""

import time
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


@pytest.mark.parametrize("level", ["op", "element"])
@pytest.mark.parametrize("code", ["Y = W[ids]", "L = np.sum(np.exp(W[ids]))", "Y = W * len(ids)"])
def test_what_only_chooses_or_counts_is_in_no_ones_way(
    client: TestClient, code: str, level: str
) -> None:
    values = {"W": [[1, 2], [3, 4], [5, 6]], "ids": [0, 2, 0]}
    owner = Owner(client, {"code": code, "values": values, "view": {"level": level}})
    for path in ("", "/graph", "/trace", "/figure.svg", "/tensors"):
        assert owner.get(path).status_code == 200, path
    assert owner.get("/tensors/ids").json()["value"] == [0, 2, 0]


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


def test_a_program_is_trained_by_a_run_in_mini_batches_of_its_samples(client: TestClient) -> None:
    owner = Owner(client, BODY)
    network = client.get(owner.url).json()["network"]
    assert (network["learned"], network["samples"]) == (["W", "b"], {"names": ["X"], "rows": 2})
    body = {"steps": 7, "batch_size": 1, "optimizer": {"type": "sgd", "learning_rate": 0.01}}
    begun = client.post(f"{owner.url}/runs", json=body, headers=owner.token)
    assert begun.status_code == 202
    run = begun.headers["Location"]
    end = time.monotonic() + 60
    while (told := client.get(run).json())["state"] != "finished":
        assert time.monotonic() < end, told
        time.sleep(0.01)
    assert (told["samples"], told["epoch"], told["accuracy"]) == (7, 3, None)
    history = client.get(f"{run}/history").json()
    assert history["step"] == list(range(1, 8))
    assert history["accuracy"] == [None] * 7
    assert set(history["gradient_norms"]) == {"W", "b"}
    health = client.get(f"{owner.url}/health").json()
    assert [(line["name"], line["type"]) for line in health["layers"]] == [
        ("h", "line"),
        ("L", "line"),
    ]
    opened = client.post(f"{run}/open", json={"step": 4}, headers=owner.token).json()
    assert np.shape(opened["parameters"]["X"]) == (1, 2)


@pytest.mark.parametrize(
    ("body", "run", "status", "kind"),
    [
        ({"code": "y = x ** 3", "values": {"x": [1, 2]}}, {"steps": 3}, 409, "nothing-to-learn"),
        ({"code": "L = w ** 2", "values": {"w": 1}}, {"steps": 3, "batch_size": 2}, 422, "invalid"),
    ],
)
def test_a_run_that_cannot_be_is_refused(
    client: TestClient, body: Any, run: Any, status: int, kind: str
) -> None:
    owner = Owner(client, body)
    answer = client.post(f"{owner.url}/runs", json=run, headers=owner.token)
    assert answer.status_code == status
    assert answer.json()["type"].endswith(kind)


def test_all_names_without_a_value_are_told_at_once(client: TestClient) -> None:
    body = {"code": "h = X @ W + b\ny = h * c + q(h)", "values": {"X": [[1.0]]}}
    errors = client.post(f"{API}/sessions", json=body).json()["errors"]
    assert [error["pointer"] for error in errors] == ["/values/W", "/values/b", "/values/c"]
    assert [(error["line"], error["column"]) for error in errors] == [(1, 9), (1, 13), (2, 9)]
    assert {error["code"] for error in errors} == {"missing"}
    owner = Owner(client, BODY)
    answer = client.patch(
        owner.url,
        json=[{"op": "code", "code": "L = np.sum(X @ V) + c"}],
        headers=owner.token | {"If-Match": "*"},
    )
    assert pointers(answer) == ["/0/values/V", "/0/values/c"]


def test_a_line_is_known_by_its_name_and_its_nodes(client: TestClient) -> None:
    body = {"code": "n = 2\ny = x * n\ny = (y +\n     1)\nL = np.sum(y)", "values": {"x": [1, 2]}}
    owner = Owner(client, body)
    found = owner.get("/code").json()
    assert found["code"] == body["code"]
    assert found["names"] == {"x": "x"}
    drawn = {node["id"] for node in owner.get("/graph").json()["nodes"]}
    lines = [(one["line"], one["end"], one["layers"]) for one in found["lines"]]
    assert lines == [(1, 1, ["n"]), (2, 2, ["y.before1"]), (3, 4, ["y"]), (5, 5, ["L"])]
    assert [len(one["nodes"]) for one in found["lines"]] == [0, 1, 1, 1]
    assert {id for one in found["lines"] for id in one["nodes"]} <= drawn
    events = {(event["node"], event["layer"]) for event in owner.get("/trace").json()["events"]}
    for line in found["lines"]:
        assert all((id, line["layers"][0]) in events for id in line["nodes"])


NETWORKS: dict[str, Any] = {
    "two-layer": {"preset": "two-layer"},
    "one digit": {"preset": "fig-5-29"},
    "given gradient": {"preset": "fig-5-27"},
    "saturated": {
        "network": {
            "input_size": 2,
            "layers": [
                {"type": "affine", "units": 3},
                {"type": "sigmoid"},
                {"type": "leaky_relu", "slope": 0.2},
                {"type": "affine", "units": 3, "bias": False},
            ],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[900.0, -800.0], [0.5, 0.25], [-700.0, 3.0]],
        "t": [0, 2, 2],
        "seed": 3,
    },
    "squared error with decay": {
        "network": {
            "input_size": 2,
            "layers": [
                {"type": "affine", "units": 3},
                {"type": "softplus"},
                {"type": "affine", "units": 2},
            ],
            "loss": {"type": "squared_error", "weight_decay": 0.25},
        },
        "x": [[1.0, -0.5], [0.5, 0.25]],
        "t": [[0.5, 1.0], [-1.0, 2.0]],
    },
    "sigmoid with cross entropy": {
        "network": {
            "input_size": 2,
            "layers": [{"type": "affine", "units": 2}],
            "loss": {"type": "sigmoid_cross_entropy", "reduction": "sum"},
        },
        "x": [[1000.0, -0.5], [0.5, 0.25]],
        "t": [[0.0, 1.0], [1.0, 0.0]],
    },
    "no targets": {
        "network": {
            "input_size": 2,
            "layers": [{"type": "affine", "units": 3}, {"type": "gelu"}, {"type": "tanh"}],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[0.5, 0.25]],
    },
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_written_as_code_has_its_loss_and_gradients(
    client: TestClient, name: str
) -> None:
    owner = Owner(client, NETWORKS[name])
    answer = owner.post("/fork", {"code": True})
    program = Owner.of_fork(client, answer)
    written = owner.get("/code").json()
    assert program.state["network"]["code"] == written["code"]
    assert program.get("/code").json()["code"] == written["code"]
    if owner.state["loss"] is not None:
        assert program.state["loss"] == pytest.approx(owner.state["loss"], rel=1e-12)
    gradients = 0
    for own, tensor in written["names"].items():
        was, now = owner.get(f"/tensors/{tensor}.grad"), program.get(f"/tensors/{own}.grad")
        if was.status_code == 200 and tensor != "t":
            np.testing.assert_allclose(
                now.json()["value"], was.json()["value"], rtol=1e-12, atol=1e-15
            )
            gradients += 1
    assert gradients >= (0 if name == "no targets" else 1)
    # Every op of the network is in one line, and what is closed is known by its layer.
    ids = [id for line in written["lines"] for id in line["nodes"]]
    assert len(set(ids)) == len(ids)
    layers = {layer for line in written["lines"] for layer in line["layers"]}
    assert {event["layer"] for event in owner.get("/trace").json()["events"]} == layers


def test_code_of_a_program_is_forked_as_it_is(client: TestClient) -> None:
    owner = Owner(client, BODY)
    copy = owner.post("/fork", {"code": True}).json()
    assert (copy["network"], copy["parameters"]) == (
        owner.state["network"], owner.state["parameters"]
    )  # fmt: skip


def test_a_cell_of_any_rank_is_edited_and_explained(client: TestClient) -> None:
    x = np.ones((1, 2, 1, 2, 1, 2)).tolist()
    owner = Owner(client, {"code": "L = np.sum(x * x)", "values": {"x": x}})
    index = [0, 1, 0, 0, 0, 1]
    answer = owner.patch({"op": "set", "tensor": "x", "index": index, "value": 3})
    assert answer.status_code == 200
    assert answer.json()["loss"] == 7 + 9
    told = owner.get(f"/explain?tensor=x.grad&index={','.join(map(str, index))}").json()
    assert told["value"] == 6


def test_a_gradient_that_is_given_stays_until_it_is_taken_away(client: TestClient) -> None:
    owner = Owner(client, {"code": "y = x * 2", "values": {"x": [1, 2]}, "grad_output": [1, 3]})
    kept = owner.patch({"op": "code", "code": "y = x * 3"}).json()
    assert kept["grad_output"] == [1, 3]
    taken = owner.patch({"op": "code", "code": "y = x * 3", "grad_output": None}).json()
    assert taken["grad_output"] is None


CLASHING: dict[str, Any] = {
    "code": "h = X @ W\ny = h @ V\nL = np.sum((y - T) ** 2)",
    "up_to_clash": True,
}
MORE = {"V": [[1.0, 2, 3], [0, 1, 0]], "T": [[1.0, 0], [0, 1]]}


def test_a_clash_is_a_session_up_to_there_where_that_is_asked_for(client: TestClient) -> None:
    owner = Owner(client, BODY)
    headers = owner.token | {"If-Match": "*"}
    edit = {"op": "code", **CLASHING, "values": MORE}
    refused = client.patch(owner.url, json=[edit | {"up_to_clash": False}], headers=headers)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, "/0/code", "shape")

    assert client.patch(owner.url, json=[edit], headers=headers).status_code == 200
    network = client.get(owner.url).json()["network"]
    told = {name: error[name] for name in ("line", "column", "message")}
    assert network["clash"] == {**told, "shapes": [[2, 3], [2, 3]]}
    assert (network["loss"], network["learned"], network["samples"]) == (None, [], None)
    trace = client.get(f"{owner.url}/trace").json()
    assert [(event["op"], event["phase"]) for event in trace["events"]] == [("dot", "forward")]
    (node,) = [one for one in client.get(f"{owner.url}/graph").json()["nodes"] if "clash" in one]
    assert node["symbol"] == "dot"
    moved = client.post(f"{owner.url}/step", json={"direction": "next", "granularity": "op"},
                        headers=headers).json()  # fmt: skip
    assert moved["cursor"]["at_end"]
    explained = client.get(f"{owner.url}/explain?tensor=h&index=0,1").json()
    assert explained["value"] == pytest.approx(np.dot([1, 2], [-1, 0.5]))
    figure = client.get(f"{owner.url}/figure.svg")
    assert figure.status_code == 200
    assert "\u2260" in figure.text

    code = client.get(f"{owner.url}/code").json()
    # What comes later stands for nothing yet.
    assert [bool(line["nodes"]) for line in code["lines"]] == [True, True, False]
    (way, other) = code["fits"]
    assert [way["expression"], other["expression"]] == ["h @ V.T", "h.T @ V"]
    run = client.post(f"{owner.url}/runs", json={"steps": 3}, headers=owner.token)
    assert run.status_code == 409

    # It is shared, kept and copied as any other; a fit mends it with the numbers that were there.
    recipe = client.get(f"{owner.url}/recipe").json()
    again = client.post(f"{API}/sessions", json=recipe["base"])
    assert again.status_code == 201, again.text
    assert again.json()["network"]["clash"] == network["clash"]
    mended = client.patch(
        owner.url, json=[{"op": "code", "code": way["code"]}], headers=headers
    ).json()
    assert mended["network"]["clash"] is None
    assert mended["loss"] is not None


def test_other_shapes_mend_a_clash_as_other_lines_do(client: TestClient) -> None:
    owner = Owner(client, {**CLASHING, "values": {**BODY["values"], **MORE, "b": 0}} | {
        "code": CLASHING["code"] + " + b"
    })  # fmt: skip
    headers = owner.token | {"If-Match": "*"}
    assert client.get(owner.url).json()["network"]["clash"] is not None
    edit = {"op": "replace", "tensor": "V", "value": [[1, 2], [3, 4], [5, 6]]}
    mended = client.patch(owner.url, json=[edit], headers=headers).json()
    assert mended["network"]["clash"] is None

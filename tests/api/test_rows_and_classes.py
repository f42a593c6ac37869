"""One sample more, one less; classes by name."""

import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import API, SMALL, Owner, pointers


def insert(**fields: Any) -> dict[str, Any]:
    return {"op": "insert_row", **fields}


def test_a_row_goes_in_with_its_target(owner: Owner) -> None:
    before = owner.state
    after = owner.patch(insert(row=1, x=[0.5, -1], t=2)).json()

    assert after["x"] == [before["x"][0], [0.5, -1], *before["x"][1:]]
    assert after["t"] == [before["t"][0], 2, *before["t"][1:]]
    assert after["data_version"] == before["data_version"] + 1
    assert len(after["probabilities"]) == len(after["x"])


def test_what_is_not_given_is_as_in_the_row_before(owner: Owner) -> None:
    before = owner.state
    first = owner.patch(insert(row=0)).json()
    assert first["x"] == [before["x"][0], *before["x"]]
    assert first["t"] == [before["t"][0], *before["t"]]
    last = owner.patch(insert(x=[9, 9])).json()
    assert last["x"] == [*first["x"], [9, 9]]
    assert last["t"] == [*first["t"], first["t"][-1]]


def test_a_row_goes_and_comes_back_with_the_same_bits(owner: Owner) -> None:
    before = owner.state
    gone = owner.patch({"op": "delete_row", "row": 1}).json()
    assert gone["x"] == [before["x"][0], *before["x"][2:]]
    assert gone["t"] == [before["t"][0], *before["t"][2:]]
    again = owner.patch(insert(row=1, x=before["x"][1], t=before["t"][1])).json()
    for name in ("x", "t", "loss", "probabilities"):
        assert again[name] == before[name]


def test_one_hot_targets_and_a_gradient_from_above_come_and_go_too(client: TestClient) -> None:
    one_hot = Owner(client, SMALL | {"t": [[1, 0, 0], [0, 0, 1], [0, 1, 0]]})
    grown = one_hot.patch(insert(t=[0, 0, 1])).json()
    assert grown["t"] == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    network = {"input_size": 2, "layers": [{"type": "affine", "units": 2}]}
    body = {"network": network, "x": [[1, 2]], "grad_output": [[3, 4]]}
    given = Owner(client, body)
    assert given.patch(insert(row=0, grad_output=[5, 6])).json()["grad_output"] == [[5, 6], [3, 4]]
    assert given.patch({"op": "delete_row", "row": 1}).json()["grad_output"] == [[5, 6]]


@pytest.mark.parametrize(
    ("edit", "pointer"),
    [
        (insert(row=4), "/0/row"),
        (insert(row=-1), "/0/row"),
        (insert(x=[1, 2, 3]), "/0/x"),
        (insert(x=[[1, 2]]), "/0/x/0"),
        (insert(t=3), "/0/t"),
        (insert(t=0.5), "/0/t"),
        (insert(t=[1, 0, 0]), "/0/t"),
        (insert(grad_output=[1, 2, 3]), "/0/grad_output"),
        (insert(y=1), "/0/y"),
        ({"op": "delete_row", "row": 3}, "/0/row"),
        ({"op": "delete_row"}, "/0/row"),
    ],
)
def test_a_row_that_does_not_fit_changes_nothing(
    owner: Owner, edit: dict[str, Any], pointer: str
) -> None:
    before = owner.state
    refused = owner.patch(edit)
    assert refused.status_code == 422
    assert pointers(refused) == [pointer]
    assert owner.state == before


def test_one_sample_stays_and_there_is_a_limit(client: TestClient) -> None:
    alone = Owner(client, SMALL | {"x": [[1, 2]], "t": [0]})
    assert pointers(alone.patch({"op": "delete_row", "row": 0})) == ["/0/row"]
    most = 10_000
    full = Owner(client, {
        "network": {"input_size": 1, "layers": []}, "x": [[0.0]] * most,
        "grad_output": [[1.0]] * most,
    })  # fmt: skip
    refused = full.patch(insert())
    assert refused.status_code == 422
    assert "limit" in refused.text


def test_a_float32_session_stays_one(client: TestClient) -> None:
    network = SMALL["network"] | {"dtype": "float32"}
    owner = Owner(client, SMALL | {"network": network})
    after = owner.patch(insert(row=0, x=[0.1, 0.2])).json()
    assert np.float32(after["x"][0][0]) == np.float32(0.1)
    assert after["x"][0] == [0.1, 0.2]


def test_a_large_batch_takes_one_more_row_in_a_short_body(client: TestClient) -> None:
    made = client.post(f"{API}/sessions", json={
        "network": {"input_size": 784, "layers": [{"type": "affine", "units": 2}],
                    "loss": {"type": "softmax_cross_entropy"}},
        "data": {"dataset": "bands", "samples": 1000},
    })  # fmt: skip
    assert made.status_code == 201, made.text
    url, state = made.headers["location"], made.json()
    headers = {"Authorization": f"Bearer {state['edit_token']}", "If-Match": '"1"'}
    grown = client.patch(url, json=[insert(row=1000)], headers=headers)
    assert grown.status_code == 200
    assert grown.json()["x"]["shape"] == [1001, 784]


def test_classes_have_the_names_that_they_are_given(owner: Owner) -> None:
    assert owner.state["classes"] == []
    names = ["cat", "dog", "새"]
    after = owner.patch({"op": "classes", "names": names}).json()
    assert after["classes"] == names
    # A name is no number.
    assert (after["version"], after["data_version"]) == (2, 1)
    recipe = owner.get("/recipe").json()
    assert {"op": "classes", "names": names} in recipe["edits"]
    fork = owner.post("/fork").json()
    assert fork["classes"] == names
    assert owner.patch({"op": "classes", "names": []}).json()["classes"] == []
    assert owner.get("/recipe").json()["digest"] == recipe["digest"]


@pytest.mark.parametrize(
    ("names", "pointer"),
    [
        (["cat", "dog"], "/0/names"),
        (["cat", "", "bird"], "/0/names/1"),
        (["cat", " ", "bird"], "/0/names/1"),
        (["cat", "dog", "x" * 31], "/0/names/2"),
        (["cat", "dog", "a\nb"], "/0/names/2"),
        ([1, 2, 3], "/0/names/0"),
        (None, "/0/names"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(owner: Owner, names: Any, pointer: str) -> None:
    refused = owner.patch({"op": "classes", "names": names})
    assert refused.status_code == 422
    assert pointers(refused) == [pointer]
    assert owner.state["classes"] == []


def test_without_a_loss_there_are_no_classes(client: TestClient) -> None:
    plain = Owner(client, {"preset": "fig-5-25"})
    assert pointers(plain.patch({"op": "classes", "names": ["a", "b", "c"]})) == ["/0/names"]


def from_table(client: TestClient, words: list[str], outputs: int) -> Owner:
    """A session whose samples are rows of a CSV file with these labels."""
    lines = [f"{k},{k * k},{json.dumps(words[k % len(words)], ensure_ascii=False)}"
             for k in range(20)]  # fmt: skip
    text = "\n".join(["a,b,kind", *lines])
    table = client.post(
        f"{API}/datasets", content=text.encode(), headers={"Content-Type": "text/csv"}
    ).json()
    return Owner(client, {
        "network": {"input_size": 2, "layers": [{"type": "affine", "units": outputs}],
                    "loss": {"type": "softmax_cross_entropy"}},
        "data": {"dataset": table["name"], "split": "train"},
    })  # fmt: skip


def test_a_table_of_ones_own_names_the_classes_and_its_recipe_need_not(client: TestClient) -> None:
    owner = from_table(client, ["spam", "ham"], 2)
    assert owner.state["classes"] == ["ham", "spam"]
    recipe = owner.get("/recipe").json()
    assert recipe["edits"] == []
    assert client.post(f"{API}/sessions", json=recipe["base"]).json()["classes"] == ["ham", "spam"]
    assert owner.post("/fork").json()["classes"] == ["ham", "spam"]

    for names in ([], ["a", "b"]):
        owner.patch({"op": "classes", "names": names})
        assert owner.get("/recipe").json()["edits"] == [{"op": "classes", "names": names}]
        # A copy has the same recipe.
        copy = owner.post("/fork").json()
        again = client.get(f"{API}/sessions/{copy['id']}/recipe").json()
        assert again["edits"] == [{"op": "classes", "names": names}]


@pytest.mark.parametrize(
    ("words", "outputs", "names"),
    [
        # Names that say no more than the numbers.
        (["0", "1"], 2, []),
        (["1", "2"], 2, ["1", "2"]),
        # More outputs than classes.
        (["ham", "spam"], 3, []),
        (["b" * 40, "a  b"], 2, ["a b", "b" * 29 + "…"]),
    ],
)
def test_names_of_a_table_are_taken_where_they_fit(
    client: TestClient, words: list[str], outputs: int, names: list[str]
) -> None:
    owner = from_table(client, words, outputs)
    assert owner.state["classes"] == names
    if names:
        # They are such as may be given.
        assert owner.patch({"op": "classes", "names": names}).status_code == 200

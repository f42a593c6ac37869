from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import SMALL, Owner, pointers


def test_one_cell_changes_and_everything_follows(owner: Owner) -> None:
    before = owner.state

    answer = owner.patch({"op": "set", "tensor": "affine1.W", "index": [0, 1], "value": 0.5})
    after = answer.json()

    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert after["parameters"]["affine1.W"][0][1] == 0.5
    assert after["loss"] != before["loss"]
    assert (after["version"], after["data_version"]) == (2, 2)
    assert owner.get("/tensors/affine1.W?slice=0,1").json()["value"] == 0.5


def test_x_and_t_of_another_length_come_together(owner: Owner) -> None:
    x = [[1, 2], [3, 4], [5, 6], [7, 8]]
    alone = owner.patch({"op": "replace", "tensor": "x", "value": x})
    both = owner.patch(
        {"op": "replace", "tensor": "x", "value": x},
        {"op": "replace", "tensor": "t", "value": [0, 1, 2, 0]},
    )

    assert alone.status_code == 422
    assert pointers(alone) == ["/0/value"]
    assert both.status_code == 200
    assert both.json()["x"] == x


def test_labels_can_become_one_hot_rows(owner: Owner) -> None:
    rows = [[0, 1, 0], [0, 1, 0], [0, 0, 1]]

    owner.patch({"op": "replace", "tensor": "t", "value": rows})
    moved = owner.patch(
        {"op": "set", "tensor": "t", "index": [0, 1], "value": 0},
        {"op": "set", "tensor": "t", "index": [0, 0], "value": 1},
    )

    assert moved.json()["t"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_a_bias_as_a_row_and_labels_as_a_column_are_taken(owner: Owner) -> None:
    answer = owner.patch(
        {"op": "replace", "tensor": "affine1.b", "value": [[7, 8, 9]]},
        {"op": "replace", "tensor": "t", "value": [[2], [1], [0]]},
    )

    assert answer.status_code == 200
    assert owner.state["parameters"]["affine1.b"] == [7, 8, 9]
    assert owner.state["t"] == [2, 1, 0]


def test_weights_as_another_library_keeps_them_are_refused_as_transposed(owner: Owner) -> None:
    edit = {"op": "replace", "tensor": "affine1.W", "value": [[1, 2], [3, 4], [5, 6]]}

    error = owner.patch(edit).json()["errors"][0]

    assert error["pointer"] == "/0/value"
    assert "(3, 2), expected (2, 3): it looks transposed" in error["message"]


def test_the_learning_rate_is_edited_like_a_number(owner: Owner) -> None:
    owner.patch({"op": "set", "tensor": "learning_rate", "index": [], "value": 0.25})
    assert owner.state["optimizer"]["learning_rate"] == 0.25
    owner.patch({"op": "replace", "tensor": "learning_rate", "value": 0.5})
    assert owner.state["optimizer"]["learning_rate"] == 0.5
    owner.patch({"op": "set", "tensor": "learning_rate", "value": 0.75})
    assert owner.state["optimizer"]["learning_rate"] == 0.75
    assert owner.state["data_version"] == 1


def test_rows_of_a_data_set_replace_x_and_t(owner: Owner) -> None:
    state = owner.patch({"op": "load", "dataset": "twos", "split": "test", "rows": [2, 5]}).json()

    assert state["x"] == [[2, -2], [5, -5]]
    assert state["t"] == [2, 2]


def test_a_view_changes_no_number(owner: Owner) -> None:
    state = owner.patch({"op": "view", "level": "element", "loss": "opened"}).json()

    assert state["view"]["level"] == "element"
    assert (state["version"], state["data_version"]) == (2, 1)


def test_the_cursor_keeps_its_place_in_another_view(owner: Owner) -> None:
    for _ in range(3):
        owner.post("/step", {"granularity": "layer"})
    before = owner.get("/trace").json()["events"][owner.state["cursor"]["seq"]]

    owner.patch({"op": "view", "loss": "opened"})
    after = owner.get("/trace").json()["events"][owner.state["cursor"]["seq"]]

    assert (before["phase"], before["layer"]) == ("loss", "loss")
    assert (after["phase"], after["layer"]) == ("loss", "loss")


def test_the_end_stays_the_end_in_another_view(owner: Owner) -> None:
    for _ in range(3):
        owner.post("/step", {"granularity": "phase"})
    assert owner.state["cursor"]["at_end"]

    state = owner.patch({"op": "view", "loss": "opened"}).json()

    assert state["cursor"]["at_end"]


SET = {"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 1.0}


@pytest.mark.parametrize(
    ("edit", "pointer"),
    [
        ({**SET, "index": [0, 3]}, "/1/index/1"),
        ({**SET, "index": [2, 0]}, "/1/index/0"),
        ({**SET, "index": [0]}, "/1/index"),
        ({**SET, "index": [0, -1]}, "/1/index/1"),
        ({**SET, "tensor": "affine9.W"}, "/1/tensor"),
        ({**SET, "tensor": "relu1.output"}, "/1/tensor"),
        ({**SET, "tensor": "grad_output"}, "/1/tensor"),
        ({**SET, "tensor": "t", "index": [0], "value": 3}, "/1/value"),
        ({**SET, "tensor": "t", "index": [0], "value": 0.5}, "/1/value"),
        ({**SET, "tensor": "learning_rate", "index": [0]}, "/1/index"),
        ({**SET, "tensor": "learning_rate", "index": [], "value": -1}, "/1/value"),
        ({"op": "replace", "tensor": "affine1.b", "value": [1, 2]}, "/1/value"),
        ({"op": "replace", "tensor": "affine1.b", "value": 3}, "/1/value"),
        ({"op": "replace", "tensor": "x", "value": [[1, 2, 3]]}, "/1/value"),
        ({"op": "replace", "tensor": "t", "value": [0, 1, 3]}, "/1/value/2"),
        ({"op": "replace", "tensor": "t", "value": [[1, 1, 0]] * 3}, "/1/value/0"),
        ({"op": "replace", "tensor": "t", "value": 1}, "/1/value"),
        ({"op": "replace", "tensor": "grad_output", "value": [[1, 1, 1]]}, "/1/tensor"),
        ({"op": "replace", "tensor": "learning_rate", "value": [1]}, "/1/value"),
        ({"op": "view", "sample": 3}, "/1/sample"),
        ({"op": "load", "dataset": "none", "split": "test", "rows": [1]}, "/1/dataset"),
        ({"op": "load", "dataset": "twos", "split": "test", "rows": [99]}, "/1/rows"),
        ({"op": "optimizer", "optimizer": {"type": "adam", "beta1": 1}}, "/1/optimizer/beta1"),
    ],
)
def test_one_wrong_edit_undoes_all_and_is_named(
    owner: Owner, edit: dict[str, Any], pointer: str
) -> None:
    before = owner.state

    answer = owner.patch({**SET, "value": 123.0}, edit)

    assert answer.status_code == 422
    assert pointer in pointers(answer)
    assert owner.state == before


def test_a_value_beyond_float32_is_refused_in_a_float32_session(client: TestClient) -> None:
    network = SMALL["network"] | {"dtype": "float32"}
    owner = Owner(client, SMALL | {"network": network})

    answer = owner.patch({**SET, "value": 1e39})

    assert pointers(answer) == ["/0/value"]


def test_edits_without_a_version_are_refused(owner: Owner) -> None:
    answer = owner.client.patch(owner.url, json=[SET], headers=owner.token)

    assert answer.status_code == 428
    assert pointers(answer) == []


def test_edits_of_an_older_version_are_refused_with_the_current_one(owner: Owner) -> None:
    owner.patch(SET)

    answer = owner.patch({**SET, "value": 2.0}, version=1)

    assert answer.status_code == 412
    assert answer.headers["etag"] == '"2"'
    assert owner.state["parameters"]["affine1.W"][0][0] == 1.0


@pytest.mark.parametrize("path", ["step", "update"])
def test_other_changes_take_a_version_if_one_is_given(owner: Owner, path: str) -> None:
    assert owner.post(f"/{path}", {}, **{"If-Match": '"9"'}).status_code == 412
    assert owner.post(f"/{path}", {}, **{"If-Match": '"1"'}).status_code == 200
    assert owner.post(f"/{path}", {}, **{"If-Match": "*"}).status_code == 200


def test_a_single_sample_is_no_longer_written_singly_with_two_rows(client: TestClient) -> None:
    owner = Owner(client, {"preset": "fig-5-25"})
    assert owner.state["view"]["single"]

    state = owner.patch(
        {"op": "replace", "tensor": "x", "value": [[1, 2], [3, 4]]},
        {"op": "replace", "tensor": "grad_output", "value": [[1, 2, 3], [4, 5, 6]]},
    ).json()

    assert not state["view"]["single"]
    assert owner.get("/graph").status_code == 200

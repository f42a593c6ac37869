"""Data sets by REST: points, one's own table, and every fault with its line."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.sessions.service import Service
from tests.api.conftest import API, Owner, pointers

NETWORK = {
    "input_size": 2,
    "layers": [{"type": "affine", "units": 3}],
    "loss": {"type": "softmax_cross_entropy"},
}
ROWS = "".join(f"{k},{k / 10},{'pqr'[k % 3]}\n" for k in range(10))
TABLE = f"width,height,kind\n{ROWS}".encode()


def post(client: TestClient, content: bytes, query: str = "", media: str = "text/csv") -> Any:
    return client.post(f"{API}/datasets{query}", content=content, headers={"Content-Type": media})


def begin(client: TestClient, data: dict[str, Any]) -> Any:
    return client.post(f"{API}/sessions", json={"network": NETWORK, "data": data})


def test_a_table_becomes_a_data_set_that_a_session_names(client: TestClient) -> None:
    made = post(client, TABLE, "?label=kind&test=0.3&seed=5")
    about = made.json()
    session = begin(client, {"dataset": about["name"], "split": "test", "samples": 3})

    assert made.status_code == 201
    assert client.get(made.headers["location"]).json() == about
    assert about["splits"] == {"train": 7, "test": 3}
    assert about["columns"] == ["width", "height"]
    assert about["class_names"] == ["p", "q", "r"]
    assert session.status_code == 201
    for x, label in zip(session.json()["x"], session.json()["t"], strict=True):
        assert x[1] == x[0] / 10
        assert label == x[0] % 3


@pytest.mark.parametrize("name", ["xor", "moons", "circles", "spiral", "blobs"])
def test_points_of_a_plane_are_made(client: TestClient, name: str) -> None:
    data = {"dataset": name, "samples": 12, "noise": 0, "seed": 1}
    made, again = begin(client, data), begin(client, data)

    assert made.status_code == 201, made.text
    assert made.json()["x"] == again.json()["x"]
    assert len(made.json()["x"]) == 12
    assert name in [plane["name"] for plane in client.get(f"{API}/datasets").json()["planes"]]


def test_a_data_set_by_its_name_is_drawn_from(client: TestClient) -> None:
    name = post(client, TABLE, "?label=kind&test=0.3&seed=5").json()["name"]
    made = begin(client, {"dataset": name, "batch_size": 3, "seed": 4}).json()
    data = {"dataset": name, "split": "train", "samples": 7, "batch_size": 3, "seed": 4, "noise": 0}
    assert made["data"] == data
    assert begin(client, {"dataset": name, "samples": 3}).json()["data"] is None
    path = f"{API}/sessions/{made['id']}"
    mine = {"Authorization": f"Bearer {made['edit_token']}"}
    rows = [made["source"]["rows"]]
    for _ in range(2):
        assert client.post(f"{path}/update", json={}, headers=mine).status_code == 200
        rows.append(client.get(path).json()["source"]["rows"])
    # An epoch is 3 + 3 + 1 rows, each of them once.
    assert [len(batch) for batch in rows] == [3, 3, 1]
    assert sorted(row for batch in rows for row in batch) == list(range(7))

    recipe = client.get(f"{path}/recipe").json()
    asked = {"dataset": name, "split": "train", "batch_size": 3, "seed": 4}
    assert recipe["base"]["data"] == asked | {"step": 2}
    assert client.post(f"{API}/sessions", json=recipe["base"]).json()["source"]["rows"] == rows[2]


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"dataset": "moons", "samples": 5, "noise": 3}, "/data/noise"),
        ({"dataset": "moons", "samples": 3000}, "/data/samples"),
        ({"dataset": "moons", "samples": 5, "batch_size": 6}, "/data/batch_size"),
        ({"dataset": "own-nothing", "samples": 3}, "/data/dataset"),
        ({"dataset": "own-nothing"}, "/data/dataset"),
        ({"dataset": "nothing", "samples": 3}, "/data/dataset"),
        ({"samples": 3}, "/data/dataset"),
    ],
)
def test_what_there_is_not_is_named(client: TestClient, data: dict[str, Any], at: str) -> None:
    answer = begin(client, data)
    assert answer.status_code == 422
    assert pointers(answer) == [at]


@pytest.mark.parametrize(
    ("content", "status", "words", "place"),
    [
        (b"a,b\n1,x\n2;y\n", 422, "line 3: there are 1 cells", ("cells", 3, None)),
        (b"a,b\n1,x\nsecret,y\n", 422, "line 3, column 1", ("number", 3, 1)),
        (b"a,b\n1,\xff\n", 400, "line 2: this is no UTF-8", ("encoding", 2, None)),
        (b'a,b\n1,"x\n', 400, "line 2: this is no CSV", ("quoting", 2, None)),
        (b"", 422, "the file is empty", ("empty", None, None)),
    ],
)
def test_a_fault_names_its_line_and_repeats_nothing(
    client: TestClient,
    content: bytes,
    status: int,
    words: str,
    place: tuple[str, int | None, int | None],
) -> None:
    answer = post(client, content)
    (fault,) = answer.json()["errors"]
    assert (fault["code"], fault.get("line"), fault.get("column")) == place
    assert answer.status_code == status
    assert words in answer.text
    assert "secret" not in answer.text


def test_a_drawing_becomes_a_row_that_a_network_takes(client: TestClient) -> None:
    path = f"{API}/datasets/mnist/drawn"
    row = client.get(f"{API}/datasets/mnist/rows/test/5").json()["pixels"]
    picture = [row[i : i + 28] for i in range(0, 784, 28)]
    made = client.post(path, json={"pixels": picture}).json()["pixels"]
    most = max(row)
    assert made == [pytest.approx([pixel / most for pixel in line]) for line in picture]
    for wrong in ([[0, 0]], [[1, -1]], [[1] * 281], [[1], [1, 2]], []):
        assert pointers(client.post(path, json={"pixels": wrong}))[0].startswith("/pixels")


def test_other_types_and_sizes_are_refused(client: TestClient) -> None:
    assert post(client, TABLE, media="application/json").status_code == 415
    assert post(client, b"a,b\n" + b"1,x\n" * 600_000).status_code == 413
    assert pointers(post(client, TABLE, "?test=0.95")) == ["/test"]
    assert pointers(post(client, TABLE, "?label=depth")) == ["/label"]


def test_a_session_is_no_data_set_and_a_data_set_no_session(client: TestClient) -> None:
    name = post(client, TABLE).json()["name"]
    session = begin(client, {"dataset": name, "samples": 1}).json()["id"]
    assert client.get(f"{API}/sessions/{name}").status_code == 404
    assert client.get(f"{API}/datasets/{session}").status_code == 404


def test_a_session_whose_table_is_gone_says_so_wherever_it_is_needed(
    app: FastAPI, client: TestClient
) -> None:
    rows = "".join(f"{k},{-k},{'pq'[k % 2]}\n" for k in range(40))
    name = post(client, f"a,b,kind\n{rows}".encode()).json()["name"]
    owner = Owner(client, {"network": NETWORK, "data": {"dataset": name, "batch_size": 4}})
    known = owner.get("/recipe").headers["etag"]
    sessions: Service = app.state.service
    sessions.keeper.store.delete(name)
    sessions.own_data._tables.clear()
    # Another number, so that nothing is answered from memory.
    assert owner.patch({"op": "set", "tensor": "affine1.b", "index": [0], "value": 1}).is_success
    refused = owner.get("/recipe", headers={"If-None-Match": known})
    assert refused.status_code == 422
    assert pointers(refused) == ["/data/dataset"]
    assert "no longer kept" in refused.json()["detail"]
    reset = owner.patch({"op": "reset"})
    assert (reset.status_code, pointers(reset)) == (422, ["/0"])
    assert "no longer kept" in reset.json()["detail"]
    for answer in (owner.post("/runs", {"steps": 3}), owner.get("/health"), owner.get("/regions")):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#nothing-to-learn")
        assert "no longer kept" in answer.json()["detail"]
    # What it shows, it still has.
    assert owner.get("/trace").status_code == owner.get().status_code == 200

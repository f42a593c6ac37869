import hashlib
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.sessions.service import Service
from tests.api.conftest import API, SMALL, Owner, pointers


def test_a_new_session_has_location_etag_and_token(client: TestClient) -> None:
    answer = client.post(f"{API}/sessions", json=SMALL)
    state = answer.json()

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{API}/sessions/{state['id']}"
    assert answer.headers["etag"] == '"1"'
    assert state["version"] == 1
    assert len(state["edit_token"]) >= 22
    assert state["x"] == SMALL["x"]
    assert state["t"] == SMALL["t"]
    assert state["network"]["layers"][0] == {"type": "affine", "name": "affine1", "units": 3}
    assert state["optimizer"] == {"type": "sgd", "learning_rate": 0.1}
    assert state["cursor"]["at_start"] is True


def test_the_session_reads_as_it_was_made_but_without_the_token(owner: Owner) -> None:
    state = owner.state

    assert "edit_token" not in state
    assert state == {key: value for key, value in owner.created.items() if key != "edit_token"}


def test_only_a_hash_of_the_token_is_kept(owner: Owner, service: Service) -> None:
    token = owner.created["edit_token"]
    record = service.keeper.store.get(owner.created["id"])

    assert record.token_hash == hashlib.sha256(token.encode()).digest()
    assert token not in repr(record)


def test_targets_stay_as_they_were_given(client: TestClient) -> None:
    rows = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]

    assert Owner(client, SMALL).state["t"] == [0, 2, 1]
    assert Owner(client, SMALL | {"t": rows}).state["t"] == rows


def test_optimizer_and_view_can_be_given(client: TestClient) -> None:
    optimizer = {"type": "adam", "learning_rate": 0.01}
    view = {"level": "element", "loss": "opened", "sample": 2}

    state = Owner(client, SMALL | {"optimizer": optimizer, "view": view}).state

    assert state["optimizer"]["beta2"] == 0.999
    assert state["view"] == view | {"single": False, "open": [], "form": "book", "update": False}


@pytest.mark.parametrize(
    "preset",
    ["fig-5-24", "fig-5-25", "fig-5-26", "fig-5-27", "fig-5-29", "fig-5-30", "two-layer"],
)
def test_a_preset_becomes_a_session_that_can_be_drawn(client: TestClient, preset: str) -> None:
    owner = Owner(client, {"preset": preset})

    assert owner.state["preset"] == preset
    graph, trace = owner.get("/graph").json(), owner.get("/trace").json()
    edges = {edge["id"] for edge in graph["edges"] if edge["direction"] == "forward"}
    written = {key for event in trace["events"] for key in event["writes"]}
    assert {key for key in written if not key.endswith(".grad")} <= edges


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"preset": "fig-9-99"}, "/preset"),
        ({"preset": "fig-5-25", "x": [[1, 2]]}, "/x"),
        ({"preset": "fig-5-25", "row": 3}, "/row"),
        ({}, "/network"),
        ({"network": SMALL["network"]}, "/x"),
        (SMALL | {"row": 1}, "/row"),
        (SMALL | {"view": {"level": "element", "sample": 3}}, "/view/sample"),
        (SMALL | {"optimizer": {"type": "sgd", "learning_rate": 0}}, "/optimizer/learning_rate"),
        (SMALL | {"optimizer": {"type": "sgd", "momentum": 0.9}}, "/optimizer/momentum"),
    ],
)
def test_a_session_that_cannot_be_is_refused_by_field(
    client: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post(f"{API}/sessions", json=body)

    assert answer.status_code == 422
    assert pointer in pointers(answer)


def test_unknown_sessions_are_not_found_by_any_call(client: TestClient) -> None:
    url = f"{API}/sessions/unknown"
    headers = {"Authorization": "Bearer x", "If-Match": '"1"'}
    view = [{"op": "view"}]
    for answer in (
        client.get(url),
        client.delete(url, headers=headers),
        client.patch(url, json=view, headers=headers),
        *(client.get(f"{url}/{path}") for path in ("graph", "trace", "layers", "events", "runs")),
        client.get(f"{url}/layers/affine1"),
        client.get(f"{url}/tensors/x"),
        client.get(f"{url}/explain?tensor=x&index=0,0"),
        *(
            client.post(f"{url}/{path}", json={}, headers=headers)
            for path in ("step", "update", "check", "runs", "fork", "runs/1/pause")
        ),
    ):
        assert answer.status_code == 404, answer.request.url
        assert pointers(answer) == []


CHANGES = ("step", "update", "check", "runs")


def test_changing_needs_the_token_and_the_right_one(owner: Owner) -> None:
    wrong = {"Authorization": "Bearer wrong", "If-Match": '"1"'}
    none = {"If-Match": '"1"'}
    client, url = owner.client, owner.url
    for headers, status in ((none, 401), (wrong, 403)):
        answers = [
            client.delete(url, headers=headers),
            client.patch(url, json=[{"op": "view"}], headers=headers),
            *(client.post(f"{url}/{path}", json={}, headers=headers) for path in CHANGES),
        ]
        for answer in answers:
            assert answer.status_code == status, answer.request.url
            assert pointers(answer) == []
            if status == 401:
                assert answer.headers["www-authenticate"] == "Bearer"
    assert owner.state["version"] == 1


def test_another_sessions_token_is_a_wrong_one(client: TestClient, owner: Owner) -> None:
    other = Owner(client, SMALL)

    answer = client.post(f"{owner.url}/step", json={}, headers=other.token)

    assert answer.status_code == 403


def test_a_deleted_session_is_gone(owner: Owner) -> None:
    assert owner.client.delete(owner.url, headers=owner.token).status_code == 204
    assert owner.get().status_code == 404
    assert owner.get("/trace").status_code == 404


def test_deleting_with_a_stale_version_deletes_nothing(owner: Owner) -> None:
    owner.post("/step")

    stale = owner.client.delete(owner.url, headers=owner.token | {"If-Match": '"1"'})

    assert stale.status_code == 412
    assert stale.headers["etag"] == '"2"'
    assert owner.get().status_code == 200


def test_a_fork_is_ones_own(client: TestClient, owner: Owner) -> None:
    owner.post("/step")
    answer = client.post(f"{owner.url}/fork")
    fork = answer.json()

    assert answer.status_code == 201
    assert fork["id"] != owner.created["id"]
    assert fork["parameters"] == owner.state["parameters"]
    assert fork["cursor"] == owner.state["cursor"]
    mine = {"Authorization": f"Bearer {fork['edit_token']}", "If-Match": '"1"'}
    edit = [{"op": "set", "tensor": "affine1.b", "index": [0], "value": 9}]
    url = answer.headers["location"]
    assert client.patch(owner.url, json=edit, headers=mine).status_code == 403
    assert client.patch(url, json=edit, headers=mine).json()["parameters"]["affine1.b"][0] == 9
    assert owner.state["parameters"]["affine1.b"][0] == 0


@pytest.mark.parametrize("path", ["", "/trace", "/layers", "/layers/relu1",
                                  "/tensors/x", "/explain?tensor=loss"])  # fmt: skip
def test_what_one_has_already_is_not_sent_again(owner: Owner, path: str) -> None:
    first = owner.get(path)
    again = owner.get(path, headers={"If-None-Match": first.headers["etag"]})
    owner.post("/step")
    later = owner.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code, later.status_code) == (200, 304, 200)
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


def test_another_method_is_told_which_there_are(owner: Owner) -> None:
    answer = owner.client.put(owner.url, json={})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert pointers(answer) == []
    assert owner.client.delete(f"{API}/evaluate").headers["allow"] == "OPTIONS, POST"


def test_an_unknown_path_is_a_problem_too(client: TestClient) -> None:
    answer = client.get(f"{API}/nothing/here")

    assert answer.status_code == 404
    assert pointers(answer) == []


@pytest.mark.parametrize("initializer", ["xavier", {"type": "normal", "std": 0.5}])
def test_a_session_tells_how_its_first_parameters_were_drawn(
    client: TestClient, initializer: Any
) -> None:
    network = {"input_size": 2, "layers": [{"type": "affine", "units": 1}], "loss": None}
    body = {"network": network, "x": [[1, 2]]}
    drawn = client.post(f"{API}/sessions", json=body | {"initializer": initializer, "seed": 9})
    kind = initializer if isinstance(initializer, str) else initializer["type"]
    told = drawn.json()["initializer"]
    assert (told["type"], told["seed"]) == (kind, 9)
    assert kind != "normal" or told["std"] == 0.5
    given = {"affine1.W": [[1], [2]], "affine1.b": [0]}
    sent = client.post(f"{API}/sessions", json=body | {"parameters": given})
    assert sent.json()["initializer"] is None

"""`Idempotency-Key`: a call that is sent again is not made again, and has its first answer."""

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import close, install
from app.api.idempotency import MAX_KEY, MIN_SECRET
from app.sessions import repeats
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.sessions.store.store import StoreFull
from app.web.pages import words
from tests.api.conftest import API, SMALL, Owner, digits, pointers
from tests.postgres import Cluster

RUN = {"steps": 1_000_000, "batch_size": 1, "optimizer": {"type": "sgd", "learning_rate": 1e-9}}
# A call on a session, and how it can be asked for differently.
CHANGES: dict[str, tuple[Any, Any]] = {
    "/step": ({"granularity": "layer"}, {"granularity": "op"}),
    "/update": ({}, {"optimizer": {"type": "sgd", "learning_rate": 0.5}}),
    "/runs": (RUN, {**RUN, "steps": 7}),
}


def served(place: str) -> tuple[FastAPI, Service]:
    service = Service(open_store(place), digits)
    app = FastAPI()
    install(app, service, words)
    return app, service


@pytest.fixture(params=["memory", "sqlite"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a server with either store."""
    place = "memory" if request.param == "memory" else f"sqlite:{tmp_path}/sessions.db"
    app, service = served(place)
    with TestClient(app) as client:
        yield client
    close(app)
    service.close()


def key() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_the_same_key_is_answered_as_before_and_nothing_is_done_again(
    client: TestClient, path: str, prefer: str
) -> None:
    owner, name = Owner(client, SMALL), key()
    body, _ = CHANGES[path]
    headers = {"Idempotency-Key": f'"{name}"', "If-Match": '"1"', "Prefer": prefer}

    first = owner.post(path, body, **headers)
    second = owner.post(path, body, **headers)
    # Whatever has become of the session meanwhile.
    if path != "/runs":
        assert owner.patch({"op": "set", "tensor": "x", "index": [0, 0], "value": 9.0}).is_success
    third = owner.post(path, body, **headers)

    assert first.status_code in (200, 202)
    assert "idempotent-replayed" not in first.headers
    for again in (second, third):
        assert again.status_code == first.status_code
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        for header in ("etag", "location", "preference-applied"):
            assert again.headers.get(header) == first.headers.get(header)
    if path == "/runs":
        assert len(owner.get("/runs").json()["runs"]) == 1
    else:
        assert owner.state["version"] == 3


@pytest.mark.parametrize("path", ["/step", "/update"])
def test_without_a_key_or_with_another_one_it_is_another_call(
    client: TestClient, path: str
) -> None:
    owner = Owner(client, SMALL)
    for headers in ({}, {}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}):
        assert owner.post(path, CHANGES[path][0], **headers).status_code == 200

    assert owner.state["version"] == 5


@pytest.mark.parametrize("path", CHANGES)
def test_a_key_that_comes_with_another_request_is_refused(client: TestClient, path: str) -> None:
    owner, name = Owner(client, SMALL), key()
    body, other = CHANGES[path]
    assert owner.post(path, body, **{"Idempotency-Key": name}).is_success
    version = owner.state["version"]
    elsewhere = "/update" if path == "/step" else "/step"

    for where, what in ((path, other), (f"{path}?max_cells=1", body), (elsewhere, {})):
        if path == "/runs" and "?" in where:
            continue  # there is no such parameter
        refused = owner.post(where, what, **{"Idempotency-Key": name})
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("#key-reused")
    assert owner.state["version"] == version


@pytest.mark.parametrize("path", CHANGES)
def test_who_may_not_change_the_session_is_told_no_answer(client: TestClient, path: str) -> None:
    owner, name = Owner(client, SMALL), key()
    body, _ = CHANGES[path]
    assert owner.post(path, body, **{"Idempotency-Key": name}).is_success

    wrong = owner.post(path, body, **{"Idempotency-Key": name, "Authorization": "Bearer x"})

    assert wrong.status_code == 403
    # Nor do two sessions share keys.
    assert Owner(client, SMALL).post(path, body, **{"Idempotency-Key": name}).is_success


@pytest.mark.parametrize("path", CHANGES)
def test_a_refused_call_is_not_kept(client: TestClient, path: str) -> None:
    owner, name = Owner(client, SMALL), key()
    body, _ = CHANGES[path]
    stale = owner.post(path, body, **{"Idempotency-Key": name, "If-Match": '"9"'})
    wrong = owner.post(path, {"no": 1}, **{"Idempotency-Key": name})

    assert (stale.status_code, wrong.status_code) == (412, 422)
    assert owner.post(path, body, **{"Idempotency-Key": name}).is_success


@pytest.mark.parametrize("path", CHANGES)
def test_many_at_once_are_one_call(client: TestClient, path: str) -> None:
    owner, name = Owner(client, SMALL), key()
    body, _ = CHANGES[path]
    gate = threading.Barrier(8)

    def call() -> bytes:
        gate.wait(20)
        answer = owner.post(path, body, **{"Idempotency-Key": name, "If-Match": '"1"'})
        assert answer.is_success, answer.text
        return bytes(answer.content)

    with ThreadPoolExecutor(8) as pool:
        answers = {made.result() for made in [pool.submit(call) for _ in range(8)]}

    assert len(answers) == 1
    if path != "/runs":
        assert owner.state["version"] == 2


def test_the_step_of_a_run_that_is_shown_is_gone_on_from_once(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    owner.patch({"op": "view", "update": True})
    run = owner.post("/runs", {"steps": 5, "batch_size": 1}).json()["id"]
    while owner.get(f"/runs/{run}").json()["state"] != "finished":
        pass
    owner.post(f"/runs/{run}/open", {"step": 2})
    name = key()
    first = owner.post("/step", {"granularity": "step"}, **{"Idempotency-Key": name})
    onward = [
        owner.post("/step", {"granularity": "step"}, **{"Idempotency-Key": name + end})
        for end in ("a", "a", "b", "b")
    ]

    assert first.is_success
    assert onward[0].content == onward[1].content
    assert onward[2].content == onward[3].content != onward[0].content
    assert owner.state["version"] == onward[3].json()["version"]
    assert owner.post("/step", {"granularity": "step"}, **{"Idempotency-Key": name}).content == (
        first.content
    )


@pytest.mark.parametrize(
    "name", ["", '""', " ", '"a', 'a"', "a b", "é".encode(), '"a" "b"', "x" * (MAX_KEY + 1)]
)
def test_a_key_is_one_text_of_bounded_length(client: TestClient, name: Any) -> None:
    owner = Owner(client, SMALL)

    refused = owner.post("/step", {}, **{"Idempotency-Key": name})

    assert refused.status_code == 400
    assert pointers(refused) == ["/Idempotency-Key"]
    assert owner.state["version"] == 1


@pytest.mark.parametrize("name", ["k", '"a key, with; all"', r'"\"quoted\\"', "x" * MAX_KEY])
def test_any_visible_text_is_a_key(client: TestClient, name: str) -> None:
    owner = Owner(client, SMALL)

    answers = [owner.post("/step", {}, **{"Idempotency-Key": name}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert owner.state["version"] == 2


def test_keys_are_remembered_in_bounds(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner(client, SMALL)
    store = client.app.state.service.keeper.store  # type: ignore[attr-defined]
    for k in range(repeats.MAX_KEYS + 3):
        owner.post("/update", {}, **{"Idempotency-Key": f"k{k}"})
    size = store.attachments(owner.created["id"])[repeats.ATTACHMENT]
    assert size <= repeats.MAX_BYTES
    version = owner.state["version"]

    # The newest are there, the oldest is forgotten.
    for name, is_known in ((f"k{k}", True), ("k3", True), ("k2", False)):
        answer = owner.post("/update", {}, **{"Idempotency-Key": name})
        assert ("idempotent-replayed" in answer.headers) is is_known
    assert owner.state["version"] == version + 1

    monkeypatch.setattr(repeats, "MAX_BYTES", 2_000)
    for k in range(4):
        owner.post("/update", {}, **{"Idempotency-Key": f"short{k}"})
    assert store.attachments(owner.created["id"])[repeats.ATTACHMENT] <= 2_000

    monkeypatch.setattr(repeats, "KEPT_SECONDS", 0.0)
    late = owner.post("/update", {}, **{"Idempotency-Key": "short3"})
    assert "idempotent-replayed" not in late.headers


def test_an_answer_that_is_too_large_to_be_kept_is_repeated_in_short(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "ANSWER_BYTES", 300)
    owner = Owner(client, SMALL)
    first, again = (owner.post("/update", {}, **{"Idempotency-Key": "large"}) for _ in range(2))

    assert "preference-applied" not in first.headers
    assert again.headers["preference-applied"] == "return=minimal"
    assert again.headers["etag"] == first.headers["etag"] == '"2"'
    assert again.json() == {name: owner.state[name] for name in ("version", "cursor", "loss")}


def create(client: TestClient, name: str, body: Any = SMALL, path: str = "/sessions") -> Any:
    return client.post(f"{API}{path}", json=body, headers={"Idempotency-Key": name})


@pytest.mark.parametrize("body", [SMALL, {"preset": "fig-5-25"}], ids=["own", "preset"])
def test_a_session_is_made_once_for_a_key_with_the_same_token(
    client: TestClient, body: dict[str, Any]
) -> None:
    name = key()
    first, again = create(client, name, body), create(client, name, body)

    assert first.status_code == again.status_code == 201
    made = first.json()
    assert {k: v for k, v in again.json().items() if k != "expires"} == {
        k: v for k, v in made.items() if k != "expires"
    }
    assert again.headers["location"] == first.headers["location"]
    token = {"Authorization": f"Bearer {again.json()['edit_token']}"}
    assert client.post(f"{first.headers['location']}/step", headers=token).status_code == 200
    # As it is now.
    assert create(client, name, body).json()["version"] == 2
    assert create(client, key(), body).json()["id"] != made["id"]


def test_a_copy_is_made_once_for_a_key(client: TestClient) -> None:
    source, name = Owner(client, SMALL).created["id"], key()
    for body in ({}, {"code": True}):
        copies = [
            create(client, name + str(len(body)), body, f"/sessions/{source}/fork").json()
            for _ in range(2)
        ]
        assert copies[0]["id"] == copies[1]["id"] != source
        assert copies[0]["edit_token"] == copies[1]["edit_token"]


def test_a_key_of_a_creation_with_another_body_or_call_is_refused(client: TestClient) -> None:
    name = key()
    source = create(client, name).json()["id"]

    for body, path in (({**SMALL, "seed": 4}, "/sessions"), ({}, f"/sessions/{source}/fork")):
        refused = create(client, name, body, path)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("#key-reused")


def test_a_creation_that_is_refused_leaves_its_key_free(client: TestClient) -> None:
    name = key()

    assert create(client, name, {**SMALL, "t": [9, 9, 9]}).status_code == 422
    assert create(client, name).status_code == 201


def test_a_key_that_could_be_guessed_makes_no_session(client: TestClient) -> None:
    assert pointers(create(client, "k" * (MIN_SECRET - 1))) == ["/Idempotency-Key"]


def test_creations_at_once_are_one_session(client: TestClient) -> None:
    name = key()
    with ThreadPoolExecutor(8) as pool:
        made = [one.result().json() for one in [pool.submit(create, client, name)] * 8]
    with ThreadPoolExecutor(8) as pool:
        name = key()
        made = [one.result().json() for one in [pool.submit(create, client, name) for _ in "8" * 8]]

    assert len({(one["id"], one["edit_token"]) for one in made}) == 1


def test_the_token_stands_nowhere_in_the_store_and_a_receipt_is_no_session(
    client: TestClient,
) -> None:
    name = key()
    made = create(client, name).json()
    store = client.app.state.service.keeper.store  # type: ignore[attr-defined]
    call = repeats.Call(name, "")
    receipt = repeats._PREFIX + call.digest("testclient")

    record = store.get(receipt)
    assert made["edit_token"] not in str(record.meta)
    assert name not in str(record.meta)
    assert client.get(f"{API}/sessions/{receipt}").status_code == 404
    assert client.get(f"{API}/datasets/{receipt}").status_code == 404


def test_a_creation_that_was_cut_off_is_made_when_it_comes_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = client.app.state.service.keeper.store  # type: ignore[attr-defined]
    real, made = store.create, []

    def cut_off(record: Any, owner: str = "") -> None:
        made.append(record.id)
        if len(made) == 2:
            raise StoreFull(5)
        real(record, owner)

    monkeypatch.setattr(store, "create", cut_off)
    name = key()
    assert create(client, name).status_code == 503
    again = create(client, name)

    assert again.status_code == 201
    assert again.json()["id"] == made[1]


def test_answers_outlive_the_server(tmp_path: Path) -> None:
    place, name = f"sqlite:{tmp_path}/sessions.db", key()
    answers = []
    token: dict[str, str] = {}
    for _ in range(2):
        app, service = served(place)
        with TestClient(app) as client:
            made = create(client, name)
            url = made.headers["location"]
            token = {"Authorization": f"Bearer {made.json()['edit_token']}"}
            stepped = client.post(f"{url}/step", headers={**token, "Idempotency-Key": "step"})
            answers.append((url, token, stepped.content))
            assert client.get(url).json()["version"] == 2
        close(app)
        service.close()

    assert answers[0] == answers[1]


def test_two_servers_on_one_store_make_a_call_once(cluster: Cluster) -> None:
    place = cluster.address(cluster.schema())
    servers = [served(place) for _ in range(2)]
    clients = [TestClient(app) for app, _ in servers]

    def once_for_all(call: Callable[[TestClient], Any]) -> Any:
        with ThreadPoolExecutor(8) as pool:
            made = [one.result() for one in [pool.submit(call, client) for client in clients * 4]]
        assert [answer.status_code for answer in made] == [made[0].status_code] * 8
        assert len({re.sub(rb'"expires":"[^"]*"', b"", answer.content) for answer in made}) == 1
        return made[0]

    def everything_once(name: str) -> None:
        made = once_for_all(lambda client: create(client, name))
        url, token = made.headers["location"], made.json()["edit_token"]
        for version, path in enumerate(("/step", "/update"), 1):
            headers = {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": f"{name}{path}",
                "If-Match": f'"{version}"',
            }
            answer = once_for_all(partial(TestClient.post, url=url + path, headers=headers))
            assert answer.status_code == 200
            assert clients[0].get(url).json()["version"] == version + 1

    try:
        for _ in range(3):
            everything_once(key())
    finally:
        for app, service in servers:
            close(app)
            service.close()


def test_a_change_that_could_not_be_written_leaves_no_numbers_behind(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Owner(client, SMALL)
    store = client.app.state.service.keeper.store  # type: ignore[attr-defined]
    cell = {"op": "set", "tensor": "x", "index": [0, 0]}

    def full(*_: Any) -> None:
        raise StoreFull(5)

    with monkeypatch.context() as patched:
        patched.setattr(store, "replace", full)
        assert owner.patch({**cell, "value": 111.0}).status_code == 503
        assert owner.post("/update", {}, **{"Idempotency-Key": "u"}).status_code == 503
    assert owner.patch({**cell, "value": 2.0}).is_success

    text = owner.get("/trace").text
    assert "111.0" not in text
    assert owner.post("/update", {}, **{"Idempotency-Key": "u"}).is_success


def test_every_call_that_takes_a_key_says_so(client: TestClient) -> None:
    document = client.app.openapi()  # type: ignore[attr-defined]
    takers = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", []))
    }

    assert takers == {
        "create_session", "fork_session", "step_session", "update_session", "start_run",
    }  # fmt: skip
    text = str(document)
    assert re.search("key-reused", text)

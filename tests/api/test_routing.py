"""What every call has in common: its query parameters, HEAD and OPTIONS."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import datasets
from app.api.texts import LANGUAGES
from app.lessons import shipped
from app.web.pages import words
from tests.api.conftest import API, SMALL, Owner, pointers
from tests.api.described import operations
from tests.api.test_looks import DIGITS
from tests.api.test_statuses import ROUTES, Call, start_run

GETS = [name for name, route in ROUTES.items() if "GET" in route.methods and name != "get_events"]


def proper(client: TestClient, operation: str) -> Call:
    """A call that succeeds."""
    if operation == "get_doubtful":
        client.app.state.service.loader = datasets.load  # type: ignore[attr-defined]
    if operation == "get_lesson":
        client.app.state.lessons = shipped(LANGUAGES, words)  # type: ignore[attr-defined]
    owner = Owner(client, DIGITS if operation == "get_doubtful" else SMALL)
    call = Call(operation, owner)
    if "{run}" in call.path:
        call.names["run"] = start_run(owner)
        # Or it would be further on each time that it is asked for.
        owner.post(f"/runs/{call.names['run']}/stop")
    return call


@pytest.mark.parametrize("operation", ROUTES)
def test_a_query_parameter_that_there_is_not_is_refused_by_name(
    client: TestClient, app: FastAPI, operation: str
) -> None:
    call = proper(client, operation)
    call.query |= {"levl": "op", "a/b~": "1"}

    answer = call.send()

    assert answer.status_code == 422
    assert pointers(answer) == ["/levl", "/a~1b~0"]
    message = answer.json()["errors"][0]["message"]
    (described,) = [
        found for _, _, found in operations(app.openapi()) if found["operationId"] == operation
    ]
    names = [p["name"] for p in described.get("parameters", []) if p["in"] == "query"]
    assert all(name in message for name in names)
    assert names or "none" in message


def test_a_parameter_given_twice_is_refused_unless_it_may_be_repeated(owner: Owner) -> None:
    assert pointers(owner.get("/trace?level=op&level=element")) == ["/level"]
    assert pointers(owner.get("/tensors/x?slice=&slice=0")) == ["/slice"]
    assert owner.get("/tensors?name=x&name=t").status_code == 200


def test_many_of_them_are_not_all_told(owner: Owner) -> None:
    answer = owner.get("/trace?" + "&".join(f"a{index}={'b' * 50}" for index in range(500)))

    assert answer.status_code == 422
    assert len(pointers(answer)) == 20


@pytest.mark.parametrize("operation", GETS)
def test_head_is_get_without_the_body(client: TestClient, operation: str) -> None:
    call = proper(client, operation)
    whole = call.send()
    call.method = "HEAD"

    bare = call.send()

    assert whole.status_code == bare.status_code == 200
    assert bare.headers == whole.headers
    assert int(bare.headers["content-length"]) == len(whole.content) > 0
    assert bare.content == b""


def test_head_of_the_events_opens_no_stream(owner: Owner) -> None:
    answer = owner.client.head(f"{owner.url}/events")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert owner.client.app.state.service.hub.subscribers(owner.created["id"]) == 0  # type: ignore[attr-defined]


def test_head_is_refused_as_get_would_be(client: TestClient) -> None:
    owner = Owner(client, SMALL)

    assert client.head(f"{API}/sessions/nobody").status_code == 404
    assert client.head(f"{owner.url}/trace?levl=op").status_code == 422
    tag = owner.get("/trace").headers["etag"]
    fresh = client.head(f"{owner.url}/trace", headers={"If-None-Match": tag})
    assert fresh.status_code == 304
    assert client.head(f"{API}/evaluate").status_code == 405


@pytest.mark.parametrize("operation", ROUTES)
def test_options_tells_what_the_path_allows_and_nothing_to_other_origins(
    client: TestClient, operation: str
) -> None:
    call = proper(client, operation)
    methods = {method for route in ROUTES.values() if route.path == call.path
               for method in route.methods}  # fmt: skip
    call.headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PATCH"}
    call.method, call.body = "OPTIONS", None

    answer = call.send()

    assert answer.status_code == 204
    allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert not [name for name in answer.headers if name.startswith("access-control")]
    call.method = "BREW"
    refused: Any = call.send()
    assert refused.status_code == 405
    assert refused.headers["allow"] == answer.headers["allow"]


def test_where_there_is_nothing_there_are_no_options(client: TestClient) -> None:
    assert client.options(f"{API}/nothing").status_code == 404

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.web.hosts import AllowedHosts

OWN = ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8000"]
FOREIGN = [
    "",
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8000",
    "127.0.0.1:8000.evil.example",
    "evil.example/localhost",
    "localhost@evil.example",
    "localhost:8000:8000",
    "::1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "localhost.",
    "localhost/?",
    "localhost\t",
]


@pytest.mark.parametrize("host", OWN)
def test_the_machines_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_host_is_refused(host: str) -> None:
    assert ask([(b"host", host.encode())]) == 400


def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert ask([]) == 400
    assert ask([(b"host", b"localhost"), (b"host", b"localhost")]) == 400


def test_names_that_are_added_are_answered_and_no_others() -> None:
    names = ("explorer.example.org",)

    assert ask([(b"host", b"Explorer.example.org:443")], names) == 200
    assert ask([(b"host", b"localhost")], names) == 400
    assert ask([(b"host", b"www.explorer.example.org")], names) == 400


def test_websockets_are_held_to_the_same_list() -> None:
    assert ask([(b"host", b"evil.example")], kind="websocket") == 400
    assert ask([(b"host", b"localhost")], kind="websocket") == 200


def ask(
    headers: list[tuple[bytes, bytes]],
    hosts: Sequence[str] = ("127.0.0.1", "localhost", "[::1]"),
    kind: str = "http",
) -> int:
    """The status for a request that a proper client would not even send; 200 if it gets through."""
    statuses: list[int] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        statuses.append(200)

    async def send(message: Any) -> None:
        if message["type"].endswith("response.start"):
            statuses.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": kind,
        "method": "GET",
        "path": "/",
        "headers": headers,
        "extensions": {"websocket.http.response": {}},
    }
    # It waits for nothing, so it needs no event loop: playwright may have one in this thread.
    call = AllowedHosts(inner, hosts)(scope, receive, send)
    with pytest.raises(StopIteration):
        call.__await__().send(None)
    (status,) = statuses
    return status

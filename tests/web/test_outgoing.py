"""Large answers leave in pieces, and only so many bytes of them are on their way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.web.outgoing import LARGE, PIECE, Outgoing, OutgoingLimits
from tests.loops import run

LIMITS = OutgoingLimits(answer_bytes=4 * LARGE, answer_bytes_per_address=2 * LARGE)


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    size = int(Request(scope).query_params["size"])
    await Response(bytes(range(256)) * (size // 256))(scope, receive, send)


async def ask(
    app: Outgoing,
    size: int,
    client: str = "192.0.2.1",
    method: str = "GET",
    taken: Callable[[], Awaitable[object]] | None = None,
) -> list[Message]:
    """What is sent; each piece but the first once it is ``taken``."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if sent and taken is not None:
            await taken()
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope: dict[str, Any] = {"type": "http", "method": method, "headers": [], "path": "/"}
    scope |= {"client": (client, 1), "query_string": f"size={size}".encode()}
    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("size", [256, PIECE, LARGE, LARGE + 256])
def test_an_answer_arrives_whole_in_pieces(size: int) -> None:
    start, *bodies = run(ask(Outgoing(answers, LIMITS), size))

    assert start["status"] == 200
    assert b"".join(one["body"] for one in bodies) == bytes(range(256)) * (size // 256)
    assert max(len(one["body"]) for one in bodies) <= PIECE
    assert [one.get("more_body", False) for one in bodies] == [True] * (len(bodies) - 1) + [False]


def test_no_more_is_on_its_way_than_may_be_and_what_is_taken_makes_room() -> None:
    async def whole() -> None:
        app, free = Outgoing(answers, LIMITS), asyncio.Event()

        async def status(client: str, size: int = LARGE) -> int:
            found: int = (await ask(app, size, client))[0]["status"]
            return found

        slow = [
            asyncio.ensure_future(ask(app, LARGE, client, taken=free.wait))
            for client in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2")
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        # One address has what it may, and then all together; what is small goes in any case.
        assert await status("192.0.2.1") == 503
        assert await status("192.0.2.3") == 503
        assert await status("192.0.2.3", PIECE) == 200
        free.set()
        assert [(await one)[0]["status"] for one in slow] == [200] * 4
        assert await status("192.0.2.1") == 200
        # What is larger than all that may be goes alone.
        assert await status("192.0.2.1", 8 * LARGE) == 200

    run(whole())

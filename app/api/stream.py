"""Server-sent events as a response of our own.

FastAPI's delivered 56 % of the events to 500 readers at 20 a second, and logs a traceback whenever
a reader goes; this one sends bytes that were encoded once, and watches for the reader to go.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.sessions.store.events import Subscription

# Proxies cut what is silent for long, often after a minute.
PING_SECONDS = 15.0
# A reader that takes nothing for so long is gone, whatever its connection says.
SEND_SECONDS = 30.0

OPENING = b"retry: 2000\n\n"
PING = b": ping\n\n"
BYE = b"event: bye\ndata: {}\n\n"

HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


class EventStream(Response):
    """The events of one subscription until the reader goes, the session ends or the server stops.

    Args:
        subscription: Closed when the stream ends.
        stopping: Set when the server is about to stop; the reader is told ``bye``.
    """

    media_type = "text/event-stream"

    def __init__(self, subscription: Subscription, stopping: asyncio.Event) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self.subscription = subscription
        self.stopping = stopping
        self._last_word = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the stream; ends without an error however it ends."""
        with self.subscription:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            # Either wakes the subscription, so that an event costs no task of its own.
            ends = [
                asyncio.ensure_future(self._end_after(_disconnected(receive))),
                asyncio.ensure_future(self._end_after(self.stopping.wait(), BYE)),
            ]
            try:
                # The first bytes make proxies and browsers open the stream.
                if await _sent(send, OPENING):
                    await self._run(send)
            finally:
                for end in ends:
                    end.cancel()

    async def _end_after(self, ending: Coroutine[Any, Any, Any], word: bytes = b"") -> None:
        await ending
        if not self.subscription.ended:
            self._last_word = word
            self.subscription.close()

    async def _run(self, send: Send) -> None:
        while True:
            wire = await self.subscription.get(PING_SECONDS)
            if wire is None and self.subscription.ended:
                await _sent(send, self._last_word, last=True)
                return
            if not await _sent(send, PING if wire is None else wire):
                return


async def _disconnected(receive: Receive) -> bool:
    while (await receive())["type"] != "http.disconnect":
        pass
    return True


async def _sent(send: Send, body: bytes, last: bool = False) -> bool:
    """Whether the reader took it in time."""
    message = {"type": "http.response.body", "body": body, "more_body": not last}
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(SEND_SECONDS):
            await send(message)
            return True
    return False

"""What becomes of a request that the end of the server cuts short."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problem import Problem

RETRY_SECONDS = 5


class EndQuietly:
    """Answers 503 to a request that is cancelled, where nothing has been answered yet.

    The server cancels what is still under way when the time for a stop is over. Left to itself
    that is a 500 in plain text and a traceback, although nothing is at fault.
    """

    def __init__(self, app: ASGIApp, stopping: asyncio.Event) -> None:
        self.app = app
        self.stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except asyncio.CancelledError:
            if scope["type"] != "http" or not self.stopping.is_set():
                raise
            if started:
                # Half an answer cannot be told from a whole one, unless its end is missing.
                return
            problem = Problem(
                "unavailable",
                "The server is stopping.",
                headers={"Retry-After": str(RETRY_SECONDS), "Connection": "close"},
            )
            await problem.response()(scope, receive, send)

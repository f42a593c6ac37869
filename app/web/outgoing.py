"""Large answers on their way: in pieces, and only so many bytes of them at a time.

A few hundred bytes of request can make an answer of megabytes, which stays in memory until the
client has taken it. So what large answers hold is counted, in all and by address.
"""

from collections import Counter
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.addresses import client_of
from app.api.problem import Problem
from app.settings import limit

# From this size on an answer is large. It leaves in pieces of the second, each when the client has
# taken the ones before, so that it is not all in the connection's buffer once more.
LARGE, PIECE = 1 << 20, 256 << 10
RETRY_SECONDS = 5


@dataclass(frozen=True)
class OutgoingLimits:
    """How much may be on its way."""

    answer_bytes: int = limit(256 << 20, 1 << 20, "of large answers on their way, in all")
    answer_bytes_per_address: int = limit(128 << 20, 1 << 20, "of these to one address")


class Outgoing:
    """Refuses a large answer with 503 while too much is on its way. For one event loop."""

    def __init__(self, app: ASGIApp, limits: OutgoingLimits = OutgoingLimits()) -> None:
        self.app = app
        self.limits = limits
        self._by_client: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        who = client_of(scope["client"][0]) if scope.get("client") else ""
        held, is_refused = 0, False

        async def counted(message: Message) -> None:
            nonlocal held, is_refused
            if is_refused:
                return
            if message["type"] == "http.response.start" and scope["method"] != "HEAD":
                size = int(Headers(raw=message["headers"]).get("content-length", "0"))
                if size >= LARGE:
                    if not self._has_room(who, size):
                        is_refused = True
                        await _refusal().response()(scope, receive, send)
                        return
                    held = size
                    self._by_client[who] += size
            body = message.get("body", b"")
            if len(body) <= PIECE:
                await send(message)
                return
            view, more = memoryview(body), message.get("more_body", False)
            for start in range(0, len(body), PIECE):
                is_last = start + PIECE >= len(body)
                piece = bytes(view[start : start + PIECE])
                await send({**message, "body": piece, "more_body": more or not is_last})

        try:
            await self.app(scope, receive, counted)
        finally:
            if held:
                self._by_client[who] -= held
                if not self._by_client[who]:
                    del self._by_client[who]

    def _has_room(self, who: str, size: int) -> bool:
        """Whether one more fits; one alone always does."""
        mine, all_of_them = self._by_client[who], self._by_client.total()
        if not mine:
            del self._by_client[who]
        return (not mine or mine + size <= self.limits.answer_bytes_per_address) and (
            not all_of_them or all_of_them + size <= self.limits.answer_bytes
        )


def _refusal() -> Problem:
    detail = "Too many large answers are on their way; take them, or ask for fewer numbers."
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})

"""Around every request: its name, what it came to, and a fault that nobody else has answered."""

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import request_ids
from app.api.problem import Problem
from app.web.access import Line

log = logging.getLogger(__name__)

# As nginx has it: the client went before it had an answer.
GONE = 499
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_STREAM = b"text/event-stream"

# Told of a request when it is over; whether its answer was a stream of events.
Witness = Callable[[Line, bool], None]


class Watched:
    """Names each request and tells witnesses of it when it is over.

    The name is ``X-Request-ID``, as sent or made here; the answer has it, too. Whatever is raised
    ends here: as a problem document where nothing was answered yet, and in the log with the name.
    """

    def __init__(self, app: ASGIApp, witnesses: list[Witness]) -> None:
        self.app = app
        self.witnesses = witnesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look at what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        came, began = time.time(), time.perf_counter()
        id = request_ids.name_of(scope["headers"])
        request_ids.current.set(id)
        status, sent, streams = GONE, 0, False

        async def noted(message: Message) -> None:
            nonlocal status, sent, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (request_ids.HEADER, id.encode())]
                streams = any(n == b"content-type" and v.startswith(_STREAM) for n, v in headers)
                message = {**message, "headers": headers}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            # A 500 was logged where it was made.
            if status != 500:
                log.error("fault in %s", request_ids.told(scope), exc_info=error)
            if status == GONE:
                problem = Problem("internal", "The server has a fault; it has been logged.")
                await problem.response()(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            line = Line(
                at=came,
                id=id,
                method=method,
                route=request_ids.route_of(scope),
                status=status,
                bytes=sent,
                ms=round((time.perf_counter() - began) * 1000, 3),
                client=scope["client"][0] if scope.get("client") else "",
            )
            for witness in self.witnesses:
                witness(line, streams)

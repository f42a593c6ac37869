"""Which other origins' pages may use the API: none, unless the operator names some.

A notebook in a browser, or a course's own page, can then make sessions, change those whose edit
token it has, and read. There are no cookies here that it could use in somebody's name. The
explorer's own pages are not for it.
"""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.context import PREFIX

ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
# A browser does not write them.
_DEFAULT_PORT = re.compile(r"^(https(?=.*:443$)|http(?=.*:80$))(://.*):[0-9]+$")

# What a call may carry, and what of its answer a script may read, beyond what the Fetch standard
# lets any call have.
REQUEST_HEADERS = (
    "Authorization", "Content-Type", "If-Match", "If-None-Match", "Prefer", "Idempotency-Key",
    "Last-Event-ID", "X-Request-ID",
)  # fmt: skip
ANSWER_HEADERS = (
    "ETag", "Location", "Retry-After", "Allow", "Accept", "WWW-Authenticate", "Vary",
    "Preference-Applied", "Data-Version", "Idempotent-Replayed", "X-Request-ID",
)  # fmt: skip
# How long a browser need not ask again, in seconds.
MAX_AGE = 600
_PATHS = (PREFIX, "/openapi.json")


def origin_of(text: str) -> str:
    """An origin as a browser writes it.

    Raises:
        ValueError: it is none, or stands for many.
    """
    origin = text.strip().lower()
    if not ORIGIN.fullmatch(origin):
        raise ValueError(f"{text!r} is not an origin such as https://notebook.example.org:8888")
    return _DEFAULT_PORT.sub(r"\1\2", origin)


class CrossOrigin:
    """Lets pages of the named origins read what the API answers, and ask what it takes.

    Whether they may change anything is decided where all unsafe calls are, see `origins`.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what is answered tells the browser who may read it."""
        if not self.origins or not is_api(scope):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        origin = asked.get("origin", "")
        method = asked.get("access-control-request-method")
        is_preflight = scope["method"] == "OPTIONS" and method is not None

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                message = {**message, "headers": headers.raw}
                # What a cache has for our own page must not be given to another's.
                headers.add_vary_header("Origin")
                if origin in self.origins:
                    headers["Access-Control-Allow-Origin"] = origin
                    if is_preflight:
                        _allow(headers, asked)
                    else:
                        headers["Access-Control-Expose-Headers"] = ", ".join(ANSWER_HEADERS)
            await send(message)

        await self.app(scope, receive, told)


def is_api(scope: Scope) -> bool:
    """Whether a request is one that other origins may be let to."""
    path: str = scope.get("path", "")
    return scope["type"] == "http" and any(
        path == start or path.startswith(f"{start}/") for start in _PATHS
    )


def _allow(headers: MutableHeaders, asked: Headers) -> None:
    """Complete the answer to OPTIONS, which tells what the address takes."""
    headers["Access-Control-Allow-Methods"] = headers.get("allow", "")
    headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
    headers["Access-Control-Max-Age"] = str(MAX_AGE)
    # A page from the internet that calls a server on the reader's own machine.
    if asked.get("access-control-request-private-network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"

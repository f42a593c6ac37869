"""Answers compressed on their way out, with entity tags that stay true."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Message, Receive, Scope, Send


class Compression(GZipMiddleware):
    """Gzip that weakens the ETag of what it may have compressed.

    A strong tag promises the same bytes, and these are others (RFC 9110, section 8.8.3.3). A 304
    stands for an answer that would have been compressed or not, so its tag is weak as well.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete the start of its answer."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if message["status"] == 304:
                    headers.add_vary_header("Accept-Encoding")
                if "content-encoding" in headers or (
                    message["status"] == 304
                    and "gzip" in Headers(scope=scope).get("accept-encoding", "")
                ):
                    _weaken(headers)
            await send(message)

        await super().__call__(scope, receive, complete)


def _weaken(headers: MutableHeaders) -> None:
    tag = headers.get("etag", "W/")
    if not tag.startswith("W/"):
        headers["etag"] = f"W/{tag}"

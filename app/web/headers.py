"""Headers that every answer carries, whoever gives it: what a browser may do with it."""

import re
import secrets
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'",
    "script-src 'self'{nonce}",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors {frames}",
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
CONTENT_POLICY = "Content-Security-Policy"


# An origin: scheme, host (also with *. before it) and port.
FRAMING = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def content_policy(nonce: str = "", frames: Sequence[str] = ()) -> str:
    """What a page may load; with a nonce, also the inline script that carries it.

    Args:
        nonce: Of this answer.
        frames: Origins besides our own whose pages may have it in a frame.
    """
    own = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(POLICY).format(nonce=own, frames=" ".join(["'self'", *frames]))


def _security(nonce: str = "", frames: Sequence[str] = ()) -> tuple[tuple[bytes, bytes], ...]:
    """All of it as raw headers."""
    headers = {CONTENT_POLICY: content_policy(nonce, frames), **FIXED}
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


# For an answer that is given before there is an app to ask, and for most others.
SECURITY = _security()
_NAMES = frozenset(name for name, _ in SECURITY)


class SecurityHeaders:
    """Adds the headers, and gives each request a fresh nonce for the page's import map.

    The nonce is ``request.state.nonce``; it stands in the policy of HTML answers only, since
    nothing else has inline scripts.
    """

    def __init__(self, app: ASGIApp, frames: Sequence[str] = ()) -> None:
        self.app = app
        self.frames = tuple(frames)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete the start of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                html = any(n == b"content-type" and v.startswith(b"text/html") for n, v in given)
                security = _security(nonce, self.frames) if html else SECURITY
                message["headers"] = [pair for pair in given if pair[0] not in _NAMES]
                message["headers"] += security
            await send(message)

        await self.app(scope, receive, complete)

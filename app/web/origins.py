"""No other site's page may change anything here.

There are no cookies to steal, but a local server can be reached by any page that the user opens.
Browsers say where an unsafe request comes from; programs such as curl say nothing.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problem import Problem
from app.web.cors import is_api
from app.web.hosts import LOOPBACK, host_header

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Refuses unsafe methods from pages of another origin, with 403.

    Args:
        app: What is guarded.
        origins: Their pages may call the API.
        hosts: Names under which the server is reached. At such a name's usual port is our own page,
            even where a proxy does not tell which host it was asked for. On this machine's own
            names many servers live, so there the port has to be ours.
    """

    def __init__(
        self, app: ASGIApp, origins: Iterable[str] = (), hosts: Iterable[str] = ()
    ) -> None:
        self.app = app
        self.origins = frozenset(origins)
        self.hosts = frozenset(host.lower() for host in hosts) - frozenset(LOOPBACK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 403."""
        unsafe = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if unsafe and not is_own(scope, self.hosts) and not self._is_named(scope):
            problem = Problem(
                "other-origin", "A page of another origin may not change anything here."
            )
            await problem.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_named(self, scope: Scope) -> bool:
        found = [value for name, value in scope["headers"] if name == b"origin"]
        return len(found) == 1 and found[0].decode("latin-1") in self.origins and is_api(scope)


def is_own(scope: Scope, hosts: frozenset[str]) -> bool:
    """Whether a request comes from our own page, from the user directly, or from no browser."""
    headers = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return True
    _, _, authority = origin.decode("latin-1").lower().partition("://")
    return bool(authority) and (authority == host_header(scope) or authority in hosts)

"""Only the names under which the server is meant to be reached.

Another site can point its own name at this machine (DNS rebinding); the browser then takes that
site's scripts for ours. Its name in the Host header gives it away.
"""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problem import Problem

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# As it stands in a Host header before the port.
HOST_NAME = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


class AllowedHosts:
    """Refuses requests whose Host is not on the list, with any port.

    The header itself is read, never ``request.url``: a malformed Host has fooled frameworks there.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 400."""
        if scope["type"] in ("http", "websocket") and host_name(scope) not in self.hosts:
            problem = Problem("bad-request", "The Host header is not one that this server answers.")
            await problem.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)


def host_header(scope: Scope) -> str:
    """The one Host header, lower case; empty where there is none or more than one."""
    found = [value for name, value in scope["headers"] if name == b"host"]
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def host_name(scope: Scope) -> str:
    """The Host header without its port."""
    host = host_header(scope)
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host

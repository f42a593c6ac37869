"""HTTP/1.1 with bounds that uvicorn's protocol does not have, and refusals that arrive.

- The head of a request, its URL, and the trailers of its body have at most `MAX_HEAD` bytes
  together. The parser joins the pieces of one header anew with each packet, so that without a
  bound a single endless header stops the server.
- An answer that is ready before the whole body has come, such as a 413, is followed by a
  lingering close: a socket closed with bytes unread is reset, and the answer lost with it. What
  still comes is dropped, for a bounded time and up to a bounded length.
- What cannot be parsed is answered with a problem document, and nothing is logged for it.
- A connection that does not get on is cut: one whose head or body does not come, or whose answer is
  not taken. How many there may be, in all and of one client, is counted by a `Guard`.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api import request_ids
from app.api.problem import Problem
from app.web.access import Line
from app.web.guard import LEAST_RATE, ConnectionLimits, Guard
from app.web.headers import SECURITY
from app.web.watch import Witness

MAX_HEAD = 64 * 1024
# What is still read of a request that has its answer. nginx waits as long by default.
LINGER_SECONDS = 30.0
LINGER_IDLE_SECONDS = 5.0
LINGER_BYTES = 64 << 20
# How often a connection is looked at, at most; a quarter of the shortest limit, if that is less.
LOOK_SECONDS = 2.0
RETRY_SECONDS = 10


def protocol_within(guard: Guard, witnesses: Sequence[Witness] = ()) -> type["BoundedProtocol"]:
    """The protocol of one server.

    Args:
        guard: Counts its connections.
        witnesses: Told of what is refused before it is a request.
    """
    own = {"guard": guard, "witnesses": tuple(witnesses)}
    return type("BoundedProtocol", (BoundedProtocol,), own)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    guard = Guard(ConnectionLimits())
    witnesses: tuple[Witness, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Bytes since a head was last complete or a body last went on.
        self._pending = 0
        self._in_head = True
        self._dropped = 0
        self._is_dropping = False
        self._refusal: Problem | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._admitted: str | None = None
        # Since when a head or a body is awaited (None: none is), and what of the body has come.
        self._awaiting_since: float | None = self.loop.time()
        self._body_bytes = 0
        # Since when an answer is taken too slowly, and how much of it was left then.
        self._unsent_since, self._unsent = self.loop.time(), 0

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless there are too many connections."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self.guard.admit(address):
            self._admitted = address
            self._look_later()
            return
        problem = Problem(
            "unavailable",
            "There are too many connections.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
        self._is_dropping = True
        self._write_problem(problem)
        transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse what came, or drop it once the request has its answer."""
        if self._is_dropping:
            self._drop(len(data))
            return
        self._unset_keepalive_if_required()
        if self._awaiting_since is None:
            self._awaiting_since = self.loop.time()
        self._pending += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # No other protocol is spoken here; the request is answered as it stands.
        except httptools.HttpParserError:
            self._refuse(self._refusal or Problem("bad-request", "This is not HTTP/1.1."))
            return
        if self._pending > MAX_HEAD:
            self._refuse(self._too_large())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._cancel_timers()
        if self._look is not None:
            self._look.cancel()
        if self._admitted is not None:
            self.guard.leave(self._admitted)
            self._admitted = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close once there is no answer to wait for; a client that still sends is none."""
        if self._is_dropping:
            self.transport.close()
        else:
            super().shutdown()

    # What the parser calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._awaiting_since, self._body_bytes = self.loop.time(), 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer says nothing to anybody here."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to answer, unless the head is too large."""
        self._pending = 0
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._refusal = self._too_large()
            raise ValueError("the head is too large")  # ends the parser's work on these bytes
        self._in_head = False
        self._awaiting_since = self.loop.time()
        self._obey_absolute_form()
        super().on_headers_complete()
        # The task that answers has not run yet. What it closes, it closes through us.
        self.cycle.transport = cast(asyncio.Transport, _Closing(self, self.transport))

    def _obey_absolute_form(self) -> None:
        """Let the host of ``GET http://host/ HTTP/1.1`` stand in place of the Host header.

        That is what RFC 9112, section 3.2.2, asks for: whoever looks at the header then looks at
        the host that is meant.
        """
        scheme, separator, rest = self.url.partition(b"://")
        if separator and scheme.isalpha():
            authority = re.split(rb"[/?#]", rest, maxsplit=1)[0]
            # In place: the scope of the request has this very list. None or two stay a fault.
            self.headers[:] = [
                (name, authority if name == b"host" else value) for name, value in self.headers
            ]

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on, or drop it once the request has its answer."""
        self._pending = 0
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > LINGER_BYTES:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._pending = 0
        self._dropped = 0
        self._in_head = True
        self._awaiting_since = None
        self.cycle.more_body = False
        self._cancel_timers()
        super().on_message_complete()

    # What the answer's task calls

    def on_response_complete(self) -> None:
        """Go on to the next request, or see the rest of this one out."""
        if self._is_dropping:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self.cycle.more_body and not self.transport.is_closing():
            self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def close_after_answer(self) -> None:
        """Close, but not before what the client is still sending has been taken."""
        if not self.cycle.more_body or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._linger()

    def _linger(self) -> None:
        """Say that nothing more comes from here, and drop what comes from there."""
        self._is_dropping = True
        self._unset_keepalive_if_required()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._cancel_timers()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        self._drop(0)

    def _drop(self, length: int) -> None:
        self._dropped += length
        if self._idle is not None:
            self._idle.cancel()
        if self._dropped > LINGER_BYTES:
            self.transport.close()
        else:
            self._idle = self.loop.call_later(LINGER_IDLE_SECONDS, self.transport.close)

    def _cancel_timers(self) -> None:
        for timer in (self._deadline, self._idle):
            if timer is not None:
                timer.cancel()
        self._deadline = self._idle = None

    def _too_large(self) -> Problem:
        if self._in_head and len(self.url) > MAX_HEAD // 2:
            return Problem("url-too-long", f"A URL may have at most {MAX_HEAD // 2:,} bytes.")
        return Problem(
            "head-too-large",
            f"URL, headers and trailers may have at most {MAX_HEAD:,} bytes together.",
        )

    def _refuse(self, problem: Problem) -> None:
        """Answer what is not a request to be worked on, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            is_its_own = not self._in_head and not self.cycle.response_started
            # Nobody waits for the answer that is being made any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if not is_its_own:
                # Another request's answer is due first, or half sent: this one has no place in it.
                self.transport.close()
                return
        self._write_problem(problem)
        self._linger()

    def _write_problem(self, problem: Problem) -> None:
        came, name = time.time(), request_ids.name_of(())
        context = request_ids.current.set(name)
        response = problem.response()
        request_ids.current.reset(context)
        named = (request_ids.HEADER, name.encode())
        headers = [*response.raw_headers, *SECURITY, named, (b"connection", b"close")]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[response.status_code] + lines + b"\r\n")
        self.transport.write(bytes(response.body))
        line = Line(
            at=came,
            id=name,
            method="other",
            route="",
            status=response.status_code,
            bytes=len(response.body),
            ms=0.0,
            client=self.client[0] if self.client else "",
        )
        for witness in self.witnesses:
            witness(line, False)

    # Who does not get on

    def _look_later(self) -> None:
        limits = self.guard.limits
        shortest = min(limits.head_seconds, limits.body_seconds, limits.write_seconds)
        self._look = self.loop.call_later(min(LOOK_SECONDS, shortest / 4), self._look_again)

    def _look_again(self) -> None:
        """Cut the connection if its client sends, or takes, nothing to speak of."""
        now, limits = self.loop.time(), self.guard.limits
        unsent = self.transport.get_write_buffer_size()
        # Measured anew whenever enough was taken, or more was written.
        waited = now - self._unsent_since
        if not unsent or unsent > self._unsent or self._unsent - unsent >= LEAST_RATE * waited:
            self._unsent_since, self._unsent = now, unsent
        elif waited > limits.write_seconds:
            # Not closed: that would wait until all is taken.
            self.transport.abort()
            return
        self._look_later()
        since = self._awaiting_since
        if since is None or self._is_dropping or self.transport.is_closing():
            return
        allowed = limits.head_seconds
        if not self._in_head:
            allowed = limits.body_seconds + self._body_bytes / LEAST_RATE
            if self.cycle.response_complete:
                return  # What comes is dropped, within bounds of its own.
            if self.flow.read_paused:
                # It is we who keep the client waiting.
                self._awaiting_since, self._body_bytes = now, 0
                return
        if now - since > allowed and self._in_head and not self._pending:
            self.transport.close()  # Opened and never used, as browsers do: there is no question.
        elif now - since > allowed:
            part = "body" if not self._in_head else "head"
            self._awaiting_since = None
            self._refuse(Problem("timeout", f"The request's {part} did not come in time."))


class _Closing:
    """The transport as an answer's task sees it: one that closes when the client can bear it."""

    def __init__(self, protocol: BoundedProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._protocol.close_after_answer()

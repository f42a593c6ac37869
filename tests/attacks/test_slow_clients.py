"""Clients that send for ever, read never, or open connections and no more."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.attacks.learner import Learner, learning
from tests.process import Running, serve

HEAD = b"POST /api/v1/evaluate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
# Long against what one of them waits for here, and short against for ever.
ENDED_SECONDS = 15.0
ATTACKER = "127.0.0.2"
MOST = 40


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A server that has little patience, and room for few connections of one address."""
    options = ["--store", "memory", "--head-seconds", "1", "--body-seconds", "1"]
    options += ["--write-seconds", "1", "--connections-per-address", str(MOST)]
    with serve(*options) as running:
        yield running


@contextmanager
def connections(running: Running, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as all_of_them:
        made = []
        for _ in range(count):
            one = socket.create_connection(
                ("127.0.0.1", running.port), timeout=20, source_address=(ATTACKER, 0)
            )
            made.append(all_of_them.enter_context(one))
        yield made


def what_comes(connection: socket.socket, seconds: float = ENDED_SECONDS) -> bytes:
    """All that the server says until it closes, which it must in this time."""
    connection.settimeout(seconds)
    text = b""
    try:
        while piece := connection.recv(1 << 16):
            text += piece
    except ConnectionResetError:
        pass
    return text


def trickled(connection: socket.socket, piece: bytes) -> float:
    """The seconds until the server closes to a client that sends a little now and then."""
    start = time.monotonic()
    connection.settimeout(0.2)
    while time.monotonic() - start < ENDED_SECONDS:
        try:
            connection.send(piece)
            while connection.recv(1 << 16):
                pass
            break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("start", "piece", "answered"),
    [
        (b"", b"", b""),
        (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"", b"408"),
        (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\r\n", b"200"),
        (HEAD + b"Content-Length: 1000\r\n\r\n{", b"", b"408"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"", b"408"),
    ],
    ids=["nothing", "half a head", "an empty line after an answer", "half a body", "half chunks"],
)
def test_a_request_that_does_not_come_is_ended(
    running: Running, start: bytes, piece: bytes, answered: bytes
) -> None:
    learner = Learner(running)
    with connections(running, MOST // 2) as made, learning(learner) as seconds:
        for one in made:
            one.sendall(start)
        time.sleep(0.3)
        for one in made:
            one.sendall(piece)
        said = [what_comes(one) for one in made]

    assert all(text[9:12] == answered for text in said), said[0]
    assert max(seconds) < 5


@pytest.mark.parametrize(
    ("start", "piece"),
    [(b"GET /livez HTTP/1.1\r\n", b"X: y\r\n"), (HEAD + b"Content-Length: 99999\r\n\r\n", b" ")],
    ids=["head", "body"],
)
def test_a_little_now_and_then_does_not_help(running: Running, start: bytes, piece: bytes) -> None:
    with connections(running, 1) as (one,):
        one.sendall(start)
        assert trickled(one, piece) < ENDED_SECONDS


def test_one_address_has_no_more_connections_than_it_may(running: Running) -> None:
    learner = Learner(running)
    with connections(running, 2 * MOST) as made:
        refused = what_comes(made[-1])
        seconds = learner.step()

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: " in refused.lower()
    assert seconds < 5
    # They are gone; there is room for that address once more.
    deadline = time.monotonic() + ENDED_SECONDS
    while True:
        with connections(running, 1) as (one,):
            one.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if what_comes(one).startswith(b"HTTP/1.1 200 "):
                break
        assert time.monotonic() < deadline


def test_an_answer_that_is_not_taken_is_given_up(running: Running) -> None:
    network = {"input_size": 1, "layers": [{"type": "affine", "units": 1000}]}
    body = json.dumps({"network": network, "x": [[1]] * 600, "fields": ["layers"]}).encode()
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    learner = Learner(running)
    with connections(running, 1) as (one,), learning(learner) as seconds:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        one.sendall(HEAD + length + body)
        one.settimeout(30)
        assert one.recv(13, socket.MSG_PEEK) == b"HTTP/1.1 200 "
        time.sleep(3)
        # What was on its way still comes, and then the end.
        text = what_comes(one)

    head, _, rest = text.partition(b"\r\n\r\n")
    whole = re.search(rb"content-length: (\d+)", head.lower())
    assert whole
    assert len(rest) < int(whole[1])
    assert max(seconds) < 5

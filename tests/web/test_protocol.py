"""What a connection may send before anybody asks what it means, and refusals that arrive."""

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from app.__main__ import server_config
from app.server import Settings, create_app
from app.web import protocol
from app.web.guard import ConnectionLimits
from app.web.headers import SECURITY
from tests.conftest import serving

HEAD = b"POST /api/v1/evaluate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app(Settings())) as address:
        yield address


def connect(address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=20)


def answer_to(address: str, *pieces: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send the pieces one by one, whether or not there is an answer already, and read it."""
    with closing(connect(address)) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


def sent_until_closed(address: str, start: bytes, piece: bytes, most: int) -> int:
    """How many bytes the server takes of an endless request before it closes; at most ``most``."""
    sent = 0
    with closing(connect(address)) as connection:
        connection.sendall(start)
        try:
            while sent < most:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    return sent


LONG = b"a" * (protocol.MAX_HEAD + 1)
TOO_LARGE = {
    "one header in one packet": (431, [HEAD + b"X: " + LONG + b"\r\n\r\n"]),
    "one header without an end": (431, [HEAD + b"X: ", *[LONG[: 1 << 14]] * 5]),
    "the name of a header": (431, [HEAD, *[LONG[: 1 << 14]] * 5]),
    "many headers": (431, [HEAD, *[b"".join(b"X%d: y\r\n" % k for k in range(2000))] * 5]),
    "the URL": (414, [b"GET /", *[LONG[: 1 << 14]] * 5]),
    "a whole URL": (414, [b"GET /" + LONG[: 1 << 15] + LONG[: 1 << 15] + b" HTTP/1.1\r\n\r\n"]),
    "a trailer": (
        431,
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: ", *[LONG[: 1 << 14]] * 5],
    ),
    "a chunk's extension": (
        431,
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;", *[LONG[: 1 << 14]] * 5],
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_head_larger_than_its_bound_is_refused_with_words(address: str, name: str) -> None:
    expected, pieces = TOO_LARGE[name]

    status, headers, body = answer_to(address, *pieces)

    assert status == expected
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == expected
    assert headers["connection"] == "close"
    assert len(body) < 500


def test_a_head_within_its_bound_is_read(address: str) -> None:
    header = b"X: " + b"a" * (protocol.MAX_HEAD - 1000) + b"\r\n"

    status, _, body = answer_to(
        address, b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n", header, b"\r\n"
    )

    assert (status, body) == (200, b"ok\n")


def test_an_endless_header_is_not_taken_for_ever(address: str) -> None:
    most = 4 * protocol.LINGER_BYTES

    sent = sent_until_closed(address, HEAD + b"X: ", b"a" * MEGABYTE, most)

    assert sent < 2 * protocol.LINGER_BYTES


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_an_endless_body_of_a_refused_request_is_not_taken_for_ever(
    address: str, connection: bytes
) -> None:
    start = HEAD + b"Connection: " + connection + b"\r\nContent-Length: 99999999999\r\n\r\n"

    sent = sent_until_closed(address, start, b" " * MEGABYTE, 4 * protocol.LINGER_BYTES)

    assert sent < 2 * protocol.LINGER_BYTES


MALFORMED = [
    b"nonsense\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
    HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_not_http_is_a_problem_document_with_every_header(
    address: str, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, body = answer_to(address, text)

    assert status == 400
    assert json.loads(body)["type"].endswith("#bad-request")
    for name, value in SECURITY:
        assert headers[name.decode()] == value.decode()
    assert caplog.records == []


ABSOLUTE = {
    b"http://127.0.0.1/livez": 200,
    b"http://localhost:1/livez": 200,
    b"http://LOCALHOST/": 200,
    b"http://evil.example/livez": 400,
    b"HTTP://evil.example/livez": 400,
    b"http://evil.example:80/livez": 400,
    b"http://evil.example?/livez": 400,
    b"http://evil.example@127.0.0.1/livez": 400,
    b"http://127.0.0.1@evil.example/livez": 400,
    b"http://127.0.0.1.evil.example/livez": 400,
    b"https://evil.example/livez": 400,
    b"/livez?u=http://evil.example/": 200,
}


@pytest.mark.parametrize("target", ABSOLUTE)
def test_the_host_of_an_absolute_target_is_the_one_that_counts(address: str, target: bytes) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"

    for host in (b"127.0.0.1", b"evil.example"):
        status, headers, _ = answer_to(address, request % (target, host))
        assert status == (
            400 if target.startswith(b"/") and host != b"127.0.0.1" else ABSOLUTE[target]
        )
        assert headers["content-security-policy"]


def test_an_absolute_target_makes_up_for_no_host_and_not_for_two(address: str) -> None:
    for hosts in (b"", b"Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n"):
        request = b"GET http://127.0.0.1/livez HTTP/1.1\r\n" + hosts + b"\r\n"
        assert answer_to(address, request)[0] == 400


@pytest.mark.parametrize("megabytes", [1, 4, 8, 32])
@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/evaluate", {}, 413),
        ("/api/v1/evaluate", {"Content-Type": "text/csv"}, 413),
        ("/api/v1/nothing", {}, 404),
        ("/api/v1/presets", {}, 405),
        ("/api/v1/sessions/x/update", {}, 401),
        ("/api/v1/evaluate", {"Host": "evil.example"}, 400),
        ("/api/v1/evaluate", {"Origin": "http://evil.example"}, 403),
    ],
)
def test_a_refusal_reaches_a_client_that_sends_its_whole_body_first(
    address: str, megabytes: int, path: str, headers: dict[str, str], status: int
) -> None:
    # urllib asks for the connection to be closed and reads nothing before it has sent all.
    request = urllib.request.Request(
        address + path,
        b" " * (megabytes * MEGABYTE + 1),
        {"Content-Type": "application/json", **headers},
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)

    with closing(refused.value) as answer:
        assert answer.code == status
        assert json.loads(answer.read())["status"] == status


def test_a_connection_that_stays_open_serves_the_next_request_after_a_refusal(address: str) -> None:
    port = urlsplit(address).port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for _ in range(3):
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/evaluate", b" " * (3 * MEGABYTE), headers)
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["status"]) == (413, 413)
            connection.request("GET", "/livez")
            assert connection.getresponse().read() == b"ok\n"


def test_trailers_do_not_become_headers(address: str) -> None:
    body = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Type: text/csv\r\n\r\n"

    status, _, _ = answer_to(address, HEAD + body)

    assert status == 422


def test_pipelined_requests_are_answered_in_their_order(address: str) -> None:
    get = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
    with closing(connect(address)) as connection:
        first, second = get % (b"/livez", b""), get % (b"/api/v1/nothing", b"")
        connection.sendall(first + second + get % (b"/livez", b"Connection: close\r\n"))
        text = b"".join(iter(lambda: connection.recv(4096), b""))

    assert [part[:3] for part in text.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


def test_an_idle_connection_is_kept_longer_than_its_clients_keep_it() -> None:
    # aiohttp reuses a connection for 15 seconds, nginx for 60; closed sooner by us, the next
    # request is lost.
    assert server_config(create_app(Settings())).timeout_keep_alive > 60
    chosen = Settings(connections=ConnectionLimits(keep_alive_seconds=130))
    assert server_config(create_app(chosen)).timeout_keep_alive == 130

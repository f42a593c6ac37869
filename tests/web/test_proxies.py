"""A real nginx in front of a real server: with its defaults, and with the configuration of docs."""

import gzip
import http.client
import json
import os
import re
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import nginx
from tests.api.conftest import API, SMALL
from tests.process import serve

DOCS = Path(__file__).parent.parent.parent / "docs" / "proxies.md"
NAME = "explorer.example.org"
MEGABYTE = 1 << 20
# Nothing but the address; and gzip of whatever there is, events included.
DEFAULTS = """
server {{
    listen 127.0.0.1:{port};
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    location / {{ proxy_pass http://127.0.0.1:{app}; }}
}}
"""


@dataclass
class Proxy:
    """One way to the server, and what a browser there says of itself."""

    port: int
    is_documented: bool
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return NAME if self.is_documented else f"127.0.0.1:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """Status, headers and document of one call, on a connection of its own."""
        sent = {"Host": self.host, "Accept-Encoding": "gzip", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(self.connect()) as connection:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            read = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            read = gzip.decompress(read)
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(read) if is_json else read


@pytest.fixture(scope="module")
def proxies() -> Iterator[dict[str, Proxy]]:
    ports = nginx.free_ports(2)
    (text,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    options = ("--store", "memory", "--allowed-hosts", NAME, "--trusted-proxies", "127.0.0.1")
    with ExitStack() as stack:
        try:
            nginx.program()
        except LookupError as error:
            if os.environ.get(nginx.REQUIRED):
                raise
            pytest.skip(str(error))
        server = stack.enter_context(serve(*options))
        changed = text.replace("listen 80;", f"listen 127.0.0.1:{ports[1]}; gzip on;")
        documented = changed.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        assert documented.count(str(server.port)) == documented.count(f":{ports[1]};") == 1
        defaults = DEFAULTS.format(port=ports[0], app=server.port)
        stack.enter_context(nginx.running(defaults + documented, ports))
        yield {"defaults": Proxy(ports[0], False), "docs": Proxy(ports[1], True)}


@pytest.fixture(params=["defaults", "docs"])
def proxy(request: pytest.FixtureRequest, proxies: dict[str, Proxy]) -> Proxy:
    found: Proxy = proxies[request.param]
    return found


@pytest.fixture
def created(proxy: Proxy) -> dict[str, Any]:
    status, _, created = proxy.call("POST", f"{API}/sessions", SMALL)
    assert status == 201
    return dict(created)


def token(created: dict[str, Any]) -> str:
    return f"Bearer {created['edit_token']}"


def test_the_page_and_a_step_come_through(proxy: Proxy, created: dict[str, Any]) -> None:
    status, headers, page = proxy.call("GET", "/")
    assert (status, b"<html" in page) == (200, True)
    assert headers["Content-Security-Policy"]
    path = f"{API}/sessions/{created['id']}"
    status, _, step = proxy.call("POST", f"{path}/step", {}, Authorization=token(created))
    assert (status, step["version"]) == (200, 2)
    assert proxy.call("GET", f"{path}/figure.svg")[0] == 200


def test_edits_follow_tags_as_they_come(proxy: Proxy, created: dict[str, Any]) -> None:
    path = f"{API}/sessions/{created['id']}"
    edit = [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 0.5}]
    _, headers, _ = proxy.call("GET", path)
    for version in (2, 3):
        # As nginx has made it, weak and all.
        sent = {"Authorization": token(created), "If_Match": headers["ETag"]}
        status, headers, edited = proxy.call("PATCH", path, edit, **sent)
        assert (status, edited["version"]) == (200, version)
        assert headers["Content-Encoding"] == "gzip"
        assert headers["ETag"] == f'W/"{version}"'
    assert proxy.call("PATCH", path, edit, **sent)[0] == 412
    assert proxy.call("GET", path, If_None_Match=headers["ETag"])[0] == 304


def test_events_come_one_by_one(proxy: Proxy, created: dict[str, Any]) -> None:
    path = f"{API}/sessions/{created['id']}"
    with closing(proxy.connect()) as connection:
        sent = {"Host": proxy.host, "Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        connection.request("GET", f"{path}/events", headers=sent)
        stream = connection.getresponse()
        assert stream.status == 200
        # Before there is any run: what is buffered would not come.
        came = arriving(stream)
        text = next(came)
        assert text.startswith(b"retry: 2000\n")
        endless = {"steps": 1_000_000, "batch_size": 1}
        status, _, run = proxy.call("POST", f"{path}/runs", endless, Authorization=token(created))
        assert status == 202
        pieces = 0
        while text.count(b"\ndata: ") < 4:
            text += next(came)
            pieces += 1
            assert b": ping" not in text, "nothing came for fifteen seconds"
        assert pieces > 1
        proxy.call("POST", f"{path}/runs/{run['id']}/stop", Authorization=token(created))


def arriving(stream: http.client.HTTPResponse) -> Iterator[bytes]:
    """What has come of an endless answer, piece by piece, whether or not it is compressed."""
    is_packed = stream.headers.get("Content-Encoding") == "gzip"
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while piece := stream.read1(1 << 16):
        if text := unpacker.decompress(piece) if is_packed else piece:
            yield text


@pytest.mark.parametrize("megabytes", [1, 4, 20])
def test_a_body_that_is_too_large_is_answered_ten_times_of_ten(
    proxy: Proxy, megabytes: int
) -> None:
    for _ in range(10):
        # urllib closes the connection, and reads nothing before it has sent all.
        request = urllib.request.Request(
            f"http://127.0.0.1:{proxy.port}{API}/evaluate",
            b" " * (megabytes * MEGABYTE + 1),
            {"Content-Type": "application/json", "Host": proxy.host},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        with closing(refused.value) as answer:
            assert answer.code == 413
            # nginx's own page at its own bound, the explorer's words below it.
            is_ours = proxy.is_documented and megabytes < 16
            assert (answer.headers["Content-Type"] == "application/problem+json") is is_ours
            answer.read()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/nothing", {}, 404),
        ("/api/v1/presets", {}, 405),
        ("/api/v1/sessions/x/update", {}, 401),
        ("/api/v1/evaluate", {"Origin": "http://evil.example"}, 403),
        ("/api/v1/evaluate", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_other_refusals_come_before_the_body_is_read(
    proxy: Proxy, path: str, headers: dict[str, str], status: int
) -> None:
    for _ in range(5):
        sent = {"Content-Type": "application/json", "Host": proxy.host, **headers}
        request = urllib.request.Request(
            f"http://127.0.0.1:{proxy.port}{path}", b" " * (MEGABYTE - 1), sent
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        with closing(refused.value) as answer:
            assert (answer.code, json.loads(answer.read())["status"]) == (status, status)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "https://explorer.example.org"}, 201),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}, 403),
        # Plain HTTP: a browser says no more than this.
        ({"Origin": "http://explorer.example.org"}, 201),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://explorer.example.org:8080"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_who_may_change_something(proxy: Proxy, headers: dict[str, str], status: int) -> None:
    assert proxy.call("POST", f"{API}/sessions", SMALL, **headers)[0] == status


def test_a_foreign_name_is_refused_where_the_proxy_tells_it(proxies: dict[str, Proxy]) -> None:
    assert proxies["docs"].call("GET", "/livez", Host="evil.example")[0] == 400
    # With its defaults nginx says its own name for the explorer.
    assert proxies["defaults"].call("GET", "/livez", Host="evil.example")[0] == 200

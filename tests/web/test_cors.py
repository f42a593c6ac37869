"""Pages of other origins may use the API where the operator names them, and only there."""

import argparse
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from starlette.testclient import TestClient

from app import __main__ as program
from app.server import Settings, create_app
from app.web.cors import ANSWER_HEADERS, MAX_AGE, REQUEST_HEADERS, origin_of
from tests.conftest import serving

API = "/api/v1"
NOTEBOOK = "https://notebook.example.org:8888"
OTHERS = [
    "https://evil.example", "http://notebook.example.org:8888", "https://notebook.example.org",
    "https://notebook.example.org:8888.evil.example", "null", "", NOTEBOOK.upper(),
]  # fmt: skip
SESSION = {"network": {"input_size": 1, "layers": [{"type": "affine", "units": 1}]}, "x": [[1]]}
ABOUT_IT = "access-control-"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a server that lets one notebook in."""
    app = create_app(Settings(allowed_origins=(NOTEBOOK,)))
    with TestClient(app, "http://localhost:8000") as client:
        yield client


def ask(client: TestClient, method: str, path: str, origin: str = NOTEBOOK, **more: Any) -> Any:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", **more.pop("headers", {})}
    return client.request(method, path, headers=headers, **more)


def preflight(client: TestClient, path: str, origin: str, method: str = "PATCH") -> Any:
    headers = {"Access-Control-Request-Method": method}
    return ask(client, "OPTIONS", path, origin, headers=headers)


def test_a_named_origin_makes_reads_and_changes_a_session(client: TestClient) -> None:
    made = ask(client, "POST", f"{API}/sessions", json=SESSION)
    place = made.headers["location"]
    owner = {"Authorization": f"Bearer {made.json()['edit_token']}", "If-Match": '"1"'}
    edit = [{"op": "set", "tensor": "x", "index": [0, 0], "value": 2}]
    answers = [
        made,
        ask(client, "GET", place),
        ask(client, "PATCH", place, json=edit, headers=owner),
        ask(client, "PATCH", place, json=edit, headers=owner),
        ask(client, "GET", f"{API}/nothing"),
        ask(client, "DELETE", place, headers={"Authorization": owner["Authorization"]}),
        ask(client, "GET", "/openapi.json"),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 200, 412, 404, 204, 200]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == NOTEBOOK
        assert "origin" in answer.headers["vary"].lower()
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert {"etag", "location", "retry-after", "x-request-id"} <= set(exposed)
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", OTHERS)
def test_any_other_origin_is_let_in_nowhere(client: TestClient, origin: str) -> None:
    read = ask(client, "GET", f"{API}/presets", origin)
    written = ask(client, "POST", f"{API}/sessions", origin, json=SESSION)
    asked = preflight(client, f"{API}/sessions/x", origin)

    assert (read.status_code, written.status_code, asked.status_code) == (200, 403, 204)
    for answer in (read, written, asked):
        assert not [name for name in answer.headers if name.startswith(ABOUT_IT)]
        assert "origin" in answer.headers["vary"].lower()


def test_two_origins_are_none(client: TestClient) -> None:
    headers = [("Origin", NOTEBOOK), ("Origin", "https://evil.example"),
               ("Sec-Fetch-Site", "cross-site")]  # fmt: skip

    assert client.post(f"{API}/sessions", json=SESSION, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/", "/docs", "/figures", "/livez", "/static/img/icon.svg"])
def test_pages_are_for_no_other_origin(client: TestClient, path: str) -> None:
    answer = ask(client, "GET", path)

    assert not [name for name in answer.headers if name.startswith(ABOUT_IT)]


def test_a_preflight_tells_what_the_address_takes(client: TestClient) -> None:
    answer = preflight(client, f"{API}/sessions/x", NOTEBOOK)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == NOTEBOOK
    assert answer.headers["access-control-allow-methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert answer.headers["access-control-max-age"] == str(MAX_AGE)
    assert "access-control-allow-private-network" not in answer.headers
    assert preflight(client, f"{API}/nothing", NOTEBOOK).status_code == 404
    headers = {"Access-Control-Request-Method": "GET",
               "Access-Control-Request-Private-Network": "true"}  # fmt: skip
    local = ask(client, "OPTIONS", f"{API}/presets", headers=headers)
    assert local.headers["access-control-allow-private-network"] == "true"


def test_every_header_that_a_call_knows_may_be_sent_and_read(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    sent, answered = set(), set()
    for path in document["paths"].values():
        for operation in path.values():
            parameters = operation.get("parameters", [])
            sent |= {p["name"] for p in parameters if p["in"] == "header"}
            for response in operation["responses"].values():
                answered |= set(response.get("headers", {}))

    assert sent
    assert sent <= set(REQUEST_HEADERS)
    assert answered <= set(ANSWER_HEADERS)


def test_by_default_nobody_is_named() -> None:
    with TestClient(create_app(Settings()), "http://localhost:8000") as closed:
        for origin in (NOTEBOOK, *OTHERS):
            for answer in (
                ask(closed, "GET", f"{API}/presets", origin),
                preflight(closed, f"{API}/sessions", origin, "POST"),
                ask(closed, "POST", f"{API}/sessions", origin, json=SESSION),
            ):
                assert not [name for name in answer.headers if name.startswith(ABOUT_IT)]
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://a.example", "https://a.example"),
        (" HTTPS://A.example:8443 ", "https://a.example:8443"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("http://[::1]:8888", "http://[::1]:8888"),
    ],
)
def test_an_origin_is_meant_as_a_browser_writes_it(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text", ["*", "null", "a.example", "https://*.example.org", "https://a.example/", "ftp://a"]
)
def test_what_is_no_single_origin_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not an origin"):
        program._exact_origins(f"https://b.example,{text}")


class _Empty(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


CALL = """async (server) => {
    const json = { "Content-Type": "application/json" };
    const made = await fetch(`${server}/api/v1/sessions`,
        { method: "POST", headers: json, body: '{"preset": "two-layer"}' });
    const session = await made.json();
    const owner = { ...json, Authorization: `Bearer ${session.edit_token}`,
        "If-Match": made.headers.get("ETag") };
    const edited = await fetch(server + made.headers.get("Location"), { method: "PATCH",
        headers: owner, body: '[{"op": "set", "tensor": "x", "index": [0, 0], "value": 2}]' });
    return [made.status, edited.status, edited.headers.get("ETag")];
}"""


def test_a_browser_lets_a_named_page_call_and_no_other(page: Page) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Empty) as notebook:
        thread = threading.Thread(target=notebook.serve_forever)
        thread.start()
        origin = f"http://127.0.0.1:{notebook.server_address[1]}"
        try:
            page.goto(origin)
            with serving(create_app(Settings(allowed_origins=(origin,)))) as server:
                assert page.evaluate(CALL, server) == [201, 200, 'W/"2"']
            with serving(create_app(Settings())) as server:
                refused = page.evaluate(f"s => ({CALL})(s).catch((error) => error.name)", server)
                assert refused == "TypeError"
        finally:
            notebook.shutdown()
            thread.join(10)

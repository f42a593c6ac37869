"""Every request has a name: in its answer, in a problem, in the access log and beside a fault."""

import http.client
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.server import Settings, create_app
from app.web import access
from app.web.access import AccessLog, Line
from app.web.headers import SecurityHeaders
from app.web.watch import Watched
from tests.conftest import serving
from tests.web.test_protocol import answer_to

MADE = re.compile(r"[0-9a-f]{16}")
NETWORK = {"input_size": 1, "layers": [{"type": "affine", "units": 1}]}


@pytest.mark.parametrize("name", ["a", "9f-1_2.3:4/5+6=", "x" * 128])
def test_a_request_keeps_the_name_that_it_comes_with(client: TestClient, name: str) -> None:
    for path in ("/livez", "/api/v1/nothing"):
        assert client.get(path, headers={"X-Request-ID": name}).headers["x-request-id"] == name


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", 'a"b', "a\\b", "é".encode(), b"a\x7f"])
def test_a_name_that_could_harm_a_log_is_replaced(client: TestClient, name: Any) -> None:
    made = client.get("/livez", headers={"X-Request-ID": name}).headers["x-request-id"]

    assert MADE.fullmatch(made)


def test_two_names_are_none_and_no_two_requests_are_called_the_same(client: TestClient) -> None:
    twice = client.get("/livez", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])
    names = {client.get("/livez").headers["x-request-id"] for _ in range(50)}

    assert MADE.fullmatch(twice.headers["x-request-id"])
    assert len(names) == 50


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/sessions/x", {}, 404),
        ("/nothing", {}, 404),
        ("/broken", {}, 500),
        ("/livez", {"Host": "evil.example"}, 400),
    ],
)
def test_a_problem_tells_the_name_of_its_request(
    client: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(path, headers=headers)

    assert answer.status_code == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_fault_is_logged_with_the_name_and_without_the_path(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/broken?token=secret", headers={"X-Request-ID": "that-one"})

    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.getMessage() == "fault in GET /broken (request that-one)"


def test_a_fault_outside_the_app_is_a_problem_too(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("further out than the framework's own last resort")

    answer = TestClient(SecurityHeaders(Watched(broken, []))).get("/livez")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
    (record,) = [record for record in caplog.records if record.exc_info]
    assert answer.json()["request_id"] in record.getMessage()


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server with an access log, and the log."""
    path = tmp_path_factory.mktemp("logs") / "access.log"
    with serving(create_app(Settings(access_log=str(path)))) as address:
        yield address, path


def lines_of(path: Path, name: str) -> list[dict[str, Any]]:
    """The lines of a request once they are there."""
    for _ in range(200):
        found = [line for line in map(json.loads, path.read_text().splitlines())
                 if line["id"] == name]  # fmt: skip
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("no line was written")


def ask(address: str, method: str, path: str, name: str, **more: Any) -> Any:
    port = urlsplit(address).port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        headers = {"X-Request-ID": name, **more.pop("headers", {})}
        connection.request(method, path, headers=headers, **more)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_request_is_one_line_that_tells_no_session_no_query_and_no_token(
    logged: tuple[str, Path],
) -> None:
    address, path = logged
    body = json.dumps({"network": NETWORK, "x": [[1]]})
    kind = {"Content-Type": "application/json"}
    status, content = ask(address, "POST", "/api/v1/sessions", "make", body=body, headers=kind)
    session = json.loads(content)
    place = f"/api/v1/sessions/{session['id']}"
    token = {"Authorization": f"Bearer {session['edit_token']}", **kind}
    ask(address, "POST", f"{place}/step", "step", body="{}", headers=token)
    _, read = ask(address, "GET", f"{place}/tensors/affine1.W?slice=0", "read")

    (made,), (step,), (got,) = (lines_of(path, name) for name in ("make", "step", "read"))
    assert (made["method"], made["route"], made["status"]) == ("POST", "/api/v1/sessions", status)
    assert made["bytes"] == len(content)
    assert (step["route"], step["status"]) == ("/api/v1/sessions/{id}/step", 200)
    assert (got["route"], got["bytes"]) == ("/api/v1/sessions/{id}/tensors/{name}", len(read))
    assert 0 < got["ms"] < 20_000
    assert got["client"] == "127.0.0.1"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", got["time"])
    assert set(got) == {"time", *Line.__annotations__} - {"at"}
    text = path.read_text()
    assert session["id"] not in text
    assert session["edit_token"] not in text
    assert "slice" not in text


def test_what_is_no_request_has_its_line_too(logged: tuple[str, Path]) -> None:
    address, path = logged
    status, headers, body = answer_to(address, b"GARBAGE\r\n\r\n")

    name = headers["x-request-id"]
    assert json.loads(body)["request_id"] == name
    (line,) = lines_of(path, name)
    assert (line["status"], line["route"], line["bytes"]) == (status, "", len(body))


def test_a_method_that_there_is_not_and_a_file_are_told_apart(logged: tuple[str, Path]) -> None:
    address, path = logged
    ask(address, "PROPFIND", "/livez", "tea")
    ask(address, "GET", "/static/img/icon.svg", "icon")
    ask(address, "GET", "/wp-admin.php", "probe")

    told = [(line["method"], line["route"]) for name in ("tea", "icon", "probe")
            for line in lines_of(path, name)]  # fmt: skip
    assert told == [("other", "/livez"), ("GET", "/static"), ("GET", "")]


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    written = AccessLog(str(path))
    written.put(line("first"))
    lines_of(path, "first")
    os.rename(path, tmp_path / "access.log.1")
    written.put(line("second"))
    written.close()

    assert [one["id"] for one in map(json.loads, path.read_text().splitlines())] == ["second"]


def test_all_that_waits_is_written_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    written = AccessLog(str(path))
    for k in range(3_000):
        written.put(line(str(k)))
    written.close()

    told = [json.loads(one)["id"] for one in path.read_text().splitlines()]
    assert told == [str(k) for k in range(3_000)]
    assert written.dropped == 0


def test_a_log_that_cannot_be_written_loses_lines_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = AccessLog(str(tmp_path / "access.log"))

    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(written, "_put_out", full)
    monkeypatch.setattr(access, "AT_ONCE", 1)
    with caplog.at_level(logging.ERROR):
        for k in range(5):
            written.put(line(str(k)))
        written.close()

    assert written.dropped == 5
    assert len(caplog.records) == 1


def test_lines_that_nobody_writes_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MAX_WAITING", 0)
    written = AccessLog(str(tmp_path / "access.log"))
    written.put(line("a"))
    written.close()

    assert written.dropped == 1


def test_a_log_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        create_app(Settings(access_log=str(tmp_path / "no" / "access.log")))


def line(name: str) -> Line:
    return Line(at=0.0, id=name, method="GET", route="/livez", status=200, bytes=3, ms=1.0,
                client="192.0.2.1")  # fmt: skip

"""The program as a process of its own: what it says, what it refuses, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from app import __version__
from app.__main__ import main
from tests.process import serve


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and message of a program that does not start."""
    try:
        code = main(arguments)
    except SystemExit as end:  # argparse's way
        code = int(end.code or 0)
    return code, capsys.readouterr().err


def test_it_says_where_it_is_once_it_answers_there() -> None:
    with serve("--store", "memory") as running:
        assert running.address == f"http://127.0.0.1:{running.port}/"
        assert running.call("GET", "/livez") == (200, b"ok\n")


def test_it_does_not_say_what_it_is_made_of() -> None:
    with serve("--store", "memory") as running, closing(running.connect()) as connection:
        connection.request("GET", "/livez")
        assert connection.getresponse().getheader("server") is None


def test_what_it_tells_of_itself_and_to_whom_is_set() -> None:
    settings = ("--access-log", "-", "--allowed-origins", "https://a.example,http://localhost:8888")
    with serve("--store", "memory", *settings) as running, closing(running.connect()) as connection:
        headers = {"Origin": "http://localhost:8888", "X-Request-ID": "asked"}
        connection.request("GET", "/api/v1/presets?secret", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("access-control-allow-origin") == "http://localhost:8888"
        assert answer.getheader("x-request-id") == "asked"
        status, text = running.call("GET", "/metrics")
        assert status == 200
        assert b'route="/api/v1/presets",status=' in text
        # The connection of this test, and the one that asked.
        assert b"backprop_connections 2.0" in text
        _, out, errors, _ = running.stop(signal.SIGTERM)

    first, second = map(json.loads, out.splitlines())
    assert (first["id"], first["route"], first["status"]) == ("asked", "/api/v1/presets", 422)
    assert second["route"] == "/metrics"
    assert "secret" not in out
    assert errors == ""


def test_metrics_are_for_those_who_are_named() -> None:
    with serve("--store", "memory", "--metrics-from", "192.0.2.0/24") as running:
        assert running.call("GET", "/metrics")[0] == 403


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)]
)
def test_it_ends_quietly(number: int, code: int) -> None:
    with serve("--store", "memory") as running:
        assert running.call("GET", "/readyz")[0] == 200
        ended, out, errors, seconds = running.stop(number)

    assert (ended, out, errors) == (code, "", "")
    assert seconds < 3


def test_open_event_streams_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with serve("--store", f"sqlite:{tmp_path}/sessions.db") as running, ExitStack() as streams:
        _, made = running.call("POST", "/api/v1/sessions", {"preset": "two-layer"})
        path = f"/api/v1/sessions/{json.loads(made)['id']}/events"
        answers = []
        for _ in range(20):
            stream = streams.enter_context(closing(running.connect()))
            stream.request("GET", path)
            answer = stream.getresponse()
            assert answer.status == 200
            assert answer.readline() == b"retry: 2000\n"
            answers.append(answer)

        _, out, errors, seconds = running.stop(signal.SIGTERM)
        ends = [answer.read() for answer in answers]

    assert seconds < 3
    assert (out, errors) == ("", "")
    assert all(b"event: bye" in end for end in ends)


def test_sessions_outlive_the_server_in_a_folder_that_it_makes(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path}/new/folder/sessions.db"
    with serve("--store", store) as running:
        _, made = running.call("POST", "/api/v1/sessions", {"preset": "fig-5-25"})
        running.stop(signal.SIGTERM)
    path = f"/api/v1/sessions/{json.loads(made)['id']}"

    with serve("--store", store) as running:
        status, body = running.call("GET", path)

    assert status == 200
    assert json.loads(body)["preset"] == "fig-5-25"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1"])
def test_an_address_that_others_can_reach_needs_names(
    capsys: pytest.CaptureFixture[str], host: str
) -> None:
    code, errors = refusal(capsys, "--host", host, "--store", "memory")

    assert code == 2
    assert "--allowed-hosts" in errors


@pytest.mark.parametrize("name", ["*", "a.example:8000", "https://a.example", "a.example/", "::1"])
def test_a_name_that_no_request_could_have_is_refused(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, errors = refusal(capsys, "--store", "memory", "--allowed-hosts", f"b.example,{name}")

    assert code == 2
    assert repr(name) in errors


def test_with_names_it_answers_under_these_and_its_own() -> None:
    with (
        serve("--store", "memory", "--allowed-hosts", "a.example, b.example") as running,
        closing(running.connect()) as connection,
    ):
        statuses = {}
        for name in ("a.example", "b.example:80", "localhost", "c.example"):
            connection.request("GET", "/livez", headers={"Host": name})
            answer = connection.getresponse()
            statuses[name] = answer.status
            answer.read()

    assert statuses == {"a.example": 200, "b.example:80": 200, "localhost": 200, "c.example": 400}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--store", "redis:x"], "memory"),
        (["--port", "70000"], "65535"),
        (["--port", "x"], "port"),
        (["--allowed-origins", "*"], "not an origin"),
        (["--metrics-from", "everybody"], "not an address"),
        (["--access-log", "/dev/null/access.log"], "cannot start"),
        (["--store", "sqlite:/dev/null/sessions.db"], "cannot start"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, errors = refusal(capsys, "--port", "0", *arguments)

    assert code in (1, 2)
    assert words in errors.splitlines()[-1]


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, errors = refusal(capsys, "--port", port, "--store", "memory")

    assert code == 1
    assert port in errors


def test_it_knows_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])

    assert capsys.readouterr().out.strip() == __version__


def test_the_address_of_a_database_is_not_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKPROP_STORE", "postgresql://me-5f:word-7c@127.0.0.1:1/base-2e")
    for arguments in (["--help"], ["worker", "--help"]):
        with pytest.raises(SystemExit):
            main(arguments)
    for arguments in (["--port", "0"], ["worker"], ["--rescue"]):
        assert main(arguments) in (1, 2)
    (tmp_path / "store").write_text("postgresql://me-5f:word-7c@127.0.0.1:1/base-2e\n")
    assert main(["worker", "--store-file", str(tmp_path / "store")]) == 1
    shown = "".join(capsys.readouterr())
    assert "cannot start: the database does not answer" in shown
    for secret in ("me-5f", "word-7c", "base-2e"):
        assert secret not in shown


def test_a_worker_is_for_postgresql_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker", "--store", "memory"]) == 2
    assert "postgresql://" in capsys.readouterr().err


def test_without_the_extra_a_database_is_refused_with_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("app.sessions.store.postgres.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(["--port", "0", "--store", "postgresql://me@127.0.0.1:1/base"]) == 1
    assert "backprop-explorer[postgres]" in capsys.readouterr().err


def test_the_embedded_store_needs_nothing_of_postgresql() -> None:
    code = "import sys, app.__main__, app.server; assert 'psycopg' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

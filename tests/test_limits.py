"""Every limit by one name: on the command line, in the environment, in docs/limits.md."""

import argparse
import asyncio
import re
import urllib.request
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app import __main__ as program
from app.addresses import client_of
from app.settings import Told, told
from app.web.guard import ConnectionLimits, Guard
from tests.conftest import serving

PAGE = (Path(__file__).parent.parent / "docs" / "limits.md").read_text("utf-8")
ALL = [one for kind in program.LIMITS.values() for one in told(kind)]


def test_the_page_has_every_limit_with_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)` \| (\S+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert rows == [(one.option, str(one.default), one.meaning) for one in ALL]


def test_the_environment_says_what_the_command_line_leaves_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKPROP_HEAD_SECONDS", "7")
    monkeypatch.setenv("BACKPROP_CONNECTIONS", "70")
    monkeypatch.setenv("BACKPROP_TRUSTED_PROXIES", "10.0.0.0/8")
    monkeypatch.setenv("BACKPROP_DEV", "1")

    options = program._parse(["--connections", "50"])

    assert (options.head_seconds, options.connections, options.dev) == (7.0, 50, True)
    assert [str(network) for network in options.trusted_proxies] == ["10.0.0.0/8"]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-1"])
def test_no_limit_takes_what_it_cannot_be(
    one: Told, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        program._parse([one.option, text])

    assert one.option in capsys.readouterr().err


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example", "10.0.0.0/99"])
def test_a_proxy_that_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="address or network"):
        program._networks(text)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_who_counts_as_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def test_connections_are_counted_in_all_and_by_client() -> None:
    limits = ConnectionLimits(connections=4, connections_per_address=2)
    guard = Guard(limits)

    assert [guard.admit("2001:db8::1"), guard.admit("2001:db8::2")] == [True, True]
    assert not guard.admit("2001:db8::3")
    assert [guard.admit(name) for name in ("192.0.2.1", "192.0.2.2", "192.0.2.3")] == [
        True, True, False,
    ]  # fmt: skip
    guard.leave("2001:db8::1")
    assert guard.admit("2001:db8::3")


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.0/8", "192.0.2.7")],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(proxies: str, seen: str) -> None:
    app = FastAPI()
    app.state.stopping = asyncio.Event()
    app.state.guard = Guard(ConnectionLimits(proxies=program._networks(proxies)))

    @app.get("/")
    async def who(request: Request) -> Response:
        return PlainTextResponse(request.client.host if request.client else "")

    with serving(app) as address:
        # A client can put before what the proxy adds whatever it likes.
        asked = urllib.request.Request(address, headers={"X-Forwarded-For": "192.0.2.9, 192.0.2.7"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.read().decode() == seen

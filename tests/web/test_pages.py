import asyncio
import json
import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.web.files import STATIC, import_map


def test_the_import_map_names_libraries_that_are_there(client: TestClient) -> None:
    page = client.get("/").text
    (text,) = re.findall(r'<script type="importmap"[^>]*>(.*?)</script>', page, re.DOTALL)
    libraries = json.loads(text)["imports"]

    assert {"lit-html", "@preact/signals-core"} <= set(libraries)
    for address in libraries.values():
        assert client.get(address).headers["content-type"].startswith("text/javascript")


def test_every_library_that_a_module_names_is_in_the_import_map() -> None:
    named = {
        name
        for module in (STATIC / "js").rglob("*.js")
        for name in re.findall(r'^\s*(?:import|\} from)\b.*"([^"]+)";$', module.read_text(), re.M)
        if not name.startswith((".", "/"))
    }

    assert named
    assert named <= set(import_map()["imports"])


def test_everything_the_page_names_is_there(client: TestClient) -> None:
    for page in ("/", "/docs"):
        names = re.findall(r'(?:href|src)="(/[^"]*)"', client.get(page).text)
        assert names
        for name in names:
            assert client.get(name).status_code == 200


def test_the_page_names_no_other_host(client: TestClient) -> None:
    for page in ("/", "/docs"):
        assert not re.search(r'(?:href|src|action)="(?:https?:)?//', client.get(page).text)


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/static/js/main.js")
    again = client.get("/static/js/main.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pyproject.toml",
        "/static/%2e%2e/pyproject.toml",
        "/static/..%2fapp/server.py",
        "/static/%2e%2e%2fpyproject.toml",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/js/..%5c..%5cpyproject.toml",
        "/static/%00",
        "/static/",
        "/static/js",
    ],
)
def test_nothing_outside_static_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 405)


def test_readiness_ends_when_the_server_begins_to_stop(client: TestClient, app: FastAPI) -> None:
    assert client.get("/readyz").status_code == 200

    stopping, app.state.stopping = app.state.stopping, asyncio.Event()
    app.state.stopping.set()
    answer = client.get("/readyz")
    app.state.stopping = stopping

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert client.get("/livez").text == "ok\n"


def test_readiness_needs_the_store(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("disk gone: /secret/path")

    monkeypatch.setattr(app.state.store, "ping", broken)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "secret" not in answer.text

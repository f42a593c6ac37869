import asyncio
import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.server import Settings, create_app
from app.web import files
from app.web.files import STATIC, import_map, page_files


def test_the_import_map_of_the_modules_names_libraries_that_are_there() -> None:
    client = TestClient(create_app(Settings(dev=True)), "http://localhost:8000")
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


def test_the_page_comes_as_two_hashed_files_that_are_kept_for_ever(client: TestClient) -> None:
    if page_files().import_map is not None and not os.environ.get("CI"):
        pytest.skip("static/js has changed since it was bundled; `make run` bundles it anew")
    page = client.get("/").text

    assert "importmap" not in page
    for address in (page_files().script, page_files().style):
        assert f'"{address}"' in page
        assert re.fullmatch(r"/static/built/[a-z]+-[A-Z0-9]{8}\.(js|css)", address)
        assert client.get(address).headers["cache-control"] == files.FOR_EVER


def test_a_source_that_changed_is_served_instead_of_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "static/js/main.js"
    source.parent.mkdir(parents=True)
    source.write_text("1")
    built = tmp_path / "static/built"
    built.mkdir()
    known = hashlib.sha256(b"1").hexdigest()
    made = {"sources": {"static/js/main.js": known}, "script": "main-A.js", "style": "page-B.css"}
    (built / "manifest.json").write_text(json.dumps(made))
    monkeypatch.setattr(files, "_ROOT", tmp_path)
    monkeypatch.setattr(files, "BUILT", built)
    assert page_files().script == "/static/built/main-A.js"
    assert page_files(dev=True).script == "/static/js/main.js"

    source.write_text("2")
    assert page_files().script == "/static/js/main.js"
    assert page_files().import_map is not None

    source.unlink()
    assert page_files().script == "/static/js/main.js"


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


def test_the_bundle_is_sent_as_it_was_compressed_when_it_was_made(client: TestClient) -> None:
    found = page_files()
    if found.import_map is not None and not os.environ.get("CI"):
        pytest.skip("static/js has changed since it was bundled; `make run` bundles it anew")
    for address in (found.script, found.style, *found.shared):
        kept = STATIC / address.removeprefix("/static/")
        for coding, ending in files.CODINGS.items():
            answer = client.head(address, headers={"Accept-Encoding": coding})
            size = kept.with_name(kept.name + ending).stat().st_size
            assert answer.headers["content-encoding"] == coding
            assert int(answer.headers["content-length"]) == size < kept.stat().st_size
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers["cache-control"] == files.FOR_EVER
            assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        assert plain.content == kept.read_bytes()
        assert client.get(address, headers={"Accept-Encoding": "gzip"}).content == plain.content
    page = client.get("/").text
    for address in found.shared:
        assert f'<link rel="modulepreload" href="{address}">' in page

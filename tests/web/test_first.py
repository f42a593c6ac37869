"""The figure that comes with the page: the very documents that the API would answer."""

import gzip
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from app.sessions.presets import PRESETS
from app.sessions.store.memory import MemoryStore
from app.web.files import STATIC
from app.web.first import FIRST, UNMADE, asked_for, in_script
from app.web.languages import strings

SAMPLES = {
    "": {},
    "level=network": {},
    "level=network&open=affine1": {"preset": "two-layer"},
    "loss=opened&form=stable": {"preset": "fig-5-30"},
    "level=element&sample=2": {"preset": "two-layer"},
}


def carried(text: str, id: str = "first") -> Any:
    """What stands in a page's script element of data; None where it has none."""
    found = re.search(rf'<script type="application/json" id="{id}">(.*?)</script>', text, re.S)
    return json.loads(found[1]) if found else None


def first_of(client: TestClient, address: str) -> Any:
    """What a page carries, once it has been made."""
    for _ in range(100):
        found = carried(client.get(address).text)
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{address} never carries its figure")


def by_api(client: TestClient, preset: str, query: str) -> Any:
    """The same documents asked for one by one, with the id that stands for none."""
    session = client.post("/api/v1/sessions", json={"preset": preset}).json()
    base = f"/api/v1/sessions/{session['id']}"
    passed = "&".join(part for part in query.split("&") if not part.startswith("open="))
    whole = {
        "session": client.get(f"{base}?max_cells=2000").json(),
        "graph": client.get(f"{base}/graph?{query}").json(),
        "trace": client.get(f"{base}/trace?{passed}").json(),
    }
    for later in ("created", "expires"):
        del whole["session"][later]
    return json.loads(json.dumps(whole).replace(session["id"], UNMADE))


@pytest.mark.parametrize("preset", PRESETS)
def test_what_comes_with_a_preset_s_page_is_what_the_api_answers(
    client: TestClient, preset: str
) -> None:
    found = first_of(client, f"/?preset={preset}")

    assert found.pop("view") == found["session"]["view"]
    assert found == by_api(client, preset, "")


@pytest.mark.parametrize("query", SAMPLES)
def test_the_view_that_an_address_names_comes_with_the_page(client: TestClient, query: str) -> None:
    preset = SAMPLES[query].get("preset", FIRST)
    found = first_of(client, f"/?preset={preset}&{query}")
    view = found.pop("view")

    assert all(f"{name}={view[name]}" in query for name in ("level", "form") if name in query)
    assert found == by_api(client, preset, query)


def test_no_visit_makes_a_session(app: FastAPI, client: TestClient) -> None:
    store = app.state.store
    assert isinstance(store, MemoryStore)
    before = store.stats().sessions
    for _ in range(3):
        first_of(client, "/")
        client.head("/?preset=two-layer")

    assert store.stats().sessions == before


@pytest.mark.parametrize(
    "address",
    [
        "/?session=abc",
        "/?shared=1&level=op",
        "/?preset=none",
        "/?level=all",
        "/?sample=9",
        "/?preset=fig-5-29&open=a,b",
    ],
)
def test_what_an_address_names_otherwise_is_left_to_the_page(
    client: TestClient, address: str
) -> None:
    answer = client.get(address)

    assert answer.status_code == 200
    assert carried(answer.text) is None
    assert len(carried(answer.text, "presets")) == len(PRESETS)


def test_a_sample_that_is_no_number_is_no_sample() -> None:
    for text in ("²", "-1", "1e3", "", "123456"):
        asked = asked_for(QueryParams({"sample": text}))
        assert asked is not None
        assert asked.change.sample is None


def test_nothing_in_a_document_ends_its_script_element() -> None:
    assert "<" not in in_script(b'{"a": "</script><!--"}')
    assert json.loads(in_script(b'{"a": "</script><!--"}')) == {"a": "</script><!--"}


def test_the_page_is_compressed_once_and_told_again_only_when_it_changed(
    app: FastAPI, client: TestClient
) -> None:
    if app.state.page_files.import_map is not None:
        pytest.skip("the page as modules has a nonce of its own in each answer")
    first_of(client, "/")
    packed = client.get("/")
    plain = client.get("/", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 9))
    assert plain.content == packed.content
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["vary"]
    again = client.get("/", headers={"If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/?lang=ko", headers={"If-None-Match": packed.headers["etag"]})
    assert other.status_code == 200


IMPORTED = re.compile(r'^(?:import|\} from|export .* from)\b[^;]*?"(\.[^"]+)";', re.MULTILINE)


def first_modules() -> set[Path]:
    """The modules that run before the page is used: those that its first one imports."""
    found: set[Path] = set()
    waiting = [(STATIC / "js/main.js").resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            imported = IMPORTED.findall(path.read_text("utf-8"))
            waiting += [(path.parent / name).resolve() for name in imported]
    return found


def test_the_page_carries_every_word_that_its_first_modules_may_ask_for(
    client: TestClient,
) -> None:
    words = carried(client.get("/?lang=en").text, "strings")
    left_out = set(strings("en", STATIC)) - set(words)
    modules = first_modules()
    asked = "".join(path.read_text("utf-8") for path in modules)

    assert left_out
    # What is refused before the other sentences have come is said in this one.
    assert "invalid.other" in words
    left_out = {key for key in left_out if not key.startswith("invalid.")}
    assert (STATIC / "js/later.js").resolve() not in modules
    for key in left_out:
        assert f'"{key}"' not in asked
        group = key.partition(".")[0]
        # Of a program, or a rule that no preset of layers has, they come with the rest of the page.
        # What is refused before all has come is said in general.
        looked_for = group in ("figures", "preset", "problem", "rule", "start")
        assert looked_for or f"`{group}.${{" not in asked
    assert "problem.other" in words
    assert "}.alt" not in asked
    assert not re.search(r"figures\.(equation|section)", asked)

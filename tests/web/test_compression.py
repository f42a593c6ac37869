import gzip
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.web import compression

WIDE = {
    "network": {"input_size": 100, "layers": [{"type": "affine", "units": 100}]},
    "x": [[0.0] * 100],
}


def test_text_is_sent_compressed(client: TestClient) -> None:
    for path in ("/", "/static/js/main.js", "/static/css/base.css", "/openapi.json"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip", path
        assert "Accept-Encoding" in answer.headers["vary"]


def test_a_client_that_does_not_ask_gets_plain_text(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in answer.headers


def test_small_answers_are_left_alone(client: TestClient) -> None:
    answer = client.get("/livez", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers


def test_raw_tensors_are_left_alone(client: TestClient) -> None:
    session = client.post("/api/v1/sessions", json=WIDE).headers["location"]
    address = f"{session}/tensors/affine1.W"

    for media_type in ("application/x-npy", "application/vnd.safetensors"):
        answer = client.get(address, headers={"Accept": media_type, "Accept-Encoding": "gzip"})
        assert answer.headers["content-type"] == media_type
        assert len(answer.content) > 100 * 100 * 8
        assert "content-encoding" not in answer.headers


def test_numbers_survive_compression(client: TestClient) -> None:
    session = client.post("/api/v1/sessions", json=WIDE).headers["location"]

    packed = client.get(session, headers={"Accept-Encoding": "gzip"})
    plain = client.get(session, headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert np.shape(packed.json()["parameters"]["affine1.W"]) == (100, 100)


@pytest.mark.parametrize("quick", [compression.quick, zlib.compress])
def test_many_numbers_are_compressed_once_and_quickly(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, quick: Callable[[bytes, int, int], bytes]
) -> None:
    asked = {
        "network": {"input_size": 100, "layers": [{"type": "affine", "units": 300}]},
        "x": [[0.1] * 100],
    }
    levels = []

    def counted(body: bytes, level: int, bits: int) -> bytes:
        levels.append(level)
        return quick(body, level, bits)

    monkeypatch.setattr(compression, "quick", counted)
    with client.stream(
        "POST", "/api/v1/evaluate", json=asked, headers={"Accept-Encoding": "gzip"}
    ) as answer:
        raw = b"".join(answer.iter_raw())
    plain = client.post("/api/v1/evaluate", json=asked, headers={"Accept-Encoding": "identity"})

    assert levels == [1]
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(raw) < 0.6 * len(plain.content)
    assert len(plain.content) > compression.LARGE
    assert gzip.decompress(raw) == plain.content


def test_a_strong_tag_is_of_the_plain_bytes_alone(client: TestClient) -> None:
    session = client.post("/api/v1/sessions", json=WIDE).headers["location"]
    packing, plain = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}

    for path in (session, f"{session}/trace", f"{session}/figure.svg", "/static/js/main.js"):
        packed = client.get(path, headers=packing)
        whole = client.get(path, headers=plain)
        assert packed.headers["etag"] == f"W/{whole.headers['etag']}"
        assert not whole.headers["etag"].startswith("W/")
        for tag in (packed.headers["etag"], whole.headers["etag"]):
            for encoding in (packing, plain):
                fresh = client.get(path, headers=encoding | {"If-None-Match": tag})
                assert fresh.status_code == 304
                # As the 200 would have: a cache may update only what it has under the same tag.
                assert (
                    fresh.headers["etag"]
                    == (packed if encoding is packing else whole).headers["etag"]
                )
                assert "Accept-Encoding" in fresh.headers["vary"]


def test_a_tag_weakened_on_its_way_out_is_good_for_an_edit(client: TestClient) -> None:
    created = client.post("/api/v1/sessions", json=WIDE)
    place = created.headers["location"]
    token = {"Authorization": f"Bearer {created.json()['edit_token']}"}
    edit = [{"op": "view", "level": "op"}]
    tag = client.get(place, headers={"Accept-Encoding": "gzip"}).headers["etag"]

    assert tag == 'W/"1"'
    first = client.patch(place, json=edit, headers=token | {"If-Match": tag})
    second = client.patch(place, json=edit, headers=token | {"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)


def test_head_has_the_headers_of_a_compressed_get(client: TestClient) -> None:
    session = client.post("/api/v1/sessions", json=WIDE).headers["location"]
    tensor = f"{session}/tensors/affine1.W"
    changing = {
        "content-encoding",
        "content-length",
        "content-security-policy",
        "expires",
        "x-request-id",
    }

    for path in (session, f"{session}/trace", tensor, "/livez", "/static/js/main.js"):
        for encoding in ("gzip", "identity"):
            for kind in ("*/*", "application/x-npy") if path == tensor else ("*/*",):
                headers = {"Accept-Encoding": encoding, "Accept": kind}
                whole, bare = client.get(path, headers=headers), client.head(path, headers=headers)
                assert bare.status_code == whole.status_code
                # The length of what would have to be compressed first is left out.
                length = bare.headers.get("content-length")
                assert length == whole.headers["content-length"] or (
                    length is None and "content-encoding" in whole.headers
                )
                for name in (whole.headers.keys() | bare.headers.keys()) - changing:
                    assert bare.headers[name] == whole.headers[name], (path, name)

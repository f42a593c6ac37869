import numpy as np
from starlette.testclient import TestClient

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

"""A megabyte of JSON is read, and not a byte more, whether or not its length is announced."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

LIMIT = 1 << 20
ADDRESSES = [
    ("POST", "/api/v1/evaluate"),
    ("POST", "/api/v1/sessions"),
]
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_a_long_body_is_refused_by_its_announced_length(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path, content=b" " * (LIMIT + 1), headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_a_long_body_in_chunks_is_refused(client: TestClient, method: str, path: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * (LIMIT // 16)

    answer = client.request(method, path, content=chunks(), headers=JSON)

    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413


def test_a_body_of_just_a_megabyte_is_read(client: TestClient) -> None:
    answer = client.post("/api/v1/evaluate", content=b"{}".ljust(LIMIT), headers=JSON)

    assert answer.status_code == 422
    assert {error["code"] for error in answer.json()["errors"]} == {"missing"}

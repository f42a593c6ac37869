"""An app over a store in memory, and helpers that say what a test means."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import close, install
from app.engine.errors import EngineError
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.web.pages import words

API = "/api/v1"

SMALL: dict[str, Any] = {
    "network": {
        "input_size": 2,
        "layers": [
            {"type": "affine", "units": 3},
            {"type": "relu"},
            {"type": "affine", "units": 3},
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "seed": 3,
    "x": [[1.0, 0.5], [-0.5, 2.0], [0.25, -1.0]],
    "t": [0, 2, 1],
}


def digits(dataset: str, split: str, rows: Sequence[int] | None) -> tuple[np.ndarray, np.ndarray]:
    """A data set of two-pixel samples: row i is (i, -i) with label i mod 3."""
    if dataset != "twos":
        raise EngineError("there is no such data set", "dataset", "name")
    rows = range(10) if rows is None else rows
    if any(row >= 10 for row in rows):
        raise EngineError("this split has 10 rows", "rows", "range")
    x = np.array([[row, -row] for row in rows], dtype=float)
    return x, np.array([row % 3 for row in rows])


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(open_store("memory"), digits)
    yield service
    service.close()


# The OpenAPI document, once a test has asked for it: every app has the same.
_document: dict[str, Any] = {}


@pytest.fixture
def app(service: Service) -> Iterator[FastAPI]:
    app = FastAPI(title="Backprop Explorer", version="1.0.0")
    install(app, service, words)
    app.openapi_schema = _document or None
    yield app
    _document.update(app.openapi_schema or {})
    close(app)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


class Owner:
    """One who has made a session and may change it."""

    def __init__(self, client: TestClient, body: dict[str, Any]) -> None:
        self._made(client, client.post(f"{API}/sessions", json=body))

    @classmethod
    def of_fork(cls, client: TestClient, answer: Any) -> "Owner":
        """Who has made a copy of another session."""
        owner = cls.__new__(cls)
        owner._made(client, answer)
        return owner

    def _made(self, client: TestClient, answer: Any) -> None:
        assert answer.status_code == 201, answer.text
        self.client = client
        self.answer = answer
        self.created = answer.json()
        self.url: str = answer.headers["location"]
        self.token = {"Authorization": f"Bearer {self.created['edit_token']}"}

    def get(self, path: str = "", **kwargs: Any) -> Any:
        return self.client.get(self.url + path, **kwargs)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(self.url + path, json=body or {}, headers=self.token | headers)

    def patch(self, *edits: dict[str, Any], version: int | None = None, path: str = "") -> Any:
        tag = f'"{version}"' if version is not None else self.get().headers["etag"]
        headers = self.token | {"If-Match": tag}
        return self.client.patch(self.url + path, json=list(edits), headers=headers)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.get().json()
        return state


@pytest.fixture
def owner(client: TestClient) -> Owner:
    return Owner(client, SMALL)


def pointers(answer: Any) -> list[str]:
    """The fields that a problem names; checks on the way that it is a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert len(answer.content) <= 16 * 1024
    return [error["pointer"] for error in document.get("errors", [])]

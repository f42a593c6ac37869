"""The whole app without a network."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.server import Settings, create_app


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The app, with one more route, which fails."""
    app = create_app(Settings())

    async def broken() -> None:
        raise RuntimeError("a fault that no handler knows")

    app.add_api_route("/broken", broken, include_in_schema=False)
    return app


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, "http://localhost:8000", raise_server_exceptions=False) as client:
        yield client

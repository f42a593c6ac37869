"""Schemathesis against the app in this process: what the document says, and what comes of it.

A live session's id and token stand in most cases, so that the routes are really reached.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from starlette.testclient import TestClient

from app.api import ROUTERS, close, install
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.web.pages import words
from tests.api.conftest import Owner, digits

EXAMPLES = 30
# No schema can say that t has as many labels as x has rows, so a proper body may be refused; and
# the second call of `ignored_auth` comes when the first has deleted the session.
LEFT_OUT = [positive_data_acceptance, ignored_auth]


@pytest.fixture(scope="module")
def live() -> Iterator[FastAPI]:
    service = Service(open_store("memory"), digits)
    app = FastAPI(title="Backprop Explorer", version="1.0.0")
    install(app, service, words)
    yield app
    close(app)
    service.close()


@pytest.fixture(scope="module")
def api(live: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", live)


@pytest.fixture(scope="module")
def client(live: FastAPI) -> Iterator[TestClient]:
    with TestClient(live) as client:
        yield client


NAMES = {"layers": "affine1", "tensors": "affine1.W.grad", "rows": "twos"}
OPERATIONS = sorted(
    (route.path, method)
    for router in ROUTERS
    for route in router.routes
    for method in route.methods
    # A stream does not end by itself; test_stream.py has those.
    if not route.path.endswith("/events")
)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(
    api: Any, client: TestClient, path: str, method: str
) -> None:
    @given(case=api[path][method].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: Any) -> None:
        lead_to_a_session(case, client)
        case.call_and_validate(excluded_checks=LEFT_OUT)

    answers()


def lead_to_a_session(case: Any, client: TestClient) -> None:
    """Put a live session's id and token into most cases; deleting takes a session of its own."""
    kind = len(str(case.body)) % 8  # spread over the cases without a random number of our own
    if "{id}" not in case.path or kind == 0:
        return
    owner = Owner(client, {"preset": "two-layer"})
    case.path_parameters["id"] = owner.created["id"]
    for part, name in NAMES.items():
        if f"/{part}/{{name}}" in case.path and kind > 2:
            case.path_parameters["name"] = name
    case.headers = dict(case.headers or {})
    if kind != 1:
        case.headers["Authorization"] = owner.token["Authorization"]
    if kind > 3:
        case.headers["If-Match"] = owner.get().headers["etag"]

"""Every status that the OpenAPI document names for an operation is answered by it."""

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save
from starlette.testclient import TestClient

from app import datasets
from app.api import ROUTERS
from app.api.heavy.places import Places
from app.api.routes import evaluate
from app.api.texts import LANGUAGES
from app.lessons import shipped
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.runs import RunManager
from app.sessions.service import Service
from app.sessions.store.store import SessionDamaged, StoreFull
from app.web.pages import words
from tests.api.conftest import API, SMALL, Owner, pointers
from tests.api.test_looks import DIGITS

BODIES: dict[str, Any] = {
    "evaluate": SMALL,
    "create_session": SMALL,
    "edit_session": [{"op": "view"}],
    "start_run": {"steps": 3},
    "change_run": {"learning_rate": 0.5},
    "open_step": {"step": 1},
    "prepare_drawing": {"pixels": [[0, 1]]},
    "compare_gradient": {"tensor": "affine1.b.grad", "value": [1, 2, 3]},
    "judge_suspect": {"seed": 7, "fault": "mask_missing", "layer": "relu1"},
    "judge_answer": {"skill": "dW", "seed": 7, "answer": "4"},
    "judge_prediction": {"tensor": "affine1.b.grad", "index": [0], "answer": "1"},
}
WRONG_QUERY = {
    "get_figure": {"cursor": "-1"},
    "get_graph": {"level": "floor"},
    "get_trace": {"max_cells": "-1"},
    "get_layers": {"max_cells": "many"},
    "get_history": {"points": "0"},
    "get_layer": {"max_cells": "-1"},
    "explain_number": {"index": "a"},
    "nudge_number": {"h": "0"},
    "get_tensor": {"slice": "-1"},
    "get_tensors": {"name": "nope"},
    "get_specimen": {"steps": "0"},
}
TABLE = b"a,b\n1,x\n2,y\n"
HEAVY = (
    "evaluate",
    "check_session",
    "get_figure",
    "get_specimen",
    "compare_gradient",
    "judge_prediction",
)
# What a session without gradients has not.
UNLEARNED = ("check_session", "get_health", "get_specimen", "get_hidden", "judge_suspect")
LONG = {"steps": 1_000_000, "batch_size": 1, "optimizer": {"type": "sgd", "learning_rate": 1e-9}}
ROUTES = {route.operation_id: route for router in ROUTERS for route in router.routes}
CASES = [
    (operation, int(status))
    for operation, route in ROUTES.items()
    for status in route.responses
    # A stream that is opened does not end by itself; test_stream.py has those.
    if (operation, int(status)) != ("get_events", 200)
]


class Call:
    """One proper call of an operation, to be spoilt."""

    def __init__(self, operation: str, owner: Owner) -> None:
        route: Any = ROUTES[operation]
        (self.method,) = route.methods
        self.path: str = route.path
        self.operation = operation
        self.owner = owner
        self.headers = owner.token | {"If-Match": "*"}
        self.names = {
            "id": owner.created["id"],
            "name": {"get_layer": "relu1", "get_row": "mnist"}.get(operation, "x"),
            "split": "test",
            "row": "0",
            "action": "pause",
            "fault": "sign",
            "lesson": "nodes",
        }
        self.query: dict[str, str] = {}
        if operation == "explain_number":
            self.query = {"tensor": "x", "index": "0,0"}
        if operation == "nudge_number":
            self.query = {"tensor": "x.grad", "index": "0,0"}
        if operation in ("get_exercise", "get_sheet"):
            self.query = {"skill": "dW"}
        self.body = BODIES.get(operation, {}) if self.method in ("POST", "PATCH") else None
        self.content: bytes | None = None
        if self.method == "PUT":
            self.content = save({"x": np.ones((3, 2))})
            self.headers["Content-Type"] = "application/vnd.safetensors"
        if operation == "create_dataset":
            self.content = TABLE
            self.headers["Content-Type"] = "text/csv"
        if operation == "get_dataset":
            headers = {"Content-Type": "text/csv"}
            made = owner.client.post(f"{API}/datasets", content=TABLE, headers=headers)
            self.names["name"] = made.json()["name"]

    def send(self) -> Any:
        sent: dict[str, Any] = {"json": self.body}
        if self.content is not None:
            sent = {"content": self.content}
        path = self.path.format_map(self.names)
        return self.owner.client.request(
            self.method, path, params=self.query, headers=self.headers, **sent
        )


def start_run(owner: Owner) -> str:
    run: str = owner.post("/runs", LONG).json()["id"]
    return run


def spoil(call: Call, status: int, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change the call, or the world, so that the answer is ``status``."""
    json_type = {"Content-Type": "application/json"}

    def full(*_: object) -> None:
        raise StoreFull(30)

    def damaged(*_: object) -> None:
        raise SessionDamaged("planted")

    match status:
        case 304:
            call.headers["If-None-Match"] = "*"
        case 400 if call.operation == "create_dataset":
            call.content = b"a,b\n1,\xff\n"
        case 400 if call.body is None:
            call.headers["If-Match"] = "1"
        case 400:
            call.content = b"{"
            call.headers |= json_type
        case 401:
            del call.headers["Authorization"]
        case 403:
            call.headers["Authorization"] = "Bearer wrong"
        case 404:
            call.names["id"] = call.names["name"] = call.names["lesson"] = "unknown"
        case 406:
            call.headers["Accept"] = "text/html"
        case 409 if call.operation == "get_export":
            clashing = {
                "code": "L = np.sum(X @ W)", "values": {"X": [[1, 2]], "W": [[1]]},
                "up_to_clash": True,
            }  # fmt: skip
            call.names["id"] = Owner(call.owner.client, clashing).created["id"]
        case 409 if call.operation == "open_step":
            call.owner.post(f"/runs/{call.names['run']}/resume")
        case 409 if call.operation in ("control_run", "change_run"):
            call.owner.post(f"/runs/{call.names['run']}/stop")
        case 409 if call.operation in UNLEARNED:
            other = Owner(call.owner.client, {"preset": "fig-5-24"})
            call.names["id"], call.headers = other.created["id"], other.token
        case 409:
            if call.operation == "step_session":
                call.owner.patch({"op": "view", "update": True})
                call.owner.post("/step", {"granularity": "step"})
            start_run(call.owner)
        case 410:
            monkeypatch.setattr(service.keeper.store, "get", damaged)
        case 412:
            call.headers["If-Match"] = '"999"'
        case 413:
            call.content = b" " * ((2 << 20) + 1)
            call.headers |= json_type
        case 415:
            call.content = b"{}"
            call.headers["Content-Type"] = "text/plain"
        case 422 if call.operation in WRONG_QUERY:
            call.query |= WRONG_QUERY[call.operation]
        case 422 if call.operation == "get_row":
            call.names["row"] = "first"
        case 422 if call.body is None or call.operation == "create_dataset":
            call.query["levl"] = "op"
        case 422:
            call.body = [{}] if call.operation == "edit_session" else {"unknown": 1}
        case 428:
            del call.headers["If-Match"]
        case 429:
            monkeypatch.setattr(service.hub, "_max_subscribers", 0)
        case 503 if call.operation == "start_run":
            none, manager = RunLimits(runs=0), service.trainer.manager
            assert isinstance(manager, RunManager)
            monkeypatch.setattr(manager._roll, "limits", none)
        case 503 if call.operation in HEAVY:
            monkeypatch.setattr(evaluate, "QUICK_LAYERS", 0)
            heavy = call.owner.client.app.state.heavy  # type: ignore[attr-defined]
            monkeypatch.setattr(heavy, "_places", Places(1, 0, per_client=0))
        case 503:
            monkeypatch.setattr(service.keeper.store, "create", full)
            monkeypatch.setattr(service.keeper.store, "replace", full)


@pytest.mark.parametrize(("operation", "status"), CASES)
def test_every_status_described_is_answered(
    client: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    status: int,
) -> None:
    if operation == "get_doubtful":
        monkeypatch.setattr(service, "loader", datasets.load)
    if operation == "get_lesson":
        client.app.state.lessons = shipped(LANGUAGES, words)  # type: ignore[attr-defined]
    owner = Owner(client, DIGITS if operation == "get_doubtful" else SMALL)
    call = Call(operation, owner)
    if operation in ("get_run", "control_run", "change_run", "get_history", "open_step"):
        call.names["run"] = start_run(owner)
    if operation == "open_step":
        owner.post(f"/runs/{call.names['run']}/pause")
    spoil(call, status, service, monkeypatch)

    answer = call.send()

    assert answer.status_code == status, answer.text
    if status >= 400:
        assert bool(pointers(answer)) is (status in (400, 422))
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"]

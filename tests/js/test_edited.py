"""The page's session after its own edits is the server's, of which the answer tells little."""

from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import close, install
from app.sessions.service import Service
from app.sessions.store.open_store import open_store
from app.web.pages import words
from tests.js.node import call

WIDE: dict[str, Any] = {
    "input_size": 12,
    "layers": [{"type": "affine", "units": 10}, {"type": "affine", "units": 3}],
    "loss": {"type": "softmax_cross_entropy"},
}
ROWS = 9
# 108 cells: more than come with the answer to an edit.
X = np.linspace(-1, 1, 12 * ROWS).reshape(ROWS, 12)
EDITS: list[list[dict[str, Any]]] = [
    [{"op": "set", "tensor": "affine1.W", "index": [3, 7], "value": 0.123456789012}],
    [{"op": "set", "tensor": "x", "index": [8, 11], "value": 1 / 3}],
    [{"op": "set", "tensor": "x", "index": [0, 0], "value": 1e-7},
     {"op": "set", "tensor": "x", "index": [0, 1], "value": 16777217.0},
     {"op": "set", "tensor": "affine2.b", "index": [1], "value": 0.1}],
    [{"op": "replace", "tensor": "affine1.W", "value": (X.T[:, :1] * np.ones(10) / 7).tolist()},
     {"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 5}],
    [{"op": "replace", "tensor": "x", "value": (X[:7] / 3).tolist()},
     {"op": "replace", "tensor": "t", "value": np.eye(3)[[0, 1, 2, 0, 1, 2, 0]].tolist()}],
    [{"op": "replace", "tensor": "x", "value": np.tile(X, (10, 1)).tolist()},
     {"op": "replace", "tensor": "t", "value": [row % 3 for row in range(90)]},
     {"op": "set", "tensor": "t", "index": [70], "value": 2}],
    [{"op": "insert_row"}],
    [{"op": "insert_row", "row": 0, "x": (X[0] / 7).tolist(), "t": 1}],
    [{"op": "insert_row", "row": 4}, {"op": "delete_row", "row": 90},
     {"op": "set", "tensor": "x", "index": [4, 1], "value": 1 / 9}],
    [{"op": "delete_row", "row": 0}],
    [{"op": "set", "tensor": "learning_rate", "index": [], "value": 0.25}],
    [{"op": "view", "level": "element"}],
]  # fmt: skip

# The session after each of the edits, from what the page had and the answer to them.
FOLLOW = """given.steps.map((known => ([answer, edits]) => known = m.edited(known, answer, edits))(
  given.first))"""


@pytest.fixture
def client() -> Any:
    service = Service(open_store("memory"), lambda *_: (X, X))
    app = FastAPI()
    install(app, service, words)
    with TestClient(app) as client:
        yield client
    close(app)
    service.close()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_page_knows_what_its_edits_made_of_the_session(client: TestClient, dtype: str) -> None:
    body = {"network": WIDE | {"dtype": dtype}, "x": X.tolist(), "t": [0, 1, 2] * 3}
    made = client.post("/api/v1/sessions", json=body)
    address, token = made.headers["location"], made.json()["edit_token"]
    first = before = client.get(address).json()
    steps, truths = [], []
    for edits in EDITS:
        headers = {"Authorization": f"Bearer {token}", "If-Match": f'"{before["version"]}"'}
        steps.append([client.patch(address, json=edits, headers=headers).json(), edits])
        truths.append(before := client.get(address).json())

    known = call("edited.js", FOLLOW, {"first": first, "steps": steps})

    for session, truth, edits in zip(known, truths, EDITS, strict=True):
        # What is computed comes with the trace.
        del session["probabilities"], truth["probabilities"]
        assert session == truth, edits


def test_what_the_edits_do_not_tell_stays_left_out() -> None:
    left_out = {"shape": [2, 50], "omitted": True, "link": "/"}
    before = {"x": [[1] * 50] * 2, "t": [0, 1], "grad_output": None, "parameters": {},
              "network": WIDE}  # fmt: skip
    after = before | {"x": left_out}
    load = [{"op": "load", "dataset": "mnist", "split": "test", "rows": [1, 2]}]
    column = [{"op": "replace", "tensor": "x", "value": [1] * 100}]
    for edits, x in ((load, left_out), (column, left_out), ([], before["x"])):
        assert call("edited.js", "m.edited(...given)", [before, after, edits])["x"] == x
    assert call("edited.js", "m.cellsToTell(...given)", [before, load]) == 100

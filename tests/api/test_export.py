"""GET /api/v1/sessions/{id}/export: scripts, for whoever may read the session."""

import contextlib
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import API, SMALL, Owner, pointers


def run(text: str) -> str:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(text, "script", "exec"), {})
    return told.getvalue()


@pytest.mark.parametrize("form", ["numpy", "classes", "torch"])
def test_a_session_is_a_script_in_three_forms(client: TestClient, form: str) -> None:
    owner = Owner(client, SMALL)
    answer = owner.get(f"/export?form={form}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.headers["content-disposition"] == f'inline; filename="network-{form}.py"'
    tag = answer.headers["etag"]
    again = client.get(
        f"{owner.url}/export?form={form}&download=true",
        headers={"If-None-Match": tag},
    )
    assert again.status_code == 304
    saved = owner.get(f"/export?form={form}&download=true").headers["content-disposition"]
    assert saved.startswith("attachment")
    if form != "torch":
        assert repr(owner.state["loss"]) in run(answer.text)
        owner.patch({"op": "set", "tensor": "x", "index": [0, 0], "value": 3.25})
        other = owner.get(f"/export?form={form}")
        assert other.headers["etag"] != tag
        assert repr(owner.state["loss"]) in run(other.text)


def test_nothing_but_the_id_is_needed_and_no_session_is_not_found(client: TestClient) -> None:
    assert client.get(f"{API}/sessions/none/export").status_code == 404
    owner = Owner(client, SMALL)
    assert client.get(f"{owner.url}/export").status_code == 200


def test_a_program_has_no_classes_and_one_that_clashes_has_no_script(client: TestClient) -> None:
    body: dict[str, Any] = {"code": "L = np.sum(X @ W)", "values": {"X": [[1, 2]], "W": [[1], [2]]}}
    owner = Owner(client, body)
    run(owner.get("/export").text)
    refused = owner.get("/export?form=classes")
    assert refused.status_code == 422
    assert pointers(refused) == ["/form"]
    clashing = Owner(client, body | {"values": {"X": [[1, 2]], "W": [[1]]}, "up_to_clash": True})
    for form in ("numpy", "torch"):
        answer = clashing.get(f"/export?form={form}")
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("#clash")
    code = clashing.get("/code")
    assert code.status_code == 200
    assert code.json()["backward"] == []


def test_lines_back_stand_beside_the_lines_forward(client: TestClient) -> None:
    found = Owner(client, SMALL).get("/code").json()
    lines = {line["text"]: line for line in found["backward"]}
    assert list(lines)[:2] == ["y = softmax(a2)", "dL = 1.0"]
    assert lines["dW1 = X.T @ da1"] == {
        "text": "dW1 = X.T @ da1", "keys": ["affine1.W.grad"], "nodes": ["affine1.dot"],
        "layers": ["affine1"],
    }  # fmt: skip

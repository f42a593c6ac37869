"""`Prefer: return=minimal`: after a change, only what one needs to go on."""

from typing import Any

import pytest

from tests.api.conftest import Owner

SET = [{"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 0.25}]
CHANGES: dict[str, tuple[str, str, Any]] = {
    "edit": ("PATCH", "", SET),
    "step": ("POST", "/step", {"granularity": "layer"}),
    "update": ("POST", "/update", {}),
}


def change(owner: Owner, kind: str, **headers: str) -> Any:
    method, path, body = CHANGES[kind]
    sent = owner.token | {"If-Match": "*"} | headers
    return owner.client.request(method, owner.url + path, json=body, headers=sent)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_minimal_answer_is_version_cursor_and_loss(owner: Owner, kind: str) -> None:
    answer = change(owner, kind, Prefer="return=minimal")

    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "return=minimal"
    assert answer.headers["etag"] == '"2"'
    state = owner.state
    assert answer.json() == {name: state[name] for name in ("version", "cursor", "loss")}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("prefer", ["", "return=representation", "handling=strict"])
def test_whoever_does_not_ask_for_it_gets_the_whole_answer(
    owner: Owner, kind: str, prefer: str
) -> None:
    answer = change(owner, kind, Prefer=prefer)

    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers
    assert len(answer.json()) > 3


def test_a_fault_is_told_in_full(owner: Owner) -> None:
    answer = owner.client.patch(
        owner.url, json=[{"op": "set", "tensor": "nope", "index": [], "value": 1}],
        headers=owner.token | {"If-Match": '"1"', "Prefer": "return=minimal"},
    )  # fmt: skip

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/0/tensor"

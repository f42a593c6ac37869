"""Lessons over REST, and predictions of a session's numbers."""

from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.texts import LANGUAGES
from app.lessons import shipped
from app.web.pages import words
from tests.api.conftest import API, SMALL, Owner, pointers
from tests.api.described import Described

SHELF = shipped(LANGUAGES, words)


@pytest.fixture
def described(app: FastAPI) -> Described:
    app.state.lessons = SHELF
    return Described(app)


def predicted(owner: Owner, tensor: str, index: Any, answer: str, **more: Any) -> Any:
    body = {"tensor": tensor, "index": index, "answer": answer, **more}
    return owner.client.post(f"{owner.url}/predictions", json=body)


def test_each_lesson_of_the_list_is_told_in_every_language(
    client: TestClient, described: Described
) -> None:
    for language in LANGUAGES:
        asked = {"language": language}
        lessons = described.check(client.get(f"{API}/lessons", params=asked)).json()["lessons"]
        assert lessons
        for row in lessons:
            told = described.check(client.get(f"{API}/lessons/{row['id']}", params=asked)).json()
            assert {name: told[name] for name in row} == row


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fetc%2Fpasswd", "01-branch.md", "en"])
def test_a_lesson_is_found_by_its_name_alone(
    client: TestClient, described: Described, name: str
) -> None:
    assert client.get(f"{API}/lessons/{name}").status_code == 404


def test_a_prediction_is_judged_by_the_session_as_it_is(
    client: TestClient, described: Described
) -> None:
    owner = Owner(client, SMALL)
    right = np.array(owner.get("/tensors/affine1.b.grad").json()["value"]).ravel()
    key = "affine1.b.grad"

    good = described.check(predicted(owner, key, [0], f"{right[0]:.6g}")).json()
    assert (good["right"], good["answer"]) == (True, pytest.approx(right[0]))
    few = predicted(owner, key, [0], f"{right[0]:.1g}").json()
    assert (few["right"], few["few_digits"], few["answer"]) == (False, True, None)
    wrong = described.check(predicted(owner, key, [0], f"{-right[0]:.6g}")).json()
    assert (wrong["right"], wrong["answer"]) == (False, None)
    assert "sign" in wrong["faults"]
    told = predicted(owner, key, [0], "7", reveal=True).json()
    assert (told["right"], told["answer"]) == (False, pytest.approx(right[0]))


def test_a_shape_is_predicted_too(client: TestClient, described: Described) -> None:
    owner = Owner(client, SMALL)

    assert predicted(owner, "affine1.W.grad", None, "2 x 3").json()["right"]
    wrong = described.check(predicted(owner, "affine1.W.grad", None, "(3, 2)")).json()
    assert not wrong["right"]
    assert "transposed_result" in wrong["faults"]


def test_what_only_the_opened_figure_has_is_predicted_in_that(client: TestClient) -> None:
    owner = Owner(client, SMALL)
    events = owner.get("/trace?loss=opened").json()["events"]
    closed = {key for event in owner.get("/trace").json()["events"] for key in event["writes"]}
    key = next(k for event in events for k in event["writes"] if k not in closed and "loss" in k)
    body = {"tensor": key, "answer": "(1, 1, 1)"}

    assert owner.client.post(f"{owner.url}/predictions", json=body).status_code == 422
    asked = owner.client.post(f"{owner.url}/predictions?loss=opened", json=body)
    assert asked.status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tensor": "nothing"}, "/tensor"),
        ({"index": [9]}, "/index"),
        ({"index": [0, 0, 0, 0]}, "/index"),
        ({"answer": "much"}, "/answer"),
        ({"answer": "1" * 101}, "/answer"),
        ({"index": [-1]}, "/index/0"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_is_no_prediction_is_refused(
    client: TestClient, change: dict[str, Any], pointer: str
) -> None:
    owner = Owner(client, SMALL)
    body = {"tensor": "affine1.b.grad", "index": [0], "answer": "1"} | change

    answer = owner.client.post(f"{owner.url}/predictions", json=body)

    assert answer.status_code == 422
    assert any(found.startswith(pointer) for found in pointers(answer))

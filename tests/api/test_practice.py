"""Practice over REST: exercises, homework beside the right gradient, mistakes at work."""

from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.engine.faults import FAULTS
from app.engine.practice import SKILLS, exercise
from tests.api.conftest import API, SMALL, Owner, pointers
from tests.api.described import Described

PROGRAM: dict[str, Any] = {
    "code": "h = np.maximum(X @ W + b, 0)\nL = np.sum(h * h)",
    "values": {"X": [[1, -2], [3, 4]], "W": [[1, 0.5], [-1, 2]], "b": [0.5, -0.5]},
}


@pytest.fixture
def described(app: FastAPI) -> Described:
    return Described(app)


def gradient(owner: Owner, name: str) -> np.ndarray:
    return np.array(owner.get(f"/tensors/{name}").json()["value"])


def compared(owner: Owner, tensor: str, value: Any) -> Any:
    return owner.client.post(f"{owner.url}/compare", json={"tensor": tensor, "value": value})


@pytest.mark.parametrize("skill", SKILLS)
def test_an_exercise_opens_as_the_very_pass_that_it_asks_about(
    client: TestClient, described: Described, skill: str
) -> None:
    for seed in (0, 1):
        item = described.check(
            client.get(f"{API}/practice", params={"skill": skill, "seed": seed})
        ).json()
        owner = Owner(client, item["session"])
        key = item["tensor"]
        if key.endswith(".new"):
            shown = _written(owner.get("/trace?update=true").json(), key)
        else:
            shown = owner.get(f"/tensors/{key}").json()["value"]
        array = np.array(shown)
        right = exercise(skill, seed).right
        if item["kind"] == "shape":
            assert array.shape == right
        else:
            assert np.isclose(array[tuple(item["index"])], right, rtol=1e-12, atol=1e-14)


def _written(trace: Any, key: str) -> Any:
    return next(event["values"][key] for event in trace["events"] if key in event["values"])


def test_an_answer_is_judged_named_and_then_explained(
    client: TestClient, described: Described
) -> None:
    right = exercise("dW", 4).right
    assert isinstance(right, float)

    def judge(answer: str, **more: Any) -> Any:
        body = {"skill": "dW", "seed": 4, "answer": answer, **more}
        return described.check(client.post(f"{API}/practice/answer", json=body)).json()

    good = judge(f"{right:g}")
    assert good["right"]
    assert good["answer"] == right
    terms = good["explanation"]["terms"]
    assert np.isclose(sum(term["value"] for term in terms), right)
    bad = judge(f"{-right:g}")
    assert not bad["right"]
    assert "sign" in bad["faults"]
    assert bad["answer"] is None
    assert bad["explanation"] is None
    assert judge(f"{-right:g}", reveal=True)["answer"] == right


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"skill": "dW", "seed": 0, "answer": "four"}, "/answer"),
        ({"skill": "juggling", "seed": 0, "answer": "4"}, "/skill"),
        ({"skill": "dW", "seed": -1, "answer": "4"}, "/seed"),
        ({"skill": "shape_dW", "seed": 0, "answer": "big"}, "/answer"),
        ({"skill": "dW", "seed": 0}, "/answer"),
    ],
)
def test_an_answer_that_cannot_be_read_names_its_field(
    client: TestClient, body: dict[str, Any], pointer: str
) -> None:
    refused = client.post(f"{API}/practice/answer", json=body)

    assert refused.status_code == 422
    assert pointers(refused) == [pointer]


def test_a_sheet_has_its_key(client: TestClient, described: Described) -> None:
    told = described.check(
        client.get(f"{API}/practice/sheet", params={"skill": "relu", "seed": 3, "count": 12})
    ).json()

    assert len(told["items"]) == len(told["key"]) == 12
    for item, key in zip(told["items"], told["key"], strict=True):
        assert exercise("relu", item["seed"]).right == key


def test_skills_and_faults_are_told(client: TestClient, described: Described) -> None:
    skills = described.check(client.get(f"{API}/practice/skills")).json()["skills"]
    faults = described.check(client.get(f"{API}/faults")).json()["faults"]

    assert skills == list(SKILLS)
    assert {row["id"] for row in faults} > set(FAULTS)


@pytest.mark.parametrize("start", [SMALL, PROGRAM])
def test_homework_is_compared_cell_by_cell_and_its_mistake_named(
    client: TestClient, described: Described, start: dict[str, Any]
) -> None:
    owner = Owner(client, start)
    name = "affine1.W.grad" if start is SMALL else "W.grad"
    right = gradient(owner, name)

    same = described.check(compared(owner, name, np.round(right, 6).tolist())).json()
    assert same["equal"]
    assert same["faults"] == []
    wrong = right.copy()
    wrong[0, 1] += 1
    one = described.check(compared(owner, name, wrong.tolist())).json()
    assert one["cells"] == [[0, 1]]
    assert one["differing"] == 1
    assert np.isclose(one["largest"], 1)
    turned = described.check(compared(owner, name, right.T.tolist())).json()
    assert "transposed_result" in [fault["id"] for fault in turned["faults"]]
    assert all(fault["fits"] and fault["sites"] for fault in turned["faults"])


@pytest.mark.parametrize("start", [SMALL, PROGRAM])
def test_a_mistake_at_work_changes_numbers_is_flagged_and_trained(
    client: TestClient, described: Described, start: dict[str, Any]
) -> None:
    owner = Owner(client, start)
    version = owner.get("").json()["version"]
    rows = described.check(owner.get("/faults")).json()["faults"]
    assert len(rows) > 5
    for row in rows:
        told = described.check(owner.get(f"/faults/{row['id']}?steps=5")).json()
        assert told["gradients"], row
        curves = told["curves"]
        assert len(curves["right"]) == len(curves["wrong"]) == 6
        for name, flag in told["check"].items():
            assert flag["flagged"] or f"{name}.grad" not in told["gradients"] or (
                np.allclose(told["gradients"][f"{name}.grad"], gradient(owner, f"{name}.grad"),
                            rtol=2e-3)
            )  # fmt: skip
    alone = owner.get(f"/faults/{rows[0]['id']}?site=0&steps=1").json()
    assert alone["site"] == rows[0]["sites"][0]
    assert owner.get("").json()["version"] == version


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/faults/juggling", 422),
        ("/faults/sign?site=9999", 422),
        ("/faults/sign?steps=0", 422),
        ("/faults/sign?steps=999", 422),
        ("/faults/one_branch", 422),
    ],
)
def test_what_is_no_mistake_here_is_refused(client: TestClient, path: str, status: int) -> None:
    assert Owner(client, SMALL).get(path).status_code == status


def test_a_network_without_gradients_has_no_mistakes(client: TestClient) -> None:
    owner = Owner(client, {name: value for name, value in SMALL.items() if name != "t"})

    assert owner.get("/faults").json() == {"faults": [], "gradients": []}
    assert owner.get("/faults/sign").status_code == 409
    assert compared(owner, "affine1.W.grad", [[1.0]]).status_code == 422


@pytest.mark.parametrize("start", [SMALL, PROGRAM])
def test_a_hidden_mistake_is_told_by_its_numbers_and_then_judged(
    client: TestClient, described: Described, start: dict[str, Any]
) -> None:
    owner = Owner(client, start)
    rows = {row["id"]: row["sites"] for row in owner.get("/faults").json()["faults"]}
    found = set()
    for seed in range(12):
        told = described.check(owner.get(f"/hidden?seed={seed}")).json()
        assert told == owner.get(f"/hidden?seed={seed}").json()
        assert {row["id"] for row in told["suspects"]} == set(rows)

        def judge(fault: str, layer: str, seed: int = seed, **more: Any) -> Any:
            body = {"seed": seed, "fault": fault, "layer": layer, **more}
            return described.check(client.post(f"{owner.url}/hidden", json=body)).json()

        some = told["suspects"][0]
        shown = judge(some["id"], some["layers"][0], reveal=True)
        number = rows[shown["id"]].index(shown["site"])
        # The numbers are those that the mistake gives at that place, and the session's elsewhere.
        wrong = owner.get(f"/faults/{shown['id']}?site={number}&steps=1").json()["gradients"]
        for key, value in told["gradients"].items():
            assert value == wrong.get(key, value)
        assert any(key in wrong for key in told["gradients"])
        right = judge(shown["id"], shown["site"]["layer"])
        assert right["right"]
        assert right["id"] == shown["id"]
        for row in told["suspects"]:
            guess = judge(row["id"], row["layers"][-1])
            assert guess["right"] or guess["id"] is None
            if guess["right"]:
                assert guess["fault"]
                assert guess["layer"]
        found.add(shown["id"])
    assert len(found) > 3


def test_a_guess_of_what_cannot_be_it_is_refused(client: TestClient) -> None:
    owner = Owner(client, SMALL)

    for body, pointer in (
        ({"seed": 1, "fault": "juggling", "layer": "relu1"}, "/fault"),
        ({"seed": 1, "fault": "sign", "layer": "relu9"}, "/layer"),
        ({"seed": -1, "fault": "sign", "layer": "relu1"}, "/seed"),
    ):
        refused = client.post(f"{owner.url}/hidden", json=body)
        assert refused.status_code == 422
        assert pointers(refused) == [pointer]

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import SMALL, Owner, pointers

STRIDES = ["step", "phase", "layer", "op", "element"]
LEARNING = SMALL | {"view": {"update": True}}
VIEWS = [
    {},
    {"view": {"update": True}},
    {"view": {"level": "op", "loss": "opened"}},
    {"view": {"level": "element", "loss": "opened", "sample": 1}},
    {"view": {"level": "element", "loss": "closed", "sample": 2}},
]


def walk(owner: Owner, direction: str, stride: str) -> list[dict[str, Any]]:
    """Step until the end in that direction; every event passed, in order."""
    passed: list[dict[str, Any]] = []
    end = "at_end" if direction == "next" else "at_start"
    for _ in range(1000):
        answer = owner.post("/step", {"direction": direction, "granularity": stride}).json()
        passed += answer["events"]
        if answer["cursor"][end]:
            return passed
    raise AssertionError(f"it never came to {end}")


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("view", VIEWS)
def test_the_way_back_passes_the_same_events_in_reverse(
    client: TestClient, stride: str, view: dict[str, Any]
) -> None:
    owner = Owner(client, SMALL | view)

    there = walk(owner, "next", stride)
    back = walk(owner, "back", stride)

    assert [event["seq"] for event in there] == sorted(event["seq"] for event in there)
    assert back == there[::-1]


@pytest.mark.parametrize("view", VIEWS)
def test_steps_pass_exactly_the_events_of_the_trace(
    client: TestClient, view: dict[str, Any]
) -> None:
    owner = Owner(client, SMALL | view)
    trace = owner.get("/trace").json()["events"]

    for stride in ("step", "phase", "layer", "op"):
        assert walk(owner, "next", stride) == trace
        walk(owner, "back", "phase")


def test_a_stride_of_a_phase_or_layer_stops_where_the_trace_says(owner: Owner) -> None:
    strides = owner.get("/trace").json()["strides"]
    for stride in ("phase", "layer"):
        stops = [0]
        while not owner.state["cursor"]["at_end"]:
            body = {"direction": "next", "granularity": stride}
            stops.append(owner.post("/step", body).json()["cursor"]["seq"])
        assert stops == strides[stride]
        walk(owner, "back", "phase")


def test_an_element_reveals_its_own_cell_and_no_other(owner: Owner) -> None:
    answer = owner.post("/step", {"granularity": "element"}).json()
    again = owner.post("/step", {"granularity": "element"}).json()
    first = owner.get("/tensors/affine1.dot").json()["value"]

    assert answer["events"][0]["cells"] == [[0, 0]]
    assert answer["values"] == {"affine1.dot": [{"index": [0, 0], "value": first[0][0]}]}
    assert again["values"] == {"affine1.dot": [{"index": [0, 1], "value": first[0][1]}]}
    assert again["cursor"]["element"] == 2


def test_elements_together_reveal_every_number_of_the_trace(client: TestClient) -> None:
    owner = Owner(client, SMALL | {"view": {"level": "element", "loss": "opened"}})
    trace = owner.get("/trace").json()["events"]

    seen: dict[str, int] = {}
    for event in walk(owner, "next", "element"):
        for key, cells in event["values"].items():
            seen[key] = seen.get(key, 0) + len(cells)

    assert seen.keys() == {key for event in trace for key in event["values"]}


def test_a_step_of_learning_goes_on_into_the_next_and_comes_back(client: TestClient) -> None:
    owner = Owner(client, LEARNING)
    first = owner.state["parameters"]
    ended = owner.post("/step", {"granularity": "step"}).json()
    made = {key: value for event in ended["events"] for key, value in event["values"].items()}
    next_one = owner.post("/step").json()
    after = owner.state["parameters"]
    back = owner.post("/step", {"direction": "back"}).json()

    assert ended["cursor"]["phase"] == "end"
    assert ended["cursor"]["goes_on"]
    assert not ended["cursor"]["goes_back"]
    assert next_one["events"] == []
    assert next_one["cursor"] | {"events": 0} == {
        "seq": 0, "element": 0, "events": 0, "phase": "start", "at_start": True, "at_end": False,
        "step": 1, "goes_on": True, "goes_back": True,
    }  # fmt: skip
    assert after == {name: made[f"{name}.new"] for name in first}
    assert back["cursor"] == ended["cursor"]
    assert owner.state["parameters"] == first
    tensor = owner.get("/tensors/affine1.W.change").json()["value"]
    told = owner.get("/explain?tensor=affine1.W.new&index=1,0").json()
    assert tensor == made["affine1.W.change"]
    assert [term["value"] for term in told["terms"]] == [first["affine1.W"][1][0], tensor[1][0]]
    assert told["value"] == after["affine1.W"][1][0]


def test_a_run_that_is_active_keeps_steps_of_learning_out(client: TestClient) -> None:
    owner = Owner(client, LEARNING)
    owner.post("/step", {"granularity": "step"})
    run = owner.post("/runs", {"steps": 1_000_000, "batch_size": 1}).json()
    refused = owner.post("/step", {"granularity": "step"})
    owner.post(f"/runs/{run['id']}/stop")

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("run-active")


@pytest.mark.parametrize("view", [{}, {"view": {"level": "element", "update": True}}])
def test_both_ends_stay_where_they_are(client: TestClient, view: dict[str, Any]) -> None:
    owner = Owner(client, SMALL | view)
    back = owner.post("/step", {"direction": "back"}).json()
    walk(owner, "next", "phase")
    beyond = owner.post("/step", {"direction": "next"}).json()

    assert back["events"] == beyond["events"] == []
    assert back["cursor"]["at_start"]
    assert beyond["cursor"]["at_end"]


def test_without_a_body_a_step_is_one_op_forward(owner: Owner) -> None:
    answer = owner.client.post(f"{owner.url}/step", headers=owner.token)

    assert answer.json()["cursor"]["seq"] == 1


def test_a_step_moves_the_version_but_not_the_data_version(owner: Owner) -> None:
    owner.post("/step")

    assert (owner.state["version"], owner.state["data_version"]) == (2, 1)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"direction": "sideways"}, "/direction"),
        ({"granularity": "leap"}, "/granularity"),
        ({"granularity": 1}, "/granularity"),
        ({"steps": 3}, "/steps"),
    ],
)
def test_another_stride_is_refused(owner: Owner, body: dict[str, Any], pointer: str) -> None:
    answer = owner.post("/step", body)

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


def test_after_an_edit_the_same_place_shows_the_new_numbers(owner: Owner) -> None:
    owner.post("/step")
    owner.patch({"op": "set", "tensor": "x", "index": [0, 0], "value": 100})
    back = owner.post("/step", {"direction": "back"}).json()

    assert back["values"]["affine1.dot"] == owner.get("/tensors/affine1.dot").json()["value"]

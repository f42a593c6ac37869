import math
import random
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import SMALL, Owner, pointers


def total(explanation: dict[str, Any]) -> float:
    """What the terms of a derivation come to."""
    values = [term["value"] for term in explanation["terms"]]
    together = max(values) if explanation["combine"] == "max" else math.fsum(values)
    return float(together + explanation["omitted_value"]) * float(explanation["scale"])


@pytest.mark.parametrize(
    "view", ["level=op&loss=closed", "level=op&loss=opened", "level=element&loss=opened",
             "level=element&loss=closed", "level=op&loss=closed&open=affine1.add,loss.mean"]
)  # fmt: skip
def test_the_terms_of_any_cell_add_up_to_it(owner: Owner, view: str) -> None:
    trace = owner.get(f"/trace?{view}").json()
    cells = []
    for event in trace["events"]:
        for key in event["values"]:
            shape = owner.get(f"/tensors/{key}?{view}").json()["shape"]
            cells += [(key, index) for index in np.ndindex(*shape)]
    random.Random(0).shuffle(cells)

    for key, index in cells[:120]:
        place = ",".join(map(str, index))
        answer = owner.get(f"/explain?tensor={key}&index={place}&{view}")
        assert answer.status_code == 200, (key, index, answer.text)
        explanation = answer.json()
        slice_ = f"&slice={place}" if place else ""
        assert explanation["value"] == owner.get(f"/tensors/{key}?{view}{slice_}").json()["value"]
        if explanation["rule_name"].startswith(("exp", "log", "reciprocal", "sigmoid", "tanh")):
            continue  # a function of one cell: shown as such, not as a sum
        assert total(explanation) == pytest.approx(explanation["value"], rel=1e-9, abs=1e-12)


def test_a_gradient_of_a_weight_is_told_with_its_factors(owner: Owner) -> None:
    answer = owner.get("/explain?tensor=affine1.W.grad&index=0,1").json()

    assert answer["rule_name"] == "dot.gradient.1"
    assert len(answer["terms"]) == 3
    for row, term in enumerate(answer["terms"]):
        tensors = {factor["tensor"]: factor["index"] for factor in term["factors"]}
        assert tensors == {"x": [row, 0], "affine1.dot.grad": [row, 1]}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("index=0,0", "/tensor"),
        ("tensor=affine1.W&index=0,9", "/index"),
        ("tensor=affine1.W&index=0", "/index"),
        ("tensor=affine1.W&index=a,b", "/index"),
        ("tensor=affine1.W&index=-1,0", "/index"),
        ("tensor=x&index=0,0&sample=77", "/sample"),
        ("tensor=x&index=0,0&level=floor", "/level"),
    ],
)
def test_a_cell_that_is_not_there_is_refused_by_field(
    owner: Owner, query: str, pointer: str
) -> None:
    answer = owner.get(f"/explain?{query}")

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


def test_a_tensor_that_is_not_there_is_not_found(owner: Owner) -> None:
    answer = owner.get("/explain?tensor=nope&index=0,0")

    assert answer.status_code == 404
    assert pointers(answer) == []


def test_the_book_s_numbers_come_out(client: TestClient) -> None:
    softmax = Owner(client, {"preset": "fig-5-30"})
    affine = Owner(client, {"preset": "fig-5-27"})

    probabilities = softmax.get("/tensors/loss.probabilities?level=op").json()["value"]
    gradient = softmax.get("/tensors/x.grad?level=op").json()["value"]
    bias = affine.get("/tensors/affine1.b.grad").json()["value"]

    assert probabilities == [pytest.approx([0.3, 0.2, 0.5], rel=1e-12)]
    assert gradient == [pytest.approx([0.3, -0.8, 0.5], rel=1e-12)]
    assert bias == [5, 7, 9]


def test_a_trace_tells_large_tensors_by_their_range(owner: Owner) -> None:
    whole = owner.get("/trace").json()["events"][0]["values"]["affine1.dot"]
    short = owner.get("/trace?max_cells=8").json()["events"][0]["values"]["affine1.dot"]

    assert short == {
        "shape": [3, 3],
        "min": np.min(whole),
        "max": np.max(whole),
        "mean": pytest.approx(np.mean(whole)),
        "omitted": True,
        "link": f"{owner.url}/tensors/affine1.dot?level=op&loss=closed&sample=0&form=book",
    }


def test_a_trace_has_every_part_that_the_page_reads(owner: Owner) -> None:
    trace = owner.get("/trace").json()

    assert trace["n"] == 3
    assert set(trace["inputs"]) >= {"x", "t", "affine1.W", "affine1.b"}
    assert trace["outputs"].keys() == {"loss", "loss.probabilities"}
    assert [event["seq"] for event in trace["events"]] == list(range(len(trace["events"])))
    assert {event["phase"] for event in trace["events"]} == {"forward", "loss", "backward"}
    known = set(trace["inputs"])
    for event in trace["events"]:
        assert known.issuperset(event["reads"])
        assert set(event["writes"]) <= set(event["values"])
        known.update(event["values"])


@pytest.mark.parametrize("level", ["network", "layer", "op", "element"])
def test_every_level_can_be_drawn(owner: Owner, level: str) -> None:
    graph = owner.get(f"/graph?level={level}").json()

    assert graph["level"] == level
    assert graph["nodes"]
    assert graph["edges"]


def test_shapes_of_many_samples_are_not_those_of_a_single_one(owner: Owner) -> None:
    assert pointers(owner.get("/graph?single=true")) == ["/single"]


def test_layers_hold_what_evaluate_answers(client: TestClient, owner: Owner) -> None:
    evaluated = client.post("/api/v1/evaluate", json=SMALL).json()

    assert owner.get("/layers").json()["layers"] == evaluated["layers"]
    assert owner.get("/layers/relu1").json() == evaluated["layers"][1]
    assert owner.get("/layers/relu9").status_code == 404


def test_the_check_finds_backpropagation_right(owner: Owner) -> None:
    answer = owner.post("/check", {"h": 1e-4}).json()

    assert answer["h"] == 1e-4
    assert answer["sampled"] is False
    assert answer["max_relative_error"] < 1e-6
    assert answer["parameters"].keys() == owner.state["parameters"].keys()
    assert answer["objective"] == "loss"
    weights = answer["parameters"]["affine1.W"]
    assert (weights["cells"], weights["shape"], weights["passed"]) == (6, [2, 3], True)
    assert weights["places"] == list(range(6))
    assert max(weights["errors"]) == weights["max_relative_error"] <= answer["tolerance"]
    assert owner.state["version"] == 1


def test_one_gradient_is_nudged_as_the_pass_has_it(owner: Owner) -> None:
    steps = [1e-3, 1e-4]
    answer = owner.get(f"/nudge?tensor=affine1.W.grad&index=0,1&h={steps[0]}&h={steps[1]}").json()

    assert answer["backpropagated"] == owner.get("/tensors/affine1.W.grad").json()["value"][0][1]
    assert answer["value"] == owner.state["parameters"]["affine1.W"][0][1]
    assert answer["start"] == pytest.approx(owner.state["loss"], rel=1e-15)
    assert [one["h"] for one in answer["nudges"]] == steps
    assert all(one["relative_error"] < 1e-4 for one in answer["nudges"])
    usual = owner.get("/nudge?tensor=loss.probabilities.grad&index=0,1&loss=opened").json()
    assert len(usual["nudges"]) == 53
    # A large step leaves the logarithm's domain, and says so.
    assert usual["nudges"][-1]["numerical"] == "NaN"
    assert min(one["error"] for one in usual["nudges"][:40]) < 1e-7


@pytest.mark.parametrize(
    ("query", "status", "places"),
    [
        ("tensor=nope.grad&index=0,0", 404, []),
        ("tensor=affine1.W&index=0,0", 422, ["/tensor"]),
        ("tensor=affine1.W.grad&index=0,9", 422, ["/index"]),
        ("tensor=affine1.W.grad&index=0,0&h=1e-4&h=200", 422, ["/h/1"]),
        ("tensor=affine1.W.grad&index=0,0&h=nan", 422, ["/h/0"]),
        ("tensor=affine1.W.grad&index=0,0" + 65 * "&h=1", 422, ["/h"]),
    ],
)
def test_a_nudge_that_cannot_be_made_is_refused_by_name(
    owner: Owner, query: str, status: int, places: list[str]
) -> None:
    answer = owner.get(f"/nudge?{query}")

    assert (answer.status_code, pointers(answer)) == (status, places)


def test_a_large_network_is_checked_on_a_sample(client: TestClient) -> None:
    network = SMALL["network"] | {
        "layers": [{"type": "affine", "units": 1500}, {"type": "affine", "units": 3}]
    }
    owner = Owner(client, SMALL | {"network": network})

    answer = owner.post("/check", {"seed": 7}).json()

    assert answer["sampled"] is True
    assert answer["seed"] == 7
    assert answer["parameters"]["affine2.b"]["checked"] == 3
    assert answer["max_relative_error"] < 1e-4


def test_cells_at_a_kink_are_set_apart(client: TestClient) -> None:
    body = SMALL | {
        "parameters": {
            "affine1.W": [[0, 0, 0], [0, 0, 0]],
            "affine1.b": [0, 1, 1],
            "affine2.W": [[1, 2, 3], [1, 2, 3], [3, 2, 1]],
            "affine2.b": [0, 0, 0],
        }
    }

    answer = Owner(client, body).post("/check").json()

    assert [0] in answer["parameters"]["affine1.b"]["not_comparable"]


@pytest.mark.parametrize(
    ("path", "preset"),
    [("/check", "fig-5-24"), ("/update", "fig-5-24"), ("/runs", "fig-5-24"), ("/runs", "fig-5-25")],
)
def test_there_is_nothing_to_learn_without_a_gradient(
    client: TestClient, path: str, preset: str
) -> None:
    owner = Owner(client, {"preset": preset})

    answer = owner.post(path, {"steps": 3} if path == "/runs" else {})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#nothing-to-learn")
    assert pointers(answer) == []


def test_an_update_tells_old_gradient_change_and_new(owner: Owner) -> None:
    before = owner.state
    gradient = owner.get("/tensors/affine1.W.grad").json()["value"]

    answer = owner.post("/update").json()
    step = answer["parameters"]["affine1.W"]

    assert step["old"] == before["parameters"]["affine1.W"]
    assert step["gradient"] == gradient
    assert np.array(step["change"]) == pytest.approx(-0.1 * np.array(gradient))
    assert np.array(step["new"]) == pytest.approx(np.array(step["old"]) + step["change"])
    assert step["new"] == owner.state["parameters"]["affine1.W"]
    assert answer["loss"]["before"] == before["loss"]
    assert answer["loss"]["after"] == owner.state["loss"] < before["loss"]
    assert answer["version"] == owner.state["version"] == 2


def test_a_given_gradient_is_checked_nudged_and_followed(client: TestClient) -> None:
    """Figure 5-27, in which dY stands for a loss: the sum of dY times Y, cell by cell."""
    owner = Owner(client, {"preset": "fig-5-27"})
    x, dy = (np.array(owner.state[name]) for name in ("x", "grad_output"))
    w, b = (owner.state["parameters"][f"affine1.{name}"] for name in "Wb")
    given = float(np.sum(dy * (x @ w + b)))

    check = owner.post("/check").json()
    assert check["objective"] == "upstream"
    assert {name: found["passed"] for name, found in check["parameters"].items()} == {
        "affine1.W": True, "affine1.b": True,
    }  # fmt: skip
    nudge = owner.get("/nudge?tensor=affine1.b.grad&index=1&h=0.5").json()
    assert (nudge["objective"], nudge["start"]) == ("upstream", given)
    assert nudge["nudges"][0]["numerical"] == dy.sum(axis=0)[1]

    sgd = {"type": "sgd", "learning_rate": 0.5}
    owner.patch({"op": "optimizer", "optimizer": sgd})
    seen = owner.get("/trace?update=true").json()
    answer = owner.post("/update").json()
    assert answer["loss"] == seen["update"]["loss"]
    assert answer["parameters"]["affine1.W"]["new"] == seen["events"][-2]["values"]["affine1.W.new"]
    assert answer["parameters"]["affine1.W"]["new"] == (w - 0.5 * x.T @ dy).tolist()
    assert owner.state["parameters"]["affine1.b"] == (b - 0.5 * dy.sum(axis=0)).tolist()
    # The sum is linear in W and b, so the prediction is exact.
    assert answer["loss"]["before"] == given
    assert answer["loss"]["after"] == pytest.approx(answer["loss"]["predicted"], rel=1e-14)
    assert answer["loss"]["after"] < given


def test_the_loss_predicted_is_right_for_a_small_step(owner: Owner) -> None:
    small = {"type": "sgd", "learning_rate": 1e-5}

    loss = owner.post("/update", {"optimizer": small}).json()["loss"]

    assert loss["after"] - loss["before"] == pytest.approx(
        loss["predicted"] - loss["before"], rel=1e-3
    )
    assert owner.state["optimizer"] == small


def test_momentum_remembers_from_one_update_to_the_next(client: TestClient) -> None:
    momentum = {"type": "momentum", "learning_rate": 0.1, "momentum": 0.9}
    owner = Owner(client, SMALL | {"optimizer": momentum})

    first = owner.post("/update").json()["parameters"]["affine2.b"]
    second = owner.post("/update").json()["parameters"]["affine2.b"]

    expected = 0.9 * np.array(first["change"]) - 0.1 * np.array(second["gradient"])
    assert np.array(second["change"]) == pytest.approx(expected)


def test_another_optimizer_starts_afresh(client: TestClient) -> None:
    momentum = {"type": "momentum", "learning_rate": 0.1, "momentum": 0.9}
    owner = Owner(client, SMALL | {"optimizer": momentum})
    owner.post("/update")

    other = momentum | {"momentum": 0.5}
    step = owner.post("/update", {"optimizer": other}).json()["parameters"]["affine2.b"]

    assert np.array(step["change"]) == pytest.approx(-0.1 * np.array(step["gradient"]))


def test_an_answer_of_too_many_numbers_tells_the_large_tensors_by_their_range(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.values.MAX_ANSWER_CELLS", 50)
    monkeypatch.setattr("app.api.values.FEW_CELLS", 8)
    owner = Owner(client, SMALL)

    trace = owner.get("/trace").json()["events"][0]["values"]["affine1.dot"]
    layer = owner.get("/layers").json()["layers"][0]

    assert trace["omitted"] is True
    assert layer["output"]["omitted"] is True
    assert layer["parameters"]["W"]["value"] == owner.state["parameters"]["affine1.W"]


def test_an_answer_that_is_kept_is_never_taken_for_another(owner: Owner) -> None:
    def told() -> list[Any]:
        paths = ("/trace", "/trace?loss=opened", "/trace?max_cells=1", "/layers", "/layers/relu1")
        return [owner.get(path).json() for path in paths]

    first, again = told(), told()
    edit = {"op": "set", "tensor": "affine1.W", "index": [0, 0], "value": 0.625}
    assert owner.patch(edit).status_code == 200
    later = told()

    assert first == again
    assert len({str(answer) for answer in first + later}) == len(first + later)


def test_an_answer_that_is_kept_goes_with_its_session(owner: Owner) -> None:
    assert owner.get("/trace").status_code == 200

    assert owner.client.delete(owner.url, headers=owner.token).status_code == 204

    assert owner.get("/trace").status_code == 404


def test_an_opened_plus_is_seen_in_every_answer_and_steps(owner: Owner) -> None:
    """By PATCH it is the session's own view; by a query one asks for it at once."""
    closed = owner.get("/trace").json()
    query = "open=affine1.add"
    asked = owner.get(f"/trace?{query}").json()
    assert len(asked["events"]) == len(closed["events"]) + 3 - 1
    rows = owner.get(f"/tensors/affine1.repeat?{query}").json()["value"]
    assert rows == [owner.state["parameters"]["affine1.b"]] * 3
    assert owner.get("/tensors/affine1.repeat").status_code == 404
    gradients = owner.get(f"/tensors/affine1.repeat.grad?{query}").json()["value"]
    added = owner.get("/tensors/affine1.b.grad").json()["value"]
    assert np.sum(gradients, axis=0).tolist() == added
    assert "Repeat" in owner.get(f"/figure.svg?{query}").text

    seq = next(e["seq"] for e in closed["events"] if "affine1.b.grad" in e["writes"])
    for _ in range(seq + 1):
        owner.post("/step", {"direction": "next", "granularity": "op"})
    view = {"op": "view", "open": ["affine1.add", "loss.mean"]}
    answer = owner.patch(view)
    assert answer.status_code == 200, answer.text
    session = owner.get().json()
    assert session["view"]["open"] == view["open"]
    events = owner.get("/trace").json()["events"]
    assert events[session["cursor"]["seq"] - 1]["rule_name"] == "repeat.gradient.0"
    step = owner.post("/step", {"direction": "back", "granularity": "op"}).json()
    assert [event["rule_name"] for event in step["events"]] == ["repeat.gradient.0"]
    assert owner.patch({"op": "view", "open": []}).status_code == 200


def test_a_large_opened_tensor_links_to_itself(client: TestClient) -> None:
    owner = Owner(client, {"preset": "fig-5-27"})
    trace = owner.get("/trace?open=affine1.add&max_cells=0").json()
    value = next(e["values"]["affine1.repeat"] for e in trace["events"] if e["op"] == "repeat")
    found = client.get(value["link"])
    assert found.status_code == 200, value
    assert found.json()["shape"] == [3, 3]

"""A pass is made where it holds nobody up: at once, in a thread, or in a process."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.heavy.jobs import pass_size
from app.api.routes import evaluate
from app.engine.spec import LayerSpec, NetworkSpec
from tests.api.conftest import API, SMALL

AFFINE, RELU = {"type": "affine", "units": 2}, {"type": "relu"}


def asked(layers: list[Any], **rest: Any) -> dict[str, Any]:
    given = {"x": [[1.0, 2.0]], **rest}
    network: dict[str, Any] = {"layers": layers}
    if "input_shape" in given:
        network["input_shape"] = given.pop("input_shape")
    else:
        network["input_size"] = len(given["x"][0]) if "x" in given else 2
    return {"network": network, **given}


def image(side: int) -> dict[str, Any]:
    return {"input_shape": [1, side, side], "x": [[0.5] * side**2]}


CONVOLUTION = {"type": "conv2d", "filters": 2, "size": 3}
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "small": ("here", SMALL),
    "a few passes": ("here", asked([AFFINE, RELU], batch=[{}, {"x": [[1, 2], [3, 4]]}])),
    "many layers": ("thread", asked([AFFINE, RELU] * 5)),
    "layers in a layer": ("thread", asked([{"type": "residual", "layers": [AFFINE, RELU]}])),
    "many layers in a layer": (
        "process",
        asked([{"type": "residual", "layers": [AFFINE, RELU] * 15}], batch=[{}] * 15),
    ),
    "wide layers in a layer": (
        "process",
        asked([{"type": "residual", "layers": [{"type": "affine", "units": 1000}, AFFINE] * 3}]),
    ),
    "a small image": ("thread", asked([CONVOLUTION], **image(6))),
    # 784 numbers come in, and 20 go out: what is held is between them.
    "a large image": ("process", asked([CONVOLUTION, {"type": "flatten"}, AFFINE], **image(28))),
    "wide": ("process", asked([{"type": "affine", "units": 4000}])),
    "many rows": ("process", asked([AFFINE, RELU], x=[[1.0, 2.0]] * 2000)),
    "many passes": ("process", asked([AFFINE], batch=[{}] * 400)),
    "many rows of one of the passes": (
        "process",
        asked([AFFINE], batch=[{}, {"x": [[1.0, 2.0]] * 2000}]),
    ),
}


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where work went, in its order; the answer is the same in each place."""
    found: list[str] = []

    async def thread(_: Any, function: Callable[[], bytes]) -> bytes:
        done = function()
        if done:
            found.append("thread")
        return done

    async def process(*_: Any) -> bytes:
        found.append("process")
        return b"{}"

    monkeypatch.setattr(evaluate, "in_turn", thread)
    monkeypatch.setattr(evaluate, "done_in_turn", process)
    return found


@pytest.mark.parametrize("name", PLACES)
def test_a_pass_goes_where_it_holds_nobody_up(
    client: TestClient, places: list[str], name: str
) -> None:
    place, body = PLACES[name]
    answer = client.post(f"{API}/evaluate", json={**body, "fields": ["layers"]})
    assert answer.status_code == 200, answer.text
    assert (places or ["here"]) == [place]


def test_layers_count_the_same_within_another_layer() -> None:
    layers = [LayerSpec("affine", units=2), LayerSpec("relu")]
    bare = NetworkSpec.build(2, layers)
    within = NetworkSpec.build(2, [LayerSpec("residual", layers=layers)])
    twice = NetworkSpec.build(
        2, [LayerSpec("residual", layers=[LayerSpec("residual", layers=layers)])]
    )
    sizes = [pass_size(spec, [3]) for spec in (bare, within, twice)]
    assert sizes == sorted(sizes)
    assert pass_size(bare, [3, 4]) == pass_size(bare, [3]) + pass_size(bare, [4])


def test_a_layer_with_too_many_in_it_is_refused_before_they_are_looked_at(
    client: TestClient,
) -> None:
    body = asked([{"type": "residual", "layers": [RELU] * 10_000}])
    start = time.process_time()
    answer = client.post(f"{API}/evaluate", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/network/layers/0/layers"
    assert time.process_time() - start < 1

import io
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from starlette.testclient import TestClient

from tests.api.conftest import SMALL, Owner, pointers

NAMES = ["x", "t", "affine1.W", "affine1.b.grad", "relu1.output", "loss.probabilities", "loss"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_json_npy_and_safetensors_are_equal(client: TestClient, name: str, dtype: str) -> None:
    owner = Owner(client, SMALL | {"network": SMALL["network"] | {"dtype": dtype}})

    def get(form: str) -> Any:
        answer = owner.get(f"/tensors/{name}", headers={"Accept": form})
        assert answer.headers["content-type"] == form
        assert answer.headers["vary"] == "Accept"
        return answer

    plain = get("application/json").json()
    npy = np.load(io.BytesIO(get("application/x-npy").content), allow_pickle=False)
    safe = load(get("application/vnd.safetensors").content)[name]

    assert plain["dtype"] == str(npy.dtype) == dtype
    assert plain["shape"] == list(npy.shape)
    assert np.array_equal(npy, safe)
    assert npy.dtype == safe.dtype
    assert np.array_equal(np.array(plain["value"], dtype), npy)


def test_a_slice_is_numpys(owner: Owner) -> None:
    whole = np.array(owner.get("/tensors/affine1.W").json()["value"])

    for text, part in (("0:1,:", whole[0:1]), (":,1", whole[:, 1]), ("1,2", whole[1, 2])):
        answer = owner.get("/tensors/affine1.W", params={"slice": text}).json()
        assert np.array_equal(answer["value"], part)
        assert answer["shape"] == list(part.shape)


def test_a_type_that_is_not_there_is_not_acceptable(owner: Owner) -> None:
    answer = owner.get("/tensors/x", headers={"Accept": "application/x-npz"})

    assert answer.status_code == 406
    assert pointers(answer) == []


@pytest.mark.parametrize("slice", ["-1", "0:3:0", "1,1,1", "9", "x"])
def test_another_slice_is_refused(owner: Owner, slice: str) -> None:
    answer = owner.get("/tensors/x", params={"slice": slice})

    assert answer.status_code == 422
    assert pointers(answer) == ["/slice"]


def test_what_is_not_computed_is_not_found(client: TestClient) -> None:
    owner = Owner(client, {"preset": "fig-5-24"})

    for name in ("affine1.W.grad", "loss", "nope", "x.grad"):
        assert owner.get(f"/tensors/{name}").status_code == 404
    assert owner.get("/tensors/affine1.output").status_code == 200


def test_a_tensor_of_an_edge_can_be_had_at_its_level(owner: Owner) -> None:
    view = "level=element&loss=opened&sample=1"
    row = owner.get(f"/tensors/loss.a.1?{view}").json()
    scores = owner.get("/tensors/affine2.output?slice=1,0").json()

    assert row["shape"] == []
    assert row["value"] == scores["value"]
    assert owner.get("/tensors/loss.a.1?level=op").status_code == 404

import io
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from starlette.testclient import TestClient

from app.api.routes import tensors
from app.api.tensors import FORMS, MANY_FORMS, NPY, NPZ, SAFETENSORS
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


def many(owner: Owner, query: str, form: str) -> dict[str, np.ndarray]:
    """Tensors from one file."""
    answer = owner.get(f"/tensors{query}", headers={"Accept": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == form
    if form == SAFETENSORS:
        return dict(load(answer.content))
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("form", [SAFETENSORS, NPZ])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_file_holds_what_each_tensor_gives_alone(
    client: TestClient, dtype: str, form: str
) -> None:
    owner = Owner(client, SMALL | {"network": SMALL["network"] | {"dtype": dtype}})
    parameters = ["affine1.W", "affine1.b", "affine2.W", "affine2.b"]
    opened = ["loss", "loss.a.1", "x", "t", "affine2.output.grad"]
    view = "level=element&loss=opened&sample=1"
    asked = {
        "": parameters,
        "?gradients=true": [*parameters, *(f"{name}.grad" for name in parameters)],
        f"?{view}&" + "&".join(f"name={name}" for name in opened): opened,
    }

    for query, names in asked.items():
        found = many(owner, query, form)
        listed = owner.get(f"/tensors{query}").json()["tensors"]

        assert sorted(found) == sorted(names)
        assert [tensor["name"] for tensor in listed] == names
        for tensor in listed:
            name = tensor["name"]
            url = f"/tensors/{name}?{view if 'name=' in query else ''}"
            alone = np.load(io.BytesIO(owner.get(url, headers={"Accept": NPY}).content))
            assert found[name].dtype == alone.dtype == tensor["dtype"]
            assert list(found[name].shape) == list(alone.shape) == tensor["shape"]
            assert found[name].tobytes() == alone.tobytes()


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("name=x&name=nope", "/name/1"),
        ("name=x&name=t&name=x", "/name/2"),
        ("name=x&gradients=true", "/gradients"),
        ("gradients=yes!", "/gradients"),
        ("name=x&name=", "/name/1"),
        ("&".join(["name=x"] * 65), "/name"),
        ("name=x&level=attic", "/level"),
    ],
)
def test_tensors_that_cannot_be_had_together_are_named(
    owner: Owner, query: str, pointer: str
) -> None:
    answer = owner.get(f"/tensors?{query}")

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


def test_without_a_backward_half_there_are_no_gradients_to_list(client: TestClient) -> None:
    owner = Owner(client, {"preset": "fig-5-24"})

    assert pointers(owner.get("/tensors?gradients=true")) == ["/gradients"]
    assert owner.get("/tensors").status_code == 200


def test_one_request_gives_a_bounded_number_of_cells(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensors, "MAX_ANSWER_CELLS", 10)
    owner = Owner(client, SMALL)

    assert owner.get("/tensors?name=x").status_code == 200
    answer = owner.get("/tensors?name=x&name=affine1.W")

    assert pointers(answer) == ["/name/1"]
    assert answer.json()["errors"][0]["code"] == "limit"


def test_no_form_is_taken_for_another_that_the_client_has(owner: Owner) -> None:

    for path, forms in (("/tensors/x", FORMS), ("/tensors", MANY_FORMS)):
        for form in forms:
            tag = owner.get(path, headers={"Accept": form}).headers["etag"]

            for other in forms:
                asked = {"Accept": other, "If-None-Match": tag}
                answer = owner.get(path, headers=asked)
                assert answer.status_code == (304 if other == form else 200)
                assert answer.headers["vary"] == "Accept"
            # Each of them names the version that an edit is for.
            edit = [{"op": "view"}]
            headers = owner.token | {"If-Match": tag}
            assert owner.client.patch(owner.url, json=edit, headers=headers).status_code == 200


def test_the_same_tag_is_of_the_same_bytes(owner: Owner) -> None:
    for path, forms in (("/tensors/x", FORMS), ("/tensors?gradients=true", MANY_FORMS)):
        for form in forms:
            answers = [owner.get(path, headers={"Accept": form}) for _ in range(10)]
            assert len({answer.headers["etag"] for answer in answers}) == 1
            assert len({answer.content for answer in answers}) == 1, form

import io

import numpy as np
import orjson
import pytest
from safetensors.numpy import load

from app.api.problem import Problem
from app.api.tensors import (
    JSON,
    NPY,
    SAFETENSORS,
    choose_form,
    encode_tensor,
    parse_index,
    parse_slice,
)
from app.api.values import encode


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/x-npy", NPY),
        ("Application/X-NPY", NPY),
        ("application/vnd.safetensors", SAFETENSORS),
        ("application/json;q=0.5, application/x-npy;q=0.9", NPY),
        ("application/json;q=0, */*", NPY),
        ("text/html, application/x-npy", NPY),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
    ],
)
def test_accept_chooses_the_form(accept: str | None, form: str) -> None:
    assert choose_form(accept) == form


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/x-npz", ";"])
def test_what_cannot_be_given_is_not_acceptable(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        choose_form(accept)

    assert caught.value.status == 406


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)])
def test_all_forms_hold_the_same_numbers(dtype: str, shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    array = (generator.standard_normal(shape) * 1e30).astype(dtype)

    from_json = orjson.loads(encode_tensor("a.W", array, JSON))
    from_npy = np.load(io.BytesIO(encode_tensor("a.W", array, NPY)), allow_pickle=False)
    from_safetensors = load(encode_tensor("a.W", array, SAFETENSORS))["a.W"]

    assert from_json["shape"] == list(shape)
    assert np.array_equal(np.array(from_json["value"], dtype).reshape(shape), array)
    for other in (from_npy, from_safetensors):
        assert other.dtype == array.dtype
        assert other.shape == shape
        assert np.array_equal(other, array)


def test_a_slice_of_a_transposed_array_is_written_in_the_right_order() -> None:
    array = np.arange(6.0).reshape(2, 3).T[::2]

    assert np.load(io.BytesIO(encode_tensor("w", array, NPY))).tolist() == array.tolist()
    assert load(encode_tensor("w", array, SAFETENSORS))["w"].tolist() == array.tolist()
    assert orjson.loads(encode_tensor("w", array, JSON))["value"] == array.tolist()


def test_what_is_not_finite_is_written_as_text_and_never_as_null() -> None:
    document = {
        "array": np.array([[1.0, np.nan], [np.inf, -np.inf]]),
        "number": float("nan"),
        "scalar": np.array(-np.inf),
        "nested": [float("inf"), {"deep": np.float32("nan")}],
        "nothing": None,
    }

    assert orjson.loads(encode(document)) == {
        "array": [[1.0, "NaN"], ["Infinity", "-Infinity"]],
        "number": "NaN",
        "scalar": "-Infinity",
        "nested": ["Infinity", {"deep": "NaN"}],
        "nothing": None,
    }


def test_float64_survives_json_bit_for_bit() -> None:
    array = np.array([0.1, 1e300, 5e-324, -0.0, 2 / 3, np.nextafter(1, 2)])

    back = np.array(orjson.loads(encode({"a": array}))["a"])

    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", np.s_[...]),
        ("0:2,:", np.s_[0:2, :]),
        ("1", np.s_[1]),
        ("::2", np.s_[::2]),
        (":,1", np.s_[:, 1]),
        (" 1 : 3 ".replace(" ", ""), np.s_[1:3]),
        ("0:999999999", np.s_[0:999999999]),
        ("5:2", np.s_[5:2]),
    ],
)
def test_slices_are_numpys(text: str, expected: object) -> None:
    array = np.arange(12).reshape(4, 3)

    assert np.array_equal(array[parse_slice(text, array.shape)], array[expected])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "text",
    ["-1", "a", "0:1:0", "0:-1", "::-1", "1,1,1", "4", "...", "None", "1e3", "0:9999999999",
     "\u0661", "(1)", "1;2", ":" * 101, ",", "1,"],
)  # fmt: skip
def test_any_other_slice_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_slice(text, (4, 3))

    assert caught.value.status == 422
    assert caught.value.errors[0].pointer == "/slice"


def test_an_index_is_whole_numbers_with_commas() -> None:
    assert parse_index("0,1") == (0, 1)
    assert parse_index("") == ()
    for text in ("a", "-1", "1,", "1.5", "1,2,3,4,5,6,7", "9" * 50, "²"):
        with pytest.raises(Problem):
            parse_index(text)

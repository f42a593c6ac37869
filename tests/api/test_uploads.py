"""Tensors that come as files: what is taken, and what is refused before it does harm."""

import io
import json
import struct
import tracemalloc
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.testclient import TestClient

from app.api import files
from app.api.problem import Problem
from tests.api.conftest import API, SMALL, Owner, pointers

NPY = "application/x-npy"
SAFE = "application/vnd.safetensors"
OCTETS = "application/octet-stream"
W = np.arange(6.0).reshape(2, 3) / 4 - 0.5


def npy(array: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def put(owner: Owner, path: str, content: bytes, kind: str = NPY, **headers: str) -> Any:
    sent = owner.token | {"If-Match": "*", "Content-Type": kind} | headers
    return owner.client.put(owner.url + path, content=content, headers=sent)


def value(owner: Owner, name: str) -> Any:
    return np.array(owner.get(f"/tensors/{name}").json()["value"])


FORMS_OF_W = {
    "float64": W,
    "float32": W.astype("f4"),
    "float16": W.astype("f2"),
    "big endian": W.astype(">f8"),
    "Fortran order": np.asfortranarray(W),
    "whole numbers": (W * 4).astype(np.int8),
    "big whole numbers": (W * 4).astype(">i4"),
    "unsigned": np.abs(W * 4).astype(np.uint64),
    "long double": W.astype(np.longdouble),
}


@pytest.mark.parametrize("form", FORMS_OF_W)
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_an_npy_file_of_any_number_type_and_order_is_read(
    owner: Owner, form: str, version: tuple[int, int]
) -> None:
    array = FORMS_OF_W[form]

    answer = put(owner, "/tensors/affine1.W", npy(array, version))

    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert np.array_equal(value(owner, "affine1.W"), array.astype(float))


def test_a_put_is_an_edit(owner: Owner) -> None:
    other = Owner(owner.client, SMALL)
    edited = other.patch({"op": "replace", "tensor": "affine1.W", "value": W.tolist()}).json()
    mine = {"id", "created", "expires", "links", "parameters"}

    answer = put(owner, "/tensors/affine1.W", npy(W)).json()

    assert {key: answer[key] for key in answer.keys() - mine} == {
        key: edited[key] for key in edited.keys() - mine
    }
    assert answer["parameters"] == edited["parameters"]
    minimal = put(owner, "/tensors/affine1.W", npy(W), Prefer="return=minimal")
    assert set(minimal.json()) == {"version", "cursor", "loss"}
    assert minimal.headers["preference-applied"] == "return=minimal"


@pytest.mark.parametrize("path", ["/tensors", "/tensors/affine2.b"])
@pytest.mark.parametrize("kind", [SAFE, OCTETS])
def test_a_safetensors_file_brings_several_at_once(owner: Owner, path: str, kind: str) -> None:
    arrays = {"affine1.W": W, "affine2.b": np.array([1, 2, 3], "f4"), "x": np.ones((2, 2)),
              "t": np.array([2, 0])}  # fmt: skip

    answer = put(owner, path, save(arrays), kind)

    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 2
    for name in ("affine1.W", "affine2.b", "x"):
        assert np.array_equal(value(owner, name), arrays[name])
    assert owner.state["t"] == [2, 0]


def test_what_was_got_as_a_file_can_be_put_back(client: TestClient) -> None:
    for dtype in ("float64", "float32"):
        body = SMALL | {"network": SMALL["network"] | {"dtype": dtype}}
        one, other = Owner(client, body), Owner(client, body | {"seed": 99})
        got = one.get("/tensors", headers={"Accept": SAFE})

        assert put(other, "/tensors", got.content, SAFE).status_code == 200

        back = load(other.get("/tensors", headers={"Accept": SAFE}).content)
        for name, array in load(got.content).items():
            assert back[name].dtype == array.dtype
            assert np.array_equal(back[name], array)
        assert other.state["loss"] == one.state["loss"]


def test_octets_may_be_npy_too(owner: Owner) -> None:
    assert put(owner, "/tensors/affine1.W", npy(W), OCTETS).status_code == 200
    assert put(owner, "/tensors", npy(W), OCTETS).status_code == 400


def test_a_file_of_one_tensor_is_the_one_that_the_address_names(owner: Owner) -> None:
    assert put(owner, "/tensors/affine1.W", save({"weights": W}), SAFE).status_code == 200
    assert np.array_equal(value(owner, "affine1.W"), W)


def test_torch_keeps_w_the_other_way_round(owner: Owner) -> None:
    assert put(owner, "/tensors/affine1.W?layout=torch", npy(W.T)).status_code == 200
    assert np.array_equal(value(owner, "affine1.W"), W)
    square = np.arange(9.0).reshape(3, 3)
    state = {"affine1.weight": W.T.copy(), "affine1.bias": np.ones(3), "affine2.W": square}

    assert put(owner, "/tensors?layout=torch", save(state), SAFE).status_code == 200

    assert np.array_equal(value(owner, "affine2.W"), square.T)
    assert np.array_equal(value(owner, "affine1.b"), np.ones(3))
    # x and b are as they are everywhere.
    x = np.arange(8.0).reshape(4, 2)
    both = save({"x": x, "t": np.array([0, 1, 2, 0])})
    assert put(owner, "/tensors?layout=torch", both, SAFE).status_code == 200
    assert np.array_equal(value(owner, "x"), x)


REFUSED: dict[str, tuple[str, Any, int, str, str]] = {
    "transposed": ("affine1.W", W.T, 422, "/affine1.W", "layout=torch"),
    "another shape": ("affine1.W", W[:1], 422, "/affine1.W", "(2, 3)"),
    "transposed twice": ("affine1.W?layout=torch", W, 422, "/affine1.W", "has transposed it"),
    "three dimensions": ("affine1.W", W[None], 422, "/affine1.W", "expected (2, 3)"),
    "NaN": ("affine1.W", np.where(W > 0.5, np.nan, W), 422, "/affine1.W/1/2", "finite"),
    "infinity": ("affine1.b", np.array([0, np.inf, 0]), 422, "/affine1.b/1", "finite"),
    "too large for float64": ("affine1.b", np.array([0, 10, 0], np.longdouble) ** 400 * 10,
                              422, "/affine1.b/1", "finite"),
    "complex": ("affine1.W", W + 1j, 422, "/affine1.W", "complex128"),
    "truth values": ("affine1.W", W > 0, 422, "/affine1.W", "bool"),
    "texts": ("affine1.W", W.astype("U4"), 422, "/affine1.W", "dtype"),
    "dates": ("affine1.W", (W * 4).astype("M8[s]"), 422, "/affine1.W", "dtype"),
    "records": ("affine1.W", np.zeros(3, [("a", "f8")]), 400, "", "plain numbers"),
    "objects": ("affine1.W", np.array([[1, 2, 3]] * 2, object), 400, "", "Python objects"),
    "no rows": ("x", np.ones((0, 2)), 422, "/x", "at least 1"),
    "a label that is none": ("t", np.array([0, 1, 3]), 422, "/t/2", "label"),
    "rows without their targets": ("x", np.ones((2, 2)), 422, "/x", "rows"),
    "where the loss starts": ("grad_output", np.ones((3, 3)), 422, "/grad_output", "loss"),
    "what is computed": ("relu1.output", W, 404, "", "no such tensor"),
    "what is no tensor": ("learning_rate", np.array(0.5), 404, "", "no such tensor"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_array_that_cannot_be_used_is_refused_with_words(owner: Owner, case: str) -> None:
    path, array, status, place, words = REFUSED[case]
    before = owner.state

    answer = put(owner, f"/tensors/{path}", npy(array))

    assert answer.status_code == status, answer.text
    assert pointers(answer) == ([] if status == 404 else [place])
    document = answer.json()
    assert words in document["detail"] + "".join(e["message"] for e in document.get("errors", []))
    assert owner.state == before


def header(text: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text.encode("latin-1") + body


def described(shape: str, dtype: str = "'<f8'", order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}"


HOSTILE_NPY = {
    "empty": b"",
    "magic alone": b"\x93NUMPY",
    "no npy": b"PK\x03\x04" + b"0" * 100,
    "version 3": header(described("(2,)"), b"0" * 16, b"\x03\x00"),
    "version 9": header(described("(2,)"), b"0" * 16, b"\x09\x09"),
    "huge": header(described("(1000000000000, 1000)"), b"0" * 64),
    "beyond any size": header(described(f"({2**62}, {2**62}, {2**62})"), b"0" * 64),
    "huge with a zero": header(described(f"(0, {2**62}, {2**62})")),
    "negative": header(described("(-1, -2)"), b"0" * 16),
    "one is negative": header(described("(-1, 2)"), b"0" * 16),
    "truth as size": header(described("(True, 2)"), b"0" * 16),
    "no tuple": header(described("2"), b"0" * 16),
    "fewer bytes": header(described("(2, 3)"), b"0" * 40),
    "more bytes": header(described("(2, 3)"), b"0" * 56),
    "a header without an end": b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 100,
    "4 GB of header": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 100,
    "a long header": header(described("(2, 3)") + " " * 100_000, b"0" * 48, b"\x02\x00"),
    "code": header("__import__('os').system('true')", b"0" * 16),
    "nested": header("(" * 3_000, b"0" * 16),
    "no literal": header("{'descr': [" * 50, b"0" * 16),
    "a doubled dtype": header(described("(1,)", "'(100000,100000)<f8'"), b"0" * 8),
    "an object": header(described("(1,)", "'|O'"), b"\x80\x04N."),
    "records": header(described("(1,)", "[('a', '<f8')]"), b"0" * 8),
    "many dimensions": header(described("(" + "1, " * 40 + ")"), b"0" * 8),
    "another word": header("{'descr': '<f8', 'shape': (2,)}", b"0" * 16),
}


def tensor(start: int, end: int, shape: Any = (1,), dtype: str = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def safe(document: Any, body: bytes = b"") -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack("<Q", len(text)) + text + body


TWICE = b'"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}'
HOSTILE_SAFETENSORS = {
    "empty": b"",
    "no header": b"\x01",
    "64 MB of header": struct.pack("<Q", 64 << 20) + b"{}",
    "more header than there are bytes": b"\xff" * 8 + b"{}",
    "huge": safe({"x": tensor(0, 8, [2**62, 4])}, b"0" * 8),
    "beyond any size": safe({"x": tensor(0, 8, [2**63, 2**63])}, b"0" * 8),
    "huge with a zero": safe({"x": tensor(0, 0, [0, 2**62, 2**62])}),
    "negative": safe({"x": tensor(0, 8, [-1])}, b"0" * 8),
    "overlapping": safe({"x": tensor(0, 8), "t": tensor(4, 12)}, b"0" * 12),
    "the same bytes twice": safe({"x": tensor(0, 8), "t": tensor(0, 8)}, b"0" * 8),
    "backwards": safe({"x": tensor(8, 0)}, b"0" * 8),
    "beyond the end": safe({"x": tensor(0, 80, [10])}, b"0" * 8),
    "a hole": safe({"x": tensor(8, 16)}, b"0" * 16),
    "bytes left over": safe({"x": tensor(0, 8)}, b"0" * 9),
    "deep": safe(b'{"x":' * 10_000),
    "no object": safe([1, 2]),
    "no JSON": safe(b"{x}"),
    "broken UTF-8": safe(b'{"\xff":1}'),
    "metadata that is none": safe({"__metadata__": {"a": 1}, "x": tensor(0, 8)}, b"0" * 8),
    "npy": npy(W),
    "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00N.",
}
UNUSABLE_SAFETENSORS = {
    "no tensor": (safe({}), ""),
    "a tensor of bfloat16": (safe({"x": tensor(0, 8, [4], "BF16")}, b"0" * 8), ""),
    "too many": (save({f"a{index}": np.zeros(1) for index in range(101)}), ""),
    "a name twice": (safe(b"{" + TWICE + b"," + TWICE + b"}", b"0" * 8), "/x"),
    "a tensor that there is not": (save({"x": np.ones((3, 2)), "nope": W}), "/nope"),
    "an odd name": (save({"x": np.ones((3, 2)), "a/b~": W}), "/a~1b~0"),
    "a tensor that is computed": (save({"x": np.ones((3, 2)), "loss": W}), "/loss"),
    "no tensor at all": (save({"x": np.ones((3, 2)), "learning_rate": np.array(1.0)}),
                         "/learning_rate"),
    "one wrong among right ones": (save({"affine1.W": W, "affine2.b": np.ones(2)}), "/affine2.b"),
    "not finite": (save({"affine1.W": W, "affine2.b": np.array([0, 0, np.nan])}), "/affine2.b/2"),
    "truth values": (save({"affine1.W": W, "affine2.b": np.array([True] * 3)}), "/affine2.b"),
    "complex": (save({"affine1.W": W, "affine2.b": np.ones(3, "c8")}), "/affine2.b"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE_NPY)
def test_a_hostile_npy_file_is_refused_before_anything_is_made(owner: Owner, case: str) -> None:
    refused(owner, "/tensors/affine1.W", HOSTILE_NPY[case], NPY)


@pytest.mark.parametrize("case", HOSTILE_SAFETENSORS)
def test_a_hostile_safetensors_file_is_refused_before_anything_is_made(
    owner: Owner, case: str
) -> None:
    refused(owner, "/tensors", HOSTILE_SAFETENSORS[case], SAFE)
    refused(owner, "/tensors/x", HOSTILE_SAFETENSORS[case], SAFE)


def refused(owner: Owner, path: str, content: bytes, kind: str) -> None:
    tracemalloc.start()
    answer = put(owner, path, content, kind)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status_code == 400, answer.text
    assert pointers(answer) == [""]
    assert peak < 5e6
    assert owner.state["version"] == 1


@pytest.mark.parametrize("case", UNUSABLE_SAFETENSORS)
def test_a_file_with_a_tensor_that_cannot_be_used_changes_nothing(owner: Owner, case: str) -> None:
    content, place = UNUSABLE_SAFETENSORS[case]

    answer = put(owner, "/tensors", content, SAFE)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [place]
    assert owner.state["version"] == 1


def test_a_file_of_several_has_the_one_that_the_address_names(owner: Owner) -> None:
    answer = put(owner, "/tensors/x", save({"affine1.W": W, "affine2.b": np.ones(3)}), SAFE)

    assert answer.status_code == 422
    assert pointers(answer) == ["/x"]


def test_one_tensor_under_two_names_is_refused(owner: Owner) -> None:
    both = save({"affine1.W": W.T.copy(), "affine1.weight": W.T.copy()})

    answer = put(owner, "/tensors?layout=torch", both, SAFE)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "duplicate"


def test_mutilated_files_are_refused_or_read_and_nothing_else() -> None:
    generator = np.random.default_rng(7)
    readers = [(files.read_npy, npy(W)), (files.read_safetensors, save({"x": W, "t": W[0]}))]
    read = 0
    for _ in range(4_000):
        for reader, whole in readers:
            data = bytearray(whole)
            for _ in range(generator.integers(1, 5)):
                place = int(generator.integers(len(data)))
                match generator.integers(3):
                    case 0:
                        data[place] = generator.integers(256)
                    case 1:
                        del data[place : place + int(generator.integers(1, 9))]
                    case 2:
                        data[place:place] = generator.bytes(3)
                data = data or bytearray(b"x")
            with suppress(Problem):
                reader(bytes(data))
                read += 1
    assert read > 100


def test_a_file_over_two_mebibytes_is_too_large(owner: Owner) -> None:
    size = files.MAX_FILE_BYTES

    assert put(owner, "/tensors/affine1.W", b"0" * (size + 1)).status_code == 413
    assert put(owner, "/tensors/affine1.W", b"0" * size).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/x-npz"])
def test_another_type_is_refused_with_those_that_are_read(owner: Owner, kind: str) -> None:
    for path, types in (("/tensors/x", files.ONE_TYPES), ("/tensors", files.MANY_TYPES)):
        answer = put(owner, path, b"[]", kind)
        assert answer.status_code == 415
        assert answer.headers["accept"].split(", ") == list(types)
    packed = put(owner, "/tensors/x", npy(W), NPY, **{"Content-Encoding": "gzip"})
    assert packed.status_code == 415


def test_a_put_is_guarded_as_an_edit_is(owner: Owner) -> None:
    url, content = f"{owner.url}/tensors/affine1.W", npy(W)
    kind = {"Content-Type": NPY}

    def status(**headers: str) -> int:
        return owner.client.put(url, content=content, headers=kind | headers).status_code

    token = owner.token
    assert status(**{"If-Match": "*"}) == 401
    assert status(**{"If-Match": "*", "Authorization": "Bearer x"}) == 403
    assert status(**token) == 428
    assert status(**token, **{"If-Match": '"9"'}) == 412
    # The tag of the file that was got is as good as the session's.
    tag = owner.get("/tensors/affine1.W", headers={"Accept": NPY}).headers["etag"]
    assert status(**token, **{"If-Match": tag}) == 200
    assert status(**token, **{"If-Match": tag}) == 412


def test_weights_of_a_wide_network_fit(client: TestClient) -> None:
    layers = [{"type": "affine", "units": 100}, {"type": "relu"}, {"type": "affine", "units": 10}]
    owner = Owner(client, {"network": {"input_size": 784, "layers": layers}, "x": [[0.0] * 784]})
    generator = np.random.default_rng(0)
    weights = {"affine1.W": generator.standard_normal((784, 100)), "affine1.b": np.ones(100)}

    assert put(owner, "/tensors", save(weights), SAFE, Prefer="return=minimal").status_code == 200

    answer = owner.get("/tensors", headers={"Accept": SAFE})
    assert np.array_equal(load(answer.content)["affine1.W"], weights["affine1.W"])
    assert client.get(f"{API}/problems").status_code == 200

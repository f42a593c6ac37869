"""A document and its arrays come back as they were; what is cut off or damaged is told."""

import io

import numpy as np
import pytest

from app.sessions.runs.work.frames import pack, read, read_length, unpack, write
from app.sessions.store.codec import CorruptArray


def test_a_document_and_its_arrays_come_back() -> None:
    arrays: dict[str, np.ndarray] = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.full((1, 1), 1.5, np.float32),
        "c": np.zeros((0, 4)),
        "d": np.array(7),
        "e": np.array([1, 2, 3], np.uint8),
    }
    document = {"loss": float("nan"), "rates": [[1, float("inf")]], "name": "가"}
    found, back = unpack(pack(document, arrays))
    assert np.isnan(found["loss"])
    assert (found["rates"], found["name"]) == ([[1, float("inf")]], "가")
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.aligned
        assert not back[name].flags.writeable


@pytest.mark.parametrize("damage", ["shorter", "flipped", "empty", "head"])
def test_damage_is_told(damage: str) -> None:
    data = bytearray(pack({"a": 1}, {"x": np.arange(4.0)}))
    if damage == "shorter":
        data = data[:-9]
    elif damage == "flipped":
        data[-20] ^= 1
    elif damage == "head":
        data[12] ^= 255
    else:
        data.clear()
    with pytest.raises(CorruptArray):
        unpack(bytes(data))


def test_pieces_follow_one_another_until_the_end() -> None:
    stream = io.BytesIO()
    for piece in (b"one", b"", b"three"):
        write(stream, piece)
    whole = stream.getvalue()
    stream.seek(0)
    assert [read(stream, read_length(stream)) for _ in range(4)] == [b"one", b"", b"three", None]
    cut = io.BytesIO(whole[:-1])
    assert [read(cut, read_length(cut)) for _ in range(3)] == [b"one", b"", None]

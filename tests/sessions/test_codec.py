"""Arrays as bytes: exact both ways, and anything else is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.sessions.codec import CorruptArray, decode, encode

ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(ARRAYS)
def test_what_is_written_is_read_bit_for_bit(array: np.ndarray) -> None:
    read = decode(encode(array))
    assert (read.dtype, read.shape, read.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert not read.flags.writeable


def test_special_numbers_and_order_survive() -> None:
    array = np.asfortranarray([[np.nan, -0.0, np.inf], [1e-320, -np.inf, 1.0]])
    assert decode(encode(array)).tobytes() == array.tobytes("C")


@given(ARRAYS, st.data())
def test_any_flipped_bit_is_noticed(array: np.ndarray, data: st.DataObject) -> None:
    encoded = bytearray(encode(array))
    place = data.draw(st.integers(0, len(encoded) - 1))
    if place == 7:  # the spare byte carries nothing
        return
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptArray):
        decode(bytes(encoded))


@given(ARRAYS, st.integers(1, 8))
def test_a_cut_or_longer_array_is_noticed(array: np.ndarray, size: int) -> None:
    encoded = encode(array)
    for wrong in (encoded[:-size], encoded + b"\0" * size, b"", b"BPXA"):
        with pytest.raises(CorruptArray):
            decode(wrong)


@pytest.mark.parametrize("dtype", ["complex128", "object", "U3", "bool", "int32"])
def test_other_dtypes_are_refused(dtype: str) -> None:
    with pytest.raises(TypeError):
        encode(np.zeros(2, dtype))

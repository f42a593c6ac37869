"""Arrays as bytes: exact both ways, and anything else is refused."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.sessions.store.codec import (
    MAX_META_BYTES,
    CorruptArray,
    decode,
    decode_meta,
    encode,
    encode_meta,
    encoded_size,
    frozen,
)

Array = np.ndarray

ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def signed(body: bytes) -> bytes:
    """``body`` with the checksum that it should have."""
    return body + struct.pack("<I", zlib.crc32(body))


def header(version: int = 2, code: int = 1, shape: tuple[int, ...] = (2,)) -> bytes:
    return struct.pack(f"<4sBBBx{len(shape)}Q", b"BPXA", version, code, len(shape), *shape)


@given(ARRAYS)
def test_what_is_written_is_read_bit_for_bit(array: Array) -> None:
    encoded = encode(array)
    assert len(encoded) == encoded_size(array)
    for read in (decode(encoded), frozen(array)):
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        assert read.tobytes() == array.tobytes()
        assert read.flags.aligned


@given(ARRAYS)
def test_what_is_read_can_not_be_made_writable(array: Array) -> None:
    for read in (decode(encode(array)), frozen(array)):
        with pytest.raises(ValueError, match="WRITEABLE"):
            read.flags.writeable = True


def test_special_numbers_survive() -> None:
    payload = np.array([0x7FF8_0000_DEAD_BEEF], np.uint64).view(np.float64)
    array = np.concatenate([payload, [np.nan, -0.0, np.inf, 1e-320, -np.inf]])
    assert decode(encode(array)).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
        np.arange(12.0).reshape(3, 4)[::-1, ::2],
        np.array([1.0, -2.5], ">f8"),
        np.array([1, -2], ">i8"),
        np.array([1, -2], np.longlong),
    ],
)
def test_order_in_memory_makes_no_difference(array: Array) -> None:
    plain = np.array(array.tolist(), array.dtype.newbyteorder("="))
    assert encode(array) == encode(plain)
    assert frozen(array).tobytes() == plain.tobytes()


def test_the_format_on_disk_stays() -> None:
    assert encode(np.array([[1.0, -2.0]])).hex() == (
        "42505841" "02" "01" "02" "00"
        "0100000000000000" "0200000000000000"
        "000000000000f03f" "00000000000000c0"
        "2c30b6bb"
    )  # fmt: skip


@given(ARRAYS, st.data())
def test_any_flipped_bit_is_noticed(array: Array, data: st.DataObject) -> None:
    encoded = bytearray(encode(array))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptArray):
        decode(bytes(encoded))


@given(ARRAYS, st.integers(1, 8))
def test_a_cut_or_longer_array_is_noticed(array: Array, size: int) -> None:
    encoded = encode(array)
    for wrong in (encoded[:-size], encoded + b"\0" * size, b"", b"BPXA"):
        with pytest.raises(CorruptArray):
            decode(wrong)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"NOPE" + header()[4:] + b"\0" * 16, "not an array"),
        (b"\x80\x04\x95" + b"\0" * 40, "not an array"),  # a pickle
        (header(version=3) + b"\0" * 16, "format 3"),
        (header(code=9) + b"\0" * 16, "unknown"),
        (header(shape=(1,) * 9) + b"\0" * 8, "unknown"),
        (header(shape=(1,) * 5)[:16], "unknown"),
        (header(shape=(3,)) + b"\0" * 16, "length"),
        (header(shape=(2**63, 2**63)) + b"\0" * 16, "length"),
        (header(shape=(2**63, 0)), "impossible"),
        (header(shape=(2**40, 2**40, 0)), "impossible"),
    ],
)
def test_a_wrong_header_is_noticed_even_with_a_right_checksum(body: bytes, message: str) -> None:
    with pytest.raises(CorruptArray, match=message):
        decode(signed(body))


@pytest.mark.parametrize(
    "array",
    [
        *(np.zeros(2, dtype) for dtype in ("c16", "O", "U3", "?", "i4", "f2", "u8", "M8[s]")),
        np.zeros(2, [("a", "f8")]),
        np.zeros((1,) * 9),
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ],
)
def test_other_arrays_are_refused(array: Array) -> None:
    for call in (encode, frozen):
        with pytest.raises(TypeError, match="cannot store"):
            call(array)


def test_meta_is_read_as_it_was_written() -> None:
    meta = {"큐": [1, 0.1, -0.0, 1e308, 2**70, True, None, "\0"], "": {"nested": []}}
    assert repr(decode_meta(encode_meta(meta))) == repr(meta)


def test_meta_is_small_finite_json() -> None:
    encode_meta({"big": "x" * (MAX_META_BYTES - 10)})
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for meta in (
        {"big": "x" * (MAX_META_BYTES - 9)},
        {"nan": float("nan")},
        {"deep": deep},
        {"surrogate": "\ud800"},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own message
            encode_meta(meta)
    with pytest.raises(TypeError):
        encode_meta({"array": np.zeros(2)})

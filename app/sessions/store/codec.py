"""Sessions as bytes: arrays with a header and a checksum, the small rest as JSON. Never pickle.

An array, all little-endian: magic ``BPXA``, format (u8), dtype code (u8), number of axes (u8), one
spare byte, the axes' lengths (u64 each), the numbers in C order, and the CRC-32 of all of that
(u32). The numbers start at a multiple of eight bytes, so that reading them needs no copy.

Format 1, which is only read, has the CRC-32 of the lengths and the numbers at the end of its head.
"""

import json
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray

MAX_META_BYTES = 64 * 1024
MAX_AXES = 8

_MAGIC = b"BPXA"
_FORMAT = 2
_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f8"),
    2: np.dtype("<f4"),
    3: np.dtype("<i8"),
    4: np.dtype("u1"),
}
_CODES = {dtype.str: code for code, dtype in _DTYPES.items()}
_HEAD = struct.Struct("<4sBBBx")
_CHECKSUM = struct.Struct("<I")
_OLD_FORMAT, _OLD_HEAD = 1, struct.Struct("<4sBBBxI")


class CorruptArray(Exception):
    """Bytes that are not an array as `encode` writes it."""


def encode(array: Array) -> bytes:
    """The bytes of an array of float64, float32, int64 or uint8.

    Raises:
        TypeError: another dtype, a masked array, or more than eight axes.
    """
    code, numbers = _code(array), _numbers(array)
    head = _HEAD.pack(_MAGIC, _FORMAT, code, array.ndim)
    head += struct.pack(f"<{array.ndim}Q", *array.shape)
    return b"".join((head, numbers, _CHECKSUM.pack(zlib.crc32(numbers, zlib.crc32(head)))))


def encoded_size(array: Array) -> int:
    """How many bytes `encode` makes of an array."""
    return _HEAD.size + 8 * array.ndim + array.nbytes + _CHECKSUM.size


def decode(data: bytes | memoryview) -> Array:
    """The array that `encode` wrote, read-only and without a copy.

    Raises:
        CorruptArray: wrong magic, format, dtype, length or checksum.
    """
    if len(data) < _HEAD.size + _CHECKSUM.size:
        raise CorruptArray("too short for a header")
    magic, version, code, axes = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise CorruptArray("not an array")
    if version == _OLD_FORMAT:
        return _decode_old(data)
    if version != _FORMAT:
        raise CorruptArray(f"format {version} of an array; this program reads {_FORMAT}")
    end = len(data) - _CHECKSUM.size
    array = _array(data, code, axes, _HEAD.size, end)
    if (zlib.crc32(memoryview(data)[:end]),) != _CHECKSUM.unpack_from(data, end):
        raise CorruptArray("the checksum is wrong")
    return array


def _decode_old(data: bytes | memoryview) -> Array:
    if len(data) < _OLD_HEAD.size:
        raise CorruptArray("too short for a header")
    _, _, code, axes, checksum = _OLD_HEAD.unpack_from(data)
    array = _array(data, code, axes, _OLD_HEAD.size, len(data))
    if zlib.crc32(memoryview(data)[_OLD_HEAD.size :]) != checksum:
        raise CorruptArray("the checksum is wrong")
    # Its numbers may lie at any address, which is slow to compute with.
    aligned: Array = np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)
    return aligned


def _array(data: bytes | memoryview, code: int, axes: int, head: int, end: int) -> Array:
    """The numbers between the axes' lengths, which follow a head of so many bytes, and ``end``."""
    start = head + 8 * axes
    if code not in _DTYPES or axes > MAX_AXES or end < start:
        raise CorruptArray("an unknown dtype or shape")
    shape = struct.unpack_from(f"<{axes}Q", data, head)
    if end - start != _DTYPES[code].itemsize * math.prod(shape):
        raise CorruptArray("the length does not fit the shape")
    try:
        return np.ndarray(shape, _DTYPES[code], data, start)
    except ValueError as error:  # an empty array with other axes beyond what NumPy can count
        raise CorruptArray("an impossible shape") from error


def frozen(array: Array) -> Array:
    """A copy as `decode` would give it back: nobody can make it writable again.

    Raises:
        TypeError: what `encode` would refuse.
    """
    return np.ndarray(array.shape, _DTYPES[_code(array)], _numbers(array))


def encode_meta(meta: Mapping[str, Any]) -> bytes:
    """JSON of what is no array.

    Raises:
        ValueError: over 64 KB, nested too deeply, or with a number that is not finite.
        TypeError: something that JSON does not have.
    """
    try:
        text = json.dumps(meta, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("meta is nested too deeply") from None
    data = text.encode()
    if len(data) > MAX_META_BYTES:
        raise ValueError(f"meta is {len(data)} bytes, at most {MAX_META_BYTES} are allowed")
    return data


def decode_meta(data: bytes) -> dict[str, Any]:
    """What `encode_meta` wrote."""
    meta: dict[str, Any] = json.loads(data)
    return meta


def _code(array: Array) -> int:
    code = _CODES.get(array.dtype.newbyteorder("<").str)
    if code is None or array.ndim > MAX_AXES or isinstance(array, np.ma.MaskedArray):
        kind = type(array).__name__
        raise TypeError(f"cannot store a {kind} of {array.dtype} with {array.ndim} axes")
    return code


def _numbers(array: Array) -> bytes:
    data: bytes = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes("C")
    return data

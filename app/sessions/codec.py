"""Arrays as bytes: a short header, the raw little-endian numbers, a checksum. Never pickle.

Layout, all little-endian: magic ``BPXA``, format version (u8), dtype code (u8), number of axes
(u8), one spare byte, CRC-32 of all that follows (u32), the axes' lengths (u64 each), the numbers
in C order.
"""

import math
import struct
import zlib
from typing import Any

import numpy as np

Array = np.ndarray

MAGIC = b"BPXA"
FORMAT = 1
MAX_AXES = 8
DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f8"),
    2: np.dtype("<f4"),
    3: np.dtype("<i8"),
    4: np.dtype("u1"),
}
_CODES = {dtype: code for code, dtype in DTYPES.items()}
_HEAD = struct.Struct("<4sBBBxI")


class CorruptArray(Exception):
    """Bytes that are not an array as `encode` writes it."""


def encode(array: Array) -> bytes:
    """The bytes of an array of float64, float32, int64 or uint8.

    Raises:
        TypeError: another dtype.
    """
    code = _CODES.get(array.dtype.newbyteorder("<"))
    if code is None or array.ndim > MAX_AXES:
        raise TypeError(f"cannot store an array of {array.dtype} with {array.ndim} axes")
    numbers: bytes = np.ascontiguousarray(array, dtype=DTYPES[code]).tobytes()
    body = struct.pack(f"<{array.ndim}Q", *array.shape) + numbers
    return _HEAD.pack(MAGIC, FORMAT, code, array.ndim, zlib.crc32(body)) + body


def decode(data: bytes) -> Array:
    """The array that `encode` wrote, read-only and without a copy.

    Raises:
        CorruptArray: wrong magic, version, dtype, length or checksum.
    """
    if len(data) < _HEAD.size:
        raise CorruptArray("too short for a header")
    magic, version, code, axes, checksum = _HEAD.unpack_from(data)
    if magic != MAGIC or version != FORMAT:
        raise CorruptArray("not an array of this format")
    start = _HEAD.size + 8 * axes
    if code not in DTYPES or axes > MAX_AXES or len(data) < start:
        raise CorruptArray("an unknown dtype or shape")
    shape = struct.unpack_from(f"<{axes}Q", data, _HEAD.size)
    dtype = DTYPES[code]
    if len(data) != start + dtype.itemsize * math.prod(shape):
        raise CorruptArray("the length does not fit the shape")
    if zlib.crc32(memoryview(data)[_HEAD.size :]) != checksum:
        raise CorruptArray("the checksum is wrong")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)

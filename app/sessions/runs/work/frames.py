"""A JSON document and named arrays as one piece of bytes: what goes through a pipe or into a store.

Little-endian: the length of the head (u64), the head, and the arrays as `codec.encode` makes them,
each at a multiple of eight bytes, so that reading them needs no copy. The head is JSON: the
document, and name and length of every array. NaN and infinities are written as Python writes them.
"""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from app.sessions.store.codec import CorruptArray, decode, encode

Array = np.ndarray

_LENGTH = struct.Struct("<Q")
_STEP = 8


def pack(document: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """The bytes of both.

    Raises:
        TypeError: an array that the codec does not take.
    """
    blobs = {name: encode(array) for name, array in arrays.items()}
    head = json.dumps(
        {"document": document, "arrays": [[name, len(blob)] for name, blob in blobs.items()]},
        separators=(",", ":"),
    ).encode()
    parts = [_LENGTH.pack(len(head)), _padded(head), *map(_padded, blobs.values())]
    return b"".join(parts)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The document and the arrays, which are read-only views of ``data``.

    Raises:
        CorruptArray: these are not bytes that `pack` made.
    """
    try:
        (length,) = _LENGTH.unpack_from(data)
        place = _LENGTH.size + length + _missing(length)
        head = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        arrays, view = {}, memoryview(data)
        for name, size in head["arrays"]:
            arrays[name] = decode(view[place : place + size])
            place += size + _missing(size)
        return head["document"], arrays
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise CorruptArray("not a document with arrays") from error


def write(stream: IO[bytes], data: bytes) -> None:
    """Send one piece.

    Raises:
        OSError: the other end is closed.
    """
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_length(stream: IO[bytes]) -> int | None:
    """How long the next piece is, once it comes; None at the end."""
    data = stream.read(_LENGTH.size)
    if len(data) < _LENGTH.size:
        return None
    length: int = _LENGTH.unpack(data)[0]
    return length


def read(stream: IO[bytes], length: int | None) -> bytes | None:
    """The next piece, of a length that was read already; None where it was cut off."""
    if length is None:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def _missing(length: int) -> int:
    return -length % _STEP


def _padded(data: bytes) -> bytes:
    return data + bytes(_missing(len(data)))

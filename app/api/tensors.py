"""Tensors on the wire: which part of one (`slice`), and in which form (`Accept`).

The forms hold the same numbers. One tensor is JSON, NumPy's ``.npy`` (version 1.0) or safetensors
(an 8-byte length, a JSON header, raw little-endian cells); several are safetensors or NumPy's
``.npz``, and in JSON a list of what there is.
"""

import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
from safetensors.numpy import save

from app.api.problem import FieldError, Problem, invalid
from app.api.values import encode
from app.engine.op import MAX_RANK
from app.engine.trace import NotComputed, Trace
from app.sessions.store.errors import Unknown

JSON = "application/json"
NPY = "application/x-npy"
SAFETENSORS = "application/vnd.safetensors"
NPZ = "application/x-npz"
# What one tensor, and what several of them, can be had as.
FORMS = (JSON, NPY, SAFETENSORS)
MANY_FORMS = (JSON, SAFETENSORS, NPZ)
# How each is told apart in an entity tag.
TAG_OF = {JSON: "", NPY: "npy", SAFETENSORS: "safetensors", NPZ: "npz"}

MAX_SLICE = 100
_PART = re.compile(r"(\d{1,9})|(\d{1,9})?:(\d{1,9})?(?::(\d{1,9}))?")


def choose_form(accept: str | None, forms: Sequence[str] = FORMS) -> str:
    """The best of ``forms`` for an Accept header; JSON where anything goes.

    Raises:
        Problem: 406, none of them is accepted.
    """
    if not accept or not accept.strip():
        return JSON
    ranges = [_media_range(part) for part in accept[:1000].split(",")]
    best, best_quality = "", 0.0
    for form in forms:
        quality = _quality(form, ranges)
        if quality > best_quality:
            best, best_quality = form, quality
    if not best:
        raise Problem(
            "not-acceptable",
            f"This can be had as {', '.join(forms)}.",
            headers={"Vary": "Accept"},
        )
    return best


def encode_tensor(name: str, array: np.ndarray, form: str) -> bytes:
    """The tensor in one of `FORMS`.

    JSON is ``{"name", "dtype", "shape", "value"}``; in safetensors the tensor keeps its name.
    """
    if form == NPY:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(array, order="C"), (1, 0), allow_pickle=False)
        return buffer.getvalue()
    if form == SAFETENSORS:
        return _safetensors({name: array})
    return encode(_described(name, array) | {"value": array})


def encode_tensors(version: int, arrays: Mapping[str, np.ndarray], form: str) -> bytes:
    """Tensors of one session in one of `MANY_FORMS`, each under its name.

    JSON is ``{"version", "tensors": [{"name", "dtype", "shape"}, ...]}``, without the numbers.
    """
    if form == SAFETENSORS:
        return _safetensors(arrays)
    if form == NPZ:
        buffer = io.BytesIO()
        # Not compressed: floats hardly shrink.
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()
    tensors = [_described(name, array) for name, array in arrays.items()]
    return encode({"version": version, "tensors": tensors})


def parse_slice(text: str, shape: Sequence[int]) -> tuple[int | slice, ...]:
    """``0:10,:`` as an index of an array of ``shape``.

    Each part is a whole number, or ``start:stop:step`` with any of the three left out; numbers are
    not negative and the step is at least 1. Fewer parts than dimensions leave the rest whole.

    Raises:
        Problem: 422, with the pointer ``/slice``.
    """
    if not text:
        return ()
    parts = text[: MAX_SLICE + 1].split(",")
    if len(text) > MAX_SLICE or len(parts) > len(shape):
        raise _bad_slice(f"at most {len(shape)} parts, one for each dimension")
    return tuple(_part(part.strip(), size) for part, size in zip(parts, shape, strict=False))


def value_of(trace: Trace, name: str) -> np.ndarray | NotComputed:
    """What a pass has under the name of a tensor or an edge.

    Raises:
        Unknown: it has no such name.
    """
    try:
        return trace.value(name)
    except KeyError:
        raise Unknown("the session has no tensor of this name at this level") from None


def parse_index(text: str, field: str = "index") -> tuple[int, ...]:
    """``0,1`` as ``(0, 1)``, empty for a scalar.

    Raises:
        Problem: 422, with the pointer ``/index``.
    """
    if not text.strip():
        return ()
    parts = [part.strip() for part in text[:100].split(",")]
    if len(parts) > MAX_RANK or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise invalid(
            [FieldError(f"/{field}", "index", "whole numbers from 0, separated by commas")]
        )
    return tuple(int(part) for part in parts)


def _part(text: str, size: int) -> int | slice:
    match = _PART.fullmatch(text) if text.isascii() else None
    if match is None:
        raise _bad_slice("each part is i, or start:stop, or start:stop:step, all from 0")
    if match[1] is not None:
        index = int(match[1])
        if index >= size:
            raise _bad_slice(f"an index is below the size of its dimension, here {size}")
        return index
    start, stop, step = (None if part is None else int(part) for part in match.groups()[1:])
    if step == 0:
        raise _bad_slice("a step is at least 1")
    return slice(start, stop, step)


def _bad_slice(message: str) -> Problem:
    return invalid([FieldError("/slice", "slice", message)])


def _described(name: str, array: np.ndarray) -> dict[str, object]:
    return {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)}


def _safetensors(arrays: Mapping[str, np.ndarray]) -> bytes:
    # The library copies memory as it lies there, so a part of an array is put in order first.
    return bytes(save({name: np.asarray(array, order="C") for name, array in arrays.items()}))


def _media_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if re.fullmatch(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)", parameter):
            return name, float(parameter[2:])
    return name, 1.0


def _quality(form: str, ranges: list[tuple[str, float]]) -> float:
    """RFC 9110, section 12.5.1: the most specific range that fits decides."""
    found = dict(ranges)
    for pattern in (form, form.split("/")[0] + "/*", "*/*"):
        if pattern in found:
            return found[pattern]
    return 0.0

"""Numbers to JSON: float64 in full, and never a null for a NaN.

orjson writes arrays twenty times as fast as `json`, but turns NaN and infinities into null; for a
tool that shows exploding gradients that would be wrong data, so they become the texts "NaN",
"Infinity" and "-Infinity".
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from starlette.responses import Response

# The whole of a tensor stands in an answer up to this many cells; above, its range.
MAX_CELLS = 1_000_000
# A few bytes of request can ask for millions of numbers; these are 40 MB.
MAX_ANSWER_CELLS = 2_000_000
# And up to this many where the whole answer would have more than that.
FEW_CELLS = 2_000


def encode(value: Any) -> bytes:
    """``value`` as JSON in UTF-8: dictionaries, lists, arrays, numbers and texts.

    Raises:
        TypeError: something that has no JSON form.
    """
    text = _dumps(value)
    # A null more than there are Nones stands for a number that is not finite (or in a text).
    if text.count(b"null") != _count_none(value):
        text = _dumps(_with_words(value))
    return text


def answer(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of encoded JSON; nothing keeps it unless ``headers`` say so."""
    return Response(
        content, status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )


def shortened(array: np.ndarray, max_cells: int = MAX_CELLS, link: str | None = None) -> Any:
    """The array itself, or for more than ``max_cells`` cells its shape, range, mean and address.

    Args:
        array: Any tensor.
        max_cells: Most cells that are told one by one.
        link: Where all of them can be had; None for what has no address.
    """
    if array.size <= max_cells:
        return array
    with np.errstate(all="ignore"):
        return {
            "shape": list(array.shape),
            "min": float(array.min()),
            "max": float(array.max()),
            "mean": float(array.mean(dtype=np.float64)),
            "omitted": True,
            "link": link,
        }


def within_answer(max_cells: int, cells: int) -> int:
    """``max_cells``, or `FEW_CELLS` where the answer has ``cells`` numbers, more than are sent."""
    return max_cells if cells <= MAX_ANSWER_CELLS else min(max_cells, FEW_CELLS)


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATACLASS
_LEAVES = frozenset((str, int, float, bool, np.ndarray))


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, _default, _OPTIONS)


def _default(value: Any) -> Any:
    """What orjson does not write by itself."""
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value) if value.ndim else value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _count_none(value: Any) -> int:
    if value is None:
        return 1
    kind = type(value)
    if kind in _LEAVES:
        return 0
    if kind is list or kind is tuple:
        return sum(map(_count_none, value))
    return sum(map(_count_none, value.values())) if isinstance(value, Mapping) else 0


def _with_words(value: Any) -> Any:
    match value:
        case float() | np.floating():
            return value if math.isfinite(value) else _word(float(value))
        case np.ndarray():
            finite = value.dtype.kind != "f" or np.isfinite(value).all()
            return value if finite else _with_words(value.tolist())
        case Mapping():
            return {key: _with_words(item) for key, item in value.items()}
        case list() | tuple():
            return [_with_words(item) for item in value]
    return value


def _word(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"

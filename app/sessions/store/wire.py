"""Server-sent events as bytes, and numbers that JSON has none for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROGRESS, STATE, GAP, BYE = "progress", "state", "gap", "bye"


@dataclass(frozen=True)
class Encoded:
    """One event as all its readers get it."""

    id: int
    event: str
    wire: bytes


def encode(id: int, event: str, body: bytes) -> Encoded:
    """An event whose data is ``body``, JSON on a single line."""
    return Encoded(id, event, b"id: %d\nevent: %b\ndata: %b\n\n" % (id, event.encode(), body))


# Without an id, so that the reader remembers the last event that it saw.
FAREWELL = Encoded(0, BYE, b"event: bye\ndata: {}\n\n")


def json_safe(value: Any) -> Any:
    """``value`` with NaN and infinities as texts, which JSON has no numbers for."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    return value

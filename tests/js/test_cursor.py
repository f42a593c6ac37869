"""The page's cursor stops where the engine's does, from every place of a pass."""

import pytest

from app.engine.run import make_trace
from app.engine.strides import DIRECTIONS, STRIDES, Cursor, advance, stops
from tests.engine.networks import make_case
from tests.js.node import call

WALK = """given.places.map(([seq, element]) => given.directions.map((direction) =>
  given.strides.map((stride) => {
    const at = m[direction](given.trace, { seq, element }, stride);
    return [at.seq, at.element];
  })))"""


@pytest.mark.parametrize("level", ["layer", "op", "element"])
@pytest.mark.parametrize("loss", ["opened", "closed"])
def test_every_stride_of_the_page_is_the_engine_s(level: str, loss: str) -> None:
    case = make_case([2, 3, 2], ["relu"], 1, 0)
    trace = make_trace(case.spec, case.parameters, case.x, case.t, level=level, loss=loss)
    events = trace.events
    places = [(seq, e) for seq, event in enumerate(events) for e in range(event.elements)]
    places.append((len(events), 0))
    told = {
        "events": [{"elements": event.elements} for event in events],
        # As the API tells them: the starts of the parts.
        "strides": {stride: stops(trace, stride) for stride in ("step", "phase", "layer")},
    }

    found = call(
        "cursor.js",
        WALK,
        {"trace": told, "places": places, "directions": DIRECTIONS, "strides": STRIDES},
    )

    for place, moves in zip(places, found, strict=True):
        for direction, landed in zip(DIRECTIONS, moves, strict=True):
            for stride, (seq, element) in zip(STRIDES, landed, strict=True):
                there, _ = advance(trace, Cursor(*place), direction, stride)
                assert (there.seq, there.element) == (seq, element), (place, direction, stride)

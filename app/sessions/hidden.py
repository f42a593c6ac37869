"""One mistake hidden in a session's pass, drawn by a seed: to be found by its numbers alone.

The same session and seed hide the same mistake, so that a teacher can send it by a link. What a
learner is told is every gradient, right or wrong, and afterwards whether the name is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.errors import EngineError
from app.engine.faults import FAULTS, Fault, Site, sites, wrong_gradients
from app.engine.trace import Trace
from app.sessions.learning import require_gradient
from app.sessions.mistakes import Place, closed_pass, context_of, place_of
from app.sessions.state import Session

Array = np.ndarray

# So near, relatively, two mistakes give the same number: nobody could tell them apart.
SAME = 1e-9
# Mistakes have no more of their places drawn from than these, nearest to the loss.
MOST_SITES = 50


@dataclass(frozen=True)
class Hidden:
    """A mistake that is to be found.

    Attributes:
        fault: The mistake.
        site: Where it is made.
        place: The same for a reader.
        gradients: Every gradient of the pass with it, under its key.
        suspects: The mistakes that could be it, with the layers where they could be made.
    """

    fault: Fault
    site: Site
    place: Place
    gradients: Mapping[str, Array]
    suspects: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Found:
    """What is to be said of a guess.

    Attributes:
        right: Whether mistake and layer give the very numbers.
        fault: Whether this mistake gives them at some other layer, at least.
        layer: Whether another mistake gives them at this layer, at least.
    """

    right: bool
    fault: bool
    layer: bool


@np.errstate(all="ignore")
def hidden(session: Session, seed: int) -> Hidden:
    """The mistake that a seed hides in a session.

    Args:
        session: With something to learn.
        seed: Which mistake.

    Raises:
        EngineError: no mistake that has a name changes a gradient here.
        Conflict: the session learns nothing.
    """
    require_gradient(session)
    trace, candidates = _candidates(session)
    if not candidates:
        raise EngineError("no mistake changes anything in this pass", "id", "value")
    generator = np.random.default_rng(seed)
    id = list(candidates)[int(generator.integers(len(candidates)))]
    site = candidates[id][int(generator.integers(len(candidates[id])))]
    return Hidden(
        FAULTS[id],
        site,
        place_of(trace, site),
        _all_gradients(session, trace, FAULTS[id], site),
        {
            name: tuple(dict.fromkeys(place_of(trace, one).layer for one in found))
            for name, found in candidates.items()
        },
    )


@np.errstate(all="ignore")
def judged(session: Session, seed: int, fault: str, layer: str) -> tuple[Found, Hidden]:
    """Whether a mistake in a layer is the one that the seed hides, or gives the very same numbers.

    Raises:
        EngineError: there is no such mistake or layer, or none is hidden.
        Conflict: the session learns nothing.
    """
    there = hidden(session, seed)
    if fault not in there.suspects:
        raise EngineError(
            f"fault is one of {', '.join(there.suspects)}", "fault", "name",
            {"enum": tuple(there.suspects)},
        )  # fmt: skip
    layers = tuple(dict.fromkeys(name for found in there.suspects.values() for name in found))
    if layer not in layers:
        raise EngineError(f"layer is one of {', '.join(layers)}", "layer", "name", {"enum": layers})
    trace, candidates = _candidates(session)
    same = {
        (id, place_of(trace, site).layer)
        for id, found in candidates.items()
        for site in found
        if (id == fault or place_of(trace, site).layer == layer)
        and _alike(_all_gradients(session, trace, FAULTS[id], site), there.gradients)
    }
    found = Found(
        (fault, layer) in same,
        any(id == fault for id, _ in same),
        any(name == layer for _, name in same),
    )
    return found, there


def _candidates(session: Session) -> tuple[Trace, Mapping[str, list[Site]]]:
    """By mistake, the places where it changes what nobody could overlook."""
    trace, context = closed_pass(session), context_of(session)
    found = {
        id: list(sites(trace, fault, context, fits=True))[:MOST_SITES]
        for id, fault in FAULTS.items()
    }
    return trace, {id: where for id, where in found.items() if where}


def _all_gradients(session: Session, trace: Trace, fault: Fault, site: Site) -> Mapping[str, Array]:
    wrong = wrong_gradients(trace, fault, site, context_of(session))
    return {key: wrong.get(key, trace.array(key)) for key in trace.known if key.endswith(".grad")}


def _alike(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> bool:
    return all(
        np.allclose(ours[key], value, rtol=SAME, atol=0.0, equal_nan=True)
        for key, value in theirs.items()
    )

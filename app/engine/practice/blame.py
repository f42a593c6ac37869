"""What to look at again after a wrong answer: what the mistake leaves out or misuses."""

from collections.abc import Iterable, Mapping

from app.engine.explain import explain
from app.engine.practice.exercise import SHAPE, Exercise
from app.engine.update import PHASE

ARRIVING, OTHER, BOTH, NONE = "arriving", "other", "both", "none"
# By mistake: the gradient that arrives, what it is multiplied by, both, or nothing that is drawn.
BLAMED: Mapping[str, str] = {
    "no_transpose": OTHER,
    "transposed_result": BOTH,
    "order": BOTH,
    "not_summed": ARRIVING,
    "last_sample": ARRIVING,
    "averaged_twice": NONE,
    "not_averaged": NONE,
    "mask_missing": OTHER,
    "mask_from_gradient": OTHER,
    "slope_missing": OTHER,
    "slope_of_input": OTHER,
    "own_factor": OTHER,
    "sign": NONE,
    "upstream_ignored": ARRIVING,
    "class_count": NONE,
    "in_place": OTHER,
    "diagonal_only": OTHER,
    "one_branch": BOTH,
    "accumulated": NONE,
    "updated_first": OTHER,
    "stale": OTHER,
    "uphill": ARRIVING,
    "rate_missing": ARRIVING,
    "change_only": OTHER,
    "gradient_for_new": OTHER,
}
# Of more factors than these, none stands out.
MOST = 50

# A key, and a cell of it or all of it.
Spot = tuple[str, tuple[int, ...] | None]


def blamed(exercise: Exercise, faults: Iterable[str]) -> tuple[Spot, ...]:
    """The cells to look at again; all that the answer is made of where no mistake has a name.

    Of a shape they are whole tensors, whose shapes tell.
    """
    sides = {BLAMED[fault] for fault in faults} or {BOTH}
    return tuple(spot for spot in _factors(exercise) if BOTH in sides or _side(spot[0]) in sides)


def _side(key: str) -> str:
    return ARRIVING if key.endswith(".grad") else OTHER


def _factors(exercise: Exercise) -> list[Spot]:
    trace, key = exercise.trace, exercise.tensor
    maker = trace.maker(key)
    if maker is not None and exercise.kind == SHAPE:
        return [(read, None) for read in maker.reads]
    if maker is not None and maker.phase == PHASE:
        return [(read, exercise.index) for read in maker.reads]
    terms = explain(trace, key, exercise.index, MOST).terms
    spots = [(factor.tensor, factor.index) for term in terms for factor in term.factors]
    return list(dict.fromkeys(spots))

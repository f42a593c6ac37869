"""Practice and mistakes as the documents of the API, as `answers_practice` has them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from app.api.answers_practice import (
    ComparedAnswer,
    FaultsAnswer,
    FoundAnswer,
    HiddenAnswer,
    ItemAnswer,
    JudgedAnswer,
    LookedAt,
    PlaceAnswer,
    PlacesAnswer,
    SheetAnswer,
    SpecimenAnswer,
)
from app.api.values import shortened
from app.api.views_learning import explanation_json
from app.engine.explain import explain
from app.engine.faults import FAULTS
from app.engine.faults.naming import Compared
from app.engine.faults.updates import UPDATES
from app.engine.practice import Exercise, Judged, blamed
from app.engine.practice.exercise import NUMBER
from app.sessions.hidden import Found, Hidden
from app.sessions.mistakes import Place, Specimen

MOST_CELLS = 1_000
MOST_TERMS = 50


def faults_json() -> FaultsAnswer:
    """All mistakes."""
    of_gradients = [{"id": id, "of": "gradient"} for id in FAULTS]
    of_updates = [{"id": id, "of": "update"} for id in UPDATES]
    return {"faults": [*of_gradients, *of_updates]}  # type: ignore[list-item]


def places_json(
    found: Mapping[str, Iterable[Place]], gradients: Mapping[str, Iterable[int]]
) -> PlacesAnswer:
    """The mistakes that change something in a pass, and what can be compared."""
    return {
        "faults": [
            {"id": id, "sites": list(map(place_json, sites))} for id, sites in found.items()
        ],
        "gradients": [{"tensor": key, "shape": list(shape)} for key, shape in gradients.items()],
    }


def place_json(place: Place) -> PlaceAnswer:
    """Where a mistake is made."""
    return {
        "layer": place.layer,
        "node": place.node,
        "op": place.op,
        "operand": place.operand,
    }


def compared_json(
    tensor: str, answer: np.ndarray, found: Compared, places: Mapping[str, Iterable[Place]]
) -> ComparedAnswer:
    """A gradient beside the session's own."""
    same_shape = answer.shape == found.value.shape
    return {
        "tensor": tensor,
        "shape": list(found.value.shape),
        "equal": found.equal,
        "cells": [list(cell) for cell in found.cells[:MOST_CELLS]],
        "differing": len(found.cells),
        "largest": float(np.max(np.abs(answer - found.value), initial=0.0)) if same_shape else None,
        "value": shortened(found.value, 10_000),
        "faults": [
            {
                "id": named.fault,
                "fits": True,
                "sites": list(map(place_json, places[named.fault])),
            }
            for named in found.named
        ],
    }


def specimen_json(found: Specimen, place: Place | None) -> SpecimenAnswer:
    """A mistake at work."""
    return {
        "id": found.fault.id,
        "site": None if place is None else place_json(place),
        "gradients": {key: shortened(array, 10_000) for key, array in found.gradients.items()},
        "check": {
            name: {"max_relative_error": check.max_relative_error, "flagged": name in found.flagged}
            for name, check in found.checks.items()
        },
        "curves": {
            "right": list(found.curves.right),
            "wrong": list(found.curves.wrong),
            "still_falls": found.curves.still_falls,
        },
    }


def hidden_json(seed: int, hidden: Hidden) -> HiddenAnswer:
    """A pass with a hidden mistake; what it is is not told."""
    return {
        "seed": seed,
        "gradients": {key: shortened(array, 10_000) for key, array in hidden.gradients.items()},
        "suspects": [{"id": id, "layers": list(names)} for id, names in hidden.suspects.items()],
    }


def found_json(found: Found, hidden: Hidden, reveal: bool) -> FoundAnswer:
    """What is to be said of a guess; what was hidden where it is right, or is to be told."""
    is_told = found.right or reveal
    return {
        "right": found.right,
        "fault": found.fault,
        "layer": found.layer,
        "id": hidden.fault.id if is_told else None,
        "site": place_json(hidden.place) if is_told else None,
    }


def item_json(exercise: Exercise) -> ItemAnswer:
    """An exercise without its answer."""
    return {
        "skill": exercise.skill,
        "seed": exercise.seed,
        "surface": exercise.surface,
        "kind": exercise.kind,  # type: ignore[typeddict-item]
        "tensor": exercise.tensor,
        "index": list(exercise.index),
        "learning_rate": exercise.rate,
        "session": body_of(exercise),  # type: ignore[typeddict-item]
    }


def body_of(exercise: Exercise) -> dict[str, Any]:
    """The body that makes a session of an exercise."""
    body: dict[str, Any]
    if exercise.code:
        body = {"code": exercise.code, "values": dict(exercise.values)}
    else:
        assert exercise.x is not None
        layers = [{"type": layer.type, **dict(layer.given)} for layer in exercise.layers]
        network: dict[str, Any] = {"input_size": exercise.x.shape[1], "layers": layers}
        if exercise.loss is not None:
            network["loss"] = {"type": exercise.loss}
        body = {"network": network, "parameters": dict(exercise.parameters), "x": exercise.x}
        if exercise.t is not None:
            body["t"] = exercise.t
    if exercise.grad_output is not None:
        body["grad_output"] = exercise.grad_output
    if exercise.rate is not None:
        body["optimizer"] = {"type": "sgd", "learning_rate": exercise.rate}
    return body


def sheet_json(exercises: Iterable[Exercise]) -> SheetAnswer:
    """Exercises and their key."""
    kept = list(exercises)
    return {"items": list(map(item_json, kept)), "key": [_right(one) for one in kept]}


def judged_json(exercise: Exercise, judged: Judged, reveal: bool) -> JudgedAnswer:
    """What is to be said of an answer; the right one where it was given, or is to be told."""
    told = judged.right or reveal
    explanation = None
    if told and exercise.kind == NUMBER:
        trace = exercise.trace
        explanation = explanation_json(explain(trace, exercise.tensor, exercise.index, MOST_TERMS))
    return {
        "right": judged.right,
        "few_digits": judged.few_digits,
        "faults": list(judged.faults),
        "look_at": _looked_at(exercise, judged),
        "answer": _right(exercise) if told else None,
        "explanation": explanation,
    }


def _looked_at(exercise: Exercise, judged: Judged) -> list[LookedAt]:
    if judged.right or judged.few_digits:
        return []
    return [
        {"tensor": key, "index": None if index is None else list(index)}
        for key, index in blamed(exercise, judged.faults)
    ]


def _right(exercise: Exercise) -> Any:
    right = exercise.right
    return list(right) if isinstance(right, tuple) else right

"""Predictions as the documents of the API, as `answers_lessons` has them."""

from app.api.answers_lessons import PredictedAnswer
from app.engine.practice import Judged


def predicted_json(judged: Judged, right: float | tuple[int, ...], reveal: bool) -> PredictedAnswer:
    """What is to be said of a prediction; the right one where it was given, or is to be told."""
    told = list(right) if isinstance(right, tuple) else right
    return {
        "right": judged.right,
        "few_digits": judged.few_digits,
        "faults": list(judged.faults),
        "answer": told if judged.right or reveal else None,
    }

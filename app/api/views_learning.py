"""Derivations, checks and updates as the documents of the API, as `answers_learning` has them."""

from dataclasses import asdict
from typing import Any, cast

import numpy as np
import orjson

from app.api.answers_learning import (
    AlarmAnswer,
    CheckAnswer,
    DoubtfulAnswer,
    ExplanationAnswer,
    HealthAnswer,
    HistoryAnswer,
    LayerHealthAnswer,
    NudgedAnswer,
    RegionsAnswer,
    TermAnswer,
    UpdateAnswer,
)
from app.api.bounds import Bound
from app.api.views import losses_json, optimizer_json
from app.engine.check import TOLERANCE, CheckResult
from app.engine.derivation import Explanation, TermValue, written_functions
from app.engine.health import SCALE
from app.engine.history import Rows
from app.engine.nudge import Nudged
from app.sessions.learning import UpdateResult
from app.sessions.regions import Doubtful, Regions
from app.sessions.runs.health import Health
from app.sessions.state import Session


def explanation_json(explanation: Explanation) -> ExplanationAnswer:
    """The derivation of one number."""
    divisor = explanation.divisor
    return {
        "tensor": explanation.tensor,
        "index": list(explanation.index),
        "value": explanation.value,
        "rule": explanation.rule,
        "rule_name": explanation.rule_name,
        "shapes": {name: list(shape) for name, shape in explanation.shapes.items()},
        "terms": list(map(_term_json, explanation.terms)),
        "scale": explanation.scale,
        "combine": explanation.combine,
        "omitted": explanation.omitted,
        "omitted_value": explanation.omitted_value,
        "divisor": None
        if divisor is None
        else {
            "terms": list(map(_term_json, divisor.terms)),
            "value": divisor.value,
            "shift": divisor.shift,
            "omitted": divisor.omitted,
            "omitted_value": divisor.omitted_value,
        },
        "note": explanation.note,
        "functions": written_functions(explanation),
    }


def _term_json(term: TermValue) -> TermAnswer:
    return {
        "factors": [
            {
                "tensor": factor.tensor,
                "index": list(factor.index),
                "value": factor.value,
                "function": factor.function,
                "cell_value": factor.cell_value,
            }
            for factor in term.factors
        ],
        "coefficient": term.coefficient,
        "value": term.value,
    }


def check_json(session: Session, result: CheckResult, seed: int) -> CheckAnswer:
    """The numerical check of all parameters."""
    errors = [check.max_relative_error for check in result.parameters.values()]
    compared = [error for error in errors if error is not None]
    return {
        "h": result.h,
        "seed": seed,
        "objective": "upstream" if session.spec.loss is None else "loss",
        "sampled": any(check.checked < check.cells for check in result.parameters.values()),
        "tolerance": TOLERANCE,
        "max_relative_error": float(np.max(compared)) if compared else None,
        "parameters": {
            name: {
                "shape": list(check.shape),
                "passed": check.passed,
                "max_relative_error": check.max_relative_error,
                "norm_error": check.norm_error,
                "mean_difference": check.mean_difference,
                "worst": None if check.worst is None else list(check.worst),
                "backpropagated": check.backpropagated,
                "numerical": check.numerical,
                "cells": check.cells,
                "checked": check.checked,
                "places": list(check.places),
                "errors": list(check.errors),
                "not_comparable": [list(cell) for cell in check.not_comparable],
            }
            for name, check in result.parameters.items()
        },
    }


def nudged_json(found: Nudged) -> NudgedAnswer:
    """The steps tried with one number."""
    return {
        "tensor": found.tensor,
        "index": list(found.index),
        "objective": found.objective,
        "start": found.start,
        "value": found.value,
        "backpropagated": found.backpropagated,
        "nudges": [
            {
                "h": one.h,
                "minus": one.minus,
                "plus": one.plus,
                "numerical": one.numerical,
                "error": one.error,
                "relative_error": one.relative_error,
                "kink": one.kink,
            }
            for one in found.nudges
        ],
    }


def update_json(session: Session, result: UpdateResult, max_cells: int) -> UpdateAnswer:
    """One step of the optimiser; what was before it has no address any more."""
    told = Bound.of(session, max_cells)
    return {
        "version": session.version,
        "data_version": session.data_version,
        "optimizer": optimizer_json(result.optimizer),
        "loss": losses_json(result.losses),
        "parameters": {
            name: {
                "old": told("", step.old),
                "gradient": told("", step.gradient),
                "change": told("", step.change),
                "new": told(name, step.new),
            }
            for name, step in result.parameters.items()
        },
    }


def health_json(session: Session, health: Health) -> HealthAnswer:
    """How a network fares."""
    low, high = SCALE
    return {
        "version": session.version,
        "data_version": session.data_version,
        "loss": losses_json(health.losses),
        "scale": {"minimum": 10.0**low, "maximum": 10.0**high},
        "layers": [cast(LayerHealthAnswer, asdict(layer)) for layer in health.layers],
        "alarms": [
            cast(AlarmAnswer, {**asdict(alarm), "index": list(alarm.index)})
            for alarm in health.alarms
        ],
    }


def regions_json(session: Session, found: Regions) -> RegionsAnswer:
    """A square of the plane."""
    return {
        "version": session.version,
        "data_version": session.data_version,
        "low": list(found.plane.low),
        "high": list(found.plane.high),
        "size": found.size,
        "classes": found.classes,
        # What a shade can show.
        "certainty": found.certainty.astype(np.float32),
        "points": found.points,
        "labels": found.labels,
        "batch": found.batch,
    }


def doubtful_json(session: Session, found: Doubtful, pixels: list[np.ndarray]) -> DoubtfulAnswer:
    """Digits that the network gets wrong, or is not sure of."""
    columns = (found.rows, found.labels, found.predictions, found.right, found.given)
    return {
        "version": session.version,
        "data_version": session.data_version,
        "samples": found.samples,
        "wrong": found.wrong,
        "digits": [
            {
                "row": int(row),
                "label": int(label),
                "prediction": int(prediction),
                "label_probability": float(right),
                "probability": float(given),
                "pixels": picture.tolist(),
            }
            for row, label, prediction, right, given, picture in zip(*columns, pixels, strict=True)
        ],
    }


def history_json(rows: Rows, rates: np.ndarray) -> HistoryAnswer:
    """A history in columns; what was measured and is not finite is a text, as everywhere."""
    health = [*rows.gradient_norms.values(), *rows.update_ratios.values(), *rows.dead.values()]
    looked = np.any([~np.isnan(column) for column in health], axis=0)
    tested = ~np.isnan(rows.test_accuracy)
    every = np.ones(len(rows.step), dtype=bool)
    graded = ~np.isnan(rows.accuracy)
    return {
        "step": rows.step.tolist(),
        "loss": _column(rows.loss, every),
        "accuracy": _column(rows.accuracy, graded),
        "test_loss": _column(rows.test_loss, tested),
        "test_accuracy": _column(rows.test_accuracy, tested),
        "learning_rate": rates.tolist(),
        "gradient_norms": {k: _column(v, looked) for k, v in rows.gradient_norms.items()},
        "update_ratios": {k: _column(v, looked) for k, v in rows.update_ratios.items()},
        "dead": {k: _column(v, looked) for k, v in rows.dead.items()},
    }


def _column(values: np.ndarray, measured: np.ndarray) -> Any:
    """float32 in its own digits; None where nothing was measured."""
    # What is not finite has become None, too.
    told = orjson.loads(orjson.dumps(np.ascontiguousarray(values), option=_NUMPY))
    for place in np.flatnonzero(measured & ~np.isfinite(values)):
        told[place] = float(values[place])
    return told


_NUMPY = orjson.OPT_SERIALIZE_NUMPY


def history_table(rows: Rows, rates: np.ndarray) -> np.ndarray:
    """A history as a table with named columns, for ``.npy``; NaN where nothing was measured."""
    columns = {
        "step": rows.step,
        "loss": rows.loss,
        "accuracy": rows.accuracy,
        "test_loss": rows.test_loss,
        "test_accuracy": rows.test_accuracy,
        "learning_rate": rates,
    }
    for group in ("gradient_norms", "update_ratios", "dead"):
        columns |= {f"{group}/{name}": column for name, column in getattr(rows, group).items()}
    table = np.empty(len(rows.step), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return table

"""Derivations, checks and updates as the documents of the API, as `answers_learning` has them."""

import numpy as np

from app.api.answers_learning import CheckAnswer, ExplanationAnswer, TermAnswer, UpdateAnswer
from app.api.bounds import Bound
from app.api.views import optimizer_json
from app.engine.check import CheckResult
from app.engine.derivation import Explanation, TermValue
from app.sessions.learning import UpdateResult
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


def check_json(result: CheckResult, seed: int) -> CheckAnswer:
    """The numerical check of all parameters."""
    errors = [check.max_relative_error for check in result.parameters.values()]
    compared = [error for error in errors if error is not None]
    return {
        "h": result.h,
        "seed": seed,
        "sampled": any(check.checked < check.cells for check in result.parameters.values()),
        "max_relative_error": float(np.max(compared)) if compared else None,
        "parameters": {
            name: {
                "max_relative_error": check.max_relative_error,
                "worst": None if check.worst is None else list(check.worst),
                "backpropagated": check.backpropagated,
                "numerical": check.numerical,
                "cells": check.cells,
                "checked": check.checked,
                "not_comparable": [list(cell) for cell in check.not_comparable],
            }
            for name, check in result.parameters.items()
        },
    }


def update_json(session: Session, result: UpdateResult, max_cells: int) -> UpdateAnswer:
    """One step of the optimiser; what was before it has no address any more."""
    told = Bound.of(session, max_cells)
    return {
        "version": session.version,
        "data_version": session.data_version,
        "optimizer": optimizer_json(result.optimizer),
        "loss": {
            "before": result.before,
            "predicted": result.predicted,
            "after": result.after,
        },
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

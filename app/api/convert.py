"""From the models of bodies to what the service takes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.api import models
from app.api.problem import FieldError, invalid
from app.engine.initializers import Initializer
from app.engine.optimizers import OptimizerConfig
from app.sessions import edits
from app.sessions.batch import Variation
from app.sessions.creation import Made, Wanted
from app.sessions.trainer import RunPlan


def wanted(body: models.Evaluate) -> Wanted:
    """The network and the numbers of a body, or what the passes of its batch share.

    Raises:
        Problem: 422, a variation has no x, and there is none beside them.
    """
    x = body.x
    if x is None:
        # Then there is a batch, and where every variation has its own, the first one's will do.
        batch = body.batch or []
        missing = [index for index, variation in enumerate(batch) if variation.x is None]
        if missing:
            message = "this field is required, unless x stands beside batch"
            raise invalid([FieldError(f"/batch/{missing[0]}/x", "missing", message)])
        x = batch[0].x
        assert x is not None
    return _numbers(body.network, x, body)


def variations(body: models.Evaluate) -> list[Variation] | None:
    """The passes of a batch, if it is one."""
    if body.batch is None:
        return None
    return [Variation(v.parameters, v.x, v.t, v.grad_output) for v in body.batch]


def wanted_session(body: models.NewSession) -> Wanted:
    """As `wanted`, with the session's own fields.

    Raises:
        Problem: 422, network or samples are missing, or there are samples twice.
    """
    x = body.x if body.data is None else Made(**body.data.model_dump())
    missing = [
        FieldError(f"/{name}", "missing", "this field is required, unless there is a preset")
        for name, value in (("network", body.network), ("x", x))
        if value is None
    ]
    if body.row is not None:
        missing.append(FieldError("/row", "unknown", "row goes with a preset"))
    if body.data is not None:
        missing += [
            FieldError(f"/{name}", "unknown", "data brings x, t and grad_output along")
            for name in ("x", "t", "grad_output")
            if getattr(body, name) is not None
        ]
    if missing or body.network is None or x is None:
        raise invalid(missing)
    return replace(
        _numbers(body.network, x, body),
        optimizer=optimizer(body.optimizer),
        view=None if body.view is None else change_view(body.view),
    )


def _numbers(
    network: models.Network, x: np.ndarray | Made, body: models.Evaluate | models.NewSession
) -> Wanted:
    return Wanted(
        input_size=network.input_size,
        layers=tuple((layer.type, layer.name or "", layer.units) for layer in network.layers),
        loss=None if network.loss is None else network.loss.type,
        dtype=network.dtype,
        x=x,
        parameters=body.parameters,
        seed=body.seed,
        initializer=Initializer(body.initializer.type, body.initializer.std),
        t=body.t,
        grad_output=body.grad_output,
    )


def require_preset_alone(body: models.NewSession) -> None:
    """Refuse a preset together with numbers of one's own.

    Raises:
        Problem: 422, naming what is too much.
    """
    extra = sorted(body.model_fields_set - {"preset", "row"})
    if extra:
        raise invalid(
            FieldError(f"/{name}", "unknown", "a preset brings everything itself") for name in extra
        )


def optimizer(model: models.Optimizer | None) -> OptimizerConfig | None:
    """An optimiser's settings; None stays None."""
    return None if model is None else OptimizerConfig(**model.model_dump())


def run_plan(body: models.NewRun) -> RunPlan:
    """What a run is to do."""
    return RunPlan(optimizer(body.optimizer), body.batch_size, body.steps, body.seed, body.batches)


def change_view(model: models.View) -> edits.ChangeView:
    """What of a view is to change."""
    opened = None if model.open is None else tuple(model.open)
    return edits.ChangeView(model.level, model.loss, model.sample, model.single, opened, model.form)


def edit_list(body: Sequence[models.Edit]) -> list[edits.Edit]:
    """The edits of a PATCH."""
    return [_edit(edit) for edit in body]


def _edit(edit: models.Edit) -> edits.Edit:
    match edit:
        case models.SetCell():
            return edits.SetCell(edit.tensor, tuple(edit.index), edit.value)
        case models.Replace():
            return edits.Replace(edit.tensor, edit.value)
        case models.ChangeView():
            return change_view(edit)
        case models.Load():
            return edits.Load(edit.dataset, edit.split, tuple(edit.rows))
        case models.ChangeOptimizer():
            return edits.ChangeOptimizer(OptimizerConfig(**edit.optimizer.model_dump()))

"""From the models of bodies to what the service takes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.api import models
from app.api.models_parts import Optimizer, View
from app.api.problem import FieldError, invalid
from app.engine.initializers import Initializer
from app.engine.optimizers import OptimizerConfig
from app.engine.rates import CONSTANT, Schedule
from app.engine.spec import LayerSpec, LossSpec
from app.sessions import edits
from app.sessions.batch import CodeVariation, Variation
from app.sessions.creation import Made, Wanted, WantedCode
from app.sessions.runs.work.order import Plan


def wanted(body: models.Evaluate | models.EvaluateBatch) -> Wanted:
    """The network and the numbers of a body, or what the passes of its batch share.

    Raises:
        Problem: 422, a variation has no x, and there is none beside them.
    """
    x = body.x
    if x is None:
        assert isinstance(body, models.EvaluateBatch)
        # Where every variation has its own, the first one's will do.
        missing = [index for index, variation in enumerate(body.batch) if variation.x is None]
        if missing:
            message = "this field is required, unless x stands beside batch"
            raise invalid([FieldError(f"/batch/{missing[0]}/x", "missing", message)])
        x = body.batch[0].x
        assert x is not None
    return _numbers(body, x, body.t, body.grad_output)


def variations(body: models.Evaluate | models.EvaluateBatch) -> list[Variation] | None:
    """The passes of a batch, if it is one."""
    if isinstance(body, models.Evaluate):
        return None
    return [Variation(v.parameters, v.x, v.t, v.grad_output) for v in body.batch]


def code_variations(body: models.EvaluateCodeBatch) -> list[CodeVariation]:
    """The passes of a batch of a program."""
    return [CodeVariation(v.values, v.grad_output) for v in body.batch]


def wanted_code(body: models.Program) -> WantedCode:
    """The program and the numbers of a body."""
    return WantedCode(body.code, body.values, body.grad_output)


def wanted_session(
    body: models.NewSession | models.SessionWithData | models.SessionWithCode,
) -> Wanted | WantedCode:
    """As `wanted`, with the session's own fields."""
    numbers: Wanted | WantedCode
    if isinstance(body, models.SessionWithCode):
        numbers = replace(wanted_code(body), up_to_clash=body.up_to_clash)
    elif isinstance(body, models.NewSession):
        numbers = _numbers(body, body.x, body.t, body.grad_output)
    else:
        numbers = _numbers(body, Made(**body.data.model_dump()))
    return replace(
        numbers,
        optimizer=optimizer(body.optimizer),
        view=None if body.view is None else change_view(body.view),
    )


def _numbers(
    body: models.Pass,
    x: np.ndarray | Made,
    t: np.ndarray | None = None,
    grad_output: np.ndarray | None = None,
) -> Wanted:
    network, drawn = body.network, body.initializer
    return Wanted(
        input_size=network.input_size,
        input_shape=None if network.input_shape is None else tuple(network.input_shape),
        layers=tuple(
            LayerSpec(layer.type, layer.name or "", **layer.settings) for layer in network.layers
        ),
        loss=(
            None if network.loss is None else LossSpec(network.loss.type, **network.loss.settings)
        ),
        dtype=network.dtype,
        x=x,
        parameters=body.parameters,
        seed=body.seed,
        initializer=(
            Initializer(drawn) if isinstance(drawn, str) else Initializer(drawn.type, drawn.std)
        ),
        t=t,
        grad_output=grad_output,
    )


def optimizer(model: Optimizer | None) -> OptimizerConfig | None:
    """An optimiser's settings; None stays None."""
    return None if model is None else OptimizerConfig(**model.model_dump())


def run_plan(body: models.NewRun | models.RunOfBatches) -> Plan:
    """What a run is to do."""
    stop = body.stop or models.Stop()
    plan = Plan(
        optimizer(body.optimizer),
        steps=body.steps,
        seed=body.seed,
        schedule=CONSTANT if body.schedule is None else Schedule(**body.schedule.model_dump()),
        evaluate_every=body.evaluate_every,
        loss_below=stop.loss_below,
        patience=stop.patience,
    )
    if isinstance(body, models.NewRun):
        return replace(plan, batch_size=body.batch_size)
    return replace(plan, batches=body.batches)


def change_view(model: View) -> edits.ChangeView:
    """What of a view is to change."""
    opened = None if model.open is None else tuple(model.open)
    return edits.ChangeView(
        model.level, model.loss, model.sample, model.single, opened, model.form, model.update
    )


def edit_list(body: Sequence[models.Edit]) -> list[edits.Edit]:
    """The edits of a PATCH."""
    return [_edit(edit) for edit in body]


def _edit(edit: models.Edit) -> edits.Edit:
    match edit:
        case models.SetCell():
            return edits.SetCell(edit.tensor, tuple(edit.index), edit.value)
        case models.Replace():
            return edits.Replace(edit.tensor, edit.value)
        case models.InsertRow():
            return edits.InsertRow(edit.row, edit.x, edit.t, edit.grad_output)
        case models.DeleteRow():
            return edits.DeleteRow(edit.row)
        case models.NameClasses():
            return edits.NameClasses(tuple(edit.names))
        case models.ChangeView():
            return change_view(edit)
        case models.Load():
            return edits.Load(edit.dataset, edit.split, tuple(edit.rows))
        case models.ChangeCode():
            # null is not the same as nothing: then there is to be none.
            clears = edit.grad_output is None and "grad_output" in edit.model_fields_set
            return edits.ChangeCode(
                edit.code, edit.values, edit.grad_output, clears, edit.up_to_clash
            )
        case models.Reset():
            return edits.Reset()
        case models.ChangeOptimizer():
            return edits.ChangeOptimizer(OptimizerConfig(**edit.optimizer.model_dump()))

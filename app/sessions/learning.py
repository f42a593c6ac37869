"""One step of the optimiser, told in full, and the numerical check of the gradients."""

from dataclasses import dataclass, replace

import numpy as np

from app.engine.check import CheckResult, check_objective, gradient_check
from app.engine.code.spec import CodeSpec
from app.engine.descent import Losses, losses
from app.engine.network import Evaluation
from app.engine.optimizers import OptimizerConfig, added, make_optimizer
from app.sessions.edits import Loader
from app.sessions.state import Session
from app.sessions.stepping import learns, objective_of, stepped
from app.sessions.store.errors import Conflict

Array = np.ndarray

# The check runs two forward passes for each cell; these bound it to a few seconds.
MAX_CHECKED_CELLS = 5_000
CHECK_WORK = 2e9


@dataclass(frozen=True)
class Updated:
    """One parameter in one step: ``new = old + change``."""

    old: Array
    gradient: Array
    change: Array
    new: Array


@dataclass(frozen=True)
class UpdateResult:
    """One step of the optimiser over the samples that the session shows."""

    optimizer: OptimizerConfig
    losses: Losses
    parameters: dict[str, Updated]


def require_targets(session: Session) -> Array:
    """The one-hot targets of a network that can be trained with mini-batches.

    Raises:
        Conflict: there is no loss, there are no targets, or there is nothing to adjust.
    """
    targets = session.targets
    if session.spec.loss is None or targets is None:
        raise Conflict(
            "the session has no loss or no targets, so there is nothing to learn from",
            "nothing-to-learn",
        )
    _require_parameters(session)
    return targets


def require_mini_batches(session: Session) -> None:
    """Refuse a session that no run can train.

    Raises:
        Conflict: a network: see `require_targets`; a program: its result is no loss, or nothing in
            it learns.
    """
    if not isinstance(session.spec, CodeSpec):
        require_targets(session)
        return
    if session.spec.clash is not None:
        raise Conflict(
            "shapes of the program do not fit, so it has no result to learn from",
            "nothing-to-learn",
        )
    if session.spec.loss is None:
        raise Conflict(
            "the last line of the program is an array, so there is no loss to lower; end it with "
            "one number, such as L = np.mean(y)",
            "nothing-to-learn",
        )
    _require_parameters(session)


def require_gradient(session: Session) -> None:
    """Refuse a session whose parameters have no gradients.

    Raises:
        Conflict: there is neither a loss with targets nor a gradient from above, or there is
            nothing to adjust.
    """
    _require_parameters(session)
    if not learns(session):
        raise Conflict(
            "the session has neither a loss with targets nor a gradient of its output, so its "
            "parameters have no gradients",
            "nothing-to-learn",
        )


def _require_parameters(session: Session) -> None:
    if not session.spec.learned:
        what = (
            "program is given nothing that learns"
            if session.spec.is_program
            else ("network has no parameters")
        )
        raise Conflict(f"the {what}", "nothing-to-learn")


@np.errstate(all="ignore")  # A step may blow up; that is worth seeing.
def update(
    session: Session, optimizer: OptimizerConfig | None, evaluation: Evaluation, loader: Loader
) -> tuple[Session, UpdateResult]:
    """The session after one step on all its samples, and what the step did.

    Args:
        session: With a loss and targets, or with a gradient from above.
        optimizer: Replaces the session's, which starts afresh then.
        evaluation: The session's pass: its loss, and the gradients that the step follows.
        loader: Gives the next mini-batch of a session that has a pool.

    Raises:
        Conflict: see `require_gradient`; or its data set is gone.
    """
    require_gradient(session)
    if optimizer is not None and optimizer != session.optimizer:
        cut = session.steps.cut()
        session = replace(session, optimizer=optimizer, optimizer_state={}, steps=cut)
    stepper = make_optimizer(session.optimizer)
    if session.optimizer_state:
        stepper.restore(dict(session.optimizer_state))
    gradients = evaluation.parameter_gradients
    changes = stepper.changes(gradients)
    new = added({name: session.parameters[name] for name in session.spec.learned}, changes)
    around = losses(objective_of(session), evaluation.loss, gradients, changes, new)
    steps = {
        # Adding 0 turns -0 into 0.
        name: Updated(old, gradients[name] + 0, changes[name] + 0, new[name])
        for name, old in session.parameters.items()
        if name in changes
    }
    result = UpdateResult(session.optimizer, around, steps)
    return stepped(session, new, stepper.state(), loader), result


def check_gradients(session: Session, h: float, seed: int) -> CheckResult:
    """Backpropagation against central differences, on a sample of cells where all would be long.

    Raises:
        Conflict: see `require_gradient`.
    """
    require_gradient(session)
    spec = session.network
    if isinstance(spec, CodeSpec):
        cells = max(len(spec.learned), int(CHECK_WORK / (20.0 * spec.cells + 1e6)))
        return check_objective(objective_of(session), h, min(cells, MAX_CHECKED_CELLS), seed)
    work = 2.0 * (session.n * spec.parameter_count + spec.pass_cells(session.n))
    cells = max(len(spec.parameter_shapes), min(MAX_CHECKED_CELLS, int(CHECK_WORK / work)))
    t, given = (session.targets, None) if spec.loss else (None, session.grad_output)
    return gradient_check(spec, session.parameters, session.x, t, h, cells, seed, grad_output=given)

"""The health of a session's network: of its pass, its next update, and the run that led there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.engine.alarms import NAMES, Alarm, Examined, alarms
from app.engine.code.health import line_alarms, line_health
from app.engine.code.objective import CodeObjective
from app.engine.code.running import by_program
from app.engine.code.spec import CodeSpec
from app.engine.descent import Losses, losses
from app.engine.health import LayerHealth, layer_health
from app.engine.history import Rows
from app.engine.network import Evaluation, Network
from app.engine.objective import Objective
from app.engine.optimizers import OptimizerConfig, added, make_optimizer
from app.engine.spec import NetworkSpec
from app.engine.targets import targets_of
from app.engine.trace import Trace
from app.sessions.runs.work.order import Order
from app.sessions.state import Session

Array = np.ndarray

# Samples of a run that are looked at before its first step.
MAX_ROWS = 1_000


@dataclass(frozen=True)
class Health:
    """What is told of it.

    Attributes:
        losses: Around the next step of the optimiser on the samples of the pass.
        layers: In the order of the network.
        alarms: Causes before what follows from them.
    """

    losses: Losses
    layers: tuple[LayerHealth, ...]
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class Looked:
    """A network between two steps, and what it is looked at with.

    Attributes:
        x: Samples ``(N, D)`` of the pass, and ``t``: their targets or labels.
        labels: The classes ``(M,)`` of all samples that are learned from.
    """

    spec: NetworkSpec
    parameters: Mapping[str, Array]
    x: Array
    t: Array
    labels: Array
    optimizer: OptimizerConfig
    optimizer_state: Mapping[str, Array]


def health(
    looked: Looked,
    evaluation: Evaluation,
    history: Rows | None = None,
    step: int | None = None,
) -> Health:
    """The health of a network.

    Args:
        looked: The network.
        evaluation: Its pass, with a loss and a backward half.
        history: What the run that led here has noted.
        step: Which step of the run it is that the pass shows, if it is one.
    """
    optimizer = make_optimizer(looked.optimizer)
    if looked.optimizer_state:
        optimizer.restore(dict(looked.optimizer_state))
    changes = optimizer.changes(evaluation.parameter_gradients)
    new = added(looked.parameters, changes)
    assert evaluation.loss is not None
    targets = targets_of(looked.spec, looked.t, len(looked.x))
    network = Network(looked.spec, looked.parameters)
    around = losses(
        Objective(network, looked.x, targets),
        evaluation.loss,
        evaluation.parameter_gradients,
        changes,
        new,
    )
    examined = Examined(
        evaluation,
        looked.x,
        changes,
        around.before,
        around.after,
        looked.labels if _has_classes(looked.spec) else np.zeros(0, np.int64),
        looked.spec.output_size if _has_classes(looked.spec) else 0,
        history,
        step,
    )
    return Health(around, layer_health(evaluation, changes), alarms(examined))


def program_health(
    session: Session, spec: CodeSpec, trace: Trace, history: Rows | None = None
) -> Health:
    """The health of a program that learns.

    Args:
        session: Whose program it is.
        spec: The program, with a loss.
        trace: Its pass in arrays.
        history: What the run that led here has noted.
    """
    optimizer = make_optimizer(session.optimizer)
    if session.optimizer_state:
        optimizer.restore(dict(session.optimizer_state))
    evaluation = by_program(spec, trace)
    gradients = evaluation.parameter_gradients
    changes = optimizer.changes(gradients)
    new = added({name: session.parameters[name] for name in spec.learned}, changes)
    objective = CodeObjective(spec, session.parameters)
    around = losses(objective, evaluation.loss, gradients, changes, new)
    found = line_alarms(spec, trace, changes, (around.before, around.after), history)
    return Health(around, line_health(spec, trace, changes), found)


def at_start(order: Order) -> tuple[Alarm, ...]:
    """The alarms of a run before its first step.

    Where a run has blown up, its last pass has little left to tell.
    """
    spec, x, t = order.spec, order.x[:MAX_ROWS], order.t[:MAX_ROWS]
    labels = targets_of(spec, order.t, len(order.x)).argmax(axis=1)
    targets = targets_of(spec, t, len(x))
    evaluation = Network(spec, order.start.parameters).evaluate(x, targets)
    assert order.plan.optimizer is not None
    looked = Looked(
        spec,
        order.start.parameters,
        x,
        t,
        labels,
        order.plan.optimizer,
        order.start.optimizer_state,
    )
    # Its cells are those of another pass than the one at hand.
    return tuple(
        replace(alarm, tensor=None, index=(), step=1) for alarm in health(looked, evaluation).alarms
    )


def _has_classes(spec: NetworkSpec) -> bool:
    return spec.loss is not None and spec.loss.has_classes


def joined(first: Sequence[Alarm], more: Sequence[Alarm]) -> tuple[Alarm, ...]:
    """``first`` and those of ``more`` that have other names, causes before what follows."""
    names = {alarm.name for alarm in first}
    found = (*first, *(alarm for alarm in more if alarm.name not in names))
    return tuple(sorted(found, key=lambda alarm: NAMES.index(alarm.name)))


def has_blown_up(seen: Health) -> bool:
    """Whether a run's last pass tells of what is over rather than of what has caused it."""
    return any(
        alarm.name == "not_finite" or (alarm.name == "rate_high" and alarm.step is not None)
        for alarm in seen.alarms
    )

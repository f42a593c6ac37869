"""Learning step by step: from the end of an update into the next mini-batch, and back again.

Going on takes over what the update of the pass has made. Going back makes the steps before again,
from the numbers that the steps began with: they follow from these alone, to the last bit.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.engine.code.objective import CodeObjective
from app.engine.code.spec import CodeSpec
from app.engine.network import Network
from app.engine.objective import Differentiated, Objective
from app.engine.optimizers import Optimizer, make_optimizer
from app.engine.packed import Packed
from app.engine.strides import Cursor, Passed, advance, clamp
from app.engine.trace import Trace
from app.engine.training import Training
from app.sessions.edits import Loader
from app.sessions.opened import leaves
from app.sessions.pools import drawn, is_drawn, kept
from app.sessions.state import Session
from app.sessions.steps import Steps

if TYPE_CHECKING:
    from app.sessions.passes import Passes

Array = np.ndarray

# Multiplications that going back one step may take: some tenths of a second.
BACK_WORK = 1e10
BACK_STEPS = 2_000


def learns(session: Session) -> bool:
    """Whether the session's parameters have gradients, so that an update can follow its pass."""
    if isinstance(session.spec, CodeSpec) and session.spec.loss is not None:
        return bool(session.spec.learned)
    start = session.grad_output if session.spec.loss is None else session.t
    return start is not None and bool(session.spec.learned)


def objective_of(session: Session, network: Network | None = None) -> Differentiated:
    """What a session that `learns` differentiates, of its own network or another of its layers."""
    if isinstance(session.spec, CodeSpec):
        return CodeObjective(session.spec, session.parameters, session.grad_output)
    network = network or Network(session.network, session.parameters)
    if session.spec.loss is None:
        return Objective(network, session.x, None, session.grad_output)
    return Objective(network, session.x, session.targets)


def gone_on(session: Session, trace: Trace, loader: Loader) -> Session:
    """The session before the next step, after the update that ``trace`` ends with."""
    assert trace.update is not None
    new = {name: trace.array(f"{name}.new") for name in session.spec.learned}
    return stepped(session, new, trace.update.state, loader)


def stepped(
    session: Session, parameters: Mapping[str, Array], state: Mapping[str, Array], loader: Loader
) -> Session:
    """The session after one step of its own optimiser on its samples, which gave these.

    Where it has a pool, its samples are the next mini-batch.

    Raises:
        Conflict: the data set is gone.
    """
    steps = session.steps
    if session.pool is not None and not is_drawn(session):
        # Nothing but the edited samples themselves could make this step again.
        steps = Steps(steps.made + 1, steps.made + 1)
    else:
        if steps.behind == 0 or not _is_near(session, steps.behind + 1):
            steps = Steps(steps.made, steps.made, session.parameters, session.optimizer_state)
        steps = replace(steps, made=steps.made + 1)
    session = replace(
        session,
        parameters={**session.parameters, **parameters},
        optimizer_state=dict(state),
        steps=steps,
        data_version=session.data_version + 1,
    )
    return drawn(session, loader)


def gone_back(session: Session, loader: Loader) -> Session:
    """The session as it was before its last step of learning; there must be one.

    Raises:
        Conflict: the data set is gone.
    """
    steps = session.steps
    assert steps.behind > 0
    parameters, state = steps.parameters, steps.optimizer_state
    if steps.behind > 1:
        optimizer = make_optimizer(session.optimizer)
        if state:
            optimizer.restore(state)
        if isinstance(session.spec, CodeSpec) or session.spec.loss is None:
            parameters = _follow(session, parameters, optimizer, steps.behind - 1)
        else:
            network = Network(session.spec, parameters)
            training = _again(session, network, optimizer, loader)
            while not training.finished:
                training.advance()
            parameters = network.parameters
        state = optimizer.state()
    session = replace(
        session,
        parameters=dict(parameters),
        optimizer_state=dict(state),
        steps=replace(steps, made=steps.made - 1),
        data_version=session.data_version + 1,
    )
    return drawn(session, loader)


@np.errstate(all="ignore")
def _follow(
    session: Session, parameters: Mapping[str, Array], optimizer: Optimizer, steps: int
) -> Mapping[str, Array]:
    """The parameters after so many steps which no training makes: of a program, or along the
    gradient that is given.
    """
    names = session.spec.learned
    moved = Packed({name: parameters[name].shape for name in names}, session.spec.dtype)
    moved.fill(parameters)
    gradients = Packed.like(moved)
    for step in range(session.steps.base, session.steps.base + steps):
        there = replace(session, steps=replace(session.steps, made=step), opened=None)
        objective = objective_of(replace(there, parameters={**parameters, **moved}))
        gradients.fill(objective.gradients())
        optimizer.step(moved, gradients)
    return {**parameters, **{name: np.array(value) for name, value in moved.items()}}


def _again(session: Session, network: Network, optimizer: Optimizer, loader: Loader) -> Training:
    """The steps before the last one, from where the way back begins."""
    steps, pool = session.steps, session.pool
    if pool is None:
        targets = session.targets
        assert targets is not None
        rows = [range(session.n)]
        return Training(
            network, session.x, targets, optimizer, steps=steps.made - 1, batches=rows,
            start=steps.base,
        )  # fmt: skip
    x, labels = kept(session.spec, pool, loader)
    return Training(
        network,
        x,
        labels,
        optimizer,
        pool.batch_size,
        steps.made - 1,
        pool.seed,
        start=steps.base,
    )


def _is_near(session: Session, count: int) -> bool:
    """Whether so many steps are made again in a moment."""
    spec = session.spec
    work = 3.0 * session.n * (spec.parameter_count + spec.pass_cells(1))
    return count <= BACK_STEPS and count * work <= BACK_WORK


def move(
    passes: "Passes", session: Session, direction: str, stride: str, loader: Loader
) -> tuple[Session, tuple[Passed, ...]]:
    """One stride of the cursor: the session after it, and what was passed.

    At the end of an update the next stride begins the next step, at its start the one back leads
    to the end of the step before; the stride ``step`` goes on to that step's end at once.

    Raises:
        EngineError: the direction or the stride is unknown.
        Conflict: the next mini-batch is of a data set that is gone.
    """
    trace = passes.trace(session)
    cursor = clamp(session.cursor, trace)
    cursor_after, passed = advance(trace, cursor, direction, stride)
    end = len(trace.events)
    if direction == "next" and cursor.seq >= end and trace.update is not None:
        session = replace(gone_on(session, trace, loader), cursor=Cursor())
        if stride != "step":
            return session, ()
        cursor_after, passed = advance(passes.trace(session), Cursor(), direction, stride)
    elif direction == "back" and session.steps.behind > 0 and leaves(cursor, stride, end):
        session = gone_back(session, loader)
        cursor_after = Cursor(len(passes.trace(session).events))
    return replace(session, cursor=cursor_after), passed

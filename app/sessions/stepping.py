"""Learning step by step: from the end of an update into the next mini-batch, and back again.

Going on takes over what the update of the pass has made. Going back makes the steps before again,
from the numbers that the steps began with: they follow from these alone, to the last bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from app.engine.network import Network
from app.engine.optimizers import make_optimizer
from app.engine.strides import Cursor, Passed, advance, clamp
from app.engine.trace import Trace
from app.engine.training import Training
from app.sessions.opened import leaves

if TYPE_CHECKING:
    from app.sessions.passes import Passes
    from app.sessions.state import Session

Array = np.ndarray

# Multiplications that going back one step may take: some tenths of a second.
BACK_WORK = 1e10
BACK_STEPS = 2_000


@dataclass(frozen=True)
class Steps:
    """How far a session has learned by going on, and from where the way back is made again.

    Attributes:
        made: Steps of learning, counted from the session's first numbers.
        base: Steps that were made when ``parameters`` and ``optimizer_state`` were as they are
            here; going back ends there.
        parameters: Empty where nothing was made since.
    """

    made: int = 0
    base: int = 0
    parameters: Mapping[str, Array] = field(default_factory=dict)
    optimizer_state: Mapping[str, Array] = field(default_factory=dict)

    @property
    def behind(self) -> int:
        """How many steps can be gone back."""
        return self.made - self.base

    def cut(self) -> "Steps":
        """The same place after something else has changed the numbers: no way leads back."""
        return Steps(self.made, self.made)


def learns(session: "Session") -> bool:
    """Whether the session's pass goes on into an update."""
    return session.spec.loss is not None and session.t is not None and bool(session.parameters)


def gone_on(session: "Session", trace: Trace) -> "Session":
    """The session before the next step, after the update that ``trace`` ends with."""
    assert trace.update is not None
    new = {name: trace.array(f"{name}.new") for name in session.parameters}
    return stepped(session, new, trace.update.state)


def stepped(
    session: "Session", parameters: Mapping[str, Array], state: Mapping[str, Array]
) -> "Session":
    """The session after one step of its own optimiser on its samples, which gave these."""
    steps = session.steps
    if steps.behind == 0 or not _is_near(session, steps.behind + 1):
        steps = Steps(steps.made, steps.made, session.parameters, session.optimizer_state)
    return replace(
        session,
        parameters=parameters,
        optimizer_state=dict(state),
        steps=replace(steps, made=steps.made + 1),
        data_version=session.data_version + 1,
    )


def gone_back(session: "Session") -> "Session":
    """The session as it was before its last step of learning; there must be one."""
    steps = session.steps
    assert steps.behind > 0
    targets = session.targets
    assert targets is not None
    parameters, state = steps.parameters, steps.optimizer_state
    if steps.behind > 1:
        optimizer = make_optimizer(session.optimizer)
        if state:
            optimizer.restore(state)
        network = Network(session.spec, parameters)
        rows = [range(session.n)]
        training = Training(
            network, session.x, targets, optimizer, steps=steps.behind - 1, batches=rows
        )
        while not training.finished:
            training.advance()
        parameters, state = network.parameters, optimizer.state()
    return replace(
        session,
        parameters=dict(parameters),
        optimizer_state=dict(state),
        steps=replace(steps, made=steps.made - 1),
        data_version=session.data_version + 1,
    )


def _is_near(session: "Session", count: int) -> bool:
    """Whether so many steps are made again in a moment."""
    spec = session.spec
    work = 3.0 * session.n * (spec.parameter_count + spec.pass_cells(1))
    return count <= BACK_STEPS and count * work <= BACK_WORK


def move(
    passes: "Passes", session: "Session", direction: str, stride: str
) -> tuple["Session", tuple[Passed, ...]]:
    """One stride of the cursor: the session after it, and what was passed.

    At the end of an update the next stride begins the next step, at its start the one back leads
    to the end of the step before; the stride ``step`` goes on to that step's end at once.

    Raises:
        EngineError: the direction or the stride is unknown.
    """
    trace = passes.trace(session)
    cursor = clamp(session.cursor, trace)
    cursor_after, passed = advance(trace, cursor, direction, stride)
    end = len(trace.events)
    if direction == "next" and cursor.seq >= end and trace.update is not None:
        session = replace(gone_on(session, trace), cursor=Cursor())
        if stride != "step":
            return session, ()
        cursor_after, passed = advance(passes.trace(session), Cursor(), direction, stride)
    elif direction == "back" and session.steps.behind > 0 and leaves(cursor, stride, end):
        session = gone_back(session)
        cursor_after = Cursor(len(passes.trace(session).events))
    return replace(session, cursor=cursor_after), passed

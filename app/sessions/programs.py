"""A session as lines of NumPy: its program, or its layers written as one."""

from app.engine.code.clash import fits
from app.engine.code.spec import CodeSpec
from app.engine.code.writing import Written, lines_of, write
from app.sessions.creation import WantedCode
from app.sessions.state import Session


def written(session: Session) -> Written:
    """The program of a session, and what each of its lines stands for."""
    spec = session.spec
    if isinstance(spec, CodeSpec):
        names = {name: name for name in spec.shapes}
        fitting = () if spec.clash is None else fits(spec.code, spec.clash)
        return Written(spec.code, lines_of(spec), names, fitting)
    return write(session.network, session.n, session.t is not None)


def as_program(session: Session) -> WantedCode:
    """What makes a session of the same numbers whose network is a program.

    Targets are one-hot rows in it, whatever they were; its pass is in float64.
    """
    found = written(session)
    arrays = {"x": session.samples, "t": session.targets, **session.parameters}
    values = {name: arrays[tensor] for tensor, name in found.names.items()}
    return WantedCode(
        found.code,
        {name: value for name, value in values.items() if value is not None},
        session.grad_output,
        optimizer=session.optimizer,
    )

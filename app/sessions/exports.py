"""A session as a script that computes its numbers again: NumPy, classes, or PyTorch."""

import re
from dataclasses import replace
from typing import Literal

from app.engine.code.classes import class_script
from app.engine.code.derived import Derived, beside, derive
from app.engine.code.scripts import About, Numbers, numpy_script, torch_script
from app.engine.code.spec import CodeSpec
from app.engine.code.writing import Written
from app.engine.errors import EngineError
from app.engine.trace import Trace
from app.sessions.state import Session
from app.sessions.store.errors import Conflict

Form = Literal["numpy", "classes", "torch"]
# Tensors that one request for a file can name.
MOST_FILED = 64


def exported(session: Session, trace: Trace, form: Form) -> str:
    """The script.

    Args:
        session: The session.
        trace: Its pass in arrays over all samples, with the loss closed.
        form: ``classes`` for a chain of layers alone.

    Raises:
        Conflict: the shapes of a program do not fit, so there is nothing to be run.
        EngineError: a program has no layers to make classes of.
    """
    spec = session.spec
    if isinstance(spec, CodeSpec) and spec.clash is not None:
        raise Conflict("the shapes of the program do not fit, so no script can run it", "clash")
    if isinstance(spec, CodeSpec) and form == "classes":
        raise EngineError("a program has no layers to make classes of", "form", "value")
    derived = derived_of(session, torch=form == "torch")
    numbers = Numbers.of(derived, trace, session.grad_output, spec.dtype)
    filed = numbers.filed(derived.constants)
    if len(filed) > MOST_FILED:
        raise EngineError("the session has too many large tensors for a script", "form", "limit")
    about = _about(session, filed, form)
    if form == "classes":
        return class_script(session.network, session.n, numbers, about)
    return (torch_script if form == "torch" else numpy_script)(derived, numbers, about)


def derived_of(session: Session, torch: bool = False) -> Derived:
    """The lines of a session's pass; of a program, one whose shapes fit."""
    starts = session.grad_output is not None
    return derive(session.spec, session.n, session.t is not None, starts, torch)


def beside_lines(session: Session, written: Written) -> Written:
    """The lines of a session with its backward half, where it has one."""
    if isinstance(session.spec, CodeSpec) and session.spec.clash is not None:
        return written
    return replace(written, backward=beside(derived_of(session), written.code))


def name_of(session: Session, form: Form) -> str:
    """``fig-5-25-numpy.py``, or ``network-numpy.py`` for a network of one's own."""
    return f"{_plain(session)}-{form}.py"


def _plain(session: Session) -> str:
    return re.sub("[^A-Za-z0-9-]", "-", session.preset or "network")


def _about(session: Session, filed: tuple[str, ...], form: Form) -> About:
    kinds = {
        "numpy": "NumPy, forward and back, line by line",
        "classes": "NumPy, with a class for each layer as in section 5.7.2",
        "torch": "PyTorch, whose gradients are those of the explorer",
    }
    title = f"{_plain(session)} of Backprop Explorer in {kinds[form]}."
    file = f"{_plain(session)}.npz"
    query = "&".join(["level=op", "loss=closed", *(f"name={name}" for name in filed)])
    source = (
        f"Large arrays are in {file}: what the server gives for Accept: application/x-npz at\n"
        f"# /api/v1/sessions/{session.id}/tensors?{query}"
    )
    return About(title, file, source)

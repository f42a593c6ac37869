"""How deep a session's figure can be looked into."""

from functools import lru_cache

from app.drawing.figure.graph_json import MOST_ROWS
from app.engine.code.running import fits_scalars
from app.engine.code.spec import CodeSpec
from app.engine.run import fits_single
from app.engine.spec import NetworkSpec
from app.sessions.state import Session


def levels_of(session: Session) -> tuple[str, ...]:
    """The levels that there are for it, from afar to near.

    Boxes need layers; single numbers are shown of a loss with few classes, and of whatever else
    has few operations.
    """
    spec = session.spec
    boxes = ("network", "layer") if spec.layers else ()
    return (*boxes, "op", "element") if has_single_numbers(session) else (*boxes, "op")


def has_single_numbers(session: Session) -> bool:
    """Whether there is a figure of it in single numbers."""
    spec = session.spec
    if isinstance(spec, CodeSpec):
        return fits_scalars(spec)
    if spec.joins_samples and session.n > 1:
        return False
    return spec.output_size <= MOST_ROWS if spec.loss is not None else _fits(spec)


@lru_cache(maxsize=256)
def _fits(spec: NetworkSpec) -> bool:
    return fits_single(spec)

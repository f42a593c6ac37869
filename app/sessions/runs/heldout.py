"""Samples that a run never learns from: whether it has learned more than its own by heart.

A data set has them in its test split, and so do points in a plane, of which others of the same kind
can be drawn. Who sends samples of his own has none.
"""

from dataclasses import replace

from app.engine.errors import EngineError
from app.sessions.creation import Made
from app.sessions.edits import Loader, kept_targets
from app.sessions.origin import same
from app.sessions.planes import PLANES
from app.sessions.pool import Pool
from app.sessions.pools import whole
from app.sessions.runs.work.order import Plan
from app.sessions.state import Session

# Points of a plane that are held out: a share of them is exact to a few parts in a hundred.
POINTS = 1_000
# Where nobody says how often, they are looked at once an epoch, and not more often than this.
MOST_LOOKS = 50


def held_out(session: Session, loader: Loader) -> Pool | None:
    """The samples held out from a training on all samples of a session, if there are some."""
    pool = session.pool or _plane(session, loader)
    if pool is None or pool.split != "train":
        return None
    points = POINTS if pool.dataset in PLANES else 0
    test = replace(pool, split="test", samples=points, batch_size=1)
    try:
        whole(session.spec, test, loader)
    except EngineError:
        # A test split may be empty, or have classes that the network does not know.
        return None
    return test


def looks(n: int, plan: Plan) -> int:
    """After how many steps of a plan on ``n`` samples these are looked at, where nobody says."""
    if plan.batches is not None:
        per_epoch = len(plan.batches)
    else:
        per_epoch = -(-n // max(1, plan.batch_size or n))
    steps = plan.steps or per_epoch
    return max(1, per_epoch, -(-steps // MOST_LOOKS))


def _plane(session: Session, loader: Loader) -> Pool | None:
    """Points that the server has made for a session, as long as they are what it learns from."""
    kept = session.origin.get("data")
    if kept is None or kept["dataset"] not in PLANES:
        return None
    made = Made(**kept)
    if made.samples != session.n or session.t is None:
        return None
    pool = Pool(made.dataset, made.split, session.n, 1, made.seed, made.noise)
    x, labels = whole(session.spec, pool, loader)
    return (
        pool if same(x, session.x) and same(kept_targets(labels, session.spec), session.t) else None
    )

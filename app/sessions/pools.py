"""The rows of pools: all of them for a training, a mini-batch of them for a session's figure."""

from dataclasses import replace

import numpy as np

from app.engine.errors import EngineError
from app.engine.spec import NetworkSpec
from app.sessions.creation import Made
from app.sessions.edits import Loader, kept_targets
from app.sessions.planes import PLANES
from app.sessions.pool import BATCH_SIZE, Pool
from app.sessions.samples import Samples, check_fit, fitted, plane
from app.sessions.state import Session, Source
from app.sessions.store.errors import Conflict

Array = np.ndarray


def new_pool(spec: NetworkSpec, made: Made, loader: Loader) -> Pool:
    """The pool that is asked for.

    Raises:
        EngineError: no such data set, or not such that the network takes; more rows than there
            are. The field is of ``made``.
    """
    wanted = Pool(made.dataset, made.split, made.samples or 0, 1, made.seed, made.noise)
    x, _ = whole(spec, wanted, loader)
    if made.samples and made.samples > len(x):
        raise EngineError(
            f"{made.split} has {len(x):,} rows", "samples", "range", {"maximum": len(x)}
        )
    pool = replace(wanted, samples=len(x), batch_size=made.batch_size or min(BATCH_SIZE, len(x)))
    pool.rows(0)
    return pool


def whole(spec: NetworkSpec, pool: Pool, loader: Loader) -> tuple[Array, Array]:
    """All rows: x ``(N, D)`` and labels ``(N,)``, which nobody may write into.

    Those of a data set are one array, however many ask for them, unless ``spec`` has another dtype.

    Raises:
        EngineError: no such data set, or not such that the network takes.
    """
    x, labels = _named(spec, pool, loader)
    return fitted(spec, pool.dataset, x).astype(spec.dtype, copy=False), labels


def kept(spec: NetworkSpec, pool: Pool, loader: Loader) -> tuple[Array, Array]:
    """The same of a pool that a session has, which was right when the session was made.

    Raises:
        Conflict: the data set is gone.
    """
    try:
        return whole(spec, pool, loader)
    except EngineError:
        raise _gone() from None


def some(spec: NetworkSpec, pool: Pool, rows: Array, loader: Loader) -> Samples:
    """Some of the rows, copied.

    Raises:
        EngineError: see `whole`.
    """
    x, labels = _named(spec, pool, loader)
    source = Source(pool.dataset, pool.split, tuple(rows.tolist()))
    return Samples(
        fitted(spec, pool.dataset, x[rows]).astype(spec.dtype),
        labels[rows].astype(np.int64),
        source,
    )


def drawn(session: Session, loader: Loader) -> Session:
    """The session with the mini-batch of its next step, where it has a pool.

    Raises:
        Conflict: the data set is gone, as those of one's own are when nobody has used them for
            long.
    """
    pool = session.pool
    if pool is None:
        return session
    try:
        samples = some(session.spec, pool, pool.rows(session.steps.made), loader)
    except EngineError:
        raise _gone() from None
    view = session.view
    n = len(samples.x)
    view = replace(view, sample=min(view.sample, n - 1), single=view.single and n == 1)
    return replace(
        session,
        x=samples.x,
        t=None if session.spec.loss is None else kept_targets(samples.labels, session.spec),
        source=samples.source,
        opened=None,
        view=view,
    )


def _gone() -> Conflict:
    """What to say where a session's data set is no more."""
    return Conflict("the data set is no longer kept", "nothing-to-learn")


def is_drawn(session: Session) -> bool:
    """Whether the session's samples are the mini-batch of its next step, unchanged."""
    pool, source = session.pool, session.source
    if pool is None or source is None or session.opened is not None:
        return False
    return source.rows == tuple(pool.rows(session.steps.made).tolist())


def _named(spec: NetworkSpec, pool: Pool, loader: Loader) -> tuple[Array, Array]:
    if pool.dataset in PLANES:
        made = Made(pool.dataset, pool.samples, pool.split, pool.seed, pool.noise)
        samples = plane(spec, made)
        return samples.x, samples.labels
    x, labels = loader(pool.dataset, pool.split, None)
    if len(x) == 0:
        raise EngineError(f"{pool.split} is empty", "split", "length")
    check_fit(spec, x, labels, pool.dataset)
    return (x[: pool.samples], labels[: pool.samples]) if pool.samples else (x, labels)

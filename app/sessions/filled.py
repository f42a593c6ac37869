"""The samples that a new session asks for, put in their place."""

from dataclasses import replace

import numpy as np

from app.engine.errors import EngineError
from app.engine.spec import Limits, NetworkSpec, check_limits
from app.sessions.creation import Made, Wanted, spec_of
from app.sessions.edits import Loader
from app.sessions.planes import PLANES
from app.sessions.pools import new_pool, some
from app.sessions.samples import BANDS, Samples, bands, loaded, plane, words
from app.sessions.state import Source


def filled(wanted: Wanted, limits: Limits, loader: Loader) -> Wanted:
    """``wanted`` with the samples it asks for; without a loss every output's gradient is 1.

    Raises:
        EngineError: a wrong network, or a data set that does not go with it.
        TooLarge: a network or a pass beyond ``limits``; nothing was made for it.
    """
    made = wanted.x
    if not isinstance(made, Made):
        return wanted
    spec = spec_of(wanted)
    pool = None
    try:
        if made.samples is None or made.batch_size is not None:
            pool = new_pool(spec, made, loader)
            check_limits(spec, pool.batch_size, limits)
            samples = some(spec, pool, pool.rows(made.step), loader)
        else:
            check_limits(spec, made.samples, limits)
            samples = _all(spec, made, made.samples, loader)
    except EngineError as error:
        raise _at_data(error) from None
    t = grad_output = None
    if spec.loss is None:
        grad_output = np.ones((len(samples.x), spec.output_size))
    else:
        t = samples.labels
    return replace(
        wanted, x=samples.x, t=t, grad_output=grad_output, source=samples.source, pool=pool
    )


def _all(spec: NetworkSpec, made: Made, n: int, loader: Loader) -> Samples:
    if made.dataset == BANDS and spec.vocabulary is not None:
        return words(n, spec.input_size, spec.vocabulary, spec.output_size, made.seed)
    if made.dataset == BANDS:
        return bands(n, spec.input_size, spec.output_size, made.seed)
    if made.dataset in PLANES:
        return plane(spec, made)
    return loaded(spec, loader, Source(made.dataset, made.split, tuple(range(n))))


def _at_data(error: EngineError) -> EngineError:
    """What is wrong with x, or with a row, is wrong with the number of samples asked for."""
    kind = error.field.split("/")[0]
    if kind in ("dataset", "split", "noise", "seed", "samples", "batch_size"):
        error.field = f"data/{error.field}"
    elif kind in ("x", "rows"):
        error.field = "data/samples"
    return error

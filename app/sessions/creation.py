"""From what somebody asks for to a checked network with its numbers; sizes before anything else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from app.engine.code.running import read_code
from app.engine.errors import EngineError
from app.engine.initializers import Initializer, initialize
from app.engine.network import Evaluation, Network
from app.engine.optimizers import OptimizerConfig
from app.engine.spec import LayerSpec, Limits, LossSpec, NetworkSpec, check_limits
from app.engine.targets import check_parameters, check_samples, samples_of, targets_of
from app.sessions.edits import ChangeView, changed_view, kept_targets
from app.sessions.pool import Pool
from app.sessions.state import NO_SAMPLES, Session, Source
from app.sessions.steps import Steps

Array = np.ndarray


@dataclass(frozen=True)
class Made:
    """Samples that the server is to bring along, see `filled`.

    Without ``samples``, or with a ``batch_size``, they are a pool to draw mini-batches from.

    Attributes:
        dataset: ``bands``, one of `planes.PLANES`, or the name of a data set.
        samples: How many; None for all there are.
        split: Of a data set; its first rows are taken, whose order is a shuffle already.
        seed: For made-up numbers, and for the order of a pool.
        noise: Of points in a plane.
        batch_size: Rows of a mini-batch.
        step: After how many steps of learning the mini-batch is that is shown.
    """

    dataset: str
    samples: int | None
    split: str = "train"
    seed: int = 0
    noise: float = 0.0
    batch_size: int | None = None
    step: int = 0


@dataclass(frozen=True)
class Wanted:
    """A network and its numbers as they were sent, nothing checked yet.

    Attributes:
        parameters: All of them, or None to draw them with ``seed`` and ``initializer``; a bias is
            ``(H,)``, ``(1, H)`` or ``(H, 1)``.
        x: ``(N, D)``, or in the shape of the samples, or what the samples are to be made from.
        t: Labels ``(N,)`` or ``(N, 1)``, or one-hot rows ``(N, C)``.
        grad_output: dL/d(last output), only without a loss.
    """

    input_size: int | None
    layers: tuple[LayerSpec, ...]
    loss: LossSpec | str | None
    dtype: str
    x: Array | Made
    parameters: Mapping[str, Array] | None = None
    seed: int = 0
    initializer: Initializer = field(default_factory=Initializer)
    t: Array | None = None
    grad_output: Array | None = None
    optimizer: OptimizerConfig | None = None
    view: ChangeView | None = None
    source: Source | None = None
    pool: Pool | None = None
    input_shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class WantedCode:
    """A program and its numbers as they were sent, nothing checked yet.

    Attributes:
        values: What it is given, by name.
        grad_output: dL/d(result), only where the result is an array.
        up_to_clash: Where shapes do not fit, the program up to there.
    """

    code: str
    values: Mapping[str, Array]
    grad_output: Array | None = None
    optimizer: OptimizerConfig | None = None
    view: ChangeView | None = None
    up_to_clash: bool = False
    # A program has no rows of samples.
    x: None = None
    source: None = None
    pool: None = None


@dataclass(frozen=True)
class Numbers:
    """A checked network with everything one pass needs."""

    spec: NetworkSpec
    parameters: dict[str, Array]
    x: Array
    t: Array | None
    grad_output: Array | None

    @np.errstate(all="ignore")  # An overflow is part of the answer: it shows as Infinity or NaN.
    def evaluate(self, backward: bool = True) -> Evaluation:
        """One forward and, where there is something to start from, one backward pass.

        Without ``backward`` the forward half alone.
        """
        t = None
        if self.t is not None:
            t = targets_of(self.spec, self.t, len(self.x))
        network = Network(self.spec, self.parameters)
        return network.evaluate(self.x, t, self.grad_output, backward)


def spec_of(wanted: Wanted) -> NetworkSpec:
    """The network alone.

    Raises:
        EngineError: it is wrong.
    """
    return NetworkSpec.build(
        wanted.input_size, wanted.layers, wanted.loss, wanted.dtype, wanted.input_shape
    )


def check(wanted: Wanted | WantedCode, limits: Limits) -> Numbers:
    """The checked numbers of what is ``wanted``; its samples are made (`filled.filled`).

    Raises:
        EngineError: a wrong network, shape, label or number.
        TooLarge: a network or a pass beyond ``limits``; nothing was allocated for it.
    """
    if isinstance(wanted, WantedCode):
        program, values, gradient = read_code(
            wanted.code, wanted.values, wanted.grad_output, limits, wanted.up_to_clash
        )
        return Numbers(program, values, NO_SAMPLES, None, gradient)
    assert not isinstance(wanted.x, Made)
    spec = spec_of(wanted)
    check_limits(spec, len(wanted.x), limits)
    x = samples_of(spec, wanted.x)
    t = None if wanted.t is None else checked_targets(wanted.t, spec, len(x))
    grad_output = None
    if wanted.grad_output is not None:
        grad_output = checked_gradient(wanted.grad_output, spec, len(x))
    if wanted.parameters is None:
        parameters = initialize(spec, wanted.initializer, wanted.seed)
    else:
        parameters = check_parameters(spec, dict(wanted.parameters))
    return Numbers(spec, parameters, x, t, grad_output)


def begin(
    id: str,
    token_hash: bytes,
    now: float,
    wanted: Wanted | WantedCode,
    numbers: Numbers,
    preset: str | None,
    origin: Mapping[str, Any] = MappingProxyType({}),
    made: int = 0,
) -> Session:
    """A session at its first version.

    Args:
        id: Its name in the store.
        token_hash: SHA-256 of its edit token.
        now: Seconds since 1970.
        wanted: What was asked for: the view, the optimiser, where the rows are from.
        numbers: The same, checked.
        preset: The preset that it is, if it is one.
        origin: What makes its numbers again, see `origin`.
        made: Steps of learning that its pool counts as made before.

    Raises:
        EngineError: the view does not go with the network.
    """
    session = Session(
        id=id,
        token_hash=token_hash,
        version=1,
        created=now,
        touched=now,
        spec=numbers.spec,
        parameters=numbers.parameters,
        x=numbers.x,
        t=numbers.t,
        grad_output=numbers.grad_output,
        preset=preset,
        source=wanted.source,
        pool=wanted.pool,
        steps=Steps(made, made),
        origin=origin,
    )
    if wanted.optimizer is not None:
        session = replace(session, optimizer=wanted.optimizer)
    if wanted.view is not None:
        session = replace(session, view=changed_view(session.view, wanted.view, session, "view"))
    return session


def checked_targets(value: Array, spec: NetworkSpec, n: int) -> Array:
    """Targets of ``n`` rows in the form they are kept in.

    Raises:
        EngineError: there is no loss, or they do not go with it.
    """
    if spec.loss is None:
        raise EngineError("targets need a network with a loss", "t", "value")
    targets_of(spec, value, n)
    return kept_targets(value, spec)


def checked_gradient(value: Array, spec: NetworkSpec, n: int) -> Array:
    """dL/d(last output) ``(n, C)``, where a backward half starts without a loss.

    Raises:
        EngineError: there is a loss, or another shape.
    """
    if spec.loss is not None:
        raise EngineError(
            "with a loss the backward pass starts at the loss", "grad_output", "value"
        )
    gradient = check_samples(value, spec.sizes[-1], spec.dtype, "grad_output")
    if len(gradient) != n:
        raise EngineError(
            f"x has {n} rows, grad_output has {len(gradient)}",
            "grad_output",
            "shape",
            {"shapes": [[n, *spec.sizes[-1]]]},
        )
    return gradient

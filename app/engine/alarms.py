"""What can go wrong in a training, told from one pass and the run's history, each under a name.

An alarm names the number that shows its cause: a cell of the pass, whose derivation has the cause
among its factors, or the step of the run in which it happened. The thresholds stand here together;
they are rules of thumb, chosen so that a training that goes well raises none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from app.engine.health import dead_units, flat_cells, ratio, size
from app.engine.history import Rows
from app.engine.network import Evaluation, LayerResult

Array = np.ndarray
Index = tuple[int, ...]

# Fewer samples say little about a unit.
FEW_SAMPLES = 10
# Half of a layer: a few dead units are common and harmless (Glorot, Bordes and Bengio 2011).
DEAD = 0.5
SATURATED = 0.5
# Inputs should be about as large as 1 (LeCun, Bottou, Orr and Mueller 1998, "Efficient BackProp",
# section 4.3).
LARGE_INPUT, SMALL_INPUT = 10.0, 0.01
# An update of a thousandth of the weights is about right (CS231n): a hundred times more, and a
# loss that rises with it, is too much, a tenth where the gradients ask for a lot is too little.
LARGE_RATIO, SMALL_RATIO = 0.1, 1e-4
# A gradient of a hundredth of the weights asks for a lot.
LARGE_GRADIENT = 0.01
# By so much does the loss of a run rise over its first one where it has blown up.
RISEN = 2.0
# From the first to the last layer of a deep network, a thousand times larger or smaller.
GROWN, SHRUNK = 1e3, 1e-3
DEEP = 3
# A class that has not come among so many samples for each class will hardly come at all.
SAMPLES_PER_CLASS = 10
# Columns of W that differ less, beside the largest weight, are the same but for rounding.
SAME = 1e-6


@dataclass(frozen=True)
class Alarm:
    """Something that has gone wrong.

    Attributes:
        name: One of `NAMES`.
        measured: What was measured, and ``limit``: what it has gone beyond.
        layer: Where; None where it is no layer's fault.
        unit: Which unit of the layer, or which class, where it is one.
        tensor, index: The cell whose derivation shows the cause.
        step: The step of the run in which it shows, where the pass at hand does not show it.
    """

    name: str
    measured: float
    limit: float
    layer: str | None = None
    unit: int | None = None
    tensor: str | None = None
    index: Index = ()
    step: int | None = None


@dataclass(frozen=True)
class Examined:
    """What is looked at.

    Attributes:
        evaluation: A pass with its backward half.
        x: Its samples ``(N, D)``.
        changes: By parameter, what the next step of the optimiser adds to it.
        before, after: The loss of the samples before and after that step.
        labels: The classes ``(M,)`` of all samples that are learned from.
        classes: How many classes there are.
        history: What a run that led here has noted.
        step: Which step of that run the pass is, where it is one.
    """

    evaluation: Evaluation
    x: Array
    changes: Mapping[str, Array]
    before: float
    after: float
    labels: Array
    classes: int
    history: Rows | None = None
    step: int | None = None
    affine: tuple[LayerResult, ...] = field(init=False)

    def __post_init__(self) -> None:
        layers = self.evaluation.layers
        object.__setattr__(self, "affine", tuple(one for one in layers if one.type == "affine"))

    def before_layer(self, layer: LayerResult) -> str:
        """The tensor that comes into a layer."""
        names = ["x", *(f"{one.name}.output" for one in self.evaluation.layers)]
        return names[self.evaluation.layers.index(layer)]

    def into(self, layer: LayerResult) -> Array:
        """What comes into a layer ``(N, D)``."""
        place = self.evaluation.layers.index(layer)
        return self.evaluation.layers[place - 1].output if place else self.x


@np.errstate(all="ignore")
def alarms(examined: Examined) -> tuple[Alarm, ...]:
    """What has gone wrong, causes before what follows from them."""
    found = (find(examined) for find in _FINDERS.values())
    return tuple(alarm for alarm in found if alarm is not None)


def _unscaled_inputs(seen: Examined) -> Alarm | None:
    columns = np.array([size(column) for column in seen.x.T])
    largest = float(columns.max(initial=0.0))
    if SMALL_INPUT <= largest <= LARGE_INPUT:
        return None
    limit = LARGE_INPUT if largest > LARGE_INPUT else SMALL_INPUT
    first = next(iter(seen.evaluation.layers), None)
    if first is None:
        return None
    tensor, cell = _made(first), largest_of(first.output)
    return Alarm("unscaled_inputs", largest, limit, first.name, None, tensor, cell)


def _missing_class(seen: Examined) -> Alarm | None:
    counts = np.bincount(seen.labels, minlength=seen.classes)
    if len(seen.labels) < SAMPLES_PER_CLASS * seen.classes or counts.all():
        return None
    missing, last = int(counts.argmin()), seen.evaluation.layers[-1]
    if last.type == "affine":
        return Alarm("missing_class", 0, 1, last.name, missing, f"{last.name}.b.grad", (missing,))
    tensor = f"{last.name}.output.grad"
    return Alarm("missing_class", 0, 1, last.name, missing, tensor, (0, missing))


def _symmetric(seen: Examined) -> Alarm | None:
    for layer in seen.affine[:-1]:
        (weights, gradient), bias = layer.parameters["W"], layer.parameters["b"][0]
        if weights.shape[1] < 2:
            continue
        spread = max(np.ptp(weights, axis=1).max(), np.ptp(bias))
        largest = max(np.abs(weights).max(), np.abs(bias).max())
        if spread <= SAME * largest:
            assert gradient is not None
            share = float(np.divide(spread, largest)) if largest else 0.0
            tensor, cell = f"{layer.name}.W.grad", largest_of(gradient)
            return Alarm("symmetric", share, SAME, layer.name, None, tensor, cell)
    return None


def _rate_high(seen: Examined) -> Alarm | None:
    ratios = {
        layer.name: ratio(seen.changes[f"{layer.name}.W"], layer.parameters["W"][0])
        for layer in seen.affine
    }
    finite = {name: value for name, value in ratios.items() if np.isfinite(value)}
    worst = max(finite, key=lambda name: finite[name], default=None)
    if worst is not None and finite[worst] > LARGE_RATIO and not seen.after <= RISEN * seen.before:
        tensor = f"{worst}.W.change"
        cell = largest_of(seen.changes[f"{worst}.W"])
        return Alarm("rate_high", finite[worst], LARGE_RATIO, worst, None, tensor, cell)
    found = None if seen.history is None else _blown_up(seen.history)
    if found is not None and found.step == seen.step:
        # It is the very pass at hand.
        tensor = f"{found.layer}.W.change"
        cell = largest_of(seen.changes[f"{found.layer}.W"])
        return replace(found, tensor=tensor, index=cell, step=None)
    return found


def _blown_up(rows: Rows) -> Alarm | None:
    """Whether the loss of a run has risen far over its first one, and its largest update."""
    losses = np.where(np.isnan(rows.loss), np.inf, rows.loss)
    if len(losses) == 0 or not losses.max() > RISEN * losses[0]:
        return None
    found = None
    for name, column in rows.update_ratios.items():
        usable = np.where(np.isfinite(column), column, 0) if name.endswith(".W") else column * 0
        place = int(np.nan_to_num(usable).argmax())
        if usable[place] > (LARGE_RATIO if found is None else found.measured):
            layer = name.removesuffix(".W")
            step = int(rows.step[place])
            found = Alarm("rate_high", float(usable[place]), LARGE_RATIO, layer, step=step)
    return found


def _rate_low(seen: Examined) -> Alarm | None:
    weights = {layer.name: layer.parameters["W"] for layer in seen.affine}
    if not weights:
        return None
    asked, ratios = {}, {}
    for name, (value, gradient) in weights.items():
        assert gradient is not None
        asked[name] = ratio(gradient, value)
        ratios[name] = ratio(seen.changes[f"{name}.W"], value)
    most = max(asked, key=lambda name: asked[name])
    highest = max(ratios.values())
    if not (np.isfinite(asked[most]) and asked[most] >= LARGE_GRADIENT and highest < SMALL_RATIO):
        return None
    tensor, cell = f"{most}.W.change", largest_of(seen.changes[f"{most}.W"])
    return Alarm("rate_low", highest, SMALL_RATIO, most, None, tensor, cell)


def _dead_relus(seen: Examined) -> Alarm | None:
    if len(seen.x) < FEW_SAMPLES:
        return None
    for layer in seen.evaluation.layers:
        if layer.type != "relu":
            continue
        dead, into = dead_units(layer), seen.into(layer)
        # Where all that comes in is 0, nothing has closed the gates: it is the weights before.
        if dead.mean() < DEAD or not into.any() or not np.isfinite(into).all():
            continue
        # The one that is shut most firmly, at the sample that comes nearest to opening it.
        unit = int(np.where(dead, into.max(axis=0), np.inf).argmin())
        cell = (int(into[:, unit].argmax()), unit)
        tensor = seen.before_layer(layer)
        return Alarm("dead_relus", float(dead.mean()), DEAD, layer.name, unit, tensor, cell)
    return None


def _saturated(seen: Examined) -> Alarm | None:
    if len(seen.x) < FEW_SAMPLES:
        return None
    for layer in seen.evaluation.layers:
        if layer.type not in ("sigmoid", "tanh"):
            continue
        share = float(flat_cells(layer.output, layer.type).mean())
        if share < SATURATED:
            continue
        tensor = f"{seen.before_layer(layer)}.grad"
        cell = largest_of(seen.into(layer))
        return Alarm("saturated", share, SATURATED, layer.name, cell[1], tensor, cell)
    return None


def _exploding(seen: Examined) -> Alarm | None:
    if len(seen.affine) < DEEP:
        return None
    values = [size(layer.output) for layer in seen.affine]
    gradients = [size(layer.grad_output) for layer in seen.affine if layer.grad_output is not None]
    grown = float(np.divide(values[-1], values[0]))
    backwards = float(np.divide(gradients[0], gradients[-1])) if gradients else 0.0
    # What is no number any more has a name of its own.
    if np.isfinite(values).all() and grown > GROWN:
        steps = [float(np.divide(b, a)) for a, b in pairwise(values)]
        layer = seen.affine[int(np.nanargmax(steps)) + 1]
        cell = largest_of(layer.output)
        return Alarm("exploding", grown, GROWN, layer.name, None, _made(layer), cell)
    if GROWN < backwards < np.inf:
        first = seen.affine[0]
        assert first.grad_output is not None
        tensor, cell = f"{first.name}.output.grad", largest_of(first.grad_output)
        return Alarm("exploding", backwards, GROWN, first.name, None, tensor, cell)
    return None


def _vanishing(seen: Examined) -> Alarm | None:
    if len(seen.affine) < DEEP:
        return None
    first, last = seen.affine[0].grad_output, seen.affine[-1].grad_output
    if first is None or last is None:
        return None
    shrunk = float(np.divide(size(first), size(last)))
    # Nothing at all is not little: closed gates or weights of 0 have names of their own.
    if not 0 < shrunk < SHRUNK:
        return None
    between = seen.evaluation.layers[seen.evaluation.layers.index(seen.affine[0]) + 1 :]
    factors = {}
    for layer in between:
        assert layer.grad_input is not None
        assert layer.grad_output is not None
        factors[layer.name] = float(np.divide(size(layer.grad_input), size(layer.grad_output)))
    worst = min(factors, key=lambda name: factors[name])
    layer = next(one for one in between if one.name == worst)
    assert layer.grad_input is not None
    tensor = f"{seen.before_layer(layer)}.grad"
    return Alarm("vanishing", shrunk, SHRUNK, worst, None, tensor, largest_of(layer.grad_input))


def _not_finite(seen: Examined) -> Alarm | None:
    for layer in seen.evaluation.layers:
        bad = ~np.isfinite(layer.output)
        if bad.any():
            return Alarm(
                "not_finite", float(bad.mean()), 0, layer.name, None, _made(layer), first_of(bad)
            )
    if not np.isfinite(seen.before):
        return Alarm("not_finite", seen.before, 0, "loss", None, "loss", ())
    for layer in reversed(seen.evaluation.layers):
        for part, (_, gradient) in layer.parameters.items():
            assert gradient is not None
            bad = ~np.isfinite(gradient)
            if bad.any():
                tensor = f"{layer.name}.{part}.grad"
                return Alarm(
                    "not_finite", float(bad.mean()), 0, layer.name, None, tensor, first_of(bad)
                )
    return None


def _made(layer: LayerResult) -> str:
    """What a layer makes, before a bias is added where it has one."""
    return f"{layer.name}.dot" if layer.type == "affine" else f"{layer.name}.output"


def largest_of(array: Array) -> Index:
    """The cell farthest from 0; one that is no number counts as that."""
    far = np.abs(array)
    place = np.unravel_index(int(np.where(np.isnan(far), np.inf, far).argmax()), array.shape)
    return tuple(int(axis) for axis in place)


def first_of(where: Array) -> Index:
    """The first cell that is true."""
    return tuple(int(axis) for axis in np.unravel_index(int(where.argmax()), where.shape))


_FINDERS: dict[str, Callable[[Examined], Alarm | None]] = {
    "not_finite": _not_finite,
    "unscaled_inputs": _unscaled_inputs,
    "missing_class": _missing_class,
    "symmetric": _symmetric,
    "exploding": _exploding,
    "vanishing": _vanishing,
    "rate_high": _rate_high,
    "rate_low": _rate_low,
    "saturated": _saturated,
    "dead_relus": _dead_relus,
}
NAMES = tuple(_FINDERS)

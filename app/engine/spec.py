"""A network as data: what it is made of, before any number is drawn."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.engine.bounds import whole
from app.engine.errors import EngineError, TooLarge
from app.engine.layer_types import INFERENCE, LAYERS, LayerType, Parameter
from app.engine.loss_types import LOSSES, LossType
from app.engine.loss_types.kind import MEAN
from app.engine.op import ShapeClash

LAYER_TYPES = tuple(LAYERS)
LOSS_TYPES = tuple(LOSSES)
DTYPES = ("float64", "float32")

# Axes of a sample: the channels, rows and columns of an image.
MAX_SAMPLE_RANK = 3
# Fields of layers that are bounded as units are.
SIZED = frozenset({"units", "filters", "vocabulary"})
# How deep layers stand in each other.
MAX_DEPTH = 3

# These names mean something else in a tensor name such as "loss.probabilities".
RESERVED_NAMES = frozenset({"x", "t", "loss", "decay"})
NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


@dataclass(frozen=True, init=False)
class LayerSpec:
    """One layer: its type, its name, and what its type's fields are, such as ``units``.

    An empty name is filled in by :meth:`NetworkSpec.build`, which checks all.
    """

    type: str
    name: str
    given: tuple[tuple[str, Any], ...]
    step: int = 0

    def __init__(
        self, type: str, name: str = "", units: int | None = None, **settings: Any
    ) -> None:
        """Fields that are None are left out, and so have their default.

        ``step`` is how many steps of learning were made, where something is drawn anew at each.
        """
        given = {"units": units, **settings}
        if isinstance(given.get("layers"), list | tuple):
            given["layers"] = tuple(
                LayerSpec(**one) if isinstance(one, Mapping) else one for one in given["layers"]
            )
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "name", name)
        kept = tuple((field, value) for field, value in given.items() if value is not None)
        object.__setattr__(self, "given", kept)
        object.__setattr__(self, "step", 0)

    def at_step(self, step: int) -> "LayerSpec":
        """The same after so many steps of learning."""
        found = self._with_layers(lambda layer: layer.at_step(step))
        if found.kind.draws:
            found = LayerSpec(found.type, found.name, **dict(found.given))
            object.__setattr__(found, "step", step)
        return found

    def for_inference(self) -> "LayerSpec":
        """The same once it has learned, for whoever wants to know what it makes of new samples."""
        found = self._with_layers(lambda layer: layer.for_inference())
        if "mode" not in self.kind.by_name:
            return found
        return LayerSpec(self.type, self.name, **{**dict(self.given), "mode": INFERENCE})

    def _with_layers(self, change: Callable[["LayerSpec"], "LayerSpec"]) -> "LayerSpec":
        """The same with other layers in it."""
        if not self.layers:
            return self
        layers = tuple(map(change, self.layers))
        return LayerSpec(self.type, self.name, **{**dict(self.given), "layers": layers})

    @property
    def layers(self) -> tuple["LayerSpec", ...]:
        """The layers within it, if there are some."""
        found: tuple[LayerSpec, ...] = dict(self.given).get("layers", ())
        return found

    @property
    def all(self) -> Iterator["LayerSpec"]:
        """It and all layers within it."""
        yield self
        for layer in self.layers:
            yield from layer.all

    @property
    def units(self) -> int | None:
        """How many numbers an Affine gives for a sample (columns of W)."""
        return dict(self.given).get("units")

    @property
    def kind(self) -> LayerType:
        """Its type's row."""
        return LAYERS[self.type]

    @property
    def settings(self) -> Mapping[str, Any]:
        """All fields of its type, with their defaults."""
        return self.kind.whole(dict(self.given))

    @property
    def names(self) -> tuple[str, ...]:
        """Its name in the network and those of all layers within it: ``residual1.affine1``."""
        inner = (name for layer in self.layers for name in layer.names)
        return (self.name, *(f"{self.name}.{name}" for name in inner))

    @property
    def draws(self) -> bool:
        """Whether something in it is drawn anew at every step of learning."""
        return any(one.kind.draws for one in self.all)

    @property
    def as_json(self) -> dict[str, Any]:
        """As a body has it, without what is so by default."""
        told = dict(self.given)
        if self.layers:
            told["layers"] = [layer.as_json for layer in self.layers]
        return {"type": self.type, "name": self.name, **told}


@dataclass(frozen=True, init=False)
class LossSpec:
    """A loss: its type, and what its fields are, such as ``reduction``."""

    type: str
    given: tuple[tuple[str, Any], ...]

    def __init__(self, type: str, **settings: Any) -> None:
        """Fields that are None are left out, and so have their default."""
        object.__setattr__(self, "type", type)
        kept = tuple((field, value) for field, value in settings.items() if value is not None)
        object.__setattr__(self, "given", kept)

    @property
    def kind(self) -> LossType:
        """Its type's row."""
        return LOSSES[self.type]

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """All its fields, with their defaults."""
        return self.kind.whole(dict(self.given))

    @property
    def averages(self) -> bool:
        """Whether it is the mean over the samples, not their sum."""
        return bool(self.settings["reduction"] == MEAN)

    @property
    def weight_decay(self) -> float:
        """Lambda: half of it times the sum of all squared weights is added."""
        return float(self.settings["weight_decay"])

    @property
    def has_classes(self) -> bool:
        """Whether the outputs are scores of classes, of which one is right."""
        # The loss of a program is what its last line says, and no row of the table.
        return self.type in LOSSES and self.kind.has_classes

    @property
    def as_json(self) -> dict[str, Any]:
        """As a body has it, without what is so by default."""
        return {"type": self.type, **dict(self.given)}


@dataclass(frozen=True)
class Limits:
    """How large a network and a pass may be; checked before anything is allocated.

    ``cells`` counts every number of a pass: inputs, parameters, all layer outputs and as many
    gradients again.
    """

    parameters: int = 2_000_000
    cells: int = 8_000_000
    layers: int = 32
    units: int = 4096
    samples: int = 10_000


@dataclass(frozen=True)
class NetworkSpec:
    """A checked network; make one with :meth:`build`.

    ``layers`` may be empty: then x holds the scores themselves.

    Attributes:
        input_size: Numbers in a sample.
        input_shape: Its axes where it has several, such as the channels, rows and columns of an
            image; empty where a sample is a row.
    """

    input_size: int
    layers: tuple[LayerSpec, ...]
    loss: LossSpec | None = None
    dtype: str = "float64"
    input_shape: tuple[int, ...] = ()

    @classmethod
    def build(
        cls,
        input_size: int | None,
        layers: Iterable[LayerSpec] = (),
        loss: LossSpec | str | None = None,
        dtype: str = "float64",
        input_shape: Sequence[int] | None = None,
    ) -> "NetworkSpec":
        """Check a network and give every layer without a name its type and running number.

        Raises:
            EngineError: a size below 1, an unknown type, a bad, reserved or doubled name, units
                where there are none or none where they are needed.
        """
        input_size, sample = _input(input_size, input_shape)
        if isinstance(loss, str):
            loss = LossSpec(loss)
        if loss is not None:
            loss = _checked_loss(loss)
        if dtype not in DTYPES:
            raise EngineError(
                f"dtype is one of {', '.join(DTYPES)}", "network/dtype", "type", {"enum": DTYPES}
            )
        named = _named(tuple(layers), itertools.count())
        _check_sizes(sample, named)
        spec = cls(input_size, named, loss, dtype, sample if len(sample) > 1 else ())
        if loss is not None and len(spec.sizes[-1]) != 1:
            raise EngineError(
                f"a loss takes rows of numbers, not samples of shape {spec.sizes[-1]}: a flatten "
                "layer makes rows of them",
                "network/loss",
                "shape",
            )
        return spec

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns after each layer, the input's first: ``len(layers) + 1`` numbers."""
        return tuple(math.prod(size) for size in self.sizes)

    @property
    def sample(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self.input_shape or (self.input_size,)

    @cached_property
    def sizes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of one sample after each layer, the input's first."""
        sizes: list[tuple[int, ...]] = [self.sample]
        for layer in self.layers:
            sizes.append(layer.kind.size(sizes[-1], layer.settings))
        return tuple(sizes)

    @cached_property
    def layer_parameters(self) -> tuple[Mapping[str, Parameter], ...]:
        """Of each layer its parameters by part, ``W`` and ``b`` of an Affine."""
        return tuple(
            layer.kind.parameters(size, layer.settings)
            for layer, size in zip(self.layers, self.sizes, strict=False)
        )

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The same by their names in the network, in the order of the layers."""
        return {
            f"{layer.name}.{part}": parameter
            for layer, parameters in zip(self.layers, self.layer_parameters, strict=True)
            for part, parameter in parameters.items()
        }

    @property
    def output_size(self) -> int:
        """Columns of the last layer's output: the number of classes when there is a loss."""
        return self.widths[-1]

    @property
    def output_tensor(self) -> str:
        """The name of the last layer's output, ``x`` when there is no layer."""
        return f"{self.layers[-1].name}.output" if self.layers else "x"

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """``{"affine1.W": (D, H), "affine1.b": (H,), ...}`` in the order of the layers."""
        return {name: parameter.shape for name, parameter in self.parameters.items()}

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the parameters that are multiplied by what comes in: no biases."""
        return tuple(name for name, one in self.parameters.items() if one.inputs is not None)

    @property
    def parameter_count(self) -> int:
        """How many numbers training adjusts."""
        return sum(math.prod(parameter.shape) for parameter in self.parameters.values())

    @property
    def is_program(self) -> bool:
        """Whether there are lines in place of layers."""
        return False

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of what an optimiser moves: all parameters."""
        return tuple(self.parameter_shapes)

    @property
    def draws(self) -> bool:
        """Whether something in it is drawn anew at every step of learning."""
        return any(layer.draws for layer in self.layers)

    @property
    def vocabulary(self) -> int | None:
        """How many words there are, where samples are their numbers."""
        first = self.layers[0] if self.layers else None
        if first is None or not first.kind.takes_ids:
            return None
        return int(first.settings["vocabulary"])

    @property
    def joins_samples(self) -> bool:
        """Whether what it makes of a sample hangs on the others that come with it."""
        return any(one.kind.joins for layer in self.layers for one in layer.all)

    def at_step(self, step: int) -> "NetworkSpec":
        """The network with what it draws after so many steps of learning."""
        if not self.draws:
            return self
        return replace(self, layers=tuple(layer.at_step(step) for layer in self.layers))

    def for_inference(self) -> "NetworkSpec":
        """The network as it is once it has learned: nothing is left out at random."""
        layers = tuple(layer.for_inference() for layer in self.layers)
        return self if layers == self.layers else replace(self, layers=layers)

    def pass_cells(self, n: int) -> int:
        """How many numbers one forward and backward pass over ``n`` samples holds."""
        # Affine holds x.W beside its output, the loss holds up to eight arrays of its own.
        held = sum(
            layer.kind.held(size, layer.settings)
            for layer, size in zip(self.layers, self.sizes, strict=False)
        )
        per_sample = self.input_size + sum(self.widths) + held
        per_sample += 8 * self.output_size if self.loss else 0
        return 2 * (n * per_sample + self.parameter_count)


def check_limits(spec: NetworkSpec, n: int, limits: Limits = Limits()) -> None:
    """Refuse a network or a pass beyond ``limits``.

    Raises:
        TooLarge: names the field, the size asked for and the limit.
    """
    every = [one for layer in spec.layers for one in layer.all]
    if len(every) > limits.layers:
        raise TooLarge(
            f"a network has at most {limits.layers} layers",
            "network/layers",
            {"maxItems": limits.layers},
        )
    sizes = whole(1, limits.units)
    if spec.input_size > limits.units:
        raise TooLarge(f"input_size is {sizes.words}", "network/input_size", sizes.schema)
    for index, layer in enumerate(spec.layers):
        for one in layer.all:
            for name in SIZED & dict(one.given).keys():
                if dict(one.given)[name] > limits.units:
                    field = f"network/layers/{index}/{name}"
                    raise TooLarge(f"{name} is {sizes.words}", field, sizes.schema)
    if spec.parameter_count > limits.parameters:
        raise TooLarge(
            f"the network would have {spec.parameter_count:,} parameters, "
            f"at most {limits.parameters:,} are allowed",
            "network/layers",
            {"maximum": limits.parameters},
        )
    if n > limits.samples:
        raise TooLarge(
            f"x has {n:,} rows, at most {limits.samples:,} are allowed",
            "x",
            {"maxItems": limits.samples},
        )
    if spec.pass_cells(n) > limits.cells:
        raise TooLarge(
            f"one pass would hold {spec.pass_cells(n):,} numbers, "
            f"at most {limits.cells:,} are allowed; use fewer samples or units",
            "x",
            {"maximum": limits.cells},
        )


def _require_positive(size: object, field: str) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        allowed = whole(1)
        raise EngineError(
            f"{field.rsplit('/', 1)[-1]} is {allowed.words}", field, "range", allowed.schema
        )


def _input(size: int | None, shape: Sequence[int] | None) -> tuple[int, tuple[int, ...]]:
    """How many numbers a sample has, and its shape."""
    if size is None and shape is None:
        raise EngineError(
            "input_size is needed where there is no input_shape", "network/input_size", "missing"
        )
    if shape is None:
        _require_positive(size, "network/input_size")
        assert size is not None
        return size, (size,)
    if not 1 <= len(shape) <= MAX_SAMPLE_RANK:
        allowed = {"minItems": 1, "maxItems": MAX_SAMPLE_RANK}
        raise EngineError(
            f"input_shape has 1 to {MAX_SAMPLE_RANK} sizes", "network/input_shape", "shape", allowed
        )
    for axis, one in enumerate(shape):
        _require_positive(one, f"network/input_shape/{axis}")
    count = math.prod(shape)
    if size is not None and size != count:
        raise EngineError(
            f"input_size is the product of input_shape, {count:,}, or may be left out",
            "network/input_size",
            "range",
            {"minimum": count, "maximum": count},
        )
    return count, tuple(shape)


def _check_sizes(size: tuple[int, ...], layers: tuple[LayerSpec, ...]) -> None:
    """Every layer gets what it can take."""
    for index, layer in enumerate(layers):
        try:
            size = layer.kind.size(size, layer.settings)
        except ShapeClash as clash:
            raise EngineError(str(clash), f"network/layers/{index}", "shape") from clash


def _named(
    layers: tuple[LayerSpec, ...],
    seeds: Iterator[int],
    above: str = "network",
    depth: int = 0,
) -> tuple[LayerSpec, ...]:
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    named = []
    for index, layer in enumerate(layers):
        field = f"{above}/layers/{index}"
        if layer.type not in LAYER_TYPES:
            raise EngineError(
                f"type is one of {', '.join(LAYER_TYPES)}",
                f"{field}/type",
                "type",
                {"enum": LAYER_TYPES},
            )
        if layer.layers:
            if depth == MAX_DEPTH:
                raise TooLarge(
                    f"layers stand at most {MAX_DEPTH} deep in each other", f"{field}/layers"
                )
            inner = _named(layer.layers, seeds, field, depth + 1)
            layer = LayerSpec(layer.type, layer.name, **{**dict(layer.given), "layers": inner})
        if layer.kind.takes_ids and (index or depth):
            raise EngineError(
                f"{layer.type} takes the numbers of words, so it is a network's first layer",
                f"{field}/type",
                "value",
            )
        given = _settings(layer, field, f"{layer.type} layer")
        if layer.kind.draws:
            # Two layers that nobody has given a seed draw differently.
            given["seed"] = dict(layer.given).get("seed", next(seeds))
        counts[layer.type] += 1
        name = layer.name or f"{layer.type}{counts[layer.type]}"
        if not NAME_PATTERN.fullmatch(name) or name in RESERVED_NAMES:
            raise EngineError(
                "a layer's name is a letter and then up to 31 letters, digits or underscores, "
                "and not x, t, loss or decay",
                f"{field}/name",
                "name",
            )
        if name in seen:
            raise EngineError("two layers have the same name", f"{field}/name", "name")
        seen.add(name)
        named.append(LayerSpec(layer.type, name, **given))
    return tuple(named)


def _checked_loss(loss: LossSpec) -> LossSpec:
    if loss.type not in LOSS_TYPES:
        raise EngineError(
            f"loss is one of {', '.join(LOSS_TYPES)}",
            "network/loss/type",
            "type",
            {"enum": LOSS_TYPES},
        )
    return LossSpec(loss.type, **_settings(loss, "network/loss", loss.type))


def _settings(one: LayerSpec | LossSpec, field: str, called: str) -> dict[str, Any]:
    """What is given of the fields of a layer or loss, checked, without what is so by default."""
    known, given = one.kind.by_name, dict(one.given)
    for name in given:
        if name not in known:
            raise EngineError(f"a {called} takes no {name}", f"{field}/{name}", "value")
    for name, declared in known.items():
        value = given.get(name)
        if value is None and not declared.is_needed:
            continue
        if not declared.holds(value):
            raise EngineError(
                f"{name} is {declared.words}", f"{field}/{name}", "range", declared.allowed
            )
    return {name: value for name, value in given.items() if value != known[name].default}

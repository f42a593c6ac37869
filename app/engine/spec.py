"""A network as data: what it is made of, before any number is drawn."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.engine.bounds import whole
from app.engine.errors import EngineError, TooLarge

LAYER_TYPES = ("affine", "relu", "sigmoid", "tanh")
LOSS_TYPES = ("softmax_cross_entropy",)
DTYPES = ("float64", "float32")

# These names mean something else in a tensor name such as "loss.probabilities".
RESERVED_NAMES = frozenset({"x", "t", "loss"})
NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


@dataclass(frozen=True)
class LayerSpec:
    """One layer: its type, its name, and for ``affine`` the number of units (columns of W).

    An empty name is filled in by :meth:`NetworkSpec.build`.
    """

    type: str
    name: str = ""
    units: int | None = None


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
    """

    input_size: int
    layers: tuple[LayerSpec, ...]
    loss: str | None = None
    dtype: str = "float64"

    @classmethod
    def build(
        cls,
        input_size: int,
        layers: Iterable[LayerSpec] = (),
        loss: str | None = None,
        dtype: str = "float64",
    ) -> "NetworkSpec":
        """Check a network and give every layer without a name its type and running number.

        Raises:
            EngineError: a size below 1, an unknown type, a bad, reserved or doubled name, units
                where there are none or none where they are needed.
        """
        _require_positive(input_size, "network/input_size")
        if loss is not None and loss not in LOSS_TYPES:
            raise EngineError(
                f"loss is one of {', '.join(LOSS_TYPES)}",
                "network/loss/type",
                "type",
                {"enum": LOSS_TYPES},
            )
        if dtype not in DTYPES:
            raise EngineError(
                f"dtype is one of {', '.join(DTYPES)}", "network/dtype", "type", {"enum": DTYPES}
            )
        named = _named(tuple(layers))
        return cls(input_size, named, loss, dtype)

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns after each layer, the input's first: ``len(layers) + 1`` numbers."""
        widths = [self.input_size]
        for layer in self.layers:
            widths.append(layer.units if layer.units is not None else widths[-1])
        return tuple(widths)

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
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, rows in zip(self.layers, self.widths, strict=False):
            if layer.units is not None:
                shapes[f"{layer.name}.W"] = (rows, layer.units)
                shapes[f"{layer.name}.b"] = (layer.units,)
        return shapes

    @property
    def parameter_count(self) -> int:
        """How many numbers training adjusts."""
        return sum(
            rows * layer.units + layer.units
            for layer, rows in zip(self.layers, self.widths, strict=False)
            if layer.units is not None
        )

    def pass_cells(self, n: int) -> int:
        """How many numbers one forward and backward pass over ``n`` samples holds."""
        # Affine holds x.W beside its output, the loss holds up to eight arrays of its own.
        per_sample = sum(self.widths) * 2 + (8 * self.output_size if self.loss else 0)
        return 2 * (n * per_sample + self.parameter_count)


def check_limits(spec: NetworkSpec, n: int, limits: Limits = Limits()) -> None:
    """Refuse a network or a pass beyond ``limits``.

    Raises:
        TooLarge: names the field, the size asked for and the limit.
    """
    if len(spec.layers) > limits.layers:
        raise TooLarge(
            f"a network has at most {limits.layers} layers",
            "network/layers",
            {"maxItems": limits.layers},
        )
    sizes = whole(1, limits.units)
    if spec.input_size > limits.units:
        raise TooLarge(f"input_size is {sizes.words}", "network/input_size", sizes.schema)
    for index, layer in enumerate(spec.layers):
        if layer.units is not None and layer.units > limits.units:
            field = f"network/layers/{index}/units"
            raise TooLarge(f"units is {sizes.words}", field, sizes.schema)
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


def _named(layers: tuple[LayerSpec, ...]) -> tuple[LayerSpec, ...]:
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    named = []
    for index, layer in enumerate(layers):
        field = f"network/layers/{index}"
        if layer.type not in LAYER_TYPES:
            raise EngineError(
                f"type is one of {', '.join(LAYER_TYPES)}",
                f"{field}/type",
                "type",
                {"enum": LAYER_TYPES},
            )
        if layer.type == "affine":
            _require_positive(layer.units, f"{field}/units")
        elif layer.units is not None:
            raise EngineError(f"a {layer.type} layer takes no units", f"{field}/units", "value")
        counts[layer.type] += 1
        name = layer.name or f"{layer.type}{counts[layer.type]}"
        if not NAME_PATTERN.fullmatch(name) or name in RESERVED_NAMES:
            raise EngineError(
                "a layer's name is a letter and then up to 31 letters, digits or underscores, "
                "and not x, t or loss",
                f"{field}/name",
                "name",
            )
        if name in seen:
            raise EngineError("two layers have the same name", f"{field}/name", "name")
        seen.add(name)
        named.append(replace(layer, name=name))
    return tuple(named)

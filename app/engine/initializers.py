"""First values of the parameters, drawn from a seed."""

import math
from dataclasses import dataclass

import numpy as np

from app.engine.bounds import Bounds, whole
from app.engine.errors import EngineError
from app.engine.spec import NetworkSpec

INITIALIZERS = ("normal", "xavier", "he", "zeros")
STD = Bounds(minimum=0, maximum=1e6)
SEED = whole(0, 2**32 - 1)


@dataclass(frozen=True)
class Initializer:
    """How weights are drawn; what is no weight always starts at one number, a bias at 0.

    ``normal`` uses the standard deviation ``std`` (the book's 0.01, section 5.7.2), ``xavier``
    1/sqrt(D) (Glorot and Bengio 2010, in the book's form, section 6.2.2), ``he`` sqrt(2/D)
    (He et al. 2015, section 6.2.3), where D is how many numbers
    make one with it: the rows of W.
    """

    type: str = "he"
    std: float = 0.01

    def __post_init__(self) -> None:
        if self.type not in INITIALIZERS:
            raise EngineError(
                f"initializer is one of {', '.join(INITIALIZERS)}",
                "initializer/type",
                "type",
                {"enum": INITIALIZERS},
            )
        if not STD.holds(self.std):
            raise EngineError(f"std is {STD.words}", "initializer/std", "range", STD.schema)

    def deviation(self, inputs: int) -> float:
        """The standard deviation of the weights of a layer with so many ``inputs``."""
        match self.type:
            case "xavier":
                return math.sqrt(1 / inputs)
            case "he":
                return math.sqrt(2 / inputs)
            case "zeros":
                return 0.0
            case _:
                return self.std


def initialize(spec: NetworkSpec, initializer: Initializer, seed: int) -> dict[str, np.ndarray]:
    """Draw all parameters of ``spec``: the same seed gives the same numbers.

    They are drawn in float64 and then cast, so that float32 sees the same network.
    """
    generator = np.random.default_rng(seed)
    parameters = {}
    for name, one in spec.parameters.items():
        if one.inputs is not None:
            value = generator.standard_normal(one.shape) * initializer.deviation(one.inputs)
        else:
            value = np.full(one.shape, one.start)
        parameters[name] = value.astype(spec.dtype)
    return parameters

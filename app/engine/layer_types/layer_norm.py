"""Layer normalisation (Ba, Kiros and Hinton 2016): each sample to mean 0 and variance 1."""

from app.engine.bounds import Bounds
from app.engine.layer_types.kind import Field, LayerType
from app.engine.layer_types.normal import normalized, scale_and_shift

EPSILON = Bounds(above=0, maximum=1)

LAYER_NORM = LayerType(
    "layer_norm",
    "Layer Norm",
    lambda layer: normalized(layer, (-1,)),
    fields=(Field("epsilon", EPSILON, 1e-5),),
    parameters=lambda size, settings: scale_and_shift(size[-1:]),
    formula=r"\gamma \, \frac{{{0} - \mu}}{{\sqrt{{\sigma^{{2}} + \epsilon}}}} + \beta",
)

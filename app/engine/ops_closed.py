"""Rows of groups that are closed: Softmax, and Softmax with cross entropy (figure 5-30).

Closed is more than opened with the lid on: its gradient (y - t) / N is one formula, exact where
the opened chain would divide by a y that has become 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from app.engine.layers import cross_entropy, log_softmax, sample_losses, score_gradient, softmax
from app.engine.op import Array, Attributes, Closed, Op, Result, Shape, ShapeClash, Shapes
from app.engine.rules import Factor, IndexRule, Term

SAID_AS = "softmax_with_loss"


def _is_total(attributes: Attributes) -> bool:
    """Whether the loss is the sum over the samples, not their mean."""
    return bool(attributes.get("total"))


def _divisor(shapes: Shapes, attributes: Attributes) -> int:
    return 1 if _is_total(attributes) else shapes[0][0]


def _scores_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    if len(shapes[0]) != 2:
        raise ShapeClash(f"softmax takes rows of scores, not an array of shape {shapes[0]}")
    return shapes[0]


def _loss_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    if _scores_shape(shapes, attributes) != shapes[1]:
        raise ShapeClash(f"scores {shapes[0]} and targets {shapes[1]} have to have one shape")
    return ()


def _share_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    """y = exp(a) over the sum of all exp(a) of the sample (equation 3.10)."""
    total = IndexRule("n0", (Term((Factor("0", "nd", "exp"),)),), "d")
    return IndexRule("nh", (Term((Factor("0", "nh", "exp"),)),), over=total)


def _loss_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    """L = -1/N times the sum of t log y over samples and classes (equation 4.3)."""
    product = Term((Factor("1", "nh"), Factor("log_y", "nh")), -1.0)
    return IndexRule("", (product,), "nh", scale=1 / _divisor(shapes, attributes))


def _slope_rule(shapes: Shapes, attributes: Attributes) -> IndexRule:
    """dL/da = (y - t) / N (section 5.6.3); without the 1/N of a sum, which comes from above."""
    terms = Term((Factor("y", "nh"),)), Term((Factor("1", "nh"),), -1.0)
    return IndexRule("nh", terms, scale=1 / _divisor(shapes, attributes))


def _share_formula(
    symbols: Sequence[str], shapes: Shapes, attributes: Attributes, row: int | None
) -> str:
    if row is not None:
        return rf"\frac{{\exp(a_{{{row}}})}}{{\sum_{{i}} \exp(a_{{i}})}}"
    return rf"\frac{{\exp({symbols[0]})}}{{\sum \exp({symbols[0]})}}"


def _loss_formula(
    symbols: Sequence[str], shapes: Shapes, attributes: Attributes, row: int | None
) -> str:
    if "classes" in attributes:
        return r"-\sum_{i} t_{i} \log y_{i}"
    over = r"\frac{1}{N} " if _divisor(shapes, attributes) > 1 else ""
    return rf"-{over}\sum \mathbf{{T}} \log \mathbf{{Y}}"


def _loss_of_operands(names: Sequence[str], attributes: Attributes) -> str:
    over = "" if _is_total(attributes) else r"\frac{1}{N} "
    return rf"-{over}\sum {names[1]} \log \mathrm{{softmax}}({names[0]})"


def _over(names: Sequence[str], attributes: Attributes) -> str:
    """The 1/N of a mean."""
    return "" if _is_total(attributes) else f" / len({names[0]})"


def _loss(inputs: Sequence[Array], attributes: Attributes) -> Array:
    a, t = inputs
    if _is_total(attributes):
        return np.asarray(sample_losses(a, t).sum())
    return cross_entropy(a, t)


def _gradient(
    k: int, inputs: Sequence[Array], out: Array, grad: Array, attributes: Attributes
) -> Array:
    a, t = inputs
    if k != 0:
        return np.zeros_like(t)
    return np.asarray(
        grad * score_gradient(softmax(a), t) * (len(a) if _is_total(attributes) else 1)
    )


def _kept(inputs: Sequence[Array]) -> Mapping[str, Array]:
    return {"y": softmax(inputs[0]), "log_y": log_softmax(inputs[0])[0]}


_PROBABILITIES = Result(
    lambda attributes: "probabilities", "y", ("0",), _share_rule, _share_formula,
    made_by="multiply", box="softmax", is_wide=True, numpy="softmax({0})",
)  # fmt: skip
_LOSS = Result(
    lambda attributes: "total" if _is_total(attributes) else "loss", "loss", ("y", "1"),
    _loss_rule, _loss_formula, made_by="negate", box="cross_entropy", skips_zeros=True,
    numpy=lambda names, attributes: (
        f"-np.sum({names[1]} * log_softmax({names[0]}))" + _over(names, attributes)
    ),
)  # fmt: skip

CLOSED: Mapping[str, Op] = {
    # At the end of a network without targets, from which nothing comes back.
    "softmax": Op(
        "Softmax", _scores_shape,
        lambda inputs, attributes: softmax(inputs[0]),
        lambda k, inputs, out, grad, attributes: np.zeros_like(inputs[0]),
        _share_rule, r"\frac{{\exp({0})}}{{\sum \exp({0})}}", ("0",), "softmax({0})",
        differentiable=frozenset(),
        closed=Closed(
            SAID_AS, (_PROBABILITIES,),
            lambda inputs, attributes: (softmax(inputs[0]),), _kept,
        ),
    ),
    "softmax_with_loss": Op(
        "Softmax with Loss", _loss_shape, _loss, _gradient, _loss_rule,
        _loss_of_operands,
        (r"{g} \, (\mathrm{{softmax}}({0}) - {1})", "0"),
        lambda names, attributes: (
            f"-np.sum({names[1]} * np.log(softmax({names[0]})))" + _over(names, attributes)
        ),
        lambda k, shapes, attributes: "{g} * ({y} - {1})" + _over(["{0}"], attributes),
        differentiable=frozenset({0}),
        closed=Closed(
            SAID_AS, (_PROBABILITIES, _LOSS),
            lambda inputs, attributes: (softmax(inputs[0]), _loss(inputs, attributes)), _kept,
            logs={"log_y": "y"},
            gradient_name=lambda attributes: (
                "gradient.total" if _is_total(attributes) else "gradient"
            ),
            gradient_rule=_slope_rule, gradient_reads=("y", "1"), quantity="score_gradient",
            takes_mean=True,
        ),
    ),
}  # fmt: skip

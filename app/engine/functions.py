"""The table of functions of one number: one row is all that the engine knows of each.

From a row come the op, the layer of that type where there is one, the index rule with its
derivative, the formulas, the NumPy line, and the cells at which no gradient can be checked. A name
may carry a constant, ``power(3)``; ``square.of.reciprocal`` is the square of 1/x.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.engine.layers import sigmoid, sigmoid_slope, tanh_slope

Array = np.ndarray


@dataclass(frozen=True)
class Function:
    r"""One row.

    Attributes:
        value: The function, cell by cell, without overflow where the result is finite.
        plain: How it is written where a number stands for x: ``{x}``, ``{(x)}`` in brackets where
            it is negative, ``{-x}`` with the other sign.
        slope: Its derivative, as factors: a function of the input (``in``) or of the result
            (``out``), times ``coefficient``.
        instead: A function of the input that is the last factor of the slope, to all digits also
            where that one loses them.
        backward: ``backward(x, y, grad)``, dL/dx as computed; ``grad`` times the slope by default.
        title: What stands in its circle or box; empty where it occurs in derivatives alone.
        formula: Its LaTeX, ``{0}`` being the input.
        gradient: The LaTeX of dL/dx: of ``{g}``, ``{0}``, and the result ``{y}``.
        numpy: Its NumPy line.
        numpy_gradient: That of dL/dx: of ``{g}``, ``{0}``, and the result ``{y}``.
        kinks: Inputs at which the slope jumps.
        layer: Whether there is a layer of this type.
    """

    value: Callable[[Array], Array]
    plain: str
    slope: tuple[tuple[str, str], ...] = ()
    coefficient: float = 1.0
    instead: str | None = None
    backward: Callable[[Array, Array, Array], Array] | None = None
    title: str = ""
    formula: str = ""
    gradient: str = ""
    numpy: str = ""
    numpy_gradient: str = ""
    kinks: tuple[float, ...] = ()
    layer: bool = False

    def back(self, x: Array, y: Array, grad: Array) -> Array:
        """dL/dx from dL/dy, all of one shape."""
        if self.backward is not None:
            return np.asarray(self.backward(x, y, grad))
        slope: Array | float = self.coefficient
        for source, name in self.slope:
            slope = slope * function(name).value(x if source == "in" else y)
        return np.asarray(grad * slope)


_ROOT_2 = math.sqrt(2)
_ROOT_2_PI = math.sqrt(2 * math.pi)
_GELU = math.sqrt(2 / math.pi), 0.044715
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _normal_share(x: Array) -> Array:
    """The share of the standard normal distribution below x; erfc keeps the digits of its tail."""
    x = np.asarray(x)
    return np.asarray(np.asarray(_erfc(-x / _ROOT_2)) / 2).astype(x.dtype)


def _normal_density(x: Array) -> Array:
    return np.asarray(np.exp(-x * x / 2) / _ROOT_2_PI)


def _gelu_slope(x: Array) -> Array:
    # The density is 0 where x is infinite, and 0 times infinity would be no number.
    return np.asarray(_normal_share(x) + np.nan_to_num(x) * _normal_density(x))


def _gelu_inner(x: Array) -> Array:
    """Twice the u of (1 + tanh u) / 2, which is the sigmoid of this."""
    scale, cubic = _GELU
    return np.asarray(2 * scale * (x + cubic * x * x * x))


def _gelu_tanh_slope(x: Array) -> Array:
    scale, cubic = _GELU
    inner = _gelu_inner(x)
    by_x = 2 * scale * (1 + 3 * cubic * x * x)
    return np.asarray(sigmoid(inner) + x * by_x * sigmoid_slope(inner))


def _only_open(x: Array, y: Array, grad: Array) -> Array:
    # A choice, since 0 times an infinite gradient would be no number.
    return np.where(x > 0, grad, 0)


FUNCTIONS: Mapping[str, Function] = {
    "identity": Function(lambda v: v, "{x}"),
    "negate": Function(
        lambda v: -v, "{-x}", (), -1.0,
        title="-", formula="-{0}", gradient="-{g}", numpy="-{0}", numpy_gradient="-{g}",
    ),
    "exp": Function(
        np.exp, "exp({x})", (("out", "identity"),),
        title="exp", formula=r"\exp({0})", gradient=r"{g} \, {y}", numpy="np.exp({0})",
        numpy_gradient="{g} * {y}",
    ),
    "log": Function(
        np.log, "log({x})", (("in", "reciprocal"),),
        title="log", formula=r"\log {0}", gradient=r"{g} \, \frac{{1}}{{{0}}}", numpy="np.log({0})",
        numpy_gradient="{g} / {0}",
    ),
    "reciprocal": Function(
        lambda v: 1 / v, "1/{(x)}", (("out", "square"),), -1.0,
        backward=lambda x, y, grad: grad * (-y * y),
        title="/", formula=r"\frac{{1}}{{{0}}}", gradient=r"-{g} \, {y}^{{2}}", numpy="1 / {0}",
        numpy_gradient="-{g} * {y} ** 2",
    ),
    "square": Function(
        lambda v: v * v, "{(x)}²", (("in", "identity"),), 2.0,
        title="**2", formula="{0}^{{2}}", gradient=r"2 \, {g} \odot {0}", numpy="{0} ** 2",
        numpy_gradient="{g} * 2 * {0}",
    ),
    "sqrt": Function(
        np.sqrt, "√{(x)}", (("out", "reciprocal"),), 0.5,
        title="sqrt", formula=r"\sqrt{{{0}}}", gradient=r"\frac{{{g}}}{{2 \, {y}}}",
        numpy="np.sqrt({0})", numpy_gradient="{g} / (2 * {y})",
    ),
    "abs": Function(
        np.abs, "|{x}|", (("in", "sign"),),
        title="abs", formula=r"\left|{0}\right|", gradient=r"{g} \odot \mathrm{{sign}}({0})",
        numpy="np.abs({0})", numpy_gradient="{g} * np.sign({0})", kinks=(0.0,),
    ),
    "relu": Function(
        lambda v: np.asarray(np.maximum(v, 0)), "max({x}, 0)", (("in", "step"),),
        backward=_only_open,
        title="ReLU", formula=r"\max({0}, 0)", gradient=r"{g} \odot [{0} > 0]",
        numpy="np.maximum({0}, 0)",
        numpy_gradient="np.where({y} > 0, {g}, 0)", kinks=(0.0,), layer=True,
    ),
    "sigmoid": Function(
        sigmoid, "sigmoid({x})", (("out", "identity"), ("out", "one_minus")),
        instead="sigmoid_of_minus", backward=lambda x, y, grad: grad * sigmoid_slope(x),
        title="Sigmoid", formula=r"\frac{{1}}{{1 + \exp(-{0})}}",
        gradient=r"{g} \odot {y} \odot (1 - {y})", numpy="1 / (1 + np.exp(-{0}))",
        numpy_gradient="{g} * {y} * (1 - {y})", layer=True,
    ),
    "tanh": Function(
        np.tanh, "tanh({x})", (("out", "one_minus_square"),),
        instead="one_over_cosh_square", backward=lambda x, y, grad: grad * tanh_slope(x),
        title="Tanh", formula=r"\tanh({0})", gradient=r"{g} \odot (1 - {y}^{{2}})",
        numpy="np.tanh({0})", numpy_gradient="{g} * (1 - {y} ** 2)", layer=True,
    ),
    "softplus": Function(
        lambda v: np.logaddexp(0, v), "log(1 + exp({x}))", (("in", "sigmoid"),),
        title="Softplus", formula=r"\log(1 + \exp({0}))",
        gradient=r"{g} \odot \frac{{1}}{{1 + \exp(-{0})}}", numpy="np.logaddexp(0, {0})",
        numpy_gradient="{g} / (1 + np.exp(-{0}))",
        layer=True,
    ),
    "gelu": Function(
        lambda v: v * _normal_share(v), "GELU({x})", (("in", "gelu_slope"),),
        title="GELU", formula=r"{0} \odot \Phi({0})",
        gradient=r"{g} \odot (\Phi({0}) + {0} \odot \varphi({0}))", numpy="gelu({0})",
        numpy_gradient="{g} * gelu_slope({0})", layer=True,
    ),
    "gelu_tanh": Function(
        lambda v: v * sigmoid(_gelu_inner(v)), "GELU({x})", (("in", "gelu_tanh_slope"),),
        title="GELU (tanh)",
        formula=(
            r"\frac{{{0}}}{{2}} \odot (1 + \tanh(\sqrt{{2 / \pi}} \, "
            r"({0} + 0.044715 \, {0}^{{3}})))"
        ),
        gradient=r"{g} \odot \mathrm{{gelu}}'({0})", numpy="gelu_tanh({0})",
        numpy_gradient="{g} * gelu_tanh_slope({0})", layer=True,
    ),
    "sin": Function(
        np.sin, "sin({x})", (("in", "cos"),),
        title="sin", formula=r"\sin({0})", gradient=r"{g} \odot \cos({0})", numpy="np.sin({0})",
        numpy_gradient="{g} * np.cos({0})",
    ),
    "cos": Function(
        np.cos, "cos({x})", (("in", "sin"),), -1.0,
        title="cos", formula=r"\cos({0})", gradient=r"-{g} \odot \sin({0})", numpy="np.cos({0})",
        numpy_gradient="-{g} * np.sin({0})",
    ),
    # These occur in derivatives alone.
    "step": Function(lambda v: (v > 0) * 1.0, "[{x} > 0]"),
    "step_or_zero": Function(lambda v: (v >= 0) * 1.0, "[{x} ≥ 0]"),
    "sign": Function(np.sign, "sign({x})"),
    "one_minus": Function(lambda v: 1 - v, "(1 − {(x)})"),
    "one_minus_square": Function(lambda v: 1 - v * v, "(1 − {(x)}²)"),
    "sigmoid_of_minus": Function(lambda v: sigmoid(-v), "σ({-x})"),
    "one_over_cosh_square": Function(tanh_slope, "1/cosh({x})²"),
    "gelu_slope": Function(_gelu_slope, "GELU′({x})"),
    "gelu_tanh_slope": Function(_gelu_tanh_slope, "GELU′({x})"),
}  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Functions that differ in one constant: its name, its default, and the row for a constant."""

    constant: str
    default: float
    of: Callable[[float], Function]


def _leaky_relu(c: float) -> Function:
    return Function(
        lambda v: np.where(v > 0, v, c * v), f"max({{x}}, {c:g}{{(x)}})",
        (("in", f"leaky_step({c!r})"),),
        title="Leaky ReLU", formula=rf"\max({{0}}, {c:g} \, {{0}})",
        gradient=rf"{{g}} \odot ([{{0}} > 0] + {c:g} \, [{{0}} \leq 0])",
        numpy=f"np.where({{0}} > 0, {{0}}, {c!r} * {{0}})",
        numpy_gradient=f"np.where({{0}} > 0, {{g}}, {c!r} * {{g}})", kinks=(0.0,), layer=True,
    )  # fmt: skip


def _power(c: float) -> Function:
    return Function(
        lambda v: v**c, f"{{(x)}}^{c:g}", (("in", f"power({c - 1!r})"),), c,
        title=f"**{c:g}", formula=f"{{0}}^{{{{{c:g}}}}}",
        gradient=rf"{c:g} \, {{g}} \odot {{0}}^{{{{{c - 1:g}}}}}", numpy=f"{{0}} ** {c!r}",
        numpy_gradient=f"{{g}} * {c!r} * {{0}} ** {c - 1!r}",
        kinks=() if c == int(c) and c >= 0 else (0.0,),
    )  # fmt: skip


FAMILIES: Mapping[str, Family] = {
    "leaky_relu": Family("slope", 0.01, _leaky_relu),
    "power": Family("exponent", 2.0, _power),
    # Its derivative alone.
    "leaky_step": Family(
        "slope",
        0.01,
        lambda c: Function(lambda v: np.where(v > 0, 1.0, c), f"{{x}} > 0 ? 1 : {c:g}"),
    ),
}


@lru_cache(maxsize=1024)
def function(name: str) -> Function:
    """The row of that name.

    Raises:
        KeyError: there is none.
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    outer, dot, inner = name.partition(".of.")
    if dot:
        first, second = function(inner), function(outer)
        return Function(
            lambda v: second.value(first.value(v)), _substituted(second.plain, first.plain)
        )
    base, _, constant = name.partition("(")
    family = FAMILIES[base]
    return family.of(float(constant.rstrip(")")) if constant else family.default)


def named(base: str, constant: float | None = None) -> str:
    """The name of a function of a family with this constant, or of a plain one."""
    if base not in FAMILIES:
        return base
    return f"{base}({FAMILIES[base].default if constant is None else constant!r})"


def _substituted(outer: str, inner: str) -> str:
    """How f(g(x)) is written."""
    return re.sub(r"\{(\(x\)|x|-x)\}", lambda at: _inside(at[1], inner), outer)


def _inside(place: str, inner: str) -> str:
    return {"x": inner, "(x)": f"({inner})", "-x": f"−({inner})"}[place]

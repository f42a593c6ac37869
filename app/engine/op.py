"""One row of the table of ops: what an op is, and what all rows share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.engine import lines
from app.engine.rules import IndexRule, broadcast_axes

Array = np.ndarray
Shape = tuple[int, ...]
Attributes = Mapping[str, Any]
Shapes = Sequence[Shape]
# A NumPy line or a formula from the names of the operands and the attributes.
Written = Callable[[Sequence[str], Attributes], str]
# A NumPy line of dL/d(input k) as a template: of the operands ``{0}``, ``{1}``, the result ``{y}``
# and the gradient from above, ``{g}``.
Back = Callable[[int, Shapes, Attributes], str]

# Of a result: n for samples, h for units, then what further axes there are; d is summed over.
LETTERS = "nhijkl"
MAX_RANK = len(LETTERS)


class ShapeClash(ValueError):
    """The operands' shapes do not fit; the message says which and what would."""


@dataclass(frozen=True)
class Result:
    """One of the results of an op that is a closed group of others.

    Attributes:
        name: What its rule is called, after the op.
        key: By which further rules of the op name it.
        reads: What it is made of: operands by number, results before it by their key.
        rule: Its index rule over the same, and over the arrays that the op keeps.
        formula: It as LaTeX, from the operands' symbols; ``row`` where it is one of many numbers.
        made_by: The op that makes it where the group is opened.
        box: The box of the figure in which it is made.
        is_wide: Whether it has a number for each class, and so is in rows where the op is.
        skips_zeros: Whether a term counts only where its first factor is not 0.
        numpy: Its NumPy line from the operands, to all digits.
    """

    name: Callable[[Attributes], str]
    key: str
    reads: tuple[str, ...]
    rule: Callable[[Shapes, Attributes], IndexRule]
    formula: Callable[[Sequence[str], Shapes, Attributes, int | None], str]
    made_by: str
    box: str
    is_wide: bool = False
    skips_zeros: bool = False
    numpy: str | Written = ""


@dataclass(frozen=True)
class Closed:
    """What an op has besides that is a group of ops, closed.

    Its kernel gives all results at once, each by the formula that keeps its digits, and a gradient
    that is one formula, too. The last result is the one from which gradients come back.

    Attributes:
        said_as: Under which op's name its rules have their sentences.
        results: In the order of the node's outputs.
        kernel: ``kernel(inputs, attributes)``: all of them.
        kept: The arrays that rules name beside the operands and results.
        logs: Of which result an array that is kept is the logarithm.
        gradient_name: What the gradient's rule is called, after the op.
        gradient_rule: Of the first operand; times dL/d(last result), a single number.
        gradient_reads: What it is made of, as ``reads``.
        quantity: Which number of the layer as a whole the gradient is (`Whole`).
        takes_mean: Whether the mean over samples is taken in it.
    """

    said_as: str
    results: tuple[Result, ...]
    kernel: Callable[[Sequence[Array], Attributes], tuple[Array, ...]]
    kept: Callable[[Sequence[Array]], Mapping[str, Array]]
    logs: Mapping[str, str] = field(default_factory=dict)
    gradient_name: Callable[[Attributes], str] = lambda attributes: "gradient"
    gradient_rule: Callable[[Shapes, Attributes], IndexRule] | None = None
    gradient_reads: tuple[str, ...] = ()
    quantity: str = ""
    takes_mean: bool = False


@dataclass(frozen=True)
class Op:
    """One row of the table.

    Attributes:
        symbol: What stands in its circle; a layer of one op has its name from here.
        shape: Result shape from the inputs' shapes; raises `ShapeClash`.
        forward: ``forward(inputs, attributes) -> result``.
        gradient: ``gradient(k, inputs, out, grad, attributes)``: dL/d(input k) from dL/d(out),
            of the input's shape.
        rule: The index rule from the inputs' shapes; the gradients' rules follow from it.
        formula: The result as LaTeX, from the operands' ``{0}``, ``{1}``.
        gradients: dL/d(input k) as LaTeX, from the same, the result ``{y}`` and ``{g}``.
        numpy: Its NumPy line.
        backs: The NumPy line of dL/d(input k), a template for each or what makes one. Of an op
            that broadcasts, before it is added up over what the input was copied to.
        alone: Its NumPy line in a script, where it is another than the one that programs read.
        mask: For the largest of several, 1 over all letters of the rule where input k was it.
        differentiable: Inputs that a gradient reaches, by number; all where it is None.
        broadcasts: Whether the gradient of an input is added up over what it was copied to.
        switches: What of the inputs decides which way the gradient takes: while it stays the same,
            the op is smooth. None where it always is.
        closed: Of a closed group of ops, what such a one has besides; ``shape``, ``forward`` and
            ``rule`` are then those of its last result.
    """

    symbol: str
    shape: Callable[[Shapes, Attributes], Shape]
    forward: Callable[[Sequence[Array], Attributes], Array]
    gradient: Callable[[int, Sequence[Array], Array, Array, Attributes], Array]
    rule: Callable[[Shapes, Attributes], IndexRule]
    formula: str | Written = ""
    gradients: tuple[str, ...] | Callable[[Attributes], tuple[str, ...]] = ()
    numpy: str | Written = ""
    backs: tuple[str, ...] | Back = ()
    alone: str | Written = ""
    mask: Callable[[int, Sequence[Array], Attributes], Array] | None = None
    differentiable: frozenset[int] | None = None
    broadcasts: bool = False
    switches: Callable[[Sequence[Array], Attributes], Array] | None = None
    closed: Closed | None = None

    def gradient_rule(self, k: int, shapes: Shapes, attributes: Attributes) -> IndexRule:
        """The rule of dL/d(input k), derived from the one forward rule; a closed group has one."""
        if self.closed is not None and self.closed.gradient_rule is not None:
            return self.closed.gradient_rule(shapes, attributes)
        return self.rule(shapes, attributes).gradient(str(k))

    def reaches(self, k: int) -> bool:
        """Whether a gradient reaches input k."""
        return self.differentiable is None or k in self.differentiable

    def gradient_formula(self, k: int, attributes: Attributes) -> str:
        """dL/d(input k) as LaTeX, a template as in ``gradients``."""
        forms = self.gradients
        return (forms if isinstance(forms, tuple) else forms(attributes))[
            self.form_of(k, attributes)
        ]

    def form_of(self, k: int, attributes: Attributes) -> int:
        """The number of the form that input k's gradient has; of any number of inputs, the last
        form is that of all further ones.
        """
        forms = self.gradients if isinstance(self.gradients, tuple) else self.gradients(attributes)
        return min(k, len(forms) - 1)

    def line(self, names: Sequence[str], attributes: Attributes) -> str:
        """Its NumPy line with the operands' names in it."""
        return written(self.numpy, names, attributes)

    def script_line(self, names: Sequence[str], attributes: Attributes) -> str:
        """Its NumPy line as it is run, with all digits and a number for each True and False."""
        return written(self.alone or self.numpy, names, attributes)

    def gradient_line(
        self, k: int, names: Sequence[str], out: str, grad: str, shapes: Shapes,
        attributes: Attributes,
    ) -> str:  # fmt: skip
        """The NumPy line of dL/d(input k).

        Args:
            k: Which input.
            names: Of the operands, in parentheses where they are no single name.
            out: The result, or the first of a closed group's.
            grad: dL/d(result).
            shapes: Of the operands.
            attributes: The op's.
        """
        if not self.reaches(k):
            return f"np.zeros({shapes[k]})"
        return self.back(k, shapes, attributes).format(*names, y=out, g=grad)

    def back(self, k: int, shapes: Shapes, attributes: Attributes) -> str:
        """The same as a template, for an input that a gradient reaches."""
        if isinstance(self.backs, tuple):
            text = self.backs[min(k, len(self.backs) - 1)]
        else:
            text = self.backs(k, shapes, attributes)
        if self.broadcasts:
            text = lines.summed(text, self.shape(shapes, attributes), shapes[k])
        return text


def written(form: str | Written, names: Sequence[str], attributes: Attributes) -> str:
    """A line with the operands' names in it."""
    return form.format(*names) if isinstance(form, str) else form(names, attributes)


def formula(form: str | Written, names: Sequence[str], attributes: Attributes) -> str:
    """A formula with the operands' symbols in it, in parentheses where they need them."""
    shown = [grouped(name) for name in names]
    text = written(form, shown, attributes)
    return tidied(text, names)


def tidied(text: str, names: Iterable[str]) -> str:
    """The formula without parentheses where the place has some itself, exp(a + b), and with some
    around a power that is raised to a power.
    """
    for name in names:
        if "^" in name:
            text = text.replace(f"{name}^", rf"\left({name}\right)^")
        if (inner := grouped(name)) != name:
            text = re.sub(
                rf"(?<=[({{,\[])(\s*){re.escape(inner)}(?=[)}},\]])",
                lambda at, name=name: at[1] + name,  # type: ignore[misc]
                text,
            )
    return text


def grouped(symbol: str, sums: bool = True) -> str:
    """The symbol, in parentheses where it starts with a minus or (``sums``) is a sum."""
    flat = symbol
    while (shorter := re.sub(r"\{[^{}]*\}|\([^()]*\)", "", flat)) != flat:
        flat = shorter
    is_sum = " + " in flat or " - " in flat or flat.startswith(r"\sum")
    return rf"\left({symbol}\right)" if flat.startswith("-") or (sums and is_sum) else symbol


def as_one(symbol: str) -> str:
    """The symbol as one thing, to be differentiated by or raised: in parentheses also where it is
    a product.
    """
    flat = symbol
    while (shorter := re.sub(r"\{[^{}]*\}|\([^()]*\)", "", flat)) != flat:
        flat = shorter
    is_product = re.search(r"\\(cdot|times|odot|ast)\b|\\,", flat) is not None
    return rf"\left({symbol}\right)" if is_product else grouped(symbol)


def letters(shape: Shape) -> str:
    """A letter for each axis of a result."""
    return LETTERS[: len(shape)]


def unbroadcast(grad: Array, shape: Shape) -> Array:
    """Add up ``grad`` over the axes along which an operand of ``shape`` was copied."""
    extra = grad.ndim - len(shape)
    summed = tuple(range(extra)) + tuple(
        extra + axis for axis, size in enumerate(shape) if size == 1 < grad.shape[extra + axis]
    )
    return np.asarray(grad.sum(axis=summed).reshape(shape) if summed else grad)


def broadcast_shape(shapes: Shapes, attributes: Attributes) -> Shape:
    """The shape that NumPy broadcasts operands to.

    Raises:
        ShapeClash: they do not fit.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        told = " and ".join(map(str, shapes))
        raise ShapeClash(
            f"shapes {told} do not fit: from the right, each size has to be the same, or 1"
        ) from error


def broadcast_letters(shapes: Shapes) -> tuple[str, list[str]]:
    """The letters of the result of operands that are broadcast, and of each operand."""
    whole = np.broadcast_shapes(*shapes)
    result = letters(whole)
    return result, [broadcast_axes(shape, whole, result) for shape in shapes]

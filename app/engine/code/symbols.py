r"""Names of a program in formulas: ``W1`` is :math:`\mathbf{W}_1`, ``alpha`` a Greek letter."""

import re

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta kappa mu nu xi rho sigma tau phi chi psi omega"
)
GREEK = frozenset(_GREEK.split())
# A formula that is longer than this, without its commands, gets a letter instead.
LONGEST = 18


def symbol(name: str, rank: int) -> str:
    """The name of a tensor with so many axes, as LaTeX; letters of arrays are bold."""
    base, digits = re.fullmatch(r"(.*?)_?(\d*)", name, re.S).groups()  # type: ignore[union-attr]
    if not base:
        base, digits = name, ""
    head, _, tail = base.partition("_")
    if len(head) == 1 and tail:
        base, digits = head, tail + digits
    if base in GREEK:
        shown = rf"\{base}"
    elif len(base) == 1:
        shown = rf"\mathbf{{{base}}}" if rank else base
    else:
        words = [rf"\mathrm{{{word}}}" for word in base.split("_") if word]
        shown = r"\;".join(words) or r"\mathrm{name}"
    if not digits:
        return shown
    return f"{shown}_{{{digits}}}" if digits.isdigit() else rf"{shown}_{{\mathrm{{{digits}}}}}"


def is_short(latex: str) -> bool:
    """Whether a formula can stand on an arrow."""
    bare = re.sub(r"\\(mathbf|mathrm|mathsf|left|right|frac|operatorname)|[{}\s]", "", latex)
    return len(re.sub(r"\\[A-Za-z]+", "x", bare)) <= LONGEST


def number(value: float) -> str:
    """A number of the program as LaTeX."""
    text = f"{value:.6g}"
    mantissa, has_power, power = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(power)}}}" if has_power else text

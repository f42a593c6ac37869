r"""LaTeX to plain English words, for screen readers.

Only the small language that the figures use is known: fractions (a fraction of two differentials
is read "d L by d X"), superscript T, subscripts, upright words and a few operators. An unknown
command is read by its own name, so nothing is ever dropped silently.
"""

import re
from functools import lru_cache

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\d+(?:\.\d+)?|[^\s]")

_WORDS = {
    r"\partial": "d",
    r"\cdot": "dot",
    r"\times": "times",
    r"\odot": "times, cell by cell,",
    r"\sum": "sum",
    r"\log": "log",
    r"\exp": "exp",
    r"\ln": "log",
    r"\max": "max",
    r"\min": "min",
    r"\tanh": "hyperbolic tangent",
    r"\sigma": "sigmoid",
    r"\mathsf": "",
    r"\infty": "infinity",
    r"\leq": "at most",
    r"\geq": "at least",
    r"\ldots": "and so on",
    r"\cdots": "and so on",
    r"\in": "in",
    r"\to": "to",
    "'": "prime",
    "=": "equals",
    "+": "plus",
    "-": "minus",
    "/": "over",
    "<": "less than",
    ">": "greater than",
}
_SILENT = {
    r"\left", r"\right", r"\,", r"\;", r"\:", r"\!", r"\quad", r"\qquad", r"\displaystyle",
    r"\big", r"\Big", r"\bigl", r"\bigr", r"\textstyle", "&",
}  # fmt: skip
_STYLES = {
    r"\mathbf", r"\mathrm", r"\mathsf", r"\mathit", r"\text", r"\operatorname", r"\boldsymbol",
    r"\mathbb", r"\textrm",
}  # fmt: skip
_ACCENTS = {r"\hat": "hat", r"\bar": "bar", r"\tilde": "tilde"}


@lru_cache(maxsize=4096)
def spoken(latex: str) -> str:
    r"""Words for a formula, e.g. ``\frac{\partial L}{\partial \mathbf{X}}`` -> "d L by d X"."""
    words, _ = _sequence(_TOKEN.findall(latex), 0, stop=None)
    text = " ".join(word for word in words if word)
    text = re.sub(r"\s+([,)\]])", r"\1", text)
    return re.sub(r"([(\[])\s+", r"\1", text)


def _sequence(tokens: list[str], at: int, stop: str | None) -> tuple[list[str], int]:
    words: list[str] = []
    while at < len(tokens):
        if tokens[at] == stop:
            return words, at + 1
        part, at = _piece(tokens, at)
        words.extend(part)
    return words, at


def _argument(tokens: list[str], at: int) -> tuple[list[str], int]:
    if at >= len(tokens):
        return [], at
    if tokens[at] == "{":
        return _sequence(tokens, at + 1, "}")
    return _piece(tokens, at)


def _piece(tokens: list[str], at: int) -> tuple[list[str], int]:
    token = tokens[at]
    if token == "{":
        return _sequence(tokens, at + 1, "}")
    if token == r"\frac":
        top, at = _argument(tokens, at + 1)
        bottom, at = _argument(tokens, at)
        # dL/dX is read as a derivative, any other fraction as a division.
        derivative = bool(top) and bool(bottom) and top[0] == bottom[0] == "d"
        return [*top, "by" if derivative else "over", *bottom], at
    if token == r"\sqrt":
        inner, at = _argument(tokens, at + 1)
        return ["square root of", *inner], at
    if token in _STYLES:
        inner, at = _argument(tokens, at + 1)
        # Letters of an upright word belong together: \mathrm{softmax} is one word.
        joined = "".join(inner) if all(len(word) == 1 for word in inner) else " ".join(inner)
        return [joined], at
    if token in _ACCENTS:
        inner, at = _argument(tokens, at + 1)
        return [*inner, _ACCENTS[token]], at
    if token == "^":
        inner, at = _argument(tokens, at + 1)
        return _superscript(inner), at
    if token == "_":
        return _argument(tokens, at + 1)
    if token in _SILENT:
        return [], at + 1
    return [_WORDS.get(token, token.lstrip("\\"))], at + 1


def _superscript(inner: list[str]) -> list[str]:
    if inner in (["T"], ["top"]):
        return ["transposed"]
    if inner == ["2"]:
        return ["squared"]
    return ["to the power", *inner]

r"""LaTeX to the words that it is read aloud with, for screen readers.

Only the small language that the figures use is known: fractions (a fraction of two differentials
is a derivative), sums, superscript T, subscripts, upright words and a few operators. An unknown
command is read by its own name, so nothing is ever dropped silently.

What a language says in its own way stands in braces, with its parts behind it, so that each may
put them in its own order: ``\frac{1}{N} \mathbf{S}`` is ``{over|1|N} S``. The page has the words
for it in its language files, under ``spoken``; `ENGLISH` is for tools.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

ENGLISH = {
    "by": "d {a} by d {b}",
    "over": "{a} over {b}",
    "power": "to the power {a}",
    "squared": "squared",
    "transposed": "transposed",
    "root": "square root of {a}",
    "sum": "sum of",
    "sumOver": "sum over {a} of",
    "dot": "dot",
    "times": "times",
    "cellwise": "times, cell by cell,",
    "equals": "equals",
    "plus": "plus",
    "minus": "minus",
    "divided": "divided by",
    "less": "less than",
    "greater": "greater than",
    "becomes": "becomes",
    "prime": "prime",
}

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\d+(?:\.\d+)?|[^\s]")
# The innermost words of a language: those without others in them.
_OPEN = re.compile(r"\{(\w+)\|?([^{}|]*)\|?([^{}|]*)\}")

_WORDS = {
    r"\cdot": "{dot}",
    r"\times": "{times}",
    r"\odot": "{cellwise}",
    r"\leftarrow": "{becomes}",
    r"\prime": "{prime}",
    "'": "{prime}",
    "=": "{equals}",
    "+": "{plus}",
    "-": "{minus}",
    "/": "{divided}",
    "<": "{less}",
    ">": "{greater}",
    # Letters and signs that every screen reader has a word for, and braces for what they mean.
    r"\partial": "∂",
    r"\alpha": "α",
    r"\beta": "β",
    r"\epsilon": "ε",
    r"\eta": "η",
    r"\lambda": "λ",
    r"\pi": "π",
    r"\Phi": "Φ",
    r"\varphi": "φ",
    r"\sigma": "σ",
    r"\Delta": "Δ",
    r"\infty": "∞",
    r"\leq": "≤",
    r"\geq": "≥",
    r"\in": "∈",
    r"\to": "→",
    r"\ldots": "…",
    r"\cdots": "…",
    r"\{": "(",
    r"\}": ")",
    "|": "∣",
}
_SILENT = {
    r"\left", r"\right", r"\,", r"\;", r"\:", r"\!", r"\quad", r"\qquad", r"\displaystyle",
    r"\big", r"\Big", r"\bigl", r"\bigr", r"\textstyle", "&",
}  # fmt: skip
_STYLES = {
    r"\mathbf", r"\mathrm", r"\mathsf", r"\mathit", r"\text", r"\operatorname", r"\boldsymbol",
    r"\mathbb", r"\textrm",
}  # fmt: skip
# What belongs to the letter before it.
_BEHIND = {"_", "^", "'"}
_ACCENTS = {r"\hat", r"\bar", r"\tilde"}


@lru_cache(maxsize=4096)
def spoken(latex: str) -> str:
    r"""How a formula is read: ``\frac{\partial L}{\partial \mathbf{X}}`` -> ``{by|L|X}``."""
    words, _ = _sequence(_TOKEN.findall(latex), 0, stop=None)
    return re.sub(r"([(\[])\s+|\s+([,)\]])", r"\1\2", _joined(words))


def in_words(reading: str, words: Mapping[str, str] = ENGLISH) -> str:
    """A reading with the words of a language, e.g. ``{over|1|N}`` -> ``1 over N``."""

    def said(found: re.Match[str]) -> str:
        name, a, b = found.groups()
        return words[name].replace("{a}", a).replace("{b}", b)

    found = 1
    while found:
        reading, found = _OPEN.subn(said, reading)
    return reading


@lru_cache(maxsize=4096)
def in_english(reading: str) -> str:
    """A reading in English: the names in a drawing, of which most have been read before."""
    return in_words(reading)


def _joined(words: list[str]) -> str:
    return " ".join(word for word in words if word)


def _open(name: str, *parts: list[str]) -> str:
    return "{" + "|".join((name, *map(_joined, parts))) + "}"


def _whole(words: list[str]) -> list[str]:
    """In brackets, unless it is one thing anyway: 1 over (N S) is not 1 over N, times S."""
    is_call = len(words) > 1 and len(words[0].split()[0]) > 1 and not words[0].startswith("{root")
    return words if len(words) < 2 or is_call else ["(", *words, ")"]


def _sequence(tokens: list[str], at: int, stop: str | None) -> tuple[list[str], int]:
    words: list[str] = []
    while at < len(tokens):
        if tokens[at] == stop:
            return words, at + 1
        is_behind = tokens[at] in _BEHIND and bool(words)
        part, at = _piece(tokens, at)
        if is_behind:
            words[-1] = _joined([words[-1], *part])
        else:
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
        if top[:1] == bottom[:1] == ["∂"]:
            return [_open("by", top[1:], bottom[1:])], at
        return [_open("over", _whole(top), _whole(bottom))], at
    if token == r"\sum":
        if tokens[at + 1 : at + 2] == ["_"]:
            index, at = _argument(tokens, at + 2)
            return [_open("sumOver", index)], at
        return ["{sum}"], at + 1
    if token == r"\sqrt":
        inner, at = _argument(tokens, at + 1)
        return [_open("root", _whole(inner))], at
    if token in _STYLES:
        inner, at = _argument(tokens, at + 1)
        # Letters of an upright word belong together: \mathrm{softmax} is one word.
        joined = "".join(inner) if all(len(word) == 1 for word in inner) else _joined(inner)
        return [joined], at
    if token in _ACCENTS:
        inner, at = _argument(tokens, at + 1)
        return [*inner, token[1:]], at
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
        return ["{transposed}"]
    if inner == ["2"]:
        return ["{squared}"]
    if all(word == "{prime}" for word in inner):
        return inner
    return [_open("power", inner)]

"""Which language a visitor reads, and its words."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DEFAULT = "en"
# Each under its own name, as its readers look for it.
LANGUAGES = {"en": "English", "ko": "한국어", "ja": "日本語"}

# Words of other pages alone, which the explorer need not carry.
_OTHER_PAGES = re.compile(r"figures\.(?!.*\.look$|sum\.|next\.)|sheet\.")
# Words of what the page fetches when it is first used (static/js/coming.js), and with it these.
_LATER = re.compile(
    r"(batch|check|classes|code|compare|csv|data|digit|export|fault|files|find|health|help|homework|learn|lesson|menu"
    r"|mistakes|network|nudge|number|optimizer|pad|paste|plane|practice|samples|seen|share|skill|typed|zoo)\.|large\b"
    r"|explain\.(positive|trail|toStep|row|column|place|start|empty|loading|given|largest|more|scale|shifted"
    r"|zero|note)\b|table\.(caption|shape|value|gradient|name)$|update\.(name|one|loss.*|sum.*)$|beside\.swap$"
    r"|figures\.[\w-]+\.look$"
    # Of presets that are programs.
    r"|(preset|start)\.(?!fig-|two-layer|any)"
    # Of ops that no layer of a preset's chain has.
    r"|rule\.(divide|maximum|where|greater|less|einsum|mean|reshape|transpose|concatenate|index"
    r"|gather|conv2d|max_pool|negate|square|sqrt|abs|sin|cos|power"
    r"|gelu|leaky_relu|softplus|tanh|sigmoid|momentum|adagrad|adam"
    r"|softmax_with_loss\.(gradient\.)?total)"
    # Of a page before a class.
    r"|present\.(?!button)"
    # Of what is changed or learned, which needs the rest of the page.
    r"|problem\.(run-active|nothing-to-learn|clash)$"
    # Of a wrong number in an address the first picture tells; of others those that are typed.
    r"|invalid\.(?!(choices|other|range|whole\.between)$)"
)
_FIRST = frozenset(
    f"{group}.{name}"
    for group, names in {
        "data": ("rate",),
        "digit": ("number",),
        "export": ("button",),
        # Fields of a network, which any refusal may name.
        "network": ("data", "input", "layers", "samples", "seed"),
        "practice": ("blank", "unknown"),
        "share": ("button",),
    }.items()
    for name in names
)


def choose(asked: str | None, accept_language: str) -> str:
    """The language asked for, else the first that the browser accepts, else English.

    Args:
        asked: From the address, ``?lang=ko``.
        accept_language: The header, such as ``ko-KR,ko;q=0.9,en;q=0.8``.
    """
    if asked in LANGUAGES:
        return asked
    weighted = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        language = tag.split("-")[0].lower()
        if language in LANGUAGES and wanted > 0:
            weighted.append((-wanted, place, language))
    return min(weighted)[2] if weighted else DEFAULT


@cache
def strings(language: str, static: Path) -> Mapping[str, str]:
    """All words of a language, by key."""
    words: dict[str, str] = json.loads((static / "lang" / f"{language}.json").read_text("utf-8"))
    return words


def first_words(language: str, static: Path) -> Mapping[str, str]:
    """The words of a language that the page carries: those that its first picture may need."""
    return {
        key: text
        for key, text in strings(language, static).items()
        if not _OTHER_PAGES.match(key) and (key in _FIRST or not _LATER.match(key))
    }

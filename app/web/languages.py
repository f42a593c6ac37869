"""Which language a visitor reads, and its words."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DEFAULT = "en"
# Each under its own name, as its readers look for it.
LANGUAGES = {"en": "English", "ko": "한국어", "ja": "日本語"}


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

"""What a picture says of itself to those who do not see it: its title and its description.

By itself in English, for tools; in another language with the words that the caller has of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.drawing.formulas.spoken import ENGLISH, in_words

# A description longer than this would not be listened to.
MOST_SENTENCES = 40


@dataclass(frozen=True)
class Caption:
    """A picture's title and description, and the language that both are in."""

    title: str
    description: str
    language: str = "en"


def english(drawing: Mapping[str, Any], title: str) -> Caption:
    """What the drawing itself tells of its edges: "W into dot; gradient on W into dot"."""
    edges = drawing["edges"][:MOST_SENTENCES]
    return Caption(title, "; ".join(edge["description"] for edge in edges))


def in_language(
    drawing: Mapping[str, Any], title: str, language: str, words: Mapping[str, str]
) -> Caption:
    """The named edges, as the page says them: name, value or gradient, shape, from where to where.

    Args:
        drawing: of `app.drawing.figure.graph_json.draw`.
        title: in the same language.
        language: its tag, such as ``ko``.
        words: of the language, by key: ``spoken.*``, ``edge.value``, ``.gradient`` and ``.shape``.
    """
    spoken = {name: words[f"spoken.{name}"] for name in ENGLISH}
    nodes = {node["id"]: node for node in drawing["nodes"] if node["kind"] != "source"}
    said = []
    for edge in drawing["edges"]:
        label = edge["label"]
        if not label or not label["name"]:
            continue
        name = in_words(drawing["formulas"][label["name"]["formula"]]["spoken"], spoken)
        kind = words["edge.value" if edge["direction"] == "forward" else "edge.gradient"]
        parts = [kind.replace("{name}", name)]
        if edge["shape_text"]:
            parts.append(words["edge.shape"].replace("{shape}", edge["shape_text"]))
        way = " \u2192 ".join(_called(nodes.get(edge[end])) for end in ("from", "to"))
        said.append(", ".join([*parts, way.strip()]))
    return Caption(title, "; ".join(said[:MOST_SENTENCES]), language)


def _called(node: Mapping[str, Any] | None) -> str:
    """A node as it is written in the figure; nothing for the open."""
    return (node["title"] or node["symbol"] or "") if node else ""

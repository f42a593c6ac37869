r"""The text of a lesson as HTML that is safe whoever wrote it: Markdown, with formulas between $.

HTML in the text is shown as text, pictures are left out, and a link leads to an address of this
page, ``?preset=...``, or to a page of the web. A formula is set by the project's own typesetter, so
that it looks as it does in the figure.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from app.drawing.formulas.formulas import set_formula
from app.drawing.formulas.spoken import ENGLISH, in_words

# In the panel a lesson's title is a heading of the second level.
FIRST_HEADING = 3
_LINK = re.compile(r"https?://|\?")
_FORMULA = re.compile(r"\$([^$\n]+)\$")


def to_html(text: str, words: Mapping[str, str]) -> str:
    """A text of paragraphs.

    Args:
        text: Markdown.
        words: Of the language, by key, for what a formula is read as.

    Raises:
        ValueError: a formula cannot be set.
    """
    return str(_reader().render(text, {"words": words}))


def line_to_html(text: str, words: Mapping[str, str]) -> str:
    """A text of one line, without a paragraph around it; as `to_html`."""
    return str(_reader().renderInline(text, {"words": words}))


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]
    reader.inline.ruler.before("escape", "formula", _read_formula)
    reader.add_render_rule("formula", _formula)
    for name in ("heading_open", "heading_close"):
        reader.add_render_rule(name, _heading)
    reader.add_render_rule("link_open", _link)
    return reader


def _read_formula(state: StateInline, silent: bool) -> bool:
    found = _FORMULA.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _formula(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    latex = tokens[at].content.strip()
    try:
        formula, glyphs = set_formula(latex)
    except Exception:  # whatever ziamath stumbles over
        raise ValueError("a formula between $ and $ cannot be set") from None
    own = {
        name.removeprefix("spoken."): said
        for name, said in env["words"].items()
        if name.startswith("spoken.")
    }
    label = escape(in_words(formula.spoken, own or ENGLISH), quote=True)
    parts = []
    for name, x, y, w, h in formula.glyphs:
        left, top, width, height = map(float, glyphs[name].view_box.split())
        parts.append(
            f'<path transform="translate({x} {y}) scale({w / width:.5g} {h / height:.5g})'
            f' translate({-left:g} {-top:g})" d="{glyphs[name].d}"></path>'
        )
    parts += [
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}"></rect>' for x, y, w, h in formula.rules
    ]
    # It ends at its baseline, on which pictures in a line of text stand; what hangs below is seen.
    kind = "formula alone" if len(tokens) == 1 else "formula"
    size = f'width="{formula.width}" height="{formula.ascent}"'
    box = f"0 {-formula.ascent} {formula.width} {formula.ascent}"
    return (
        f'<svg class="{kind}" role="img" aria-label="{label}" {size} viewBox="{box}"'
        f' overflow="visible" fill="currentColor">{"".join(parts)}</svg>'
    )


def _heading(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    level = min(6, FIRST_HEADING - 1 + int(tokens[at].tag[1:]))
    return f"<h{level}>" if tokens[at].nesting == 1 else f"</h{level}>\n"


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    href = str(tokens[at].attrGet("href"))
    if not href.startswith("?"):
        tokens[at].attrSet("target", "_blank")
        tokens[at].attrSet("rel", "noopener noreferrer")
    return self.renderToken(tokens, at, options, env)

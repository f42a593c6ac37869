"""The page with all seven figures of the book side by side, for readers who step through none.

It is HTML and pictures alone: it needs no script, prints, and is the same for everybody.
"""

import asyncio
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditions import is_fresh
from app.api.problem import FieldError, Problem, invalid
from app.sessions.gallery import FIGURES, THEMES, Gallery, Plate
from app.web.files import STATIC
from app.web.languages import LANGUAGES, choose, strings
from app.web.pages import FRESH, READ, templates

router = APIRouter(include_in_schema=False)

# Shapes, rows of numbers, and formulas as short as these: y − t, Y = (6, 13, 20), ∂L/∂Y.
_TOGETHER = re.compile(r"(?:\b[A-Za-z] = )?\([−\d., ]+\)|\b[a-z] − [a-z]\b", re.ASCII)
_BEFORE_LETTER = re.compile(r"(?<=\))(?=\w)")

# The book's sections, by the key of their title.
SECTIONS = {
    "affine": ("fig-5-24", "fig-5-25", "fig-5-26"),
    "batch": ("fig-5-27",),
    "loss": ("fig-5-28", "fig-5-29", "fig-5-30"),
}


@router.api_route("/figures", methods=READ)
async def figures(request: Request) -> Response:
    """All figures, with what to look for in each."""
    header = request.headers.get("accept-language", "")
    language = choose(request.query_params.get("lang"), header)
    theme = request.query_params.get("theme", "")
    # Their sizes stand in the page, so that nothing moves when the pictures arrive.
    plates = await asyncio.gather(*(_plate(request, figure, "light") for figure in FIGURES))
    context = {
        "lang": language,
        # As chosen in the explorer, which links here with it; else as the reader's system has it.
        "theme": theme if theme in THEMES else "system",
        "strings": {key: unbroken(text) for key, text in strings(language, STATIC).items()},
        "languages": LANGUAGES,
        "sections": SECTIONS,
        "plates": dict(zip(FIGURES, plates, strict=True)),
    }
    return templates.TemplateResponse(request, "figures.html", context, headers=FRESH)


@router.api_route("/figures/{figure}.svg", methods=READ)
async def figure_picture(request: Request, figure: str) -> Response:
    """One figure with the numbers of its whole pass; ``?theme=dark`` for a dark page."""
    theme = request.query_params.get("theme", "light")
    if figure not in FIGURES:
        raise Problem("not-found", "There is no such figure.")
    if theme not in THEMES:
        raise invalid([FieldError("/theme", "choice", f"theme is one of {', '.join(THEMES)}")])
    plate = await _plate(request, figure, theme)
    headers = {"ETag": f'"{plate.tag}"', "Cache-Control": "no-cache"}
    if is_fresh(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(plate.svg, media_type="image/svg+xml", headers=headers)


def unbroken(text: str) -> str:
    """``text`` with every ``(5, 7, 9)`` and ``y − t`` in one piece, wherever the line ends."""
    joined = _TOGETHER.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
    # Nor is a derivative cut at its slash, or a Korean particle from its closing parenthesis.
    return _BEFORE_LETTER.sub("\N{WORD JOINER}", joined).replace("/∂", "/\N{WORD JOINER}∂")


async def _plate(request: Request, figure: str, theme: str) -> Plate:
    gallery: Gallery = request.app.state.gallery
    drawn = gallery.plate(figure, theme, request.app.state.executor)
    # Shielded: others may wait for the same picture when this request is given up.
    return await asyncio.shield(asyncio.wrap_future(drawn))

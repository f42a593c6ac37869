"""Exercises on paper: a page that prints on A4, with the answers on a page of their own.

It is HTML and numbers alone; the same skill, seed and count give the same sheet.
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.executor import in_executor
from app.api.papers import MAX_SEED, SKILLS, number, printed_sheet, rows
from app.api.routes.practice import MAX_ITEMS
from app.web.files import STATIC
from app.web.languages import LANGUAGES, choose, strings
from app.web.pages import FRESH, READ, templates

router = APIRouter(include_in_schema=False)

USUAL = 10


@router.api_route("/sheet", methods=READ)
async def practice_sheet(request: Request) -> Response:
    """So many exercises of a skill from a seed on. What makes no sense is as by default."""
    query = request.query_params
    language = choose(query.get("lang"), request.headers.get("accept-language", ""))
    words = strings(language, STATIC)
    skill = query.get("skill", "")
    skill = skill if skill in SKILLS else "dW"
    seed = _whole(query.get("seed", ""), 0, MAX_SEED, 1)
    count = _whole(query.get("n", ""), 1, MAX_ITEMS, USUAL)

    context = {
        "lang": language,
        "languages": LANGUAGES,
        "strings": words,
        "skills": list(SKILLS),
        "skill": skill,
        "seed": seed,
        "count": count,
        "most": MAX_ITEMS,
        "largest": MAX_SEED,
        "address": f"{request.url.scheme}://{request.url.netloc}",
        "items": await in_executor(request, lambda: printed_sheet(skill, seed, count, words)),
        "number": number,
        "rows": rows,
    }
    return await in_executor(
        request, lambda: templates.TemplateResponse(request, "sheet.html", context, headers=FRESH)
    )


def _whole(text: str, least: int, most: int, usual: int) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if is_number and least <= int(text) <= most else usual

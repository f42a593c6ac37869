"""The pages: the explorer itself, the API's documentation, and two signs of life."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.templating import Jinja2Templates

from app.api.conditions import is_fresh
from app.api.executor import in_executor
from app.sessions.store.store import Store, StoreFull
from app.web.files import STATIC, TEMPLATES, PageFiles
from app.web.first import FirstPages, asked_for, presets_document
from app.web.languages import choose, first_words, strings

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(directory=TEMPLATES)
# Letters of all languages as they are: escaped, a Korean page would be twice as long.
templates.env.policies["json.dumps_kwargs"] = {
    "ensure_ascii": False,
    "separators": (",", ":"),
}

# Pages name the current modules, so they are asked for anew each time.
FRESH = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
# With it, the page is the same for everybody who reads the same language.
KEPT = FRESH | {"Vary": "Accept-Language, Accept-Encoding"}
READY_SECONDS = 0.5
# A figure that takes longer, such as the first of a trained network, comes after its page.
PATIENCE_SECONDS = 0.5
READ = ["GET", "HEAD"]


@router.api_route("/", methods=READ)
async def explorer(request: Request) -> Response:
    """The one page, with the figure that its address names."""
    header = request.headers.get("accept-language", "")
    language = choose(request.query_params.get("lang"), header)
    asked = asked_for(request.query_params)
    first: FirstPages = request.app.state.first
    files: PageFiles = request.app.state.page_files
    if files.import_map is not None:
        # Each answer allows the import map by a nonce of its own.
        document = await in_executor(request, first.document, asked)
        text = page_text(files, language, document, request.state.nonce)
        return HTMLResponse(text, headers=FRESH)
    executor = request.app.state.executor
    made = asyncio.wrap_future(first.page(language, asked, executor))
    try:
        # Shielded: others may wait for the same page.
        page = await asyncio.wait_for(asyncio.shield(made), PATIENCE_SECONDS)
    except TimeoutError:
        page = await asyncio.wrap_future(first.page(language, None, executor))
    headers = KEPT | {"ETag": page.tag}
    if is_fresh(request, page.tag):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(page.plain, headers=headers)
    return HTMLResponse(page.packed, headers=headers | {"Content-Encoding": "gzip"})


def words(language: str) -> Mapping[str, str]:
    """All words of one of `LANGUAGES`, by key."""
    return strings(language, STATIC)


def page_text(
    files: PageFiles, language: str, document: str | None, nonce: str | None = None
) -> str:
    """The page in a language.

    Args:
        files: What it is made of.
        language: One of `LANGUAGES`.
        document: What it shows first, as `FirstPages.document` has it.
        nonce: That of the answer, for the import map.
    """
    return templates.get_template("index.html").render(
        files=files,
        nonce=nonce,
        lang=language,
        strings=first_words(language, STATIC),
        presets=presets_document(),
        first=document,
    )


@router.api_route("/docs", methods=READ)
async def documentation(request: Request) -> Response:
    """The OpenAPI document, readable, without a request to any other host."""
    return templates.TemplateResponse(request, "docs.html", {}, headers=FRESH)


@router.api_route("/favicon.ico", methods=READ)
async def favicon() -> Response:
    """For browsers that look here whatever the page says."""
    return FileResponse(STATIC / "img" / "icon.svg", media_type="image/svg+xml")


@router.api_route("/livez", methods=READ)
async def alive() -> Response:
    """The process answers; nothing is touched for it."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@router.api_route("/readyz", methods=READ)
async def ready(request: Request) -> Response:
    """The store answers and the server takes work; 503 while it stops."""
    store: Store = request.app.state.store
    problem = "stopping" if request.app.state.stopping.is_set() else ""
    if not problem:
        loop = asyncio.get_running_loop()
        ping = loop.run_in_executor(request.app.state.pinging, store.ping)
        try:
            await asyncio.wait_for(ping, READY_SECONDS)
        except StoreFull as error:
            problem = str(error)
        except Exception:  # whatever it is, the store does not answer
            problem = "the store does not answer"
    status = 503 if problem else 200
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if problem else {})
    return PlainTextResponse(f"{problem or 'ok'}\n", status, headers)

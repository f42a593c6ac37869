"""The pages: the explorer itself, the API's documentation, and two signs of life."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.templating import Jinja2Templates

from app import __version__
from app.sessions.store import Store
from app.web.files import STATIC, TEMPLATES, PageFiles
from app.web.languages import LANGUAGES, choose, strings

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(directory=TEMPLATES)

# Pages name the current modules, so they are asked for anew each time.
FRESH = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
READY_SECONDS = 0.5
READ = ["GET", "HEAD"]


@router.api_route("/", methods=READ)
async def explorer(request: Request) -> Response:
    """The one page."""
    header = request.headers.get("accept-language", "")
    language = choose(request.query_params.get("lang"), header)
    files: PageFiles = request.app.state.page_files
    context = {
        "files": files,
        "nonce": request.state.nonce,
        "lang": language,
        "strings": strings(language, STATIC),
        "languages": LANGUAGES,
        "version": __version__,
    }
    return templates.TemplateResponse(request, "index.html", context, headers=FRESH)


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
        ping = loop.run_in_executor(request.app.state.executor, store.ping)
        try:
            await asyncio.wait_for(ping, READY_SECONDS)
        except Exception:  # whatever it is, the store does not answer
            problem = "the store does not answer"
    status = 503 if problem else 200
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if problem else {})
    return PlainTextResponse(f"{problem or 'ok'}\n", status, headers)

"""Where the page's files are, and how they are served.

The page runs from a bundle that the build hook made (`hatch_build.py`), or from its modules as
they are: where one asks for it with ``--dev``, and where a source has changed since.
"""

import hashlib
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PACKAGE = Path(__file__).parent.parent
# In a wheel they lie in the package, in a checkout beside it.
_ROOT = _PACKAGE if (_PACKAGE / "static").is_dir() else _PACKAGE.parent
STATIC = _ROOT / "static"
TEMPLATES = _ROOT / "templates"
VENDOR = STATIC / "vendor"
BUILT = STATIC / "built"

# Compressed copies of the bundle's files that the build hook has made, the smallest first.
CODINGS = {"br": ".br", "gzip": ".gz"}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PageFiles:
    """The addresses of the page's one script and one style sheet, and where modules find others.

    ``import_map`` is None for a bundle, which has its libraries in it; ``shared`` are the scripts
    that a bundle's script imports.
    """

    script: str
    style: str
    import_map: dict[str, dict[str, str]] | None = None
    shared: tuple[str, ...] = ()


def page_files(dev: bool = False) -> PageFiles:
    """The bundle if it is there and still holds, else (or for ``dev``) the modules."""
    manifest = BUILT / "manifest.json"
    made = {} if dev or not manifest.is_file() else json.loads(manifest.read_bytes())
    if not made or not all(_is_unchanged(name, known) for name, known in made["sources"].items()):
        return PageFiles("/static/js/main.js", "/static/css/page.css", import_map())
    folder = f"/static/{BUILT.name}"
    shared = tuple(f"{folder}/{name}" for name in made.get("shared", ()))
    return PageFiles(f"{folder}/{made['script']}", f"{folder}/{made['style']}", None, shared)


def _is_unchanged(name: str, known: str) -> bool:
    path = _ROOT / name
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == known


class RevalidatedFiles(StaticFiles):
    """Files that a browser keeps but asks about each time: an upgrade shows at once.

    Those of the bundle have their hash in the name, and are never asked for again.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a Cache-Control that suits a name without a version in it."""
        hashed = path.startswith(f"{BUILT.name}/")
        accepted = Headers(scope=scope).get("accept-encoding", "") if hashed else ""
        coding = next((name for name in CODINGS if name in accepted), None)
        if coding and self.lookup_path(path + CODINGS[coding])[1]:
            response = await super().get_response(path + CODINGS[coding], scope)
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            response.headers["Content-Type"] = f"{kind}; charset=utf-8"
            response.headers["Content-Encoding"] = coding
            response.headers.add_vary_header("Accept-Encoding")
        else:
            response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER if hashed else "no-cache"
        return response


def import_map() -> dict[str, dict[str, str]]:
    """Where the page's modules find their libraries: whatever the build hook has brought."""
    found = sorted(VENDOR.rglob("index.js"))
    names = [path.parent.relative_to(VENDOR).as_posix() for path in found]
    return {"imports": {name: f"/static/vendor/{name}/index.js" for name in names}}

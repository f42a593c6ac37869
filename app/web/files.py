"""Where the page's files are, and how they are served."""

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PACKAGE = Path(__file__).parent.parent
# In a wheel they lie in the package, in a checkout beside it.
_ROOT = _PACKAGE if (_PACKAGE / "static").is_dir() else _PACKAGE.parent
STATIC = _ROOT / "static"
TEMPLATES = _ROOT / "templates"
VENDOR = STATIC / "vendor"


class RevalidatedFiles(StaticFiles):
    """Files that a browser keeps but asks about each time: an upgrade shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a Cache-Control that suits a name without a version in it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def import_map() -> dict[str, dict[str, str]]:
    """Where the page's modules find their libraries: whatever the build hook has brought."""
    found = sorted(VENDOR.rglob("index.js"))
    names = [path.parent.relative_to(VENDOR).as_posix() for path in found]
    return {"imports": {name: f"/static/vendor/{name}/index.js" for name in names}}

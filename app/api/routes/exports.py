"""A session as a script that computes its numbers again."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditions import etag, is_fresh
from app.api.context import PREFIX, REVALIDATE, service
from app.api.documents import BINARY, IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.sessions.exports import Form, exported, name_of
from app.sessions.passes import WHOLE_PASS

router = APIRouter(prefix=PREFIX, tags=["passes"])

PYTHON = "text/x-python"


@operation(
    router,
    "GET",
    "/sessions/{id}/export",
    content={PYTHON: BINARY},
    problems=("not-found", "clash"),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag",),
    fresh=True,
)
async def get_export(
    request: Request,
    id: str,
    form: Annotated[
        Form,
        Query(
            description="`numpy`: the pass line by line, forward and back. `classes`: layers with "
            "`forward` and `backward`, as in section 5.7.2; of a chain of layers alone. `torch`: "
            "the same computation in PyTorch."
        ),
    ] = "numpy",
    download: Annotated[bool, Query(description="Have a browser save it as a file.")] = False,
) -> Response:
    """The pass as a Python script that runs alone, prints its numbers and asserts them.

    The numbers stand in it to the last bit. Tensors of more than 1,000 numbers are read from a
    file, which `GET .../tensors` gives; the script says how. The server runs none of it.
    """
    sessions = service(request)

    def read() -> Response:
        session = sessions.get(id)
        headers = {"ETag": etag(session.version, form), **REVALIDATE}
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        text = exported(session, sessions.passes.trace(session, WHOLE_PASS), form)
        kind = "attachment" if download else "inline"
        headers["Content-Disposition"] = f'{kind}; filename="{name_of(session, form)}"'
        return Response(text.encode(), 200, headers, f"{PYTHON}; charset=utf-8")

    return await in_executor(request, read)

"""One tensor of a session's pass, whole or in part, as JSON, npy or safetensors."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import TensorAnswer
from app.api.conditions import etag, is_fresh
from app.api.context import PREFIX, REVALIDATE, service
from app.api.documents import IF_NONE_MATCH, header, operation, schema_of
from app.api.executor import in_executor
from app.api.tensors import FORMS, JSON, NPY, SAFETENSORS, choose_form, encode_tensor, parse_slice
from app.api.viewing import PassQuery
from app.engine.trace import NotComputed
from app.sessions.errors import Unknown
from app.sessions.service import Service
from app.sessions.state import Session, View

router = APIRouter(prefix=PREFIX, tags=["tensors"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}


@operation(
    router,
    "GET",
    "/sessions/{id}/tensors/{name}",
    content={
        JSON: {"schema": schema_of(TypeAdapter(TensorAnswer))},
        NPY: _BINARY,
        SAFETENSORS: _BINARY,
    },
    problems=("not-found", "not-acceptable", "invalid"),
    headers=(IF_NONE_MATCH, header("Accept", f"One of {', '.join(FORMS)}.")),
    answer_headers=("ETag", "Vary"),
    fresh=True,
)
async def get_tensor(
    request: Request,
    id: str,
    name: str,
    asked: PassQuery,
    slice: Annotated[
        str,
        Query(
            max_length=100,
            pattern=r"^[0-9:,]*$",
            description="For each dimension `i`, `start:stop` or `start:stop:step`, from 0.",
            examples=["0:10,:"],
        ),
    ] = "",
) -> Response:
    """The numbers under a name: `affine1.W`, `affine1.W.grad`, `relu1.output`, `loss`, an edge.

    A tensor that this pass does not compute, such as a gradient without targets, is not found.
    """
    sessions = service(request)
    form = choose_form(request.headers.get("accept"))
    session = await in_executor(request, sessions.get, id)
    view = sessions.view(session, asked)
    headers = {"ETag": etag(session.version), "Vary": "Accept", **REVALIDATE}

    def read() -> Response:
        array = _find(sessions, session, view, name)
        part = np.asarray(array[parse_slice(slice, array.shape)])
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(encode_tensor(name, part, form), 200, headers, form)

    return await in_executor(request, read)


def _find(sessions: Service, session: Session, view: View, name: str) -> np.ndarray:
    if name == "t" and session.targets is not None:
        return session.targets
    try:
        value = sessions.passes.trace(session, view).value(name)
    except KeyError:
        raise Unknown("the session has no tensor of this name at this level") from None
    if isinstance(value, NotComputed):
        raise Unknown("this tensor is not computed in this pass")
    return value

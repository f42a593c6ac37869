"""Tensors of a session: one, whole or in part, or several in one file."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app.api.answers import TensorAnswer, TensorsAnswer
from app.api.conditions import etag, is_fresh
from app.api.context import PREFIX, REVALIDATE, service
from app.api.documents import BINARY, IF_NONE_MATCH, operation
from app.api.executor import in_executor
from app.api.problem import FieldError, invalid
from app.api.schemas import schema_of
from app.api.tensors import (
    JSON,
    MANY_FORMS,
    NPY,
    NPZ,
    SAFETENSORS,
    TAG_OF,
    choose_form,
    encode_tensor,
    encode_tensors,
    parse_slice,
    value_of,
)
from app.api.values import MAX_ANSWER_CELLS
from app.api.view_query import PassQuery
from app.api.written import SLICE
from app.engine.trace import NotComputed
from app.sessions.service import Service
from app.sessions.state import Session, View
from app.sessions.store.errors import Unknown

router = APIRouter(prefix=PREFIX, tags=["tensors"])

# Files have no place of their own for it.
DATA_VERSION = "Data-Version"
# Tensors that one request can name.
MAX_NAMES = 64


@operation(
    router,
    "GET",
    "/sessions/{id}/tensors/{name}",
    content={
        JSON: {"schema": schema_of(TensorAnswer)},
        NPY: BINARY,
        SAFETENSORS: BINARY,
    },
    problems=("not-found", "not-acceptable"),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag", "Vary"),
    fresh=True,
)
async def get_tensor(
    request: Request,
    id: str,
    name: str,
    asked: PassQuery,
    slice: Annotated[
        Annotated[str, SLICE],
        Query(
            max_length=100,
            description="For each dimension `i`, `start:stop` or `start:stop:step`, from 0.",
            examples=["0:10,:"],
        ),
    ] = "",
) -> Response:
    """The numbers under a name: `affine1.W`, `affine1.W.grad`, `relu1.output`, `loss`, an edge.

    `Accept` chooses the form.

    A tensor that this pass does not compute, such as a gradient without targets, is not found.
    """
    sessions = service(request)
    form = choose_form(request.headers.get("accept"))

    def read() -> Response:
        session = sessions.get(id)
        view = sessions.view(session, asked)
        headers = {"ETag": etag(session.version, TAG_OF[form]), "Vary": "Accept", **REVALIDATE}
        array = _find(sessions, session, view, name)
        part = np.asarray(array[parse_slice(slice, array.shape)])
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(encode_tensor(name, part, form), 200, headers, form)

    return await in_executor(request, read)


@operation(
    router,
    "GET",
    "/sessions/{id}/tensors",
    content={
        JSON: {"schema": schema_of(TensorsAnswer)},
        SAFETENSORS: BINARY,
        NPZ: BINARY,
    },
    problems=("not-found", "not-acceptable"),
    headers=(IF_NONE_MATCH,),
    answer_headers=("ETag", "Vary", DATA_VERSION),
    fresh=True,
)
async def get_tensors(
    request: Request,
    id: str,
    asked: PassQuery,
    name: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] | None,
        Query(
            max_length=MAX_NAMES,
            description="A tensor's or an edge's name; may be repeated. Default: all parameters.",
            examples=[["affine1.W", "affine1.W.grad"]],
        ),
    ] = None,
    gradients: Annotated[
        bool, Query(description="With the parameters, their gradients: `affine1.W.grad`.")
    ] = False,
) -> Response:
    """All parameters, or the tensors named, in one file; in JSON their names and shapes alone.

    `Accept` chooses the form. The file holds them under their names, as `GET .../tensors/{name}`
    gives each. `Data-Version` says of which numbers they are, as `data_version` does in a trace.
    """
    sessions = service(request)
    form = choose_form(request.headers.get("accept"), MANY_FORMS)

    def read() -> Response:
        session = sessions.get(id)
        view = sessions.view(session, asked)
        headers = {"ETag": etag(session.version, TAG_OF[form]), "Vary": "Accept", **REVALIDATE}
        headers[DATA_VERSION] = str(session.data_version)
        if name is None and not gradients:
            arrays = dict(session.parameters)
        else:
            arrays = _named(sessions, session, view, name, gradients)
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(encode_tensors(session.version, arrays, form), 200, headers, form)

    return await in_executor(request, read)


def _named(
    sessions: Service, session: Session, view: View, names: list[str] | None, gradients: bool
) -> dict[str, np.ndarray]:
    """The tensors of ``names``, or all parameters and their gradients."""
    if names is not None and gradients:
        raise invalid(
            [FieldError("/gradients", "value", "goes without name; name affine1.W.grad itself")]
        )
    if names is None:
        parameters = list(session.parameters)
        fields = ["/gradients"] * 2 * len(parameters)
        names = [*parameters, *(f"{name}.grad" for name in parameters)]
    else:
        fields = [f"/name/{index}" for index in range(len(names))]
    arrays: dict[str, np.ndarray] = {}
    cells = 0
    for field, name in zip(fields, names, strict=True):
        if name in arrays:
            raise invalid([FieldError(field, "duplicate", "the name stands twice")])
        try:
            arrays[name] = _find(sessions, session, view, name)
        except Unknown as error:
            raise invalid([FieldError(field, "name", error.message)]) from None
        cells += arrays[name].size
        if cells > MAX_ANSWER_CELLS:
            message = f"with this one there are more than {MAX_ANSWER_CELLS:,} numbers"
            raise invalid([FieldError(field, "limit", message)])
    return arrays


def _find(sessions: Service, session: Session, view: View, name: str) -> np.ndarray:
    try:
        value = value_of(sessions.passes.trace(session, view), name)
    except Unknown:
        # The opened loss may take them as single numbers, and has no tensor of them.
        if name == "t" and session.targets is not None:
            return session.targets
        raise
    if isinstance(value, NotComputed):
        raise Unknown("this tensor is not computed in this pass")
    return value

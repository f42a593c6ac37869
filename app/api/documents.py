"""The OpenAPI document: every status that an operation can answer with, and examples that work.

FastAPI would describe bodies that it reads itself and a 422 that is never sent. Here each route
says what it reads and answers (`operation`), and `describe` puts the models into the document.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import Response

from app.api.answers import MinimalAnswer
from app.api.answers_catalogue import ProblemAnswer
from app.api.problem import CATALOGUE, KINDS, MEDIA_TYPE
from app.api.routing import Operation
from app.api.schemas import Json, components, schema_of

Endpoint = Callable[..., Coroutine[Any, Any, Response]]

BINARY: Json = {"schema": {"type": "string", "format": "binary"}}
TOKEN_PROBLEMS = ("unauthorized", "forbidden")
BODY_PROBLEMS = ("malformed", "too-large", "unsupported-type")

_EXAMPLE_ERRORS = {
    "malformed": ("/x/0/1", "json", "expected value at line 1 column 14"),
    "invalid": ("/x/0/1", "finite", "must be a finite number"),
    "bad-request": ("/If-Match", "header", "If-Match is an ETag in its quotes"),
}
_DETAILS = {
    "malformed": "The body is not JSON in UTF-8: expected value at line 1 column 14.",
    "invalid": "must be a finite number",
    "bad-request": "If-Match is an ETag in its quotes",
    "stale": "The session has changed: its version is 8.",
}


def header(name: str, description: str, required: bool = False, example: str = "") -> Json:
    """A request header for `operation`."""
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    } | ({"example": example} if example else {})


IF_MATCH = header("If-Match", "ETag of the version that the call is for; 412 when stale.")
IF_MATCH_NEEDED = header(
    "If-Match", "ETag of the version that the edits are for; 428 when absent.", True, '"1"'
)
PREFER = header(
    "Prefer",
    "`return=minimal`: answer version, cursor and loss alone, with Preference-Applied.",
    example="return=minimal",
)
IF_NONE_MATCH = header("If-None-Match", "ETag of what you have; 304 when it is current.")


def operation(
    router: APIRouter,
    method: str,
    path: str,
    *,
    answer: Any = None,
    or_answers: Sequence[Any] = (),
    status: int = 200,
    content: Mapping[str, Json] | None = None,
    body: TypeAdapter[Any] | None = None,
    body_required: bool = True,
    files: Sequence[str] = (),
    examples: Mapping[str, Any] | None = None,
    problems: Sequence[str] = (),
    headers: Sequence[Json] = (),
    answer_headers: Sequence[str] = (),
    fresh: bool = False,
    secured: bool = False,
    minimal: bool = False,
    links: Json | None = None,
) -> Callable[[Endpoint], Endpoint]:
    """Add a route with its whole description.

    Args:
        router: Where to.
        method: One HTTP method.
        path: With ``{name}`` for path parameters.
        answer: What a success holds; or ``content``, its media types in full.
        or_answers: What it can hold instead, where the request asks for that.
        status: Of a success.
        content: As OpenAPI's, for answers that are not (only) JSON.
        body: What the body is read as, if there is one.
        body_required: Whether it must be there.
        files: Media types of a body that is a file instead.
        examples: Bodies that succeed, by name.
        problems: Kinds of problem that it can answer with; those of ``body`` and ``secured``, and
            ``invalid``, are added.
        headers: Request headers, see `header`.
        answer_headers: Names of headers of a success.
        fresh: Whether it can answer 304.
        secured: Whether it needs the edit token.
        minimal: Whether ``Prefer: return=minimal`` shortens a success.
        links: OpenAPI links of a success.
    """
    kinds = [*problems, "invalid"]  # a query parameter that there is not is refused everywhere
    extra: Json = {}
    if secured:
        kinds += TOKEN_PROBLEMS
        extra["security"] = [{"editToken": []}]
    if body is not None:
        kinds += BODY_PROBLEMS
        media: Json = {"schema": schema_of(body)}
        if examples:
            media["examples"] = {name: {"value": value} for name, value in examples.items()}
        extra["requestBody"] = {"required": body_required, "content": {"application/json": media}}
    if files:
        kinds += BODY_PROBLEMS
        extra["requestBody"] = {"required": True, "content": dict.fromkeys(files, BINARY)}
    if {"If-Match"} & {entry["name"] for entry in headers}:
        kinds.append("bad-request")
    if minimal:
        headers = (*headers, PREFER)
    if headers:
        extra["parameters"] = list(headers)
    success: Json = {"description": "Done."}
    if answer is not None:
        others = (*or_answers, MinimalAnswer) if minimal else or_answers
        schemas = [schema_of(declared) for declared in (answer, *others)]
        schema = {"anyOf": schemas} if others else schemas[0]
        success["content"] = {"application/json": {"schema": schema}}
    if content is not None:
        success["content"] = dict(content)
    if answer_headers:
        success["headers"] = {name: {"schema": {"type": "string"}} for name in answer_headers}
    if links is not None:
        success["links"] = links
    responses: dict[int | str, Json] = {status: success}
    if fresh:
        responses[304] = {"description": "You have this already."}
    responses |= _problem_responses(kinds)

    def register(endpoint: Endpoint) -> Endpoint:
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            status_code=status,
            operation_id=endpoint.__name__,
            responses=responses,
            openapi_extra=extra,
            response_class=Response,
            response_model=None,
            route_class_override=Operation,
        )
        return endpoint

    return register


def describe(app: FastAPI) -> None:
    """Make ``app.openapi()`` give the whole document."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _problem_responses(kinds: Sequence[str]) -> dict[int | str, Json]:
    schema = schema_of(ProblemAnswer)
    responses: dict[int | str, Json] = {}
    for name in dict.fromkeys(kinds):
        kind = KINDS[name]
        example = {
            "type": f"{CATALOGUE}#{name}",
            "title": kind.title,
            "status": kind.status,
            "detail": _DETAILS.get(name, kind.meaning),
        }
        if name in _EXAMPLE_ERRORS:
            pointer, code, message = _EXAMPLE_ERRORS[name]
            example["errors"] = [{"pointer": pointer, "code": code, "message": message}]
        response = responses.setdefault(
            kind.status,
            {
                "description": kind.meaning,
                "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"][name] = {"value": example}
    return responses


def _document(app: FastAPI) -> Json:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
    )
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for operations in document["paths"].values():
        for operation_ in operations.values():
            _drop_framework_errors(operation_)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(components)
    parts["securitySchemes"] = {
        "editToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The `edit_token` of the answer that made the session.",
        }
    }
    return document


def _drop_framework_errors(operation: Json) -> None:
    """FastAPI's own 422 is never sent."""
    content = operation["responses"].get("422", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith("HTTPValidationError"):
        del operation["responses"]["422"]

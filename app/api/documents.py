"""The OpenAPI document: every status that an operation can answer with, and examples that work.

FastAPI would describe bodies that it reads itself and a 422 that is never sent. Here each route
says what it reads and answers (`operation`), and `describe` puts the models into the document.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import Response

from app.api.answers import MinimalAnswer
from app.api.answers_catalogue import ProblemAnswer
from app.api.idempotency import HEADER, REPLAYED
from app.api.problem import CATALOGUE, KINDS, MEDIA_TYPE
from app.api.routing import Operation
from app.api.schemas import Json, components, schema_of

Endpoint = Callable[..., Coroutine[Any, Any, Response]]

BINARY: Json = {"schema": {"type": "string", "format": "binary"}}
ABOUT = """\
Everything that the page shows can be had here: one pass of a network without keeping anything
(`/api/v1/evaluate`), or a session that is stepped, edited, drawn and trained.

Rows are samples: x is `(N, D)`, an affine layer computes x . W + b with W `(D, H)`. Numbers are
float64 unless a network asks for float32; a result that is not finite is one of the texts "NaN",
"Infinity" and "-Infinity". A session has a version, which is its ETag; its edit token is told
once, in the answer that makes it. Every refusal is a problem document (RFC 9457) that names the
fields at fault.
"""
TAGS = {
    "evaluate": "One pass, nothing kept.",
    "sessions": "Networks that are kept: made, edited, stepped, copied, forgotten.",
    "passes": "What a session's pass shows: drawings, traces, layers, derivations, checks.",
    "tensors": "The numbers by themselves, also as NumPy and safetensors files.",
    "datasets": "What there is to learn from, and data sets of one's own.",
    "runs": "Training, and the events that tell of it.",
    "practice": "Exercises, homework beside the right gradient, and mistakes by their names.",
    "lessons": "Lessons, and predictions of a session's numbers.",
    "catalogue": "What there is to start from, what may be asked for, what refusals mean.",
}

# What any call can be refused with, whatever it does.
ANYWHERE = (
    "bad-request", "other-origin", "method-not-allowed", "timeout", "url-too-long",
    "head-too-large", "internal",
)  # fmt: skip
TOKEN_PROBLEMS = ("unauthorized", "forbidden")
BODY_PROBLEMS = ("malformed", "too-large", "unsupported-type")

_EXAMPLE_ERRORS = {
    "malformed": ("/x/0/1", "json", "expected value at line 1 column 14"),
    "invalid": ("/x/0/1", "finite", "must be a finite number"),
}
_DETAILS = {
    "malformed": "The body is not JSON in UTF-8: expected value at line 1 column 14.",
    "invalid": "x/0/1 must be a finite number",
    "bad-request": "The Host header is not one that this server answers.",
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
IDEMPOTENCY_KEY = header(
    HEADER,
    "A text of your own, such as a UUID: the call is made once, however often it is sent with it.",
    example='"8e03978e-40d5-43dd-bc93-6894a57f9324"',
)
_WHEN_REPLAYED: Json = {
    "description": "There where the call was made before, and this is the answer that it had.",
    "required": False,
    "schema": {"type": "string"},
}
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
    repeatable: bool = False,
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
            ``invalid``, are added; ``damaged`` where a session can be not found.
        headers: Request headers, see `header`.
        answer_headers: Names of headers of a success.
        fresh: Whether it can answer 304.
        secured: Whether it needs the edit token.
        minimal: Whether ``Prefer: return=minimal`` shortens a success.
        repeatable: Whether ``Idempotency-Key`` is obeyed.
        links: OpenAPI links of a success.
    """
    kinds = [*problems, "invalid"]  # a query parameter that there is not is refused everywhere
    if "not-found" in problems and "{id}" in path:
        kinds.append("damaged")
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
    if repeatable:
        kinds += ("bad-request", "key-reused")
        headers = (*headers, IDEMPOTENCY_KEY)
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
    if repeatable and secured:
        success.setdefault("headers", {}).update(dict.fromkeys(REPLAYED, _WHEN_REPLAYED))
    if links is not None:
        success["links"] = links
    responses: dict[int | str, Json] = {status: success}
    if fresh:
        responses[304] = {"description": "You have this already."}
    responses |= _problem_responses(kinds)

    def register(endpoint: Endpoint) -> Endpoint:
        summary, description = _told(endpoint)
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=summary,
            description=description,
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


def _told(endpoint: Endpoint) -> tuple[str, str]:
    """What an operation does, in a line and at length: how its docstring begins and goes on."""
    first, _, rest = (inspect.getdoc(endpoint) or "").partition("\n\n")
    summary = " ".join(first.split()).rstrip(".")
    return summary, rest or f"{summary}."


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
        response = responses.setdefault(
            kind.status,
            {
                "description": kind.meaning,
                "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"] |= _examples([name])
    return responses


def _examples(kinds: Sequence[str]) -> Json:
    examples: Json = {}
    for name in kinds:
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
        examples[name] = {"value": example}
    return examples


def _document(app: FastAPI) -> Json:
    shared = {_shared(name): _problem_responses([name])[KINDS[name].status] for name in ANYWHERE}
    # Before FastAPI copies what refers to them.
    schemas_by_name = components()
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="Forward and backward passes of small neural networks, with every number.",
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": "/", "description": "The server that this document is from."}],
        contact={"name": app.title},
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    parts = document.setdefault("components", {})
    parts["responses"] = shared
    for operations in document["paths"].values():
        for method, operation_ in operations.items():
            _drop_framework_errors(operation_)
            operation_.setdefault("security", [])
            _add_shared(operation_, method in ("get", "head"))
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(schemas_by_name)
    parts["securitySchemes"] = {
        "editToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The `edit_token` of the answer that made the session.",
        }
    }
    return document


def _add_shared(operation: Json, is_safe: bool) -> None:
    """What any call can be answered with, whatever it does."""
    for name in ANYWHERE:
        if name == "other-origin" and is_safe:
            continue
        status = str(KINDS[name].status)
        described = operation["responses"].setdefault(
            status, {"$ref": f"#/components/responses/{_shared(name)}"}
        )
        if "content" in described:
            media = described["content"][MEDIA_TYPE]
            media["examples"] |= _examples([name])


def _shared(name: str) -> str:
    return name.title().replace("-", "")


def _drop_framework_errors(operation: Json) -> None:
    """FastAPI's own 422 is never sent."""
    content = operation["responses"].get("422", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith("HTTPValidationError"):
        del operation["responses"]["422"]

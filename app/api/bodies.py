"""Reading a body: bytes with a cap, strict JSON, a model, or a problem that names the field.

FastAPI's own way (`json.loads`, then a lax model) accepts `true`, `"1"` and `NaN` as numbers and
keeps the last of two equal keys; here all of these are refused.
"""

import re
from collections.abc import Iterable
from typing import TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from app.api.executor import in_executor
from app.api.problem import MAX_ERRORS, FieldError, Problem, invalid, pointer

MAX_JSON_BYTES = 1 << 20
# Larger bodies are parsed off the event loop, which must never stand still for long.
INLINE_BYTES = 32 * 1024
# How far into a broken text the place of the fault is worked out.
LOCATE_BYTES = 64 * 1024
# Lists and objects in one body. A megabyte of "[]," would make 350,000 of them, which takes 50 MB
# and a tenth of a second; ten thousand rows of x and of t are 20,000.
MAX_BRACKETS = 50_000

Model = TypeVar("Model")

# A string that the text breaks off in is a token too: what is inside it has no meaning.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\],:]', re.DOTALL)
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|([{}])', re.DOTALL)
_POSITION = re.compile(r"at line (\d+) column (\d+)")

# What is said for each fault that pydantic can find; its own texts may repeat the input.
_MESSAGES: dict[str, tuple[str, str]] = {
    "missing": ("missing", "this field is required"),
    "extra_forbidden": ("unknown", "there is no such field"),
    "float_type": ("type", "must be a number"),
    "float_parsing": ("type", "must be a number"),
    "int_type": ("type", "must be a whole number"),
    "int_parsing": ("type", "must be a whole number"),
    "int_parsing_size": ("range", "is too large"),
    "int_from_float": ("type", "must be a whole number"),
    "bool_type": ("type", "must be true or false"),
    "string_type": ("type", "must be a text"),
    "list_type": ("type", "must be a list"),
    "dict_type": ("type", "must be an object"),
    "model_type": ("type", "must be an object"),
    "model_attributes_type": ("type", "must be an object"),
    "none_required": ("type", "must be null"),
    "finite_number": ("finite", "must be a finite number"),
    "union_tag_not_found": ("missing", "this field is required"),
}
# pydantic's names for the ends of a range, and JSON Schema's.
_ENDS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
_QUOTED = re.compile(r"'([^']*)'")


async def read_model(
    request: Request, adapter: TypeAdapter[Model], empty: bytes | None = None
) -> Model:
    """The body as a model.

    Args:
        request: The request, body not yet read.
        adapter: A strict model or list of models.
        empty: JSON to stand for an empty body, where the body may be left out.

    Raises:
        Problem: 400 not JSON, 413 too many bytes, 415 another Content-Type, 422 wrong fields.
    """
    return await parse_model(request, await read_body(request, empty), adapter)


async def read_body(request: Request, empty: bytes | None = None) -> bytes:
    """A JSON body as it was sent; see `read_model`."""
    body = await read_bytes(request, MAX_JSON_BYTES)
    if not body and empty is not None:
        return empty
    require_json(request)
    return body


async def parse_model(request: Request, body: bytes, adapter: TypeAdapter[Model]) -> Model:
    """A body as a model, in a thread where it is large; see `parse`."""
    if len(body) <= INLINE_BYTES:
        return parse(body, adapter)
    return await in_executor(request, parse, body, adapter)


async def read_bytes(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be over ``limit`` bytes."""
    too_large = Problem("too-large", f"The body may have at most {limit:,} bytes.")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > limit):
        raise too_large
    chunks = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def require_json(request: Request) -> None:
    """Refuse anything but plain UTF-8 ``application/json``."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if (
        media_type.strip().lower() != "application/json"
        or charset not in ("", "charset=utf-8")
        or encoding != "identity"
    ):
        raise Problem(
            "unsupported-type",
            "Send the body as Content-Type: application/json in UTF-8, not compressed.",
            headers={"Accept": "application/json"},
        )


def parse(body: bytes, adapter: TypeAdapter[Model]) -> Model:
    """One JSON text as a model; see `read_model` for what is raised."""
    _refuse_many_brackets(body)
    try:
        # NaN and Infinity are let through here, so that the field that holds one can be named.
        text = from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise _malformed(body, str(error)) from None
    try:
        value = adapter.validate_python(text)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise invalid(_field_errors(text, details)) from None
    # Only a valid text is searched for doubled keys: by then it has few of them. Each key has its
    # colon, so where there are as many as keys that were kept, none stood twice.
    doubled = None if body.count(b":") == _count_keys(text) else doubled_key(body)
    if doubled is not None:
        raise invalid([FieldError(pointer([doubled]), "duplicate", "the key stands twice")])
    return value


def field_error(details: ErrorDetails, path: list[str | int]) -> FieldError:
    """One fault of pydantic's as ours, at ``path``."""
    kind = details["type"]
    context = details.get("ctx", {})
    if "at" in context:  # our own validators say which cell of an array
        return FieldError(pointer([*path, *context["at"]]), kind, details["msg"])
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        path = [*path, str(context.get("discriminator", "type")).strip("'")]
    code, message = _MESSAGES.get(kind, ("value", "is not allowed"))
    allowed: dict[str, object] = {}
    match kind:
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            code, message = "range", details["msg"].replace("Input should", "must")
            allowed = {_ENDS[name]: end for name, end in context.items() if name in _ENDS}
        case "too_long" | "string_too_long":
            code, message = "length", f"must have at most {context.get('max_length')} items"
            allowed = {"maxItems": context.get("max_length")}
        case "too_short" | "string_too_short":
            code, message = "length", f"must have at least {context.get('min_length')} items"
            allowed = {"minItems": context.get("min_length")}
        case "literal_error" | "enum":
            code, message = "choice", f"must be {context.get('expected')}"
            allowed = {"enum": _QUOTED.findall(str(context.get("expected")))}
        case "union_tag_invalid":
            code, message = "choice", f"must be {_either(context.get('expected_tags'))}"
            allowed = {"enum": _QUOTED.findall(str(context.get("expected_tags")))}
        case "int_type" | "int_parsing" | "int_from_float":
            allowed = {"type": "integer"}
        case "float_type" | "float_parsing":
            allowed = {"type": "number"}
    return FieldError(pointer(path), code, message, allowed)


def _either(listed: object) -> str:
    """pydantic's ``'a', 'b', 'c'`` as it lists the words of a choice."""
    *others, last = _QUOTED.findall(str(listed))
    return " or ".join([", ".join(f"'{word}'" for word in others), f"'{last}'"][not others :])


def _field_errors(text: object, details: list[ErrorDetails]) -> Iterable[FieldError]:
    """Faults with the path as it stands in the text, each place once."""
    found: dict[str, FieldError] = {}
    for detail in details:
        error = field_error(detail, _real_path(text, detail["loc"], detail["type"]))
        found.setdefault(error.pointer, error)
        if len(found) == MAX_ERRORS:
            break
    return found.values()


def _real_path(text: object, loc: tuple[int | str, ...], kind: str) -> list[str | int]:
    """``loc`` without the names of union branches, which are no part of the text."""
    path: list[str | int] = []
    at = text
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        if _has(at, step):
            at = at[step]  # type: ignore[index]
        elif not (last and kind in ("missing", "extra_forbidden")):
            continue
        path.append(step)
    return path


def _has(value: object, step: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _malformed(body: bytes, reason: str) -> Problem:
    """A 400 with the place of the fault, as a pointer where it can be worked out."""
    detail = "The body is not JSON in UTF-8."
    match = _POSITION.search(reason)
    if match is None:
        return Problem("malformed", detail)
    line, column = int(match[1]), int(match[2])
    detail = f"The body is not JSON in UTF-8: {reason}."
    path = _path_at(body, line, column)
    error = FieldError(pointer(path), "json", reason)
    return Problem("malformed", detail, [error])


def _path_at(body: bytes, line: int, column: int) -> list[str | int]:
    """The keys and indices that lead to a place in a text that is JSON up to there."""
    start = 0
    for _ in range(line - 1):
        start = body.find(b"\n", start) + 1
    path: list[str | int] = []
    is_key = False
    for match in _TOKEN.finditer(body, 0, min(start + column - 1, LOCATE_BYTES)):
        token = match[0]
        if token == b"{":
            path.append("")
            is_key = True
        elif token == b"[":
            path.append(0)
            is_key = False
        elif token in (b"}", b"]"):
            if path:
                path.pop()
            is_key = False
        elif token == b",":
            if path and isinstance(path[-1], int):
                path[-1] += 1
            else:
                is_key = True
        elif token == b":":
            is_key = False
        elif is_key and path:
            path[-1] = _text(token[1:-1])
    return path


def _refuse_many_brackets(body: bytes) -> None:
    """A 422 that names a place among them where there are too many lists and objects."""
    if body.count(b"[") + body.count(b"{") > MAX_BRACKETS:
        path = _path_at(body, 1, MAX_BRACKETS // 4)
        message = f"the body has more than {MAX_BRACKETS:,} lists and objects"
        raise invalid([FieldError(pointer(path), "limit", message)])


def _count_keys(text: object) -> int:
    """Keys in objects of a parsed text; never too many, and too few only after mixed lists."""
    if isinstance(text, dict):
        return len(text) + sum(map(_count_keys, text.values()))
    if isinstance(text, list) and text and isinstance(text[0], dict | list):
        return sum(map(_count_keys, text))
    return 0


def doubled_key(body: bytes) -> str | None:
    """A key that an object of this valid JSON text has twice, if there is one."""
    scopes: list[set[bytes]] = []
    for match in _KEY.finditer(body):
        if match[3] == b"{":
            scopes.append(set())
        elif match[3] == b"}":
            scopes.pop()
        elif match[2] is not None:
            key = _text(match[1]).encode("utf-8", "replace")
            if key in scopes[-1]:
                return key.decode()
            scopes[-1].add(key)
    return None


def _text(raw: bytes) -> str:
    """What the inside of a JSON string says."""
    if b"\\" not in raw:
        return raw.decode("utf-8", "replace")
    try:
        return str(orjson.loads(b'"' + raw + b'"'))
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")

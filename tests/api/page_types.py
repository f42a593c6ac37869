"""`static/js/types.js`, made from the OpenAPI document: `python -m tests.api.page_types` writes it.

The page is told by it what the server answers, and which edits it takes. The name of an answer
loses its ending; where a body has the same name, the body's gets one.
"""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from app.server import Settings, create_app
from tests.api.described import operations

Json = dict[str, Any]

FILE = Path(__file__).parents[2] / "static/js/types.js"
HEAD = """\
/**
 * What the server answers, as JSDoc types; made from the OpenAPI document, not to be edited:
 * `python -m tests.api.page_types` writes this file. Nothing here runs.
 */

"""
# The bodies that the page has types for.
BODIES = ("Edit",)
WIDTH = 100
IS_NAME = re.compile(r"[A-Za-z_]\w*")


def page_types(document: Json) -> str:
    """The whole file."""
    schemas: Json = document["components"]["schemas"]
    answers: dict[str, None] = {}
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            _reach(response, schemas, answers)
    bodies: dict[str, None] = {}
    for name in BODIES:
        bodies[name] = None
        _reach(schemas[name], schemas, bodies)
    # An answer may have a body in it, as a recipe has; an answer's name goes first.
    reached = {**answers, **bodies}
    taken = {name.removesuffix("Answer") for name in reached if name.endswith("Answer")}
    names = {
        name: f"{name}Body" if name in taken else name.removesuffix("Answer") for name in reached
    }
    assert len(set(names.values())) == len(names)
    return (
        HEAD
        + "\n".join(_typedef(schemas[name], names, names[name]) for name in names)
        + ("\nexport {};\n")
    )


def _reach(schema: Any, schemas: Json, found: dict[str, None]) -> None:
    """Gather the names that a schema leads to, in the order of first use."""
    if isinstance(schema, list):
        for item in schema:
            _reach(item, schemas, found)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/schemas/")[2]
        if name in schemas and name not in found:
            found[name] = None
            _reach(schemas[name], schemas, found)
        for value in schema.values():
            _reach(value, schemas, found)


def _typedef(schema: Json, names: dict[str, str], name: str) -> str:
    lines = []
    for field, inner in ({"": schema} | schema.get("properties", {})).items():
        text = inner.get("description", "").replace("*/", "")
        for paragraph in filter(None, text.split("\n\n")):
            told = f"`{field}`: {paragraph}" if field else paragraph
            lines += [*textwrap.wrap(told, WIDTH - 3), ""]
    written = _written(schema, names)
    short = f"@typedef {{{written}}} {name}"
    if len(short) <= WIDTH - 3 or "properties" not in schema:
        lines += textwrap.wrap(short, WIDTH - 3, subsequent_indent="  ", break_long_words=False)
    else:
        lines += ["@typedef {{", *_fields(schema, names), f"}}}} {name}"]
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _fields(schema: Json, names: dict[str, str]) -> list[str]:
    required = schema.get("required", ())
    return [
        f"  {_field(name, inner, name in required, names)},"
        for name, inner in schema["properties"].items()
    ]


def _field(name: str, schema: Json, required: bool, names: dict[str, str]) -> str:
    written = name if IS_NAME.fullmatch(name) else json.dumps(name)
    return f"{written}{'' if required else '?'}: {_written(schema, names)}"


def _written(schema: Json | bool, names: dict[str, str]) -> str:
    """A schema as a type."""
    if isinstance(schema, bool):
        return "unknown"
    if "$ref" in schema:
        return names[schema["$ref"].rpartition("/")[2]]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_written(inner, names) for inner in schema[key]))
    match schema["type"]:
        case "object":
            if "properties" in schema:
                required = schema.get("required", ())
                fields = (
                    _field(name, inner, name in required, names)
                    for name, inner in schema["properties"].items()
                )
                return f"{{{', '.join(fields)}}}"
            return f"Record<string, {_written(schema['additionalProperties'], names)}>"
        case "array":
            if "prefixItems" in schema:
                return f"[{', '.join(_written(inner, names) for inner in schema['prefixItems'])}]"
            item = _written(schema["items"], names)
            if schema.get("minItems") == schema.get("maxItems", -1):
                return f"[{', '.join([item] * schema['minItems'])}]"
            return f"({item})[]" if " | " in item else f"{item}[]"
        case "integer":
            return "number"
        case kind:
            return str(kind)


if __name__ == "__main__":
    FILE.write_text(page_types(create_app(Settings()).openapi()), "utf-8")

"""From the declarations of bodies and answers to the schemas of the OpenAPI document.

To write them all takes as long as the rest of the API takes to be imported, and few ask for the
document, so they are written when the first one does.
"""

import threading
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

Json = dict[str, Any]

REF = "#/components/schemas/{model}"

# The schemas that are still empty, and what each is of.
_waiting: list[tuple[Json, Any]] = []
_components: dict[str, Json] = {}
_writing = threading.Lock()


class _Schemas(GenerateJsonSchema):
    """pydantic's schemas, as tools of many kinds can read them."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Answers hold nothing undeclared."""
        return super().typed_dict_schema(schema) | {"additionalProperties": False}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A field left out is not null: clients would send what stands here as its default."""
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        """For tools that do not know ``prefixItems``, also what each item may be."""
        written = super().tuple_schema(schema)
        kinds: list[Json] = []
        for kind in written["prefixItems"]:
            if kind not in kinds:
                kinds.append(kind)
        if len(kinds) == 1:
            del written["prefixItems"]
        return written | {"items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}}

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's name is not repeated."""
        return False


def schema_of(declared: Any) -> Json:
    """The schema of a type or a type adapter, empty until `components` is called."""
    schema: Json = {}
    _waiting.append((schema, declared))
    return schema


def components() -> dict[str, Json]:
    """Write every schema that has been asked for; the definitions that they need, by name."""
    with _writing:
        written: dict[int, Json] = {}
        for schema, declared in _waiting:
            if id(declared) not in written:
                written[id(declared)] = _written(declared)
            schema.update(written[id(declared)])
        _waiting.clear()
    return _components


def _written(declared: Any) -> Json:
    """A schema, its definitions moved to the components."""
    adapter = declared if isinstance(declared, TypeAdapter) else TypeAdapter(declared)
    schema: Json = adapter.json_schema(ref_template=REF, schema_generator=_Schemas)
    _components.update(schema.pop("$defs", {}))
    title = schema.get("title")
    if schema.get("type") == "object" and title:
        _components[title] = schema
        return {"$ref": REF.format(model=title)}
    return schema

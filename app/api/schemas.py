"""From the declarations of bodies and answers to the schemas of the OpenAPI document."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

Json = dict[str, Any]

REF = "#/components/schemas/{model}"

# What every schema made so far needs, by name.
components: dict[str, Json] = {}


class _Schemas(GenerateJsonSchema):
    """Answers hold nothing undeclared, and a field's name is not repeated as its title."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(declared: Any) -> Json:
    """The schema of a type or a type adapter, its definitions moved to the components."""
    adapter = declared if isinstance(declared, TypeAdapter) else TypeAdapter(declared)
    schema: Json = adapter.json_schema(ref_template=REF, schema_generator=_Schemas)
    components.update(schema.pop("$defs", {}))
    title = schema.get("title")
    if schema.get("type") == "object" and title:
        components[title] = schema
        return {"$ref": REF.format(model=title)}
    return schema

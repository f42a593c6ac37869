"""Texts of a query that are written in a certain way, with words for whoever wrote another one."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class Written:
    """An annotation of a text.

    Attributes:
        pattern: What it is from its beginning to its end.
        how: The same in words, to follow "must be".
    """

    pattern: str
    how: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"pattern": self.pattern}

    def _check(self, text: str) -> str:
        if re.search(self.pattern, text) is None:
            raise PydanticCustomError("pattern", "must be {how}", {"how": self.how, "at": []})
        return text


INDEX = Written(
    r"^([0-9]{1,9}(,[0-9]{1,9}){0,5})?$",
    "whole numbers from 0 with commas between, such as 0,1; empty for a scalar",
)
SLICE = Written(
    r"^[0-9:,]*$",
    "i, start:stop or start:stop:step for each dimension, all from 0, with commas between, "
    "such as 0:10,:",
)
CURSOR = Written(
    r"^(end|[0-9]{1,9}(\.[0-9]{1,9})?)$",
    "the number of an event, with that of a cell after a point if need be, such as 3 or 3.2, "
    "or end",
)

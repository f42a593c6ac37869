"""Answers held against the OpenAPI document of the app that gave them."""

import re
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from fastapi import FastAPI

METHODS = ("get", "post", "patch", "put", "delete")


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of every operation."""
    return [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


class Described:
    """What an app's document says of its answers."""

    def __init__(self, app: FastAPI) -> None:
        self.document: dict[str, Any] = app.openapi()
        self._components = orjson.dumps(self.document["components"])
        self.seen: set[tuple[str, int]] = set()
        self._patterns = [
            (method, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), operation)
            # What is written out comes before what stands for anything.
            for method, path, operation in sorted(
                operations(self.document), key=lambda found: found[1].count("{")
            )
        ]

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation that a request is for."""
        found = [
            operation
            for its_method, pattern, operation in self._patterns
            if its_method == method.lower() and pattern.fullmatch(path)
        ]
        assert found, (method, path)
        return found[0]

    def check(self, answer: Any) -> Any:
        """The answer, once its status, type, headers and content are those of the document."""
        request = answer.request
        operation = self.operation(request.method, request.url.path)
        status = str(answer.status_code)
        called = f"{request.method} {request.url}: {status}"
        assert status in operation["responses"], called
        self.seen.add((operation["operationId"], answer.status_code))
        response = self.whole(operation["responses"][status])
        for header, described in response.get("headers", {}).items():
            assert header in answer.headers or described.get("required") is False, called
        if answer.status_code in (204, 304):
            assert answer.content == b""
            return answer
        media = response["content"][answer.headers["content-type"].partition(";")[0]]
        if "json" in answer.headers["content-type"]:
            errors = self.faults(media["schema"], orjson.loads(answer.content))
            assert not errors, f"{called}: {errors[0]}"
        return answer

    def whole(self, response: dict[str, Any]) -> dict[str, Any]:
        """A response, also where the document only refers to it."""
        if "$ref" not in response:
            return response
        found: dict[str, Any] = self.document
        for step in response["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def faults(self, schema: dict[str, Any], content: Any) -> list[str]:
        """What in the content is not as a schema of the document has it."""
        validator = _validator(self._components, orjson.dumps(schema))
        return [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
            for error in validator.iter_errors(content)
        ]


@cache
def _validator(components: bytes, schema: bytes) -> Any:
    whole = orjson.loads(schema) | {"components": orjson.loads(components)}
    return jsonschema_rs.validator_for(whole)

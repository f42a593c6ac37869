"""The OpenAPI document is true: every example is sent, every answer is one of those described."""

from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import ROUTERS, examples
from app.api.problem import KINDS
from tests.api.conftest import API, Owner

METHODS = ("get", "post", "patch", "put", "delete")


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of every operation."""
    return [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def test_every_route_is_described_under_a_name_of_its_own(app: FastAPI) -> None:
    found = operations(app.openapi())
    routes = sum(len(router.routes) for router in ROUTERS)

    assert len(found) == routes
    assert len({operation["operationId"] for _, _, operation in found}) == routes
    for _, path, operation in found:
        assert operation.get("description"), path
        assert operation["tags"], path


def test_names_of_operations_never_change(app: FastAPI) -> None:
    assert {operation["operationId"] for _, _, operation in operations(app.openapi())} == {
        "check_session", "control_run", "create_session", "delete_session", "edit_session",
        "evaluate", "explain_number", "fork_session", "get_catalogue", "get_datasets",
        "get_events", "get_figure",
        "get_graph", "get_layer", "get_layers", "get_presets", "get_problems", "get_row", "get_run",
        "get_runs", "get_session", "get_tensor", "get_tensors", "get_trace",
        "put_tensor", "put_tensors", "start_run",
        "step_session", "update_session",
    }  # fmt: skip


def test_every_problem_is_described_as_one(app: FastAPI) -> None:
    document = app.openapi()
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            media = response["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/ProblemAnswer"}
            for name, example in media["examples"].items():
                assert KINDS[name].status == int(status) == example["value"]["status"], path
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_no_input_is_a_path_or_an_address(app: FastAPI) -> None:
    names = set()

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            names.update(schema.get("properties", {}))
            for value in schema.values():
                collect(value)
        elif isinstance(schema, list):
            for value in schema:
                collect(value)

    document = app.openapi()
    for _, _, operation in operations(document):
        names.update(parameter["name"] for parameter in operation.get("parameters", []))
        collect(operation.get("requestBody"))
    collect({name: schema for name, schema in document["components"]["schemas"].items()
             if not name.endswith("Answer") and name != "Omitted"})  # fmt: skip
    words = {"path", "file", "filename", "url", "uri", "href", "link", "address", "host"}
    assert not {name.lower() for name in names} & words


BODIES = [
    (operation, name)
    for operation, bodies in (
        ("evaluate", examples.EVALUATE),
        ("create_session", examples.NEW_SESSION),
        ("edit_session", examples.EDITS),
        ("step_session", examples.STEP),
        ("check_session", examples.CHECK),
        ("update_session", examples.UPDATE),
        ("start_run", examples.NEW_RUN),
    )
    for name in bodies
]


def test_the_examples_tested_are_all_there_are(app: FastAPI) -> None:
    described = [
        (operation["operationId"], name)
        for _, _, operation in operations(app.openapi())
        for media in operation.get("requestBody", {}).get("content", {}).values()
        for name in media.get("examples", {})
    ]

    assert sorted(described) == sorted(BODIES)


@pytest.mark.parametrize(("operation_id", "name"), BODIES)
def test_every_example_is_accepted_and_answered_as_described(
    app: FastAPI, client: TestClient, operation_id: str, name: str
) -> None:
    owner = Owner(client, examples.NEW_SESSION["own network"])
    document = app.openapi()
    method, path, operation = next(
        found for found in operations(document) if found[2]["operationId"] == operation_id
    )
    body = operation["requestBody"]["content"]["application/json"]["examples"][name]["value"]

    answer = client.request(
        method,
        path.replace("{id}", owner.created["id"]),
        json=body,
        headers=owner.token | {"If-Match": "*"},
    )

    assert 200 <= answer.status_code < 300, answer.text
    check_answer(document, operation, answer)


@pytest.mark.parametrize(
    "path",
    ["", "/graph", "/trace", "/trace?max_cells=0", "/trace?level=element&loss=opened",
     "/layers", "/layers/affine1", "/tensors/affine1.W", "/tensors/loss", "/runs",
     "/tensors", "/tensors?name=x&name=relu1.output.grad",
     "/explain?tensor=affine1.W.grad&index=0,1"],
)  # fmt: skip
def test_every_reading_is_answered_as_described(
    app: FastAPI, client: TestClient, path: str
) -> None:
    owner = Owner(client, examples.NEW_SESSION["own network"])
    document = app.openapi()

    answer = owner.get(path)

    template = f"{API}/sessions/{{id}}{path.partition('?')[0]}"
    for name in ("layers", "tensors"):
        if template.startswith(f"{API}/sessions/{{id}}/{name}/"):
            template = f"{API}/sessions/{{id}}/{name}/{{name}}"
    assert answer.status_code == 200
    check_answer(document, document["paths"][template]["get"], answer)


@pytest.mark.parametrize("path", ["presets", "datasets", "problems"])
def test_the_catalogue_is_answered_as_described(
    app: FastAPI, client: TestClient, path: str
) -> None:
    document = app.openapi()

    answer = client.get(f"{API}/{path}")

    assert answer.status_code == 200
    assert answer.json()[path]
    check_answer(document, document["paths"][f"{API}/{path}"]["get"], answer)


def check_answer(document: dict[str, Any], operation: dict[str, Any], answer: Any) -> None:
    """The answer's status, type, headers and content are those of the document."""
    response = operation["responses"][str(answer.status_code)]
    schema = response["content"][answer.headers["content-type"]]["schema"]
    for header in response.get("headers", {}):
        assert header in answer.headers
    whole = schema | {"components": document["components"]}
    errors = list(jsonschema_rs.validator_for(whole).iter_errors(answer.json()))
    assert not errors, errors[0]

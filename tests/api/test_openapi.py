"""The OpenAPI document is true: every example is sent, every answer is one of those described."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from app.api import ROUTERS, examples
from app.api.problem import KINDS
from app.server import Settings, create_app
from tests.api.conftest import API, Owner
from tests.api.described import Described, operations


def test_the_document_is_one_by_the_rules_of_openapi(app: FastAPI) -> None:
    document = app.openapi()

    OpenAPIV31SpecValidator(document).validate()
    info = document["info"]
    assert info["description"]
    assert info["license"]["identifier"] == "MIT"
    assert document["servers"]
    described = {tag["name"] for tag in document["tags"]}
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert described == used


def test_every_array_says_what_it_holds(app: FastAPI) -> None:
    """Tools that know no ``prefixItems`` need it."""

    def arrays(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if schema.get("type") == "array":
                yield schema
            for inner in schema.values():
                yield from arrays(inner)
        elif isinstance(schema, list):
            for inner in schema:
                yield from arrays(inner)

    found = list(arrays(app.openapi()["components"]["schemas"]))

    assert len(found) > 50
    assert all("items" in schema for schema in found)


def test_every_route_is_described_under_a_name_of_its_own(app: FastAPI) -> None:
    found = operations(app.openapi())
    routes = sum(len(router.routes) for router in ROUTERS)

    assert len(found) == routes
    assert len({operation["operationId"] for _, _, operation in found}) == routes
    for _, path, operation in found:
        assert operation.get("description"), path
        # Said in words, not made of the function's name.
        name = operation["operationId"].replace("_", " ")
        assert operation["summary"].casefold() != name, path
        assert operation["tags"], path


def test_names_of_operations_never_change(app: FastAPI) -> None:
    assert {operation["operationId"] for _, _, operation in operations(app.openapi())} == {
        "change_run", "check_session", "control_run", "create_dataset", "create_session",
        "delete_session", "edit_session", "evaluate", "explain_number", "fork_session",
        "get_catalogue", "get_dataset", "get_datasets", "get_doubtful",
        "get_events", "get_export", "get_figure", "get_history", "get_index",
        "get_graph", "get_health", "get_layer", "get_layers", "get_presets", "get_problems",
        "get_code", "get_recipe", "get_regions",
        "get_row", "get_run",
        "get_runs", "get_session", "get_tensor", "get_tensors", "get_trace",
        "nudge_number", "open_step", "prepare_drawing", "put_tensor", "put_tensors", "start_run",
        "step_session", "update_session",
        "compare_gradient", "get_exercise", "get_faults", "get_places", "get_sheet",
        "get_skills", "get_specimen", "judge_answer", "get_hidden", "judge_suspect",
        "get_lesson", "get_lessons", "judge_prediction",
    }  # fmt: skip


def test_every_problem_is_described_as_one(app: FastAPI) -> None:
    described = Described(app)
    for _, path, operation in operations(described.document):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            media = described.whole(response)["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/ProblemAnswer"}
            for name, example in media["examples"].items():
                assert KINDS[name].status == int(status) == example["value"]["status"], path
                assert not described.faults(media["schema"], example["value"])
    assert "HTTPValidationError" not in described.document["components"]["schemas"]


def test_what_any_call_can_be_refused_with_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the guards around the API: a wrong Host, another origin, a wrong method, a fault."""

    def fail(*_: object) -> None:
        raise RuntimeError

    app = create_app(Settings())
    described = Described(app)
    statuses = []
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        for name, method, path, headers in (
            ("host", "GET", "/presets", {"Host": "evil"}),
            ("origin", "POST", "/evaluate", {"Origin": "http://evil"}),
            ("fault", "GET", "/presets", {}),
        ):
            if name == "fault":
                monkeypatch.setattr("app.api.routes.catalogue.presets_json", fail)
            answer = described.check(client.request(method, API + path, headers=headers))
            statuses.append(answer.status_code)
        answer = client.get(f"{API}/sessions")
    refused = described.operation("POST", f"{API}/sessions")["responses"]["405"]
    schema = described.whole(refused)["content"][answer.headers["content-type"]]["schema"]

    assert statuses == [400, 403, 500]
    assert answer.status_code == 405
    assert not described.faults(schema, answer.json())
    assert "not listed" in answer.json()["detail"]


def test_open_calls_are_told_from_those_that_need_the_token(app: FastAPI) -> None:
    for _, path, operation in operations(app.openapi()):
        needs_token = "401" in operation["responses"]
        assert operation["security"] == ([{"editToken": []}] if needs_token else []), path


def test_bounds_are_in_the_schemas(app: FastAPI) -> None:
    text = json.dumps(app.openapi())
    schemas = app.openapi()["components"]["schemas"]

    assert not {f'"{word}"' for word in ("ge", "le", "gt", "lt")} & set(text.split(": "))
    assert schemas["Network"]["properties"]["input_size"]["anyOf"][0]["minimum"] == 1
    assert schemas["NewRun"]["properties"]["steps"]["maximum"] == 1_000_000


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("create_session", {"network": None, "x": None}),
        ("create_session", {"preset": "fig-5-25", "seed": 0}),
        ("create_session", {"network": examples.EVALUATE["scores only"]["network"]}),
        ("evaluate", {"network": examples.EVALUATE["scores only"]["network"], "x": None}),
        ("start_run", {}),
        ("start_run", {"batches": [[0]], "batch_size": 1}),
    ],
)
def test_a_body_that_is_refused_is_wrong_by_its_schema(
    app: FastAPI, client: TestClient, operation: str, body: Any
) -> None:
    described = Described(app)
    owner = Owner(client, examples.NEW_SESSION["own network"])
    method, path, found = next(
        found for found in operations(described.document) if found[2]["operationId"] == operation
    )
    url = path.replace("{id}", owner.created["id"])

    assert client.request(method, url, json=body, headers=owner.token).status_code == 422
    assert described.faults(found["requestBody"]["content"]["application/json"]["schema"], body)


def test_the_index_leads_to_what_there_is(client: TestClient, app: FastAPI) -> None:
    links = Described(app).check(client.get(API)).json()["links"]

    for name, address in links.items():
        expected = 405 if name in ("evaluate", "sessions") else 200
        assert client.get(address).status_code == expected, name


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
        ("fork_session", examples.FORK),
        ("step_session", examples.STEP),
        ("check_session", examples.CHECK),
        ("update_session", examples.UPDATE),
        ("start_run", examples.NEW_RUN),
        ("change_run", examples.CHANGE_RUN),
        ("open_step", examples.OPEN_STEP),
        ("prepare_drawing", examples.PICTURE),
        ("compare_gradient", examples.COMPARE),
        ("judge_answer", examples.ANSWER),
        ("judge_prediction", examples.PREDICTION),
        ("judge_suspect", examples.SUSPECT),
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

    path = path.replace("{id}", owner.created["id"])
    if "{run}" in path:
        plan = {"steps": 1_000_000, "batch_size": 1}
        run = owner.post("/runs", plan).json()["id"]
        path = path.replace("{run}", run)
        owner.post(f"/runs/{run}/pause")

    answer = client.request(
        method,
        path,
        json=body,
        headers=owner.token | {"If-Match": "*"},
    )

    assert 200 <= answer.status_code < 300, answer.text
    Described(app).check(answer)


def test_a_history_is_answered_as_described(app: FastAPI, client: TestClient) -> None:
    owner = Owner(client, examples.NEW_SESSION["own network"])
    run = owner.post("/runs", {"steps": 40, "batch_size": 1}).json()["id"]
    while owner.get(f"/runs/{run}").json()["state"] != "finished":
        pass

    answer = owner.get(f"/runs/{run}/history")

    assert answer.json()["step"] == list(range(1, 41))
    Described(app).check(answer)


@pytest.mark.parametrize(
    "path",
    ["", "/graph", "/trace", "/trace?max_cells=0", "/trace?level=element&loss=opened",
     "/layers", "/layers/affine1", "/tensors/affine1.W", "/tensors/loss", "/runs",
     "/tensors", "/tensors?name=x&name=relu1.output.grad",
     "/explain?tensor=affine1.W.grad&index=0,1",
     "/nudge?tensor=affine1.W.grad&index=0,1", "/nudge?tensor=loss.grad&h=0.5&h=1e-7"],
)  # fmt: skip
def test_every_reading_is_answered_as_described(
    app: FastAPI, client: TestClient, path: str
) -> None:
    owner = Owner(client, examples.NEW_SESSION["own network"])

    answer = owner.get(path)

    assert answer.status_code == 200
    Described(app).check(answer)

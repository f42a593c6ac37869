import orjson

from app.api.problem import KINDS, MAX_BYTES, FieldError, Problem, kind_of_status, pointer


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    response = Problem("invalid", "No.", [FieldError("/x/0", "finite", "be finite")]).response()

    assert response.status_code == 422
    assert response.media_type == "application/problem+json"
    assert orjson.loads(response.body) == {
        "type": "/api/v1/problems#invalid",
        "title": "Invalid value",
        "status": 422,
        "detail": "No.",
        "errors": [{"pointer": "/x/0", "code": "finite", "message": "be finite"}],
    }


def test_at_most_20_errors_are_told() -> None:
    errors = [FieldError(f"/{i}", "type", "no") for i in range(1000)]

    assert len(orjson.loads(Problem("invalid", "No.", errors).body())["errors"]) == 20


def test_even_errors_made_to_grow_stay_below_16_kilobytes() -> None:
    # Control characters are six bytes each when escaped.
    errors = [FieldError(pointer(["\x01" * 64] * 9), "type", "\x01" * 999) for _ in range(20)]

    body = Problem("invalid", "\x01" * 9999, errors).body()

    assert len(body) <= MAX_BYTES
    assert orjson.loads(body)["errors"]


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert pointer(["a/b", 0, "m~n"]) == "/a~1b/0/m~0n"
    assert pointer([]) == ""


def test_a_long_or_deep_pointer_ends_in_an_ellipsis() -> None:
    assert pointer([0] * 1000) == "/0" * 12 + "/…"
    assert len(pointer(["k" * 10_000])) < 70
    assert pointer(["k" * 60] * 10).endswith("/…")


def test_lone_surrogates_can_be_written() -> None:
    assert orjson.loads(Problem("invalid", "\ud800").body())["detail"] == "?"


def test_every_status_of_a_kind_leads_back_to_a_kind_of_that_status() -> None:
    for kind in KINDS.values():
        assert KINDS[kind_of_status(kind.status)].status == kind.status


def test_a_status_without_a_kind_of_its_own_is_a_bad_request_or_a_fault() -> None:
    assert kind_of_status(418) == "bad-request"
    assert kind_of_status(502) == "internal"

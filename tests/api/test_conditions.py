import pytest
from starlette.requests import Request

from app.api.conditions import bearer_token, etag, if_match, is_fresh
from app.api.problem import Problem


def request_with(**headers: str) -> Request:
    raw = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    return Request({"type": "http", "headers": raw})


def test_the_token_is_what_follows_bearer() -> None:
    assert bearer_token(request_with(authorization="Bearer abc")) == "abc"
    assert bearer_token(request_with(authorization="bearer  abc ")) == "abc"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_without_a_token_the_answer_says_how_to_send_one(value: str) -> None:
    with pytest.raises(Problem) as caught:
        bearer_token(request_with(authorization=value))

    assert caught.value.status == 401
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        ('"7"', (7,)),
        ('"7", "8"', (7, 8)),
        ("*", None),
        ('W/"7"', ()),
        ("7", ()),
        ('"x"', ()),
        ("", ()),
        ('"9999999999999999999999"', ()),
    ],
)
def test_if_match_allows_strong_versions(value: str, versions: tuple[int, ...] | None) -> None:
    assert if_match(request_with(if_match=value)) == versions


def test_if_match_may_be_left_out_unless_it_is_required() -> None:
    assert if_match(request_with()) is None
    with pytest.raises(Problem) as caught:
        if_match(request_with(), required=True)
    assert caught.value.status == 428


@pytest.mark.parametrize(
    ("value", "fresh"),
    [('"7"', True), ('W/"7"', True), ('"6", "7"', True), ("*", True), ('"8"', False), ("7", False)],
)
def test_if_none_match_compares_weakly(value: str, fresh: bool) -> None:
    assert is_fresh(request_with(if_none_match=value), etag(7)) is fresh


def test_without_if_none_match_nothing_is_fresh() -> None:
    assert not is_fresh(request_with(), etag(7))

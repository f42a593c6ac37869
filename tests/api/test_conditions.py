import pytest
from starlette.requests import Request

from app.api.conditions import bearer_token, etag, if_match, is_fresh, wants_minimal
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
        ('W/"7"', (7,)),
        ('W/"7", "8"', (7, 8)),
        ('"7","8",', (7, 8)),
        (' , "7"\t,, W/"8" ', (7, 8)),
        ('"7.npy"', (7,)),
        ('"7-gzip"', (7,)),
        ('W/"7-zstd", "8.npy-br"', (7, 8)),
        ('"7-1f0"', ()),
        ('"7-gzip-gzip"', ()),
        ('"x"', ()),
        ('""', ()),
        ('"9999999999999999999999"', ()),
    ],
)
def test_if_match_allows_the_versions_it_lists(
    value: str, versions: tuple[int, ...] | None
) -> None:
    assert if_match(request_with(if_match=value)) == versions


@pytest.mark.parametrize(
    "value",
    ["", "7", "W/7", 'w/"7"', "'7'", '"7', '7"', '"7" "8"', '"7", 8', '*, "7"', '"a b"', ",",
     "\x00", '"7",' * 9_000 + "x"],
)  # fmt: skip
def test_an_if_match_that_is_no_list_of_tags_is_told_from_a_stale_one(value: str) -> None:
    with pytest.raises(Problem) as caught:
        if_match(request_with(if_match=value))

    assert caught.value.status == 400
    assert [error.pointer for error in caught.value.errors] == ["/If-Match"]
    assert "quotes" in caught.value.detail


def test_lines_of_one_header_are_one_list() -> None:
    lines = [(b"if-match", b'"7"'), (b"if-match", b'W/"8"'), (b"if-none-match", b'"1"')]
    request = Request({"type": "http", "headers": [*lines, (b"if-none-match", b'"7"')]})

    assert if_match(request) == (7, 8)
    assert is_fresh(request, etag(7))


def test_if_match_may_be_left_out_unless_it_is_required() -> None:
    assert if_match(request_with()) is None
    with pytest.raises(Problem) as caught:
        if_match(request_with(), required=True)
    assert caught.value.status == 428


@pytest.mark.parametrize(
    ("value", "fresh"),
    [
        ('"7"', True),
        ('W/"7"', True),
        ('"6", "7"', True),
        ("*", True),
        ('"8"', False),
        ("7", False),
        ('W/"7", 8', False),
        ('"7.npy"', False),
        ('"7-gzip"', True),
        ('"7.npy-gzip"', False),
        ('W/"7.npy", W/"7"', True),
    ],
)
def test_if_none_match_compares_weakly(value: str, fresh: bool) -> None:
    assert is_fresh(request_with(if_none_match=value), etag(7)) is fresh
    assert is_fresh(request_with(if_none_match=value), f"W/{etag(7)}") is fresh


def test_without_if_none_match_nothing_is_fresh() -> None:
    assert not is_fresh(request_with(), etag(7))


@pytest.mark.parametrize(
    ("value", "minimal"),
    [
        ("return=minimal", True),
        ('Return = "minimal"', True),
        ("respond-async, return=minimal; x=1", True),
        ("return=minimal, return=representation", True),
        ("return=representation", False),
        ("return=representation, return=minimal", False),
        ("return", False),
        ("minimal", False),
        ("no-return=minimal", False),
        ("", False),
    ],
)
def test_prefer_asks_for_little_only_where_it_says_so(value: str, minimal: bool) -> None:
    assert wants_minimal(request_with(prefer=value)) is minimal

import pytest
from starlette.testclient import TestClient

from app.server import Settings, create_app
from app.web.hosts import LOOPBACK

BODY = {"network": {"input_size": 1, "layers": [{"type": "affine", "units": 1}]}, "x": [[1.0]]}
OWN = "http://localhost:8000"
# The headers of a request, and whether it may change something.
CASES = [
    ({}, True),  # curl, Python: no browser, no origin
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),  # the user's own doing
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "nonsense"}, False),
    ({"Sec-Fetch-Site": ""}, False),
    ({"Origin": OWN}, True),  # an older browser says only this
    ({"Origin": "http://localhost:9000"}, False),  # another port is another origin
    ({"Origin": "http://127.0.0.1:8000"}, False),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": f"{OWN}.evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({"Origin": OWN, "Sec-Fetch-Site": "cross-site"}, False),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, True),
]
METHODS = [
    ("POST", "/api/v1/evaluate"),
    ("PATCH", "/api/v1/sessions/none"),
    ("DELETE", "/api/v1/sessions/none"),
    ("PUT", "/"),
]


@pytest.mark.parametrize(("headers", "allowed"), CASES, ids=str)
def test_a_change_is_let_through_from_our_own_page_or_from_no_browser(
    client: TestClient, headers: dict[str, str], allowed: bool
) -> None:
    answer = client.post("/api/v1/evaluate", json=BODY, headers=headers)

    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_every_unsafe_method_is_held_to_it(client: TestClient, method: str, path: str) -> None:
    own = client.request(method, path)
    foreign = client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})

    assert own.status_code != 403
    assert foreign.status_code == 403


@pytest.mark.parametrize("path", ["/", "/livez", "/static/js/main.js", "/api/v1/presets"])
def test_reading_is_nobodys_business(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


def test_a_refused_body_is_not_read(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/evaluate", content=b"{", headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://explorer.example.org", True),
        ("https://Explorer.Example.org", True),
        ("http://explorer.example.org:8080", False),  # another server on that machine
        ("http://127.0.0.1", False),
        ("http://localhost", False),
        ("http://evil.example", False),
    ],
)
def test_a_name_that_the_server_was_given_is_our_own_though_a_proxy_hides_it(
    origin: str, allowed: bool
) -> None:
    app = create_app(Settings(allowed_hosts=(*LOOPBACK, "explorer.example.org")))
    with TestClient(app, "http://127.0.0.1:8000") as client:
        answer = client.post("/api/v1/evaluate", json=BODY, headers={"Origin": origin})

    assert answer.status_code == (200 if allowed else 403)

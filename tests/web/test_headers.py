import re

import pytest
from starlette.testclient import TestClient

from app.server import Settings, create_app
from app.web.headers import FRAMING, content_policy

SMALL = {
    "network": {"input_size": 1, "layers": [{"type": "affine", "units": 1}]},
    "x": [[1.0]],
}
# What makes every kind of answer: method, path, headers, body, expected status.
KINDS = {
    "page": ("GET", "/", {}, None, 200),
    "documentation": ("GET", "/docs", {}, None, 200),
    "sign of life": ("GET", "/livez", {}, None, 200),
    "readiness": ("GET", "/readyz", {}, None, 200),
    "favicon": ("GET", "/favicon.ico", {}, None, 200),
    "head": ("HEAD", "/", {}, None, 200),
    "script": ("GET", "/static/js/main.js", {}, None, 200),
    "library": ("GET", "/static/vendor/lit-html/index.js", {}, None, 200),
    "style": ("GET", "/static/css/base.css", {}, None, 200),
    "missing file": ("GET", "/static/js/none.js", {}, None, 404),
    "file outside": ("GET", "/static/..%2f..%2fpyproject.toml", {}, None, 404),
    "missing page": ("GET", "/none", {}, None, 404),
    "wrong method": ("POST", "/", {}, None, 405),
    "openapi": ("GET", "/openapi.json", {}, None, 200),
    "api": ("POST", "/api/v1/evaluate", {}, SMALL, 200),
    "created": ("POST", "/api/v1/sessions", {}, {"preset": "fig-5-25"}, 201),
    "missing session": ("GET", "/api/v1/sessions/none", {}, None, 404),
    "wrong value": ("POST", "/api/v1/evaluate", {}, {"x": 1}, 422),
    "too large": ("POST", "/api/v1/evaluate", {}, {"x": "a" * (1 << 20)}, 413),
    "foreign host": ("GET", "/", {"Host": "evil.example"}, None, 400),
    "foreign origin": ("POST", "/api/v1/evaluate", {"Sec-Fetch-Site": "cross-site"}, SMALL, 403),
    "fault": ("GET", "/broken", {}, None, 500),
}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_carries_the_security_headers(client: TestClient, kind: str) -> None:
    method, path, headers, body, status = KINDS[kind]

    answer = client.request(method, path, headers=headers, json=body)

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    if status >= 400:
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["status"] == status


def test_a_fault_does_not_tell_what_it_was(client: TestClient) -> None:
    assert "no handler knows" not in client.get("/broken").text


def test_the_page_of_modules_has_one_inline_script_and_its_nonce_is_new_each_time() -> None:
    client = TestClient(create_app(Settings(dev=True)), "http://localhost:8000")
    nonces = set()
    for _ in range(3):
        answer = client.get("/")
        (allowed,) = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", answer.text)
        executed = [tag for tag in inline if "application/json" not in tag]
        assert len(executed) == 1
        assert 'type="importmap"' in executed[0]
        assert f'nonce="{allowed}"' in executed[0]
        nonces.add(allowed)

    assert len(nonces) == 3


def test_the_page_has_no_inline_style(client: TestClient) -> None:
    page = client.get("/").text

    assert "<style" not in page
    assert not re.search(r"\sstyle=", page)
    assert not re.search(r"\son[a-z]+=", page)


def test_only_pages_have_a_nonce(client: TestClient) -> None:
    assert "nonce" not in client.get("/static/js/main.js").headers["content-security-policy"]
    assert "nonce" not in client.get("/api/v1/presets").headers["content-security-policy"]


def test_no_other_origin_is_invited_in(client: TestClient) -> None:
    answer = client.options(
        "/api/v1/sessions",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )

    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_only_the_origins_of_the_setting_may_frame_a_page() -> None:
    own = content_policy()
    assert own.endswith("frame-ancestors 'self'")
    assert content_policy(frames=("https://lms.example.org",)).endswith(
        "frame-ancestors 'self' https://lms.example.org"
    )
    assert FRAMING.fullmatch("https://*.example.org:8443")
    for wrong in (
        "*",
        "lms.example.org",
        "https://a.b/c",
        "https://a; script-src *",
        "https://a b",
    ):
        assert not FRAMING.fullmatch(wrong), wrong

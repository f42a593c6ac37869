"""What /metrics tells, to whom, and what it leaves out."""

import ipaddress
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.addresses import LOCAL, Network
from app.server import Settings, create_app
from app.sessions.store.store import StoreError, StoreStats
from app.web.children import children, read
from app.web.guard import ConnectionLimits
from app.web.metrics import Metrics

NETWORK = {
    "input_size": 1,
    "layers": [{"type": "affine", "units": 2}],
    "loss": {"type": "softmax_cross_entropy"},
}
SESSION = {"network": NETWORK, "x": [[1], [2]], "t": [0, 1]}
BEHIND = tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8")))


@pytest.fixture
def local() -> Iterator[TestClient]:
    """A client on the server's own machine."""
    app = create_app(Settings())
    with TestClient(app, "http://localhost:8000", client=("127.0.0.1", 50000)) as client:
        yield client


def told(client: TestClient) -> dict[tuple[str, ...], float]:
    """All samples by name and the values of their labels, in the order of the labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_and_timed_by_route(local: TestClient) -> None:
    for _ in range(3):
        local.get("/livez")
    made = local.post("/api/v1/sessions", json=SESSION)
    local.get(f"{made.headers['location']}/trace?level=op")
    local.post("/api/v1/evaluate", json={})
    for path in ("/wp-login.php", "/.env"):
        local.get(path)

    found = told(local)

    count = "backprop_requests_total"
    assert found[count, "GET", "/livez", "200"] == 3
    assert found[count, "POST", "/api/v1/sessions", "201"] == 1
    assert found[count, "GET", "/api/v1/sessions/{id}/trace", "200"] == 1
    assert found[count, "POST", "/api/v1/evaluate", "422"] == 1
    assert found[count, "GET", "unknown", "404"] == 2
    assert found["backprop_request_seconds_count", "GET", "/livez"] == 3
    assert 0 < found["backprop_request_seconds_sum", "GET", "/livez"] < 60
    assert found["backprop_request_seconds_bucket", "+Inf", "GET", "/livez"] == 3
    assert found["backprop_response_bytes_total",] > len(made.content)


def test_what_the_server_holds_is_theseas_it_is_now(local: TestClient) -> None:
    before = told(local)
    made = local.post("/api/v1/sessions", json=SESSION).json()
    place = f"/api/v1/sessions/{made['id']}"
    token = {"Authorization": f"Bearer {made['edit_token']}"}
    local.post(f"{place}/runs", json={"steps": 1_000_000}, headers=token)
    during = told(local)

    assert before["backprop_sessions",] == 0
    assert during["backprop_sessions",] == 1
    assert during["backprop_store_bytes",] > before["backprop_store_bytes",]
    assert before["backprop_store_up",] == during["backprop_store_up",] == 1
    runs = {key[1]: value for key, value in during.items() if key[0] == "backprop_runs"}
    assert set(runs) == {"queued", "running", "paused", "interrupted"}
    assert sum(runs.values()) == 1
    for name in ("heavy_working", "heavy_waiting", "event_readers", "connections_refused_total"):
        assert during[f"backprop_{name}",] == 0
    assert during["process_cpu_seconds_total",] >= before["process_cpu_seconds_total",] > 0
    assert during["process_resident_memory_bytes",] > 1e6
    if Path("/proc/self/task").is_dir():
        assert during["backprop_workers_cpu_seconds_total",] >= 0


def test_nothing_that_lets_one_read_or_change_a_session_is_in_it(local: TestClient) -> None:
    made = local.post("/api/v1/sessions", json=SESSION).json()
    place = f"/api/v1/sessions/{made['id']}"
    token = {"Authorization": f"Bearer {made['edit_token']}"}
    local.post(f"{place}/step", headers=token)
    run = local.post(f"{place}/runs", json={"steps": 3}, headers=token).json()["id"]
    for path in (f"{place}/runs/{run}", f"{place}/nothing", f"{place}/tensors/affine1.W"):
        local.get(path)
    local.request(made["edit_token"][:8].upper(), place)

    text = local.get("/metrics").text

    for secret in (made["id"], made["edit_token"], made["edit_token"][:8].upper(), run):
        assert secret not in text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert "/api/v1/sessions/{id}/tensors/{name}" in routes


def test_it_speaks_open_metrics_to_who_asks_for_it(local: TestClient) -> None:
    answer = local.get("/metrics", headers={"Accept": "application/openmetrics-text"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_head_is_answered_and_other_methods_are_not(local: TestClient) -> None:
    assert local.head("/metrics").status_code == 200
    refused = local.post("/metrics")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]


@pytest.mark.parametrize("fault", ["raises", "hangs"])
def test_a_store_that_does_not_answer_is_theseand_the_rest_is_there(
    local: TestClient, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    gate = threading.Event()

    def stats() -> StoreStats:
        if fault == "hangs":
            gate.wait(20)
        raise StoreError("the disk has gone")

    monkeypatch.setattr(local.app.state.store, "stats", stats)  # type: ignore[attr-defined]
    try:
        found = told(local)
    finally:
        gate.set()

    assert found["backprop_store_up",] == 0
    assert ("backprop_sessions",) not in found
    assert found["backprop_connections",] == 0
    assert found["process_cpu_seconds_total",] > 0


def test_heavy_work_is_counted_and_nobody_waits_for_it(local: TestClient) -> None:
    heavy: Any = local.app.state.heavy  # type: ignore[attr-defined]
    begun, gate = threading.Semaphore(0), threading.Event()
    work = heavy.limits.heavy_processes

    def long() -> bytes:
        begun.release()
        gate.wait(20)
        return b"{}"

    def ask() -> None:
        local.post("/api/v1/evaluate", json={"code": "y = 1 + 1"})

    from app.api.routes import evaluate as route

    evaluate: Any = route
    real, evaluate.evaluated_code = evaluate.evaluated_code, lambda *_: long()
    threads = [threading.Thread(target=ask) for _ in range(work + 3)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(work):
            assert begun.acquire(timeout=20)
        while heavy.waiting < 3:
            assert all(thread.is_alive() for thread in threads)
        found = told(local)
    finally:
        gate.set()
        for thread in threads:
            thread.join(20)
        evaluate.evaluated_code = real

    assert found["backprop_heavy_working",] == work
    assert found["backprop_heavy_waiting",] == 3
    assert told(local)["backprop_heavy_working",] == 0


ANYBODY = tuple(map(ipaddress.ip_network, ("0.0.0.0/0",)))


@pytest.mark.parametrize(
    ("client", "forwarded", "readers", "proxies", "may"),
    [
        ("127.0.0.1", None, LOCAL, (), True),
        ("::1", None, LOCAL, (), True),
        ("192.0.2.7", None, LOCAL, (), False),
        ("", None, LOCAL, (), False),
        ("192.0.2.7", None, ANYBODY, (), True),
        ("127.0.0.1", None, (), (), False),
        # A proxy on this machine whose word is not taken: everybody would seem to be here.
        ("127.0.0.1", "192.0.2.7", LOCAL, (), False),
        ("127.0.0.1", "127.0.0.1", LOCAL, (), False),
        ("127.0.0.1", "127.0.0.1, 192.0.2.7", LOCAL, BEHIND[1:], False),
        # One whose word is taken: the client is who it says.
        ("192.0.2.7", "127.0.0.1, 192.0.2.7", LOCAL, BEHIND, False),
        ("192.0.2.7", "192.0.2.7", ANYBODY, BEHIND, True),
        ("192.0.2.7", "8.8.8.8, 192.0.2.7, 10.0.0.1", ANYBODY, BEHIND, True),
    ],
)
def test_who_may_read(
    local: TestClient,
    client: str,
    forwarded: str | None,
    readers: tuple[Network, ...],
    proxies: tuple[Network, ...],
    may: bool,
) -> None:
    metrics: Metrics = local.app.state.metrics  # type: ignore[attr-defined]
    metrics.readers, metrics.proxies = readers, proxies
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]

    assert metrics.may_read({"client": (client, 1), "headers": headers}) is may


def test_whoever_may_not_is_theseso() -> None:
    app = create_app(Settings(connections=ConnectionLimits()))
    with TestClient(app, "http://localhost:8000", client=("192.0.2.7", 50000)) as client:
        answer = client.get("/metrics")

    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#operators-only")
    assert "backprop_" not in answer.text


def test_two_servers_of_one_process_count_apart(local: TestClient) -> None:
    local.get("/livez")
    with TestClient(
        create_app(Settings()), "http://localhost:8000", client=("127.0.0.1", 1)
    ) as other:
        found = told(other)

    assert ("backprop_requests_total", "GET", "/livez", "200") not in found


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells of them")
def test_processes_that_the_server_has_started_are_thesewith_what_they_take() -> None:
    work = "print(sum(k * k for k in range(3_000_000)), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        found = read(str(busy.pid))
        these = children()
        busy.communicate(b"\n")

    assert found is not None
    memory, seconds = found
    assert memory > 5e6
    assert 0 < seconds < 60
    assert these is not None
    assert these.count >= 1
    assert these.resident_bytes >= memory
    assert these.cpu_seconds >= seconds
    # It has ended; its time is not forgotten.
    assert read(str(busy.pid)) is None
    after = children()
    assert after is not None
    assert after.cpu_seconds >= seconds - 0.02

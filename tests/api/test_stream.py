"""Server-sent events as another program reads them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import SMALL, Owner
from tests.loops import run

Event = dict[str, Any]


def parse(text: str) -> list[Event]:
    """The events in a stream's text."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if "event" in fields:
            events.append({**fields, "data": json.loads(fields["data"])})
    return events


@pytest.fixture
def finished(server: str) -> Iterator[tuple[httpx2.Client, Owner]]:
    """A session on the real server, with a run that is over."""
    with httpx2.Client(base_url=server, timeout=20) as client:
        owner = Owner(client, SMALL)  # type: ignore[arg-type]
        yield client, owner


def read(client: httpx2.Client, owner: Owner, until: str, **headers: str) -> list[Event]:
    """Listen until an event of a run in state ``until``."""
    text = ""
    with client.stream("GET", f"{owner.url}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert "no-transform" in answer.headers["cache-control"]
        for piece in answer.iter_text():
            text += piece
            found = parse(text)
            if any(event["data"].get("state") == until for event in found):
                return found
    raise AssertionError(text)


def test_whoever_comes_late_hears_at_once_where_things_stand(
    finished: tuple[httpx2.Client, Owner],
) -> None:
    client, owner = finished
    run = owner.post("/runs", {"steps": 50, "batch_size": 2}).json()
    last = read(client, owner, "finished")[-1]["data"]
    assert (last["run"], last["step"], last["steps"]) == (run["id"], 50, 50)
    assert set(last["gradient_norms"]) == {"affine1.W", "affine1.b", "affine2.W", "affine2.b"}
    assert 0 <= last["accuracy"] <= 1
    assert last["loss"] > 0


def test_a_reader_who_comes_back_gets_what_was_missed(
    finished: tuple[httpx2.Client, Owner],
) -> None:
    client, owner = finished
    owner.post("/runs", {"steps": 5})
    first = [event for event in read(client, owner, "finished") if "id" in event][-1]
    owner.post("/runs", {"steps": 5})
    seen = read(client, owner, "finished", **{"Last-Event-ID": first["id"]})
    states = [event["data"]["state"] for event in seen if event["event"] == "state"]
    assert states == ["queued", "running", "finished"]
    ids = [int(event["id"]) for event in seen]
    assert ids == sorted(ids)
    assert ids[0] > int(first["id"])


def test_more_readers_than_allowed_are_told_to_come_back(server: str) -> None:
    async def crowd() -> list[int]:
        async with httpx2.AsyncClient(base_url=server, timeout=20) as client:
            session = (await client.post("/api/v1/sessions", json=SMALL)).json()
            url = f"/api/v1/sessions/{session['id']}/events"
            opened = [client.stream("GET", url) for _ in range(33)]
            answers = [await stream.__aenter__() for stream in opened]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert [answer.headers["retry-after"] for answer in refused] == ["5"]
            for stream in opened:
                await stream.__aexit__(None, None, None)
            return [answer.status_code for answer in answers]

    assert sorted(run(crowd())) == [200] * 32 + [429]


def test_events_of_nobody_are_not_found(client: TestClient) -> None:
    answer = client.get("/api/v1/sessions/nobody/events")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"

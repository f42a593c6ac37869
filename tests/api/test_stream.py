"""Server-sent events as another program reads them, and as the server sends them."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import stream
from app.api.stream import EventStream
from app.sessions.service import Service
from app.sessions.store.events import Hub
from tests.api.conftest import SMALL, Owner
from tests.conftest import serving
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


def test_more_readers_than_allowed_are_told_to_come_back(
    app: FastAPI, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.hub, "_max_subscribers", 2)

    async def crowd(server: str) -> list[int]:
        async with httpx2.AsyncClient(base_url=server, timeout=20) as client:
            session = (await client.post("/api/v1/sessions", json=SMALL)).json()
            url = f"/api/v1/sessions/{session['id']}/events"
            opened = [client.stream("GET", url) for _ in range(3)]
            answers = [await stream.__aenter__() for stream in opened]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert [answer.headers["retry-after"] for answer in refused] == ["5"]
            for stream in opened:
                await stream.__aexit__(None, None, None)
            return [answer.status_code for answer in answers]

    with serving(app) as address:
        assert sorted(run(crowd(address))) == [200, 200, 429]


def test_events_of_nobody_are_not_found(client: TestClient) -> None:
    answer = client.get("/api/v1/sessions/nobody/events")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


class Reader:
    """The other end of a stream: keeps what is sent, and can go away or fall silent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.gone = asyncio.Event()
        self.silent = False
        self.arrived = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])
            self.arrived.set()

    async def wait_for(self, piece: bytes) -> None:
        while piece not in b"".join(self.sent):
            self.arrived.clear()
            await self.arrived.wait()

    def listen(self, hub: Hub, stopping: asyncio.Event) -> asyncio.Task[None]:
        response = EventStream(hub.subscribe("s"), stopping)
        return asyncio.create_task(response({"type": "http"}, self.receive, self.send))


def test_a_silent_stream_is_kept_open_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.01)

    async def listen() -> list[bytes]:
        reader = Reader()
        task = reader.listen(Hub(), asyncio.Event())
        await reader.wait_for(b": ping\n\n: ping\n\n")
        reader.gone.set()
        await task
        return reader.sent

    assert run(listen())[0] == b"retry: 2000\n\n"


def test_a_reader_who_goes_leaves_nothing_behind() -> None:
    async def listen() -> int:
        hub, reader = Hub(), Reader()
        task = reader.listen(hub, asyncio.Event())
        await reader.wait_for(b"retry")
        assert hub.subscribers("s") == 1
        reader.gone.set()
        await task
        return hub.subscribers("s")

    assert run(listen()) == 0


@pytest.mark.parametrize("end", ["server stops", "session is gone"])
def test_every_end_is_told_with_bye(end: str) -> None:
    async def listen() -> list[bytes]:
        hub, reader, stopping = Hub(), Reader(), asyncio.Event()
        task = reader.listen(hub, stopping)
        await reader.wait_for(b"retry")
        hub.publish("s", "state", {"n": 1})
        await reader.wait_for(b'"n":1')
        if end == "server stops":
            stopping.set()
        else:
            hub.forget("s")
        await task
        assert hub.subscribers("s") == 0
        return reader.sent

    sent = b"".join(run(listen()))
    assert sent.endswith(b"event: bye\ndata: {}\n\n")
    assert sent.count(b"event: bye") == 1


def test_a_reader_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.05)

    async def listen() -> int:
        hub, reader = Hub(), Reader()
        task = reader.listen(hub, asyncio.Event())
        await reader.wait_for(b"retry")
        reader.silent = True
        hub.publish("s", "state", {"n": 1})
        await task
        return hub.subscribers("s")

    assert run(listen()) == 0

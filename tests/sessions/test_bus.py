"""All buses keep the same promises, whichever process of those that share one is asked."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from app.sessions.store.bus import Bus
from app.sessions.store.events import Subscription
from app.sessions.store.open_store import open_bus, open_store
from app.sessions.store.postgres import bus as postgres_bus
from app.sessions.store.store import Store
from tests.loops import run
from tests.postgres import Cluster
from tests.sessions.records import Clock, record
from tests.sessions.test_events import Event, parse


class Pair(NamedTuple):
    """Where it is told, and where it is heard: two processes' where there may be two."""

    told: Bus
    heard: Bus
    store: Store


@pytest.fixture(params=["memory", "postgresql"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    url = "memory"
    if request.param == "postgresql":
        url = with_schema(request)
    stores = [open_store(url) for _ in range(1 if url == "memory" else 2)]
    buses = [open_bus(store) for store in stores]
    clock = Clock()
    clock.now = 4e9
    for id in ("s", "t"):
        stores[0].create(record(id, clock))
    yield Pair(buses[0], buses[-1], stores[0])
    for bus in buses:
        bus.close()
    for store in stores:
        store.close()


def with_schema(request: pytest.FixtureRequest) -> str:
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.address(cluster.schema())


async def take(reader: Subscription, count: int, seconds: float = 10) -> list[Event]:
    """So many events."""
    found: list[Event] = []
    async with asyncio.timeout(seconds):
        while len(found) < count and (wire := await reader.get(seconds)) is not None:
            found.append(parse(wire))
    return found


def numbers(found: list[Event]) -> list[int]:
    return [data["n"] for _, _, data in found]


def test_what_is_told_is_heard_by_all_readers_in_one_order(pair: Pair) -> None:
    async def test() -> None:
        readers = [pair.heard.subscribe("s"), pair.heard.subscribe("s"), pair.told.subscribe("s")]
        other = pair.heard.subscribe("t")
        for n in range(7):
            pair.told.publish("s", "state" if n % 3 else "progress", {"n": n})
        found = [await take(reader, 7) for reader in readers]
        assert found[0] == found[1] == found[2]
        assert numbers(found[0]) == list(range(7))
        ids = [id or 0 for id, _, _ in found[0]]
        assert ids == sorted(set(ids))
        assert await other.get(0.05) is None

    run(test())


def test_who_comes_back_gets_what_it_missed_once_and_then_what_comes(pair: Pair) -> None:
    async def test() -> None:
        with pair.told.subscribe("s") as reader:
            for n in range(5):
                pair.told.publish("s", "progress", {"n": n})
            found = await take(reader, 5)

        def tell() -> None:
            for n in range(5, 45):
                pair.told.publish("s", "state", {"n": n})

        telling = threading.Thread(target=tell)
        telling.start()
        again = pair.heard.subscribe("s", str(found[1][0]))
        rest = await take(again, 43)
        telling.join()
        assert numbers(rest) == list(range(2, 45))

    run(test())


def test_a_newcomer_begins_with_the_latest_event(pair: Pair) -> None:
    async def test() -> None:
        with pair.heard.subscribe("s") as reader:
            for n in range(3):
                pair.told.publish("s", "state", {"n": n})
            await take(reader, 3)
        newcomer = pair.heard.subscribe("s")
        assert numbers(await take(newcomer, 1)) == [2]
        assert await newcomer.get(0.05) is None

    run(test())


@pytest.mark.parametrize("seen", ["1", "999999999999999999", "", "-1", "x" * 1000])
def test_an_id_that_says_nothing_is_a_gap_and_the_gap_s_own_is_good(pair: Pair, seen: str) -> None:
    async def test() -> None:
        ((id, event, _),) = await take(pair.heard.subscribe("s", seen), 1)
        assert event == "gap"
        again = pair.heard.subscribe("s", str(id))
        pair.told.publish("s", "state", {"n": 1})
        assert numbers(await take(again, 1)) == [1]

    run(test())


def test_readers_of_a_session_that_is_gone_are_told_wherever_they_are(pair: Pair) -> None:
    async def test() -> None:
        gone, other = pair.heard.subscribe("s"), pair.heard.subscribe("t")
        pair.told.publish("s", "state", {"n": 1})
        assert numbers(await take(gone, 1)) == [1]
        pair.store.delete("s")
        pair.told.forget("s")
        assert [event for _, event, _ in await take(gone, 1)] == ["bye"]
        pair.told.publish("t", "state", {"n": 2})
        assert numbers(await take(other, 1)) == [2]

    run(test())


def test_closing_says_bye_to_all_readers_here(pair: Pair) -> None:
    async def test() -> None:
        reader = pair.heard.subscribe("s")
        pair.heard.close()
        assert [event for _, event, _ in await take(reader, 1)] == ["bye"]
        assert reader.ended
        assert [event for _, event, _ in await take(pair.heard.subscribe("s"), 1)] == ["bye"]

    run(test())


def test_a_class_of_three_hundred_hears_every_word(pair: Pair) -> None:
    async def test() -> None:
        readers = [pair.heard.subscribe("s") for _ in range(300)]
        assert pair.heard.subscribers("s") == pair.heard.readers() == 300
        for n in range(20):
            pair.told.publish("s", "state", {"n": n})
        found = await asyncio.gather(*(take(reader, 20, 30) for reader in readers))
        assert all(numbers(one) == list(range(20)) for one in found)

    run(test())


def test_one_process_reads_an_event_once_however_many_listen(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        address = with_schema(request)
        store = open_store(address)
        clock = Clock()
        clock.now = 4e9
        store.create(record("s", clock))
        bus = open_bus(store)
        readers = [bus.subscribe("s") for _ in range(300)]
        bus.publish("s", "state", {"n": 0})
        await asyncio.gather(*(take(reader, 1) for reader in readers))
        database = store.database  # type: ignore[attr-defined]
        calls: list[int] = []
        access = database.access

        def counted() -> Any:
            calls.append(1)
            return access()

        monkeypatch.setattr(database, "access", counted)
        for n in range(1, 6):
            bus.publish("s", "state", {"n": n})
            found = await asyncio.gather(*(take(reader, 1) for reader in readers))
            assert all(numbers(one) == [n] for one in found)
        # For each: one to write it, one to read it; and a look around every second.
        assert len(calls) < 20
        bus.close()
        store.close()

    run(test())


def test_nobody_hears_of_what_comes_from_behind_the_fence(request: pytest.FixtureRequest) -> None:
    async def test() -> None:
        store = open_store(with_schema(request))
        clock = Clock()
        clock.now = 4e9
        store.create(record("s", clock))
        bus = open_bus(store)
        reader = bus.subscribe("s")
        bus.publish("s", "progress", {"n": 1}, fence=4)
        assert numbers(await take(reader, 1)) == [1]
        store.fence("s", 5)
        bus.publish("s", "progress", {"n": 2}, fence=4)
        bus.publish("s", "progress", {"n": 3}, fence=5)
        bus.publish("s", "state", {"n": 4})
        assert numbers(await take(reader, 2)) == [3, 4]
        bus.close()
        store.close()

    run(test())


def test_an_outage_delays_events_and_loses_none(request: pytest.FixtureRequest) -> None:
    async def test() -> None:
        address = with_schema(request)
        store = open_store(address)
        clock = Clock()
        clock.now = 4e9
        store.create(record("s", clock))
        bus = open_bus(store)
        reader = bus.subscribe("s")
        bus.publish("s", "state", {"n": 0})
        assert numbers(await take(reader, 1)) == [0]
        with psycopg.connect(address, autocommit=True) as db:
            for n in range(1, 4):
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'backprop-explorer'"
                )
                bus.publish("s", "state", {"n": n})
        assert numbers(await take(reader, 3)) == [1, 2, 3]
        bus.close()
        store.close()

    run(test())


def test_what_is_old_goes_but_the_latest_word_of_each_session_stays(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        monkeypatch.setattr(postgres_bus, "PROGRESS_SECONDS", 0)
        store = open_store(with_schema(request))
        clock = Clock()
        clock.now = 4e9
        store.create(record("s", clock))
        bus = postgres_bus.PostgresBus(store.database)  # type: ignore[attr-defined]
        with bus.subscribe("s") as reader:
            bus.publish("s", "state", {"n": 0})
            for n in range(1, 4):
                bus.publish("s", "progress", {"n": n})
            found = await take(reader, 4)
        bus._prune()
        await_gap = bus.subscribe("s", str(found[1][0]))
        assert [event for _, event, _ in await take(await_gap, 1)] == ["gap"]
        assert numbers(await take(bus.subscribe("s", str(found[2][0])), 1)) == [3]
        assert numbers(await take(bus.subscribe("s"), 1)) == [3]
        bus.close()
        store.close()

    run(test())

"""Events reach their readers in order, in the wire format, and slow readers lose only progress."""

import threading
from typing import Any

import orjson
import pytest

from app.sessions.store.events import Hub, Subscription, TooManySubscribers
from app.sessions.store.wire import encode
from tests.loops import run

Event = tuple[int | None, str, Any]


def parse(wire: bytes) -> Event:
    """Id, event and data of one event; fails where it is not exactly one."""
    assert wire.endswith(b"\n\n")
    assert b"\n\n" not in wire[:-2]
    fields = dict(line.split(": ", 1) for line in wire[:-2].decode().split("\n"))
    assert set(fields) <= {"id", "event", "data"}
    number = int(fields["id"]) if "id" in fields else None
    return number, fields["event"], orjson.loads(fields["data"])


async def take(subscription: Subscription) -> list[Event]:
    """All that waits."""
    found = []
    while (wire := await subscription.get(0.02)) is not None:
        found.append(parse(wire))
    return found


def test_an_event_is_in_the_wire_format_and_what_is_not_finite_is_a_text() -> None:
    async def test() -> None:
        hub = Hub()
        reader = hub.subscribe("s")
        data = {"loss": float("nan"), "norms": {"W": float("inf"), "b": [float("-inf"), 0.5]}}
        hub.publish("s", "progress", data)
        hub.publish("s", "state", {"line": "one\ntwo"})
        (first, *one), (second, *two) = await take(reader)
        assert one == [
            "progress",
            {"loss": "NaN", "norms": {"W": "Infinity", "b": ["-Infinity", 0.5]}},
        ]
        assert two == ["state", {"line": "one\ntwo"}]
        assert first is not None
        assert second == first + 1

    run(test())


def test_all_readers_of_a_session_get_the_same_bytes_and_others_nothing() -> None:
    async def test() -> None:
        hub = Hub()
        one, two, other = hub.subscribe("s"), hub.subscribe("s"), hub.subscribe("t")
        hub.publish("s", "state", {})
        assert await one.get() is await two.get()
        assert await other.get(0.02) is None
        assert not other.ended

    run(test())


def test_a_waiting_reader_is_woken_from_another_thread() -> None:
    async def test() -> None:
        hub = Hub()
        reader = hub.subscribe("s")
        thread = threading.Timer(0.05, hub.publish, ("s", "state", {"n": 1}))
        thread.start()
        wire = await reader.get(5)
        thread.join()
        assert wire is not None
        assert parse(wire)[2] == {"n": 1}

    run(test())


def test_many_threads_publish_without_losing_the_order_of_ids() -> None:
    async def test() -> None:
        hub = Hub()
        reader = hub.subscribe("s")

        def publish() -> None:
            for _ in range(10):
                hub.publish("s", "state", {})

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ids = [number for number, _, _ in await take(reader)]
        assert len(ids) == 40
        assert ids == sorted(ids, key=lambda number: number or 0)

    run(test())


def test_a_slow_reader_loses_the_oldest_progress_and_no_state() -> None:
    async def test() -> None:
        hub = Hub()
        reader = hub.subscribe("s")
        hub.publish("s", "state", {"n": 0})
        for n in range(1, 20):
            hub.publish("s", "progress", {"n": n})
        hub.publish("s", "state", {"n": 20})
        numbers = [data["n"] for _, _, data in await take(reader)]
        assert numbers == [0, 14, 15, 16, 17, 18, 19, 20]

    run(test())


def test_states_alone_may_fill_more_than_the_queue_but_not_without_end() -> None:
    async def test() -> None:
        hub = Hub()
        reader, endless = hub.subscribe("s"), hub.subscribe("e")
        for n in range(20):
            hub.publish("s", "state", {"n": n})
        hub.publish("s", "progress", {"n": 20})
        assert [data["n"] for _, _, data in await take(reader)] == list(range(20))
        for n in range(1000):
            hub.publish("e", "state", {"n": n})
        assert hub.subscribers("e") == 0
        assert 20 < len(await take(endless)) < 100
        assert endless.ended

    run(test())


def test_a_reader_who_comes_back_gets_what_it_missed_however_much() -> None:
    async def test() -> None:
        hub = Hub()
        with hub.subscribe("s") as reader:
            hub.publish("s", "progress", {"n": 0})
            ((seen, _, _),) = await take(reader)
        for n in range(1, 51):
            hub.publish("s", "progress", {"n": n})
        with hub.subscribe("s", str(seen)) as reader:
            hub.publish("s", "progress", {"n": 51})
            assert [data["n"] for _, _, data in await take(reader)] == list(range(1, 52))

    run(test())


@pytest.mark.parametrize("seen", ["first", "1", "99999999999999", "", "-1", "x" * 1000, "٣"])
def test_a_reader_who_was_away_too_long_is_told_of_the_gap(seen: str) -> None:
    async def test() -> None:
        hub = Hub(ring=4)
        reader = hub.subscribe("s")
        for n in range(6):
            hub.publish("s", "progress", {"n": n})
        known = [number for number, _, _ in await take(reader)]
        again = hub.subscribe("s", str(known[0]) if seen == "first" else seen)
        assert [event for _, event, _ in await take(again)] == ["gap"]
        hub.publish("s", "progress", {"n": 6})
        assert [(event, data) for _, event, data in await take(again)] == [("progress", {"n": 6})]

    run(test())


def test_after_a_gap_the_id_it_gave_is_good() -> None:
    async def test() -> None:
        hub = Hub()
        ((number, event, _),) = await take(hub.subscribe("s", "7"))
        assert event == "gap"
        assert await take(hub.subscribe("s", str(number))) == []

    run(test())


def test_a_newcomer_begins_with_the_latest_event() -> None:
    async def test() -> None:
        hub = Hub()
        hub.publish("s", "state", {"n": 1})
        hub.publish("s", "state", {"n": 2})
        assert [data for _, _, data in await take(hub.subscribe("s"))] == [{"n": 2}]

    run(test())


def test_closing_says_bye_to_all_after_what_they_still_have_to_hear() -> None:
    async def test() -> None:
        hub = Hub()
        one, two = hub.subscribe("s"), hub.subscribe("t")
        hub.publish("s", "state", {})
        hub.close()
        hub.publish("s", "state", {})
        assert [event for _, event, _ in await take(one)] == ["state", "bye"]
        assert await take(two) == [(None, "bye", {})]
        assert one.ended
        assert two.ended
        late = hub.subscribe("s")
        assert await take(late) == [(None, "bye", {})]
        assert late.ended

    run(test())


def test_a_session_that_is_forgotten_says_bye_to_its_own_readers_only() -> None:
    async def test() -> None:
        hub = Hub()
        gone, other = hub.subscribe("s"), hub.subscribe("t")
        hub.forget("s")
        assert [event for _, event, _ in await take(gone)] == ["bye"]
        assert await take(other) == []
        assert not other.ended

    run(test())


def test_there_is_an_end_to_readers_and_room_when_one_leaves() -> None:
    async def test() -> None:
        hub = Hub(max_subscribers=2)
        first = hub.subscribe("s")
        hub.subscribe("s")
        with pytest.raises(TooManySubscribers) as error:
            hub.subscribe("s")
        assert error.value.retry_after > 0
        first.close()
        first.close()
        hub.subscribe("s")
        assert hub.subscribers("s") == 2

    run(test())


def test_only_so_many_silent_sessions_are_remembered() -> None:
    async def test() -> None:
        hub = Hub(max_channels=2)
        reader = hub.subscribe("listened")
        for name in ("a", "b", "c"):
            hub.publish(name, "state", {"n": name})
        hub.publish("listened", "state", {"n": "still"})
        assert [data for _, _, data in await take(reader)] == [{"n": "still"}]
        assert await take(hub.subscribe("a")) == []

    run(test())


def test_a_session_more_than_are_remembered_is_heard_when_all_others_are_listened_to() -> None:
    async def test() -> None:
        hub = Hub(max_channels=2)
        readers = [hub.subscribe("a"), hub.subscribe("b"), hub.subscribe("c")]
        for name in ("a", "b", "c"):
            hub.publish(name, "state", {"n": name})
        hub.publish("silent", "state", {})
        assert [[data for _, _, data in await take(reader)] for reader in readers] == [
            [{"n": "a"}],
            [{"n": "b"}],
            [{"n": "c"}],
        ]

    run(test())


def test_there_is_an_end_to_the_bytes_that_are_kept_and_what_is_gone_is_a_gap() -> None:
    async def test() -> None:
        hub = Hub(max_bytes=5_000)
        reader = hub.subscribe("a")
        hub.publish("a", "state", {"text": "x" * 1_000})
        ((seen, _, _),) = await take(reader)
        hub.publish("a", "state", {"n": 1})
        for n in range(12):
            hub.publish("b", "state", {"n": n, "text": "x" * 400})
        assert await take(hub.subscribe("a", str(seen))) != []
        last = await take(hub.subscribe("b"))
        assert [data["n"] for _, _, data in last] == [11]
        again = await take(hub.subscribe("a", str(seen)))
        assert [event for _, event, _ in again] == ["gap"]
        # The reader who was there all the time has lost nothing.
        assert [data for _, _, data in await take(reader)] == [{"n": 1}]

    run(test())


def test_a_session_whose_events_are_gone_leaves_room_for_others() -> None:
    async def test() -> None:
        hub = Hub(max_bytes=1_000)
        hub.publish("gone", "state", {"text": "x" * 900})
        hub.forget("gone")
        hub.publish("kept", "state", {"n": 1})
        seen = (await take(hub.subscribe("kept")))[0][0]
        hub.publish("kept", "state", {"n": 2})
        found = await take(hub.subscribe("kept", str(seen)))
        assert [data for _, _, data in found] == [{"n": 2}]

    run(test())


def test_a_reader_whose_loop_is_closed_is_dropped() -> None:
    hub = Hub()

    async def listen() -> None:
        hub.subscribe("s")

    run(listen())
    hub.publish("s", "state", {})
    assert hub.subscribers("s") == 0


@pytest.mark.parametrize("missed", [[], [14]])
def test_who_comes_from_a_process_that_is_ahead_hears_nothing_twice(missed: list[int]) -> None:
    async def test() -> None:
        hub = Hub(ring=0)
        reader = hub.subscribe("s", held=True)
        hub.deliver("s", encode(12, "progress", b"{}"))
        reader.begin([encode(id, "progress", b"{}") for id in missed], 13)
        for id in (13, 14, 15):
            hub.deliver("s", encode(id, "progress", b"{}"))

        assert [id for id, _, _ in await take(reader)] == [14, 15]

    run(test())

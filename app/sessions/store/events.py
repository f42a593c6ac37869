"""Events from worker threads to readers in the event loop, as server-sent events.

An event is encoded once, whoever reads it. A slow reader loses old progress, never a change of
state, and slows nobody. One that was away names the last event it saw: it gets what it missed, or
a ``gap`` event when that is no longer kept and it has to fetch the state anew.
"""

import asyncio
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import orjson

from app.sessions.store.wire import BYE, FAREWELL, GAP, PROGRESS, Encoded, encode, json_safe

QUEUE = 8
RING = 256
# A class that watches its teacher's session, with some to spare.
MAX_SUBSCRIBERS = 500
MAX_CHANNELS = 2_000
MAX_BYTES = 32 * 2**20
# State changes come from clicks; a reader this far behind is gone, or will have to come again.
MAX_BACKLOG = 64


class TooManySubscribers(Exception):
    """The session has as many readers as it may have.

    Attributes:
        retry_after: Seconds after which it is worth trying again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("the session has too many readers of its events")
        self.retry_after = retry_after


@dataclass
class _Channel:
    """One session's readers, and its last events.

    Every event of the session with an id above ``floor`` is in ``ring``.
    """

    floor: int
    ring: deque[Encoded] = field(default_factory=deque)
    subscribers: list["Subscription"] = field(default_factory=list)


class Subscription:
    """One reader of a session's events; made by `Hub.subscribe`, used in its event loop.

    Attributes:
        ended: Whether `get` will give nothing any more.
    """

    def __init__(self, hub: "Hub", session_id: str, replay: list[Encoded]) -> None:
        self._hub = hub
        self._session_id = session_id
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        # Apart from the queue, so that what was asked for does not count as being slow.
        self._replay = deque(replay)
        self._queue: deque[Encoded] = deque()
        self._last = self._held = False
        self._begun_at = 0
        self.ended = False

    async def get(self, timeout: float | None = None) -> bytes | None:
        """The next event as it goes over the wire.

        Args:
            timeout: Seconds to wait; None waits as long as it takes.

        Returns:
            None when the time is over, or when the stream has `ended`.
        """
        with suppress(TimeoutError):
            while not self.ended:
                self._arrived.clear()
                item = self._next()
                if item is not None:
                    return item.wire
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
        return None

    def begin(self, missed: list[Encoded], seen: int = 0) -> None:
        """Let a reader that was held go on, with what it has missed before what has come since.

        Args:
            missed: In order; what is among them and comes otherwise, too, is told once.
            seen: The id of the last event that it has heard elsewhere, where this process may not
                have come so far.
        """
        with self._hub._lock:
            self._replay.extend(missed)
            self._begun_at = missed[-1].id if missed else seen
            self._queue = deque(item for item in self._queue if self._is_new(item))
            self._held = False
        _wake([self])

    def close(self) -> None:
        """Stop listening, whoever waits in `get`; harmless when done twice."""
        self.ended = True
        self._arrived.set()
        self._hub._remove(self._session_id, self)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self) -> Encoded | None:
        with self._hub._lock:
            if self._held:
                return None
            waiting = self._replay or self._queue
            item = waiting.popleft() if waiting else None
            if self._last and not self._replay and not self._queue:
                self.ended = True
            return item

    def _is_new(self, item: Encoded) -> bool:
        # A word without an id comes after all others.
        return not item.id or item.id > self._begun_at

    def _push(self, item: Encoded) -> bool:
        """Queue an event, under the hub's lock; False where the reader is not to be kept.

        It has to be woken, see `_wake`.
        """
        if self._last:
            return False
        if not self._is_new(item):
            return True
        if len(self._queue) >= QUEUE:
            old = next((kept for kept in self._queue if kept.event == PROGRESS), None)
            if old is not None:
                self._queue.remove(old)
            elif item.event == PROGRESS:
                return True
        self._queue.append(item)
        self._last = item.event == BYE or len(self._queue) >= MAX_BACKLOG
        return not self._last


class Hub:
    """Where runs tell and browsers listen.

    `publish`, `forget` and `close` may be called from any thread.

    Args:
        max_subscribers: Readers of one session.
        ring: Events of a session that are kept for readers who come back.
        max_channels: Sessions whose events are kept; those silent longest go first.
        max_bytes: Of all events that are kept; again the silent ones' go first.
    """

    def __init__(
        self,
        max_subscribers: int = MAX_SUBSCRIBERS,
        ring: int = RING,
        max_channels: int = MAX_CHANNELS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._max_subscribers = max_subscribers
        self._ring = ring
        self._max_channels = max_channels
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._channels: OrderedDict[str, _Channel] = OrderedDict()
        self._closed = False
        # Ids start at the time: a reader from before a restart then names an id that is too old,
        # not one that happens to be in use again.
        self._last_id = int(time.time() * 1000)

    def publish(
        self, session_id: str, event: str, data: Mapping[str, Any], fence: int | None = None
    ) -> None:
        """See `Bus.publish`; one process alone has no one behind a fence."""
        body = body_of(data)
        with self._lock:
            if self._closed:
                return
            channel = self._channel(session_id)
            self._last_id += 1
            item = encode(self._last_id, event, body)
            channel.ring.append(item)
            self._bytes += len(item.wire)
            if len(channel.ring) > self._ring:
                self._drop(channel, 1)
            _push(channel, item)
            if self._bytes > self._max_bytes:
                self._shed()

    def deliver(self, session_id: str, item: Encoded) -> None:
        """Hand on an event that has its id from elsewhere; it is not kept for who comes later."""
        with self._lock:
            channel = self._channels.get(session_id)
            if channel is not None:
                _push(channel, item)

    def listened(self) -> list[str]:
        """The sessions that somebody reads here."""
        with self._lock:
            return [id for id, channel in self._channels.items() if channel.subscribers]

    def subscribe(
        self, session_id: str, last_event_id: str | None = None, held: bool = False
    ) -> Subscription:
        """See `Bus.subscribe`.

        Args:
            session_id: Whose events.
            last_event_id: The header as sent.
            held: The reader gets nothing until `Subscription.begin` brings it what it has missed.
        """
        with self._lock:
            if self._closed:
                return self._ended(session_id)
            channel = self._channel(session_id)
            if len(channel.subscribers) >= self._max_subscribers:
                raise TooManySubscribers(retry_after=5)
            replay = [] if held else self._missed(channel, last_event_id)
            subscription = Subscription(self, session_id, replay)
            subscription._held = held
            channel.subscribers.append(subscription)
            return subscription

    def forget(self, session_id: str) -> None:
        """Send ``bye`` to the readers of a session that is gone, and drop its events."""
        with self._lock:
            channel = self._channels.pop(session_id, None)
            if channel is None:
                return
            self._drop(channel, len(channel.ring))
            self._part(channel)

    def close(self) -> None:
        """Send ``bye`` to all readers; nothing is published after it."""
        with self._lock:
            self._closed = True
            for channel in self._channels.values():
                self._part(channel)
            self._channels.clear()
            self._bytes = 0

    def subscribers(self, session_id: str) -> int:
        """How many read a session's events."""
        with self._lock:
            channel = self._channels.get(session_id)
            return len(channel.subscribers) if channel else 0

    def readers(self) -> int:
        """How many read, in all."""
        with self._lock:
            return sum(len(channel.subscribers) for channel in self._channels.values())

    def _part(self, channel: _Channel) -> None:
        for subscription in channel.subscribers:
            subscription._push(FAREWELL)
        _wake(channel.subscribers)

    def _channel(self, session_id: str) -> _Channel:
        channel = self._channels.get(session_id)
        if channel is None:
            if len(self._channels) >= self._max_channels:
                self._evict()
            channel = self._channels[session_id] = _Channel(self._last_id)
        self._channels.move_to_end(session_id)
        return channel

    def _evict(self) -> None:
        for session_id, channel in self._channels.items():
            if not channel.subscribers:
                self._drop(channel, len(channel.ring))
                del self._channels[session_id]
                return

    def _shed(self) -> None:
        # Well below the limit, so that the next event need not look for room again.
        for session_id, channel in list(self._channels.items()):
            if self._bytes <= self._max_bytes * 3 // 4:
                return
            self._drop(channel, len(channel.ring))
            if not channel.subscribers:
                del self._channels[session_id]

    def _drop(self, channel: _Channel, count: int) -> None:
        for _ in range(count):
            item = channel.ring.popleft()
            channel.floor = item.id
            self._bytes -= len(item.wire)

    def _missed(self, channel: _Channel, last_event_id: str | None) -> list[Encoded]:
        if last_event_id is None:
            return list(channel.ring)[-1:]
        seen = seen_of(last_event_id)
        if channel.floor <= seen <= self._last_id:
            return [item for item in channel.ring if item.id > seen]
        # Its id is that of the last event, so that the next time there is no gap again.
        return [encode(self._last_id, GAP, b"{}")]

    def _ended(self, session_id: str) -> Subscription:
        subscription = Subscription(self, session_id, [])
        subscription._push(FAREWELL)
        subscription._arrived.set()
        return subscription

    def _remove(self, session_id: str, subscription: Subscription) -> None:
        with self._lock:
            channel = self._channels.get(session_id)
            if channel is None:
                return
            if subscription in channel.subscribers:
                channel.subscribers.remove(subscription)
            if not channel.subscribers and not channel.ring:
                del self._channels[session_id]


def body_of(data: Mapping[str, Any]) -> bytes:
    """The data of an event: JSON on a single line."""
    return orjson.dumps(json_safe(data))


def seen_of(last_event_id: str) -> int:
    """The id that a reader saw last, as it says; -1 where it is none."""
    text = last_event_id.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1


def _push(channel: _Channel, item: Encoded) -> None:
    kept = [s for s in channel.subscribers if s._push(item)]
    gone = _wake(channel.subscribers)
    channel.subscribers = [s for s in kept if s._loop not in gone]


def _wake(readers: Sequence[Subscription]) -> set[asyncio.AbstractEventLoop]:
    """Let readers look at their queues; the loops that are closed.

    Once for each loop: to be heard in it from another thread takes a call of the system.
    """
    by_loop: dict[asyncio.AbstractEventLoop, list[Subscription]] = {}
    for reader in readers:
        by_loop.setdefault(reader._loop, []).append(reader)
    gone = set()
    for loop, its in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_all, its)
        except RuntimeError:
            gone.add(loop)
    return gone


def _set_all(readers: Sequence[Subscription]) -> None:
    for reader in readers:
        reader._arrived.set()

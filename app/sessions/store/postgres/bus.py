"""Events by way of PostgreSQL: rows for what is told, NOTIFY for that there is something new.

Whoever publishes holds one lock from the first id to the commit, so that ids become visible in
their order and a reader that has seen one has seen all before it. Each process reads what is new
once, however many listen there, and gives it to its own `Hub`.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from app.sessions.store.events import Hub, Subscription, body_of, seen_of
from app.sessions.store.postgres.database import Connection, Database
from app.sessions.store.postgres.listener import Heard, Listener
from app.sessions.store.store import StoreError, StoreUnavailable
from app.sessions.store.wire import GAP, PROGRESS, Encoded, encode

log = logging.getLogger(__name__)

CHANNEL = "backprop_events"
# How long a reader may be away and still be told what it has missed.
PROGRESS_SECONDS, STATE_SECONDS = 60, 3600
PRUNE_LOOKS = 10
# What waits while the database is away; beyond it the oldest progress goes.
MOST_WAITING = 10_000
BATCH = 500
RETRY_SECONDS = 0.5
FLUSH_SECONDS = 0.3
# The order of ids is the order of commits; the number is any.
_ORDER = 0x62617871


class _Told(NamedTuple):
    session_id: str
    event: str
    body: bytes
    fence: int | None


class PostgresBus:
    """A `Bus`; see there.

    Args:
        database: Closed by whoever opened it, after this.
        heard: What else is to be listened to, by channel; see `Listener`.
    """

    def __init__(self, database: Database, heard: Mapping[str, Heard] | None = None) -> None:
        self._database = database
        self._hub = Hub(ring=0)
        self._outbox: deque[_Told] = deque()
        self._filled = threading.Condition()
        self._closing = False
        # The id of the last event that was given to the readers here.
        self._at = self._last()
        self._looks = 0
        self._catching_up = ThreadPoolExecutor(2, thread_name_prefix="missed")
        self._sender = threading.Thread(target=self._send, name="events", daemon=True)
        self._sender.start()
        self._listener = Listener(database, {CHANNEL: self._hear, **(heard or {})})

    def publish(
        self, session_id: str, event: str, data: Mapping[str, Any], fence: int | None = None
    ) -> None:
        """See `Bus.publish`."""
        told = _Told(session_id, event, body_of(data), fence)
        with self._filled:
            if self._closing:
                return
            if len(self._outbox) >= MOST_WAITING:
                old = next((one for one in self._outbox if one.event == PROGRESS), told)
                if old is told:
                    return
                self._outbox.remove(old)
            self._outbox.append(told)
            self._filled.notify()

    def subscribe(self, session_id: str, last_event_id: str | None = None) -> Subscription:
        """See `Bus.subscribe`."""
        at = self._at
        # What is published from here on waits behind what was missed.
        reader = self._hub.subscribe(session_id, held=True)
        if not reader.ended:
            seen = None if last_event_id is None else seen_of(last_event_id)
            with suppress(RuntimeError):  # it closes just now, and says bye
                self._catching_up.submit(self._catch_up, reader, session_id, seen, at)
        return reader

    def forget(self, session_id: str) -> None:
        """See `Bus.forget`."""
        self._hub.forget(session_id)
        try:
            with self._database.transaction() as db:
                db.execute("DELETE FROM events WHERE session_id = %s", (session_id,))
                db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"gone {session_id}"))
        except StoreError as error:
            log.warning("readers of a session that is gone were not told: %s", error)

    def subscribers(self, session_id: str) -> int:
        """See `Bus.subscribers`."""
        return self._hub.subscribers(session_id)

    def readers(self) -> int:
        """See `Bus.readers`."""
        return self._hub.readers()

    def close(self) -> None:
        """See `Bus.close`; what was published before it is still told, if that is quick."""
        with self._filled:
            self._closing = True
            self._filled.notify()
        self._sender.join(FLUSH_SECONDS)
        self._listener.close()
        self._catching_up.shutdown(wait=True, cancel_futures=True)
        self._hub.close()

    # Telling.

    def _send(self) -> None:
        while True:
            with self._filled:
                self._filled.wait_for(lambda: self._outbox or self._closing)
                batch = [self._outbox.popleft() for _ in range(min(BATCH, len(self._outbox)))]
                if not batch:
                    return
            try:
                self._write(batch)
            except StoreError as error:
                lost = not isinstance(error, StoreUnavailable) or self._database.closed
                if lost:
                    log.error("%d events are lost: %s", len(batch), error)
                with self._filled:
                    if not lost:
                        self._outbox.extendleft(reversed(batch))
                    if self._closing:
                        return
                    self._filled.wait_for(lambda: self._closing, RETRY_SECONDS)

    def _write(self, batch: list[_Told]) -> None:
        ids, events, bodies, fences = (list(column) for column in zip(*batch, strict=True))
        with self._database.transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_ORDER,))
            # Of a session that is gone nobody hears; nor of what comes from behind its fence.
            row = db.execute(
                "WITH new AS ("
                " INSERT INTO events (session_id, event, body)"
                " SELECT n.id, n.event, n.body"
                " FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::bigint[])"
                " WITH ORDINALITY AS n (id, event, body, fence, place)"
                " JOIN sessions s ON s.id = n.id"
                " WHERE n.fence IS NULL OR n.fence >= s.fence ORDER BY n.place"
                " RETURNING id) SELECT max(id) FROM new",
                (ids, events, bodies, fences),
            ).fetchone()
            if row and row[0] is not None:
                db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"to {row[0]}"))

    # Hearing, in the listener's thread.

    def _hear(self, notice: str | None) -> None:
        word, _, value = (notice or "look").partition(" ")
        if word == "gone":
            self._hub.forget(value)
        elif word == "to":
            self._read(int(value))
        else:
            self._look()

    def _look(self) -> None:
        self._read(self._last())
        self._looks += 1
        if self._looks % PRUNE_LOOKS == 0:
            self._prune()

    def _last(self) -> int:
        with self._database.access() as db:
            row = db.execute(
                "SELECT greatest(f.id, (SELECT max(id) FROM events)) FROM events_floor f"
            ).fetchone()
        assert row is not None
        last: int = row[0]
        return last

    def _read(self, to: int) -> None:
        after, listened = self._at, self._hub.listened()
        if to <= after:
            return
        rows: list[Any] = []
        if listened:
            with self._database.access() as db:
                rows = db.execute(
                    "SELECT session_id, id, event, body FROM events"
                    " WHERE id > %s AND id <= %s AND session_id = ANY(%s) ORDER BY id",
                    (after, to, listened), binary=True,
                ).fetchall()  # fmt: skip
        # A newcomer from here on begins with one of these, if it is the latest.
        self._at = to
        for session_id, id, event, body in rows:
            self._hub.deliver(session_id, encode(id, event, body))

    def _prune(self) -> None:
        """Drop what is too old, but of each session the latest; and note that it is gone."""
        with self._database.transaction() as db:
            db.execute(
                "WITH old AS (DELETE FROM events e"
                " WHERE at < now() - CASE event WHEN %s THEN %s ELSE %s END * interval '1 second'"
                " AND (EXISTS (SELECT FROM events l WHERE l.session_id = e.session_id"
                " AND l.id > e.id)"
                " OR NOT EXISTS (SELECT FROM sessions s WHERE s.id = e.session_id))"
                " RETURNING id)"
                " UPDATE events_floor SET id = greatest(id, (SELECT max(id) FROM old))"
                " WHERE EXISTS (SELECT FROM old)",
                (PROGRESS, PROGRESS_SECONDS, STATE_SECONDS),
            )

    # What a reader has missed, in a thread of its own.

    def _catch_up(self, reader: Subscription, session_id: str, seen: int | None, at: int) -> None:
        waiting = threading.Event()
        while not reader.ended and not self._closing:
            try:
                reader.begin(self._missed(session_id, seen, at), seen or 0)
                return
            except StoreError:
                waiting.wait(RETRY_SECONDS)  # a ping tells the reader that it is not forgotten
        with suppress(asyncio.InvalidStateError):
            reader.begin([])

    def _missed(self, session_id: str, seen: int | None, at: int) -> list[Encoded]:
        with self._database.access() as db:
            if seen is None:
                # The latest by then, and whatever has come since.
                row = db.execute(
                    "SELECT max(id) FROM events WHERE session_id = %s AND id <= %s",
                    (session_id, at),
                ).fetchone()
                latest = row and row[0]
                return self._after(db, session_id, at if latest is None else latest - 1)
            bounds = db.execute(
                "SELECT f.id, greatest(f.id, (SELECT max(id) FROM events)) FROM events_floor f"
            ).fetchone()
            assert bounds is not None
            floor, last = bounds
            if not floor <= seen <= last:
                return [encode(last, GAP, b"{}")]
            return self._after(db, session_id, seen)

    def _after(self, db: Connection, session_id: str, id: int) -> list[Encoded]:
        rows = db.execute(
            "SELECT id, event, body FROM events WHERE session_id = %s AND id > %s ORDER BY id",
            (session_id, id), binary=True,
        ).fetchall()  # fmt: skip
        return [encode(*row) for row in rows]

"""One connection that listens, for a whole process: LISTEN, and a look around every second.

A notice may be lost with its connection, so it is never more than a hint that there is something
to be looked for; whoever is told ``None`` looks without one.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

import psycopg

from app.sessions.store.postgres.database import Connection, Database, cut
from app.sessions.store.store import StoreError, StoreUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RETRY_SECONDS = 0.5

Heard = Callable[[str | None], None]


class Listener:
    """Calls who wants to hear of a channel, in a thread of its own.

    Args:
        database: Where to listen.
        heard: By channel: what to call with each notice, and now and then with None. It may raise
            `StoreError`, which makes the listener begin anew.
    """

    def __init__(self, database: Database, heard: Mapping[str, Heard]) -> None:
        self._database = database
        self._heard = heard
        self._closed = threading.Event()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._serve, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear nothing any more."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            with suppress(OSError, psycopg.Error):
                cut(connection)
        if threading.current_thread() is not self._thread:
            self._thread.join(2)

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except (StoreUnavailable, psycopg.Error):
                pass  # the database says in the log when it is away
            except StoreError as error:
                if not self._database.closed:
                    log.error("the listener begins anew: %s", error)
            except Exception:
                log.exception("the listener begins anew")
            self._closed.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        with self._database.connect() as connection:
            self._connection = connection
            try:
                for channel in self._heard:
                    connection.execute(f"LISTEN {channel}")
                while not self._closed.is_set():
                    for heard in self._heard.values():
                        heard(None)
                    for notice in connection.notifies(timeout=LOOK_SECONDS):
                        self._heard[notice.channel](notice.payload)
            finally:
                self._connection = None

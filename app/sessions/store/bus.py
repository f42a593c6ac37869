"""Who hears what: the interface, with `Hub` for one process and `PostgresBus` for any number."""

from collections.abc import Mapping
from typing import Any, Protocol

from app.sessions.store.events import Subscription


class Bus(Protocol):
    """Where runs tell and browsers listen.

    All but `subscribe` may be called from any thread. What is published of a session is heard by
    all its readers in one order, with ids that grow. A slow reader loses old progress, never a
    change of state, and slows nobody.
    """

    def publish(
        self, session_id: str, event: str, data: Mapping[str, Any], fence: int | None = None
    ) -> None:
        """Tell all readers of a session; returns at once.

        Args:
            session_id: Whose readers.
            event: ``progress``, of which a slow reader may lose some, or ``state``.
            data: JSON; NaN and infinities go as texts.
            fence: Nobody hears of it where the session's is higher; see `Store.fence`.
        """

    def subscribe(self, session_id: str, last_event_id: str | None = None) -> Subscription:
        """A new reader, to be called in its event loop.

        Args:
            session_id: Whose events.
            last_event_id: The header as sent: the reader gets what it has missed since, or a
                ``gap`` where that is no longer known. Without one it begins with the latest event,
                if there is one, so that it need not wait to know where things stand.

        Raises:
            TooManySubscribers: the session has as many as it may.
        """

    def forget(self, session_id: str) -> None:
        """Send ``bye`` to the readers of a session that is gone, and drop its events."""

    def subscribers(self, session_id: str) -> int:
        """How many read a session's events here."""

    def readers(self) -> int:
        """How many read here in all."""

    def close(self) -> None:
        """Send ``bye`` to all readers here; nothing is published after it."""

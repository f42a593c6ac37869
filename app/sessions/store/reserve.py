"""Room on the disk that is kept for deleting: that, too, has to be written down.

On a full disk nothing could be deleted, and so nothing would ever be free again. A file of some
room is kept beside the store; when the disk is full it is given up for a deletion, and taken again
as soon as there is room.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 1 << 20
# With less than this free the disk counts as full, in bytes.
LEAST_FREE = 4 << 20


class Reserve:
    """The file; it holds nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.keep()

    @staticmethod
    def path_of(store: Path) -> Path:
        """Where the reserve of a store's file lies."""
        return store.with_name(f"{store.name}.reserve")

    def keep(self) -> bool:
        """Take the room, unless it is taken; whether it is."""
        with suppress(OSError):
            if self._path.stat().st_size == RESERVE_BYTES:
                return True
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                # Not a hole, which would take no room; `write` may take less than it is given.
                rest = memoryview(bytes(RESERVE_BYTES))
                while rest:
                    rest = rest[os.write(file, rest) :]
            finally:
                os.close(file)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Let others have the room; whether there was any."""
        try:
            has_room = self._path.stat().st_size > 0
            self._path.unlink()
        except OSError:
            return False
        return has_room

    def is_short(self) -> bool:
        """Whether the disk is as good as full."""
        try:
            return not self.keep() or shutil.disk_usage(self._path.parent).free < LEAST_FREE
        except OSError:
            return True

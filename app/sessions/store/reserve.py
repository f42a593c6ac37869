"""Room on the disk that is kept for deleting: that, too, has to be written down.

On a full disk nothing could be deleted, and so nothing would ever be free again. A file of some
room is kept beside the store; when the disk is full it is given up for a deletion, and taken again
as soon as there is room.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

# As much as SQLite lets its log grow before it is put into the file, twice: until then the file has
# to grow while the log is still there.
RESERVE_BYTES = 8 << 20
LEAST_BYTES = 64 << 10
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
        """Take the room, or as much of it as there is; whether it is all there."""
        with suppress(OSError):
            if self._path.stat().st_size == RESERVE_BYTES:
                return True
        size = RESERVE_BYTES
        while size >= LEAST_BYTES:
            try:
                _fill(self._path, size)
            except OSError:
                self.give_up()
                size //= 2
            else:
                return size == RESERVE_BYTES
        return False

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


def _fill(path: Path, size: int) -> None:
    """A file of a size, with no hole in it, which would take no room."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
            return
        rest = memoryview(bytes(size))
        while rest:  # it may take less than it is given
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)

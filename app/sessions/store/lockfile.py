"""A file that one process at a time can hold; the system lets go of it however the process ends."""

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _hold(file: int) -> None:
        # A byte far behind the number, which so can still be read by others.
        os.lseek(file, 1 << 30, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _hold(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Held(Exception):
    """Another process holds the file.

    Attributes:
        holder: That process's number as it wrote it, or "?".
    """

    def __init__(self, holder: str) -> None:
        super().__init__(f"process {holder} holds it")
        self.holder = holder


class LockFile:
    """A lock from its making until `release`.

    The file stays: if it were removed, one process could hold the old file and another the new one.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            Held: another process, or this one, has it.
            OSError: the file cannot be opened.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _hold(self._file)
        except OSError:
            os.lseek(self._file, 0, os.SEEK_SET)
            holder = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            raise Held(holder or "?") from None
        os.lseek(self._file, 0, os.SEEK_SET)
        with suppress(OSError):  # the number only helps people; a full disk is no reason to stop
            os.truncate(self._file, 0)
            os.write(self._file, b"%d\n" % os.getpid())

    def release(self) -> None:
        """Let others have it."""
        os.close(self._file)

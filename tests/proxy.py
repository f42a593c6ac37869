"""A wire that can be cut: stands between the program and a socket of the system's."""

import contextlib
import socket
import threading
from pathlib import Path


class Proxy:
    """Forwards all that comes to one socket to another, until it is told otherwise.

    Args:
        here: Where it listens.
        there: Where it goes.
    """

    def __init__(self, here: Path, there: Path) -> None:
        self._here, self._there = here, there
        self._open = threading.Event()
        self._ends: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.mend()

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self._open.clear()
        self._here.unlink(missing_ok=True)
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.set()  # who waits to forward something finds the end

    def stall(self) -> None:
        """Forward nothing, but keep all connections, and take new ones."""
        self._open.clear()

    def mend(self) -> None:
        """Forward again."""
        self._open.set()
        if self._listener is None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self._here))
            self._here.chmod(0o777)
            self._listener.listen(200)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(str(self._there))
                except OSError:
                    near.close()
                    far.close()
                    continue
                self._ends |= {near, far}
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends -= {source}
        source.close()

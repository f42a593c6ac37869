"""A PostgreSQL of the tests' own. `python -m tests.postgres` makes sure that there is one to start.

The cluster lies in a temporary folder, is reached by a socket there alone, and ends with the tests.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests import packages

USER = "explorer"
ANSWER = "postgresql cannot be had here; `apt-get install postgresql`, or run `make test` as root"
# What the tests lose with the machine they need not keep.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "logging_collector": "off",
}


class Cluster:
    """One that runs, or can be made to."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = SETTINGS | settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_as_user(), _program("postgres"), "-D", str(self.folder / "data"),
                 "-k", str(self.folder), *options],
                stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.address()).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < end, (self.folder / "log").read_text()[-2000:]
                assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.02)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the first process by a signal, and wait until all of them have gone."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait()
        # The others notice by themselves; a new one must not start before they have gone.
        lock = self.folder / "data/postmaster.pid"
        lock.unlink(missing_ok=True)

    def stop(self) -> None:
        """End it at once; what it has is not needed any more."""
        if self.process is not None and self.process.poll() is None:
            self.kill(signal.SIGQUIT)

    def address(self, schema: str = "", **more: str) -> str:
        """Its address for libpq, with a schema of its own where there is one."""
        whole = f"postgresql://{USER}@/postgres?host={self.folder}"
        if schema:
            whole += f"&options=-csearch_path%3D{schema}"
        return whole + "".join(f"&{name}={value}" for name, value in more.items())

    def schema(self) -> str:
        """The name of a new, empty schema."""
        name = f"s{secrets.token_hex(6)}"
        self.execute(f"CREATE SCHEMA {name}")
        return name

    def execute(self, statement: str) -> list[Any]:
        """Run one statement; its rows."""
        with psycopg.connect(self.address(), autocommit=True) as db:
            found = db.execute(statement)
            return found.fetchall() if found.description else []


@contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """A new cluster that runs until the block ends.

    Raises:
        LookupError: PostgreSQL is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="explorer-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        subprocess.run(
            [*_as_user(), _program("initdb"), "-D", str(folder / "data"), "-U", USER,
             "--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        made = Cluster(folder, settings)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """One of PostgreSQL's programs; Debian keeps them out of the way.

    Raises:
        LookupError: it is not installed.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise LookupError(ANSWER)
    return found


def _as_user() -> list[str]:
    """PostgreSQL refuses root; and it is to end with who has started it, however that ends."""
    died = ["setpriv", "--pdeathsig", "INT"] if sys.platform == "linux" else []
    if os.geteuid() == 0:
        return [*died, "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return died


if __name__ == "__main__":
    try:
        _program("initdb")
    except LookupError:
        packages.install("postgresql")
        try:
            _program("initdb")
        except LookupError as error:
            sys.exit(str(error))

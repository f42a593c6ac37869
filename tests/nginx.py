"""An nginx of the tests' own. `python -m tests.nginx` makes sure that there is one to start.

Debian's package is unpacked beside this Python, which takes no root and starts no service. Each
nginx has its configuration and all that it writes in a temporary folder, listens on this machine
alone, and ends with the block that started it.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import packages

UNPACKED = Path(sys.prefix) / "nginx"
# Set where a test may not be left out for want of it.
REQUIRED = "EXPLORER_CI"
ANSWER = (
    "nginx cannot be had here, so what goes through a proxy is not tested; "
    "`apt-get install nginx-light`, or run `make test` as root"
)
MAIN = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/log;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{servers}
}}
"""


def program() -> str:
    """Where nginx is.

    Raises:
        LookupError: it is not installed.
    """
    for path in (shutil.which("nginx"), "/usr/sbin/nginx", f"{UNPACKED}/usr/sbin/nginx"):
        if path and Path(path).is_file() and packages.run(path, "-v"):
            return path
    raise LookupError(ANSWER)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextmanager
def running(servers: str, ports: Sequence[int]) -> Iterator[None]:
    """An nginx with these parts in its `http`, once it listens on the ports that they name.

    Raises:
        LookupError: it is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="explorer-nginx-"))
    # Its workers would else be nobody, who may not write here.
    user = "user root root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(MAIN.format(folder=folder, user=user, servers=servers), "utf-8")
    command = [program(), "-e", str(folder / "log"), "-c", str(config), "-p", str(folder)]
    try:
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + 10
                while not all(map(_listens, ports)):
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < end, "nginx does not begin"
                    time.sleep(0.01)
                yield
            finally:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpack() -> None:
    """Fetch Debian's package, and its kin's, and unpack it here."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        fetch = ("sh", "-c", f"cd {folder} && apt-get download nginx")
        sudo = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
        # A slim image has no lists of packages.
        if not packages.run(*fetch) and packages.run(*sudo, "apt-get", "update"):
            packages.run(*fetch)
        for package in Path(folder).glob("*.deb"):
            packages.run("dpkg-deb", "--extract", str(package), str(UNPACKED))


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    try:
        program()
    except LookupError:
        unpack()
        try:
            program()
        except LookupError as error:
            print(error, file=sys.stderr)
            sys.exit(1 if os.environ.get(REQUIRED) else 0)

"""Serve the explorer: ``python -m app``; ``python -m app worker`` trains for several servers."""

import argparse
import asyncio
import ipaddress
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Literal

import platformdirs
import uvicorn
from fastapi import FastAPI

from app import __version__
from app.addresses import LOCAL, Network
from app.api.heavy import HeavyLimits
from app.options import add_priority, add_store, store_of
from app.server import Settings, create_app
from app.sessions.runs.roll import RunLimits
from app.sessions.runs.work.priority import VARIABLE
from app.sessions.store.rescue import rescue
from app.sessions.store.store import Limits, StoreDamaged, StoreError
from app.settings import add_limits, chosen, take_environment
from app.web.cors import origin_of
from app.web.guard import ConnectionLimits, Guard
from app.web.headers import FRAMING
from app.web.hosts import HOST_NAME, LOOPBACK
from app.web.outgoing import OutgoingLimits
from app.web.watch import Witness

# Long enough for an answer under way; open event streams end themselves.
GRACEFUL_SECONDS = 2
# Files, threads and processes need some of the descriptors that connections leave.
OTHER_FILES = 200
# What is set where, by the title of its group.
LIMITS = {
    "limits of connections": ConnectionLimits,
    "limits of answers": OutgoingLimits,
    "limits of heavy work": HeavyLimits,
    "limits of trainings": RunLimits,
    "limits of what is kept": Limits,
}


class Server(uvicorn.Server):
    """Uvicorn that says where it is once it answers, and tells the app of the end in time.

    Event streams never close by themselves, so without a word before the wait for connections to
    close, a stop would wait for all of them.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.explorer = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started and sockets:
            address = _address(sockets[0])
            print(f"Backprop Explorer {__version__} is at {address}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, on SIGTERM or SIGINT."""
        self.explorer.state.stopping.set()
        super().handle_exit(sig, frame)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["worker"]:
        from app import worker

        return worker.main(arguments[1:])
    options = _parse(arguments)
    if options.rescue:
        return _rescue(store_of(options))
    hosts: tuple[str, ...] = options.allowed_hosts
    if options.host not in ("127.0.0.1", "localhost", "::1") and not hosts:
        print(
            f"--host {options.host} can be reached from other machines, so say under which names: "
            "--allowed-hosts explorer.example.org,192.0.2.7",
            file=sys.stderr,
        )
        return 2
    # For the processes that train, whoever starts them.
    os.environ[VARIABLE] = options.training_priority
    try:
        with _listen(options.host, options.port) as listener:
            app = create_app(
                Settings(
                    store_of(options),
                    (*LOOPBACK, *hosts),
                    limits=chosen(Limits, options),
                    heavy=chosen(HeavyLimits, options),
                    runs=chosen(RunLimits, options),
                    outgoing=chosen(OutgoingLimits, options),
                    connections=_connections(options),
                    dev=options.dev,
                    lessons=options.lessons,
                    frame_ancestors=options.frame_ancestors,
                    allowed_origins=options.allowed_origins,
                    access_log=options.access_log,
                    metrics_from=options.metrics_from,
                )
            )
            return _serve(app, listener)
    except StoreDamaged as error:
        print(f"cannot start: {error}", file=sys.stderr)
        print("what can still be read is saved by the same command with --rescue", file=sys.stderr)
        return 1
    except (OSError, StoreError, ValueError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1


def _rescue(store: str) -> int:
    """Save what can be read of a damaged store; the exit code."""
    kind, _, path = store.partition(":")
    if kind != "sqlite":
        print("--rescue is for a store in a file: --store sqlite:PATH", file=sys.stderr)
        return 2
    try:
        found = rescue(path)
    except (OSError, StoreError) as error:
        print(f"nothing was changed: {error}", file=sys.stderr)
        return 1
    print(f"{found.saved} sessions are saved and {found.lost} are lost.")
    print(f"The damaged file is kept as {found.kept}.")
    return 0


def _serve(app: FastAPI, listener: socket.socket) -> int:
    config = server_config(app)
    server = Server(config, app)
    # Uvicorn raises what stopped it once more, after everything is closed.
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0 if server.started else 3


def server_config(app: FastAPI) -> uvicorn.Config:
    """How the app is served, wherever it listens."""
    guard: Guard = getattr(app.state, "guard", Guard(ConnectionLimits()))
    return uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        ws="none",  # nothing here speaks it, whatever is installed
        timeout_keep_alive=guard.limits.keep_alive_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        http=_protocol(guard, getattr(app.state, "witnesses", [])),
        # Whoever else says where a request comes from is not believed.
        proxy_headers=bool(guard.limits.proxies),
        forwarded_allow_ips=[str(network) for network in guard.limits.proxies],
    )


def _connections(options: argparse.Namespace) -> ConnectionLimits:
    """The limits as chosen, as far as there are descriptors for them."""
    limits = chosen(ConnectionLimits, options, proxies=options.trusted_proxies)
    return replace(limits, connections=min(limits.connections, _descriptors(limits.connections)))


def _descriptors(wanted: int) -> int:
    """How many connections this process can have; as many as wanted, if the system lets it."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    needed = wanted + OTHER_FILES
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, soft - OTHER_FILES)


def _protocol(
    guard: Guard, witnesses: Sequence[Witness]
) -> type[asyncio.Protocol] | Literal["h11"]:
    if sys.platform == "win32":
        return "h11"  # httptools is not built there; h11 has bounds of its own
    from app.web.protocol import protocol_within

    return protocol_within(guard, witnesses)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    folder = Path(platformdirs.user_data_dir("backprop-explorer", appauthor=False))
    file = f"sqlite:{folder / 'sessions.db'}"
    parser = argparse.ArgumentParser(
        prog="backprop-explorer",
        description=__doc__,
        epilog="Each option can also be set in the environment: BACKPROP_PORT for --port.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes any free (%(default)s)")
    add_store(parser, file, "memory, sqlite:PATH or postgresql://ADDRESS")
    parser.add_argument(
        "--allowed-hosts",
        type=_names,
        default=(),
        metavar="NAMES",
        help="names under which it is reached from elsewhere, comma-separated",
    )
    parser.add_argument(
        "--frame-ancestors",
        type=_origins,
        default=(),
        metavar="ORIGINS",
        help="whose pages may embed it, comma-separated: https://lms.example.org",
    )
    parser.add_argument(
        "--trusted-proxies",
        type=_networks,
        default=(),
        metavar="NETWORKS",
        help="whose word on a client's address counts, comma-separated: 10.0.0.0/8,::1",
    )
    add_priority(parser)
    parser.add_argument(
        "--allowed-origins",
        type=_exact_origins,
        default=(),
        metavar="ORIGINS",
        help="whose pages may use the API, comma-separated: https://notebook.example.org",
    )
    parser.add_argument(
        "--access-log",
        default="",
        metavar="FILE",
        help="a line of JSON for each request, - for standard output; without it, none",
    )
    parser.add_argument(
        "--metrics-from",
        type=_networks,
        default=",".join(map(str, LOCAL)),
        metavar="NETWORKS",
        help="who may read /metrics, comma-separated (%(default)s)",
    )
    parser.add_argument(
        "--lessons",
        type=Path,
        metavar="DIR",
        help="a folder of your own lessons, see docs/lessons.md",
    )
    parser.add_argument(
        "--dev",
        action="store_true",
        help="serve the page's modules as they are, not bundled: a change shows on reload",
    )
    parser.add_argument(
        "--rescue",
        action="store_true",
        help="put what can be read of a damaged store into a new file in its place, and end",
    )
    parser.add_argument("--version", action="version", version=__version__)
    add_limits(parser, LIMITS)
    take_environment(parser)
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        # Anything else would be taken in silence and then never match a request.
        if not HOST_NAME.fullmatch(name):
            raise argparse.ArgumentTypeError(
                f"{name!r} is not a name; leave out scheme and port: explorer.example.org,[::1]"
            )
    return names


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().lower() for origin in text.split(",") if origin.strip())
    for origin in origins:
        if not FRAMING.fullmatch(origin):
            raise argparse.ArgumentTypeError(
                f"{origin!r} is not an origin such as https://lms.example.org, without a path"
            )
    return origins


def _exact_origins(text: str) -> tuple[str, ...]:
    try:
        return tuple(origin_of(origin) for origin in text.split(",") if origin.strip())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _networks(text: str) -> tuple[Network, ...]:
    networks = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(name))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{name!r} is not an address or network such as 10.0.0.0/8"
            ) from None
    return tuple(networks)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is from 0 to 65535")
    return port


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the port is known, and a taken one refused, before anything else."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"{host}:{port} is not to be had ({error.strerror})") from None
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


if __name__ == "__main__":
    sys.exit(main())

"""Options that the server and the worker share."""

import argparse
from pathlib import Path

from app.sessions.runs.work.priority import PRIORITIES, priority


def add_store(parser: argparse.ArgumentParser, default: str, kinds: str) -> None:
    """``--store``, and ``--store-file`` for an address that no list of processes is to show."""
    shown = f"{kinds} ({default})" if default else kinds
    parser.add_argument(
        "--store",
        default=default,
        # Not "%(default)s": what the environment says may hold a password.
        help=shown.replace("%", "%%"),
    )
    parser.add_argument(
        "--store-file",
        type=Path,
        metavar="FILE",
        help="a file that says the store, so that no list of processes shows it",
    )


def store_of(options: argparse.Namespace) -> str:
    """Where sessions are kept.

    Raises:
        OSError: the file that says so cannot be read.
    """
    file: Path | None = options.store_file
    store: str = options.store if file is None else file.read_text("utf-8").strip()
    return store


def add_priority(parser: argparse.ArgumentParser) -> None:
    """``--training-priority``."""
    parser.add_argument(
        "--training-priority",
        type=priority,
        default=PRIORITIES[0],
        metavar="|".join(PRIORITIES),
        help="of trainings beside all else on the machine: in idle time only, or low (%(default)s)",
    )

"""Train the runs of sessions in PostgreSQL: ``python -m app worker --store postgresql://...``.

Any number of them stand beside any number of servers. Whatever becomes of one, its runs go on with
another from where they were saved last.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from app import datasets
from app.options import add_priority, add_store, store_of
from app.sessions.runs.work.priority import VARIABLE
from app.sessions.store.open_store import is_postgres, open_store
from app.sessions.store.store import Limits, StoreError
from app.settings import add_limits, chosen, take_environment


def main(arguments: Sequence[str]) -> int:
    """Train until stopped; the exit code."""
    options = _parse(arguments)
    os.environ[VARIABLE] = options.training_priority
    ended = threading.Event()

    def end(*_: Any) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        url = store_of(options)
        if not is_postgres(url):
            print("a worker needs --store postgresql://ADDRESS", file=sys.stderr)
            return 2
        store = open_store(url, chosen(Limits, options))
        # psycopg is there by now.
        from app.sessions.runs.postgres.taker import Taker
        from app.sessions.store.postgres.store import PostgresStore

        assert isinstance(store, PostgresStore)
        taker = Taker(store, datasets.load, options.processes or None)
    except (OSError, StoreError, ValueError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    print("Backprop Explorer's worker is ready", flush=True)
    ended.wait()
    taker.close()
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="backprop-explorer worker",
        description="Train the runs of sessions in PostgreSQL, beside any number of servers.",
        epilog="Each option can also be set in the environment, as for the server.",
    )
    add_store(parser, "", "postgresql://ADDRESS")
    parser.add_argument(
        "--processes", type=int, default=0, metavar="N",
        help="that train; as many as there are cores by default",
    )  # fmt: skip
    add_priority(parser)
    add_limits(parser, {"limits of what is kept": Limits})
    take_environment(parser)
    return parser.parse_args(arguments)

"""The table of claims: who has which run, since when, and what is asked of him.

A task queue would bring a table of jobs with a life of its own, which can differ from the sessions'
and knows no fence. What is to be done is here what the sessions say, so that a run and its session
cannot differ; a claim is one row, and its number goes into every write (`Store.fence`).
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.sessions.runs.archive import ACTIVE
from app.sessions.store.postgres.database import Database

CHANNEL = "backprop_work"
# Who has not been heard of for so long has lost what he has.
DEAD_SECONDS = 5.0
FORGET_SECONDS = 3600

Word = Literal["pause", "resume", "stop"]


@dataclass(frozen=True)
class Claim:
    """A run of a worker.

    Attributes:
        fence: Higher than that of whoever had it before.
        run_id: Of which run something is asked; empty where nothing is.
        asked, rate, look: What; see `ClaimsTable.ask`.
        again: Whether somebody has had it before.
    """

    session_id: str
    fence: int
    run_id: str = ""
    asked: Word | None = None
    rate: float | None = None
    look: bool = False
    again: bool = False


class Counts(NamedTuple):
    """Runs that are active, those of them at work, and workers that live."""

    active: int
    working: int
    workers: int


class ClaimsTable:
    """The table, in SQL. All methods raise `StoreError` as those of a store do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # For replicas.

    def wake(self) -> None:
        """Tell workers to look around."""
        with self._database.access() as db:
            db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))

    def ask(
        self,
        session_id: str,
        run_id: str,
        asked: Word | None = None,
        rate: float | None = None,
        look: bool = False,
    ) -> None:
        """Ask for something: to pause, resume or stop, for another rate, or to be saved as it is.

        Of a session without an active run nothing is asked.
        """
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO claims AS c (session_id, fence, run_id, asked, rate, look)"
                " SELECT %(id)s, 0, %(run)s, %(asked)s, %(rate)s, %(look)s"
                " WHERE EXISTS (SELECT FROM attachments WHERE session_id = %(id)s"
                " AND name = %(active)s)"
                " ON CONFLICT (session_id) DO UPDATE SET run_id = excluded.run_id,"
                " asked = coalesce(excluded.asked, c.asked),"
                " rate = coalesce(excluded.rate, c.rate), look = excluded.look OR c.look",
                {"id": session_id, "run": run_id, "asked": asked, "rate": rate, "look": look,
                 "active": ACTIVE},
            )  # fmt: skip
            db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))

    def is_open(self, session_id: str) -> tuple[bool, bool]:
        """Whether something is still asked of the session's run, and whether it is to be saved."""
        with self._database.access() as db:
            row = db.execute(
                "SELECT asked IS NOT NULL OR rate IS NOT NULL, look FROM claims"
                " WHERE session_id = %s",
                (session_id,),
            ).fetchone()
        return (False, False) if row is None else (row[0], row[1])

    def latest(self, session_id: str) -> bytes | None:
        """The data of the session's last event."""
        with self._database.access() as db:
            row = db.execute(
                "SELECT body FROM events WHERE session_id = %s ORDER BY id DESC LIMIT 1",
                (session_id,), binary=True,
            ).fetchone()  # fmt: skip
        return None if row is None else row[0]

    def counts(self) -> Counts:
        """How much there is to do, and for how many."""
        with self._database.access() as db:
            row = db.execute(
                "SELECT (SELECT count(*) FROM attachments WHERE name = %s),"
                " (SELECT count(*) FROM claims JOIN workers w ON w.id = worker WHERE"
                " w.beat > now() - %s * interval '1 second'),"
                " (SELECT count(*) FROM workers WHERE beat > now() - %s * interval '1 second')",
                (ACTIVE, DEAD_SECONDS, DEAD_SECONDS),
            ).fetchone()
        assert row is not None
        return Counts(*row)

    def of_owner(self, session_id: str) -> int:
        """How many runs are active of whoever made a session; 0 where that is nobody."""
        with self._database.access() as db:
            row = db.execute(
                "SELECT count(*) FROM sessions mine JOIN sessions s ON s.owner = mine.owner"
                " JOIN attachments a ON a.session_id = s.id AND a.name = %s WHERE mine.id = %s",
                (ACTIVE, session_id),
            ).fetchone()
        assert row is not None
        count: int = row[0]
        return count

    def parked(self) -> tuple[str, str] | None:
        """The session and the run that has been paused longest."""
        with self._database.access() as db:
            row = db.execute(
                "SELECT session_id, run_id FROM claims WHERE parked IS NOT NULL AND asked IS NULL"
                " ORDER BY parked LIMIT 1"
            ).fetchone()
        return None if row is None else (row[0], row[1])

    # For workers.

    def beat(self, worker: str) -> list[Claim]:
        """Say that a worker lives; what he has, and what is asked of him."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO workers (id) VALUES (%s) ON CONFLICT (id) DO UPDATE SET beat = now()",
                (worker,),
            )
            rows = db.execute(
                "SELECT session_id, fence, run_id, asked, rate, look FROM claims WHERE worker = %s",
                (worker,),
            ).fetchall()
        return [Claim(*row) for row in rows]

    def take(self, worker: str, count: int) -> list[Claim]:
        """Give a worker so many runs at most that nobody has, the longest left alone first."""
        with self._database.transaction() as db:
            rows = db.execute(
                "WITH live AS (SELECT id FROM workers"
                " WHERE beat > now() - %(dead)s * interval '1 second'),"
                " free AS (SELECT a.session_id, coalesce(c.fence, 0) AS before"
                " FROM attachments a LEFT JOIN claims c"
                " ON c.session_id = a.session_id WHERE a.name = %(active)s"
                " AND (c.worker IS NULL OR c.worker NOT IN (SELECT id FROM live))"
                " AND (c.parked IS NULL OR c.asked IS NOT NULL OR c.rate IS NOT NULL)"
                # And what was over before whoever had it could say so.
                " UNION ALL SELECT c.session_id, c.fence FROM claims c"
                " WHERE c.worker IS NOT NULL AND c.worker NOT IN (SELECT id FROM live)"
                " AND NOT EXISTS (SELECT FROM attachments a"
                " WHERE a.session_id = c.session_id AND a.name = %(active)s)"
                " ORDER BY before LIMIT %(count)s), taken AS ("
                " INSERT INTO claims AS c (session_id, worker, fence)"
                " SELECT session_id, %(worker)s, nextval('backprop_fences') FROM free"
                " ON CONFLICT (session_id) DO UPDATE"
                " SET worker = excluded.worker, fence = excluded.fence, parked = NULL"
                " WHERE c.worker IS NULL OR c.worker NOT IN (SELECT id FROM live)"
                " RETURNING session_id, fence)"
                " SELECT session_id, t.fence, f.before > 0 FROM taken t JOIN free f"
                " USING (session_id)",
                {"dead": DEAD_SECONDS, "active": ACTIVE, "worker": worker, "count": count},
            ).fetchall()
        return [Claim(session_id, fence, again=again) for session_id, fence, again in rows]

    def done(self, claim: Claim) -> None:
        """What was asked of a run has come about; what was asked since then still stands."""
        with self._database.access() as db:
            db.execute(
                "UPDATE claims SET"
                " asked = CASE WHEN asked IS NOT DISTINCT FROM %s THEN NULL ELSE asked END,"
                " rate = CASE WHEN rate IS NOT DISTINCT FROM %s THEN NULL ELSE rate END,"
                " look = look AND NOT %s WHERE session_id = %s AND fence = %s",
                (claim.asked, claim.rate, claim.look, claim.session_id, claim.fence),
            )

    def over(self, session_id: str, fence: int) -> None:
        """There is no run any more."""
        with self._database.access() as db:
            db.execute(
                "DELETE FROM claims WHERE session_id = %s AND fence = %s", (session_id, fence)
            )

    def park(self, session_id: str, fence: int, run_id: str) -> bool:
        """Give back a run that is paused, unless something is asked of it; whether that is done."""
        with self._database.access() as db:
            return bool(
                db.execute(
                    "UPDATE claims SET worker = NULL, parked = now(), run_id = %s"
                    " WHERE session_id = %s AND fence = %s AND asked IS NULL AND rate IS NULL",
                    (run_id, session_id, fence),
                ).rowcount
            )

    def leave(self, worker: str) -> None:
        """Give back all that a worker has, who ends."""
        with self._database.transaction() as db:
            db.execute("UPDATE claims SET worker = NULL WHERE worker = %s", (worker,))
            db.execute("DELETE FROM workers WHERE id = %s", (worker,))
            db.execute(
                "DELETE FROM workers WHERE beat < now() - %s * interval '1 second'",
                (FORGET_SECONDS,),
            )
            db.execute("SELECT pg_notify(%s, '')", (CHANNEL,))

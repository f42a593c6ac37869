"""Heavy work in a process of its own: the same answers, and an end of it harms nothing else."""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.requests import ClientDisconnect

from app.api.heavy import HeavyLimits, HeavyWork
from app.api.heavy.jobs import Check, Job, Pass, Picture, Workplace, ordered
from app.api.heavy.process import Ended, HeavyProcess
from app.api.heavy.worker import KEPT_BYTES
from app.api.problem import Problem
from app.api.values import MAX_ANSWER_CELLS
from app.engine.spec import Limits
from app.sessions.gallery import preset_session
from tests.api.conftest import SMALL
from tests.api.test_heavy import Client
from tests.loops import run

# Some seconds of work from a few bytes.
LONG = {
    "network": {"input_size": 1, "layers": [{"type": "affine", "units": 1000}]},
    "x": [[1]] * 400,
}
SESSION = replace(preset_session("fig-5-25", lambda *_: pytest.fail("no data")), id="somebody's")
VIEW = SESSION.view


def passed(body: object) -> Pass:
    return Pass(json.dumps(body).encode(), Limits(), MAX_ANSWER_CELLS)


def picture(cursor: str, **changes: Any) -> Picture:
    made = Picture(SESSION, VIEW, cursor, "dark", True, True, False, None, 1000)
    return replace(made, **changes)


@pytest.fixture(scope="module")
def process() -> Iterator[HeavyProcess]:
    process = HeavyProcess(1 << 30)
    yield process
    process.close()


@pytest.mark.parametrize(
    "job",
    [
        picture("end"),
        picture("3", view=replace(VIEW, level="network"), words=None, lit=True),
        Check(SESSION, 1e-4, 7),
        passed(SMALL),
        passed(SMALL | {"batch": [{}, {"x": [[1, 2], [3, 4], [5, 6]]}]}),
        passed({"code": "y = x * x", "values": {"x": [[1, 2, 3]]}}),
    ],
    ids=["picture", "boxes", "check", "pass", "batch", "program"],
)
def test_a_process_answers_as_a_thread_does(process: HeavyProcess, job: Job) -> None:
    assert process.ask(ordered(job)) == job.do(Workplace())


@pytest.mark.parametrize(
    ("job", "kind", "pointer"),
    [
        (picture("99999"), "invalid", "/cursor"),
        (picture("end", most_cells=3), "invalid", "/level"),
        (passed(SMALL | {"x": [[1]]}), "invalid", "/x"),
        (passed(SMALL | {"x": [1]}), "invalid", "/x/0"),
        (Check(replace(SESSION, grad_output=None), 1e-4, 0), "nothing-to-learn", None),
    ],
    ids=["place", "cells", "shape", "body", "conflict"],
)
def test_what_is_wrong_is_told_by_its_name(
    process: HeavyProcess, job: Job, kind: str, pointer: str | None
) -> None:
    with pytest.raises(Problem) as raised:
        process.ask(ordered(job))

    assert raised.value.kind == kind
    assert next((error.pointer for error in raised.value.errors), None) == pointer


def test_one_is_kept_for_the_next_however_large_the_server_is() -> None:
    process, large = HeavyProcess(1 << 30), np.ones(KEPT_BYTES // 8)
    process.ask(ordered(passed(SMALL)))
    first = process.pid
    process.ask(ordered(passed(SMALL)))
    assert large.all()
    assert process.pid == first is not None
    process.close()


def test_one_that_dies_is_there_again_for_the_next(process: HeavyProcess) -> None:
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(process.ask, ordered(passed(LONG)))
        while process.pid is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(Ended):
            asked.result()

    assert process.ask(ordered(passed(SMALL))) == passed(SMALL).do(Workplace())


def test_what_takes_more_memory_than_it_may_is_given_up() -> None:
    wide = {"input_size": 1, "layers": [{"type": "affine", "units": 4_000}]}
    body = {"network": wide, "x": [[1]] * 5_000, "fields": ["grad_input"]}
    order = ordered(replace(passed(body), limits=Limits(cells=10**9)))

    async def whole() -> None:
        work = HeavyWork(HeavyLimits(heavy_processes=1, heavy_bytes=1 << 28))
        small = ordered(passed(SMALL))
        assert await work.send(Client("a").request(), lambda: small)
        # Some libraries say that there is no more, others end with the process.
        with pytest.raises(Problem) as raised:
            await work.send(Client("a").request(), lambda: order)
        assert raised.value.kind == "unavailable"
        assert raised.value.headers["Retry-After"]
        work.close()

    run(whole())


@pytest.mark.parametrize("seconds", [60.0, 0.3])
def test_work_ends_with_its_client_or_its_time(seconds: float) -> None:
    async def whole() -> None:
        work, client = HeavyWork(HeavyLimits(heavy_processes=1, heavy_seconds=seconds)), Client("a")
        asked = asyncio.ensure_future(work.send(client.request(), lambda: ordered(passed(LONG))))
        (process,) = [*work._idle, *work._busy]
        while process.pid is None:
            await asyncio.sleep(0.01)
        pid = process.pid
        if seconds > 1:
            client.gone.set()
        with pytest.raises(ClientDisconnect if seconds > 1 else Problem):
            await asked
        assert process.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        # The place is free again.
        assert await work.run(Client("b").request(), lambda: 1) == 1
        work.close()

    run(whole())


def test_work_that_is_cancelled_twice_gives_its_process_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def ask(self: HeavyProcess, order: bytes) -> bytes:
        begun.set()
        gate.wait(20)
        return order

    for name in ("revive", "kill"):
        monkeypatch.setattr(HeavyProcess, name, lambda self: None)
    monkeypatch.setattr(HeavyProcess, "ask", ask)

    async def whole() -> None:
        work = HeavyWork(HeavyLimits(heavy_processes=1))
        sent = asyncio.ensure_future(work.send(Client("a").request(), lambda: b"first"))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        for _ in range(2):
            sent.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await sent
        gate.set()
        assert await work.send(Client("b").request(), lambda: b"second") == b"second"
        work.close()

    run(whole())

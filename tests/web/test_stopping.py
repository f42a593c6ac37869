"""A server that has to stop while it still works on answers."""

import asyncio
import http.client
import json
import logging
import socket
import threading
from contextlib import closing
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.__main__ import server_config
from app.server import Settings, create_app
from app.web.headers import SECURITY
from app.web.stopping import EndQuietly
from tests.loops import run


def slow_app(begun: threading.Event) -> FastAPI:
    """The app with two answers that take longer than anybody waits for."""
    app = create_app(Settings())

    async def slow(request: Request) -> None:
        begun.set()
        await asyncio.sleep(60)

    async def half(request: Request) -> StreamingResponse:
        async def pieces() -> Any:
            yield b"half"
            begun.set()
            await asyncio.sleep(60)

        return StreamingResponse(pieces(), media_type="image/png")

    app.add_api_route("/slow", slow, include_in_schema=False)
    app.add_api_route("/half", half, include_in_schema=False, response_model=None)
    return app


@pytest.mark.parametrize("path", ["/slow", "/half"])
def test_an_answer_cut_short_is_a_problem_or_half_and_never_a_traceback(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun = threading.Event()
    app = slow_app(begun)
    config = server_config(app)
    config.timeout_graceful_shutdown = 1
    running = uvicorn.Server(config)
    with socket.socket() as listener, caplog.at_level(logging.DEBUG):
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=lambda: running.run([listener]))
        thread.start()
        host, port = listener.getsockname()
        with closing(http.client.HTTPConnection(host, port, timeout=20)) as connection:
            connection.request("GET", path)
            assert begun.wait(20)
            app.state.stopping.set()
            running.should_exit = True
            answer = connection.getresponse()
            if path == "/slow":
                assert answer.status == 503
                assert int(answer.headers["retry-after"]) > 0
                assert json.loads(answer.read())["type"].endswith("#unavailable")
                for name, value in SECURITY:
                    assert answer.headers[name.decode()] == value.decode()
            else:
                with pytest.raises(http.client.IncompleteRead):
                    answer.read()
        thread.join(20)
    assert not thread.is_alive()
    assert [record for record in caplog.records if record.exc_info] == []
    assert "Traceback" not in caplog.text


def test_a_task_that_is_cancelled_while_nobody_stops_stays_cancelled() -> None:

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    async def cancelled() -> bool:
        app = EndQuietly(inner, asyncio.Event())
        task = asyncio.ensure_future(app({"type": "http"}, None, None))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run(cancelled())

"""Frame times of the figure's painter, against the same graph as one plain SVG.

    python -m benchmarks.painting [NODES ...]

Random layered graphs are laid out by the real layout and opened in a headless Chromium that draws
as fast as it can. Both pages make the same journeys in turn: a zoom from the whole figure to
120 % about a point and back, and a pan at 120 %. The plain page has its transform on a ``<g>`` and
as few elements as the graph takes. Then all numbers change at once, again and again.
"""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.web.files import STATIC
from benchmarks.browsing import chromium, verdict
from benchmarks.painting_graph import random_graph
from benchmarks.pairs import percentile

PAGES = Path(__file__).parent / "painting_pages"
SIZES = (500, 2000, 5000)
ROUNDS = 2
JOURNEYS = ("dive", "pan")
UNLIMITED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]
# A fault must not leave a browser or a server behind: nothing waits longer than this.
PATIENCE_MS = 120_000
LARGEST_RATIO = 1 / 3
# All visible numbers of a graph of this size change within one frame, in the median.
LIVE_SIZE, LONGEST_UPDATE_MS = 2000, 16.0


@cache
def graph(nodes: int) -> Any:
    """One graph of each size for both pages."""
    return random_graph(nodes)


def answer(request: Request) -> Response:
    """The graph that a page asks for."""
    return JSONResponse(graph(int(request.path_params["nodes"])))


@contextmanager
def serving() -> Iterator[str]:
    """The app's static files, the two pages and the graphs on a free port of this machine."""
    app = Starlette(
        routes=[
            Route("/graph/{nodes:int}", answer),
            Mount("/static", StaticFiles(directory=STATIC)),
            Mount("/pages", StaticFiles(directory=PAGES)),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not start")
        time.sleep(0.02)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def opened(browser: Browser, address: str, page: str, nodes: int) -> Page:
    """One of the two pages with a graph in it."""
    made = browser.new_page(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(PATIENCE_MS)
    made.on("pageerror", lambda error: print("page error:", error))
    made.goto(f"{address}/pages/{page}.html?{nodes}")
    made.wait_for_selector("body[data-ready]")
    return made


def times(page: Page, journey: str) -> list[float]:
    """Milliseconds of every frame of one journey, with the page in front."""
    page.bring_to_front()
    found: list[float] = page.evaluate(f"bench.{journey}()")
    return found


def compare(ours: Page, plain: Page, journey: str) -> bool:
    """Run a journey on both in turn and print it; whether the ratio holds."""
    mine: list[float] = []
    other: list[float] = []
    ratios = []
    for _ in range(ROUNDS):
        a, b = times(ours, journey), times(plain, journey)
        ratios.append(statistics.mean(a) / statistics.mean(b))
        mine += a
        other += b
    ratio = statistics.median(ratios)
    print(
        f"  {journey:5} {_summary(mine)}  against {_summary(other)}  ratio {ratio:.2f}",
        flush=True,
    )
    return ratio <= LARGEST_RATIO


def _summary(values: list[float]) -> str:
    mean, middle = statistics.mean(values), statistics.median(values)
    return f"{mean:7.1f} ms (median {middle:6.1f}, p95 {percentile(values, 0.95):6.1f})"


def measure(browser: Browser, address: str, nodes: int) -> bool:
    """All figures of one size; whether they hold."""
    start = time.perf_counter()
    edges = len(graph(nodes)["edges"])
    print(f"{nodes} nodes, {edges} edges (laid out in {time.perf_counter() - start:.1f} s)")
    ours = opened(browser, address, "ours", nodes)
    plain = opened(browser, address, "plain", nodes)
    holds = [compare(ours, plain, journey) for journey in JOURNEYS]
    mine: list[float] = []
    other: list[float] = []
    for _ in range(ROUNDS):
        mine += times(ours, "live")
        other += times(plain, "live")
    print(f"  live  {_summary(mine)}  against {_summary(other)}")
    counted = [page.evaluate("bench.state()") for page in (ours, plain)]
    print(f"        {counted[0]['elements']} elements mounted against {counted[1]['elements']}")
    if nodes == LIVE_SIZE:
        holds.append(statistics.median(mine) <= LONGEST_UPDATE_MS)
    ours.close()
    plain.close()
    return all(holds)


def main(sizes: tuple[int, ...] = SIZES) -> int:
    """Measure every size; 1 where a figure does not hold."""
    with serving() as address, chromium(*UNLIMITED) as browser:
        holds = [measure(browser, address, nodes) for nodes in sizes]
    return verdict(holds)


if __name__ == "__main__":
    sys.exit(main(tuple(int(argument) for argument in sys.argv[1:]) or SIZES))

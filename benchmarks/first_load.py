"""The first visit over a slow line, in a Chromium: until the figure has its first number.

    python -m benchmarks.first_load [ROUNDS] [CHECKOUT]

The page as it is served, to a browser that takes Brotli and, as they are over plain http, to one
that takes gzip alone; with its modules one by one (``--dev``); and that of another checkout where
one is named, both ways. All in turn, each visit in a browser context of its own. The line is
Fast 3G (1.6 Mbit/s x 0.9, 562 ms to the first byte of each answer) and the processor is slowed
four times, both by the browser itself. Requests and kilobytes are those of the whole visit three
seconds after the page is ready, headers and all. TensorFlow Playground took 2.3 s on such a line
when it was measured apart; it cannot be fetched here, so no ratio to it is told.
"""

import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.browsing import chromium, verdict
from benchmarks.served import HERE, serving

ROUNDS = 5
LATENCY_MS = 562
BYTES_A_SECOND = 1.6e6 * 0.9 / 8
SLOWER = 4
PATIENCE_MS = 120_000
AFTERWARDS_MS = 3_000
BROTLI, GZIP = "br, gzip", "gzip"
MOST_SECONDS, MOST_REQUESTS, MOST_KILOBYTES = 2.0, 12, 80.0

WATCH = """() => {
  window.seen = { figure: 0, shift: 0 };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) seen.shift += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  const watch = new MutationObserver(() => {
    const cells = document.querySelectorAll("#figure .cell text");
    if (![...cells].some((cell) => cell.textContent)) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => (seen.figure = performance.now())));
  });
  watch.observe(document, { childList: true, subtree: true, characterData: true });
}"""
READ = """() => ({
  ...seen,
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
})"""


def visit(browser: Browser, address: str, codings: str) -> dict[str, float]:
    """One first visit: seconds until it paints and has its figure, what it took, what moved."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        wire = context.new_cdp_session(page)
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        wire.send("Network.enable")
        page.set_extra_http_headers({"Accept-Encoding": codings})
        line: dict[str, Any] = {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_A_SECOND,
            "uploadThroughput": BYTES_A_SECOND,
        }
        wire.send("Network.emulateNetworkConditions", line)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(f"({WATCH})()")
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        # The page's own session is made when it has been painted.
        page.wait_for_timeout(AFTERWARDS_MS)
        found: dict[str, float] = page.evaluate(READ)
        return {
            "figure": found["figure"] / 1000,
            "paint": found["paint"] / 1000,
            "requests": len(sizes),
            "kilobytes": sum(sizes) / 1000,
            "shift": found["shift"],
        }
    finally:
        context.close()


def main(rounds: int = ROUNDS, checkout: str | None = None) -> int:
    """Visit every contender in turn; 1 where the page as it is served does not hold."""
    print(f"{rounds} visits each, Fast 3G, processor / {SLOWER}; load {os.getloadavg()[0]:.1f}")
    memory = ("--port", "0", "--store", "memory")
    dev = (*memory, "--dev")
    contenders: dict[str, tuple[Path, tuple[str, ...], str]] = {
        "as served": (HERE, memory, BROTLI),
        "plain http": (HERE, memory, GZIP),
        "modules": (HERE, dev, BROTLI),
    }
    if checkout is not None:
        other = Path(checkout)
        contenders[other.name] = (other, memory, BROTLI)
        contenders[f"{other.name}, plain"] = (other, memory, GZIP)
    visits: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    with ExitStack() as stack:
        servers: dict[tuple[Path, tuple[str, ...]], str] = {}
        for folder, arguments, _ in contenders.values():
            if (folder, arguments) not in servers:
                server = stack.enter_context(serving("app", *arguments, folder=folder))
                server.settle()
                servers[folder, arguments] = f"http://127.0.0.1:{server.port}/"
        browser = stack.enter_context(chromium())
        for _ in range(rounds):
            for name, (folder, arguments, codings) in contenders.items():
                visits[name].append(visit(browser, servers[folder, arguments], codings))
    ours = visits["as served"]
    for name, found in visits.items():
        middle = {key: statistics.median(one[key] for one in found) for key in found[0]}
        ratios = [a["figure"] / b["figure"] for a, b in zip(ours, found, strict=True)]
        print(
            f"{name:14} figure {middle['figure']:6.2f} s"
            f" ({min(one['figure'] for one in found):.2f} to"
            f" {max(one['figure'] for one in found):.2f})"
            f"  first paint {middle['paint']:5.2f} s  {middle['requests']:3.0f} requests"
            f"  {middle['kilobytes']:6.1f} kB  shift {middle['shift']:.3f}"
            f"  as served / this {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    return verdict(
        statistics.median(one["figure"] for one in found) <= MOST_SECONDS
        and max(one["requests"] for one in found) <= MOST_REQUESTS
        and max(one["kilobytes"] for one in found) <= MOST_KILOBYTES
        for found in (ours, visits["plain http"])
    )


if __name__ == "__main__":
    sys.exit(main(*(int(sys.argv[1]),) if sys.argv[1:] else (), *sys.argv[2:]))

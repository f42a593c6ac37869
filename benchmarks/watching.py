"""A page that watches a run of 100,000 steps: its frames while the figure is panned, its memory.

    python -m benchmarks.watching [STEPS]

A real run of the server, in a headless Chromium at 60 frames a second, with the panel Learning
open from its first step to its last. The figure is panned by one wheel event a frame: on a page
that has not learned yet, while the run goes on, and after it. Frames are told as frames a second
and as the main thread's own time for one, memory as JavaScript's heap after a collection and as
what the page's process has for itself alone. A machine with other work to do loses frames of
itself, so the page before the run is the measure of the page after it.
"""

import json
import os
import statistics
import sys
from typing import Any

from playwright.sync_api import CDPSession

from benchmarks.browsing import chromium, verdict
from benchmarks.pairs import percentile
from benchmarks.served import Server, explorer
from benchmarks.tab import Tab

STEPS = 100_000
FRAMES = 240
LEAST_FRAMES, MOST_MEGABYTES = 59.0, 120.0
# Or, where the machine does not come to that by itself, this part of what the page had before.
LEAST_RATIO = 0.95
# Of the main thread's 16.7 ms a frame; the rest is the browser's.
MOST_BUSY_MS = 8.0

# One wheel event a frame, in a circle, so that new parts come into sight all the time.
PAN = """async (frames) => {
  const figure = document.getElementById("figure");
  const box = figure.getBoundingClientRect();
  const [clientX, clientY] = [box.x + box.width / 2, box.y + box.height / 2];
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const times = [await frame()];
  for (let i = 0; i < frames; i++) {
    const angle = (2 * Math.PI * i) / 120;
    const [deltaX, deltaY] = [12 * Math.cos(angle), 12 * Math.sin(angle)];
    const turned = { deltaX, deltaY, clientX, clientY, cancelable: true, bubbles: true };
    figure.dispatchEvent(new WheelEvent("wheel", turned));
    times.push(await frame());
  }
  return times.slice(1).map((time, i) => time - times[i]);
}"""
# The page finds the session among one's own.
OWNED = """localStorage.setItem("backprop-explorer.own", JSON.stringify([
  { ...%s, preset: null, version: 1, changed: 0 },
]))"""
NETWORK = {
    "network": {
        "input_size": 784,
        "layers": [
            {"type": "affine", "units": 50},
            {"type": "relu"},
            {"type": "affine", "units": 10},
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "data": {"dataset": "mnist", "split": "train", "samples": 100},
    "seed": 0,
}
SESSIONS: dict[str, dict[str, Any]] = {"two-layer": {"preset": "two-layer"}, "784-50-10": NETWORK}


def pan(tab: Tab) -> dict[str, float]:
    """Frames a second, the longest of twenty, and the main thread's time a frame, all of ms."""
    before = tab.metrics()["TaskDuration"]
    times: list[float] = tab.run(f"({PAN})({FRAMES})")
    busy = tab.metrics()["TaskDuration"] - before
    return {
        "frames": 1000 / statistics.mean(times),
        "p95": percentile(times, 0.95),
        "busy": 1000 * busy / FRAMES,
    }


def told(name: str, panned: dict[str, float], memory: dict[str, float]) -> None:
    """One line."""
    print(
        f"  {name:8} {panned['frames']:5.1f} frames a second, p95 {panned['p95']:5.1f} ms,"
        f" {panned['busy']:5.2f} ms of the main thread a frame;"
        f" heap {memory['heap']:5.1f} MB, process {memory['process']:5.1f} MB",
        flush=True,
    )


def measure(browser: CDPSession, server: Server, name: str, session: Any, steps: int) -> bool:
    """One network; whether its page holds."""
    server.connect()
    made = server.send("POST", "/api/v1/sessions", json.dumps(session).encode()).json()
    address = f"http://127.0.0.1:{server.port}"
    tab = Tab(browser, 1440, 900)
    owned = OWNED % json.dumps({"id": made["id"], "token": made["edit_token"]})
    tab.send("Page.addScriptToEvaluateOnNewDocument", {"source": owned})
    tab.send("Page.navigate", {"url": f"{address}/?session={made['id']}&lang=en"})
    tab.until("body[data-ready]")
    tab.click("#tab-learn")
    tab.until("#learn-run")
    print(f"{name}, {steps:,} steps")
    first = pan(tab)
    told("before", first, tab.memory())
    tab.fill("#learn-steps", str(steps))
    tab.click("#learn-run")
    tab.until("#learn-pause")
    during = pan(tab)
    told("learning", during, tab.memory())
    tab.until("#learn-run")
    state = tab.run("document.getElementById('learn-state').innerText")
    assert state.startswith("Finished"), state
    tab.until(".u-over")
    after, memory = pan(tab), tab.memory()
    told("after", after, memory)
    tab.close()
    return (
        min(during["frames"], after["frames"]) >= min(LEAST_FRAMES, LEAST_RATIO * first["frames"])
        and max(during["busy"], after["busy"]) <= MOST_BUSY_MS
        and max(memory.values()) <= MOST_MEGABYTES
    )


def main(steps: int = STEPS) -> int:
    """Measure both networks; 1 where a page does not hold."""
    print(f"load {os.getloadavg()[0]:.1f}")
    with explorer() as server, chromium() as browser:
        wire = browser.new_browser_cdp_session()
        holds = [measure(wire, server, name, session, steps) for name, session in SESSIONS.items()]
    return verdict(holds)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

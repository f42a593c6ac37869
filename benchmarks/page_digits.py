"""The book's network on the digits that come along, by the page alone, as a learner trains it.

    python -m benchmarks.page_digits [SEED ...]

The same network, bars and seeds as `benchmarks.digits` has by REST, in a headless Chromium: the
form's button for the book's network, a seed, Make; the panel Learning with its rate of 0.1 and
mini-batches of 100 as they stand there, a number of steps, Train. What is measured is what the page
then says of the held-out digits, and that it has drawn the curve. Each number of steps is a network
of its own.
"""

import os
import re
import sys

from playwright.sync_api import Page

from benchmarks.browsing import chromium, verdict
from benchmarks.digits import SEEDS, WANTED
from benchmarks.served import explorer

PATIENCE_MS = 120_000
CURVE = "#panel .chart canvas"
# In what part of its columns a picture has the colour of the accuracy: all of them but the axes'.
DRAWN = """canvas => {
  const [{ width, height }, probe] = [canvas, document.createElement("canvas").getContext("2d")];
  probe.fillStyle = getComputedStyle(document.body).getPropertyValue("--accent");
  probe.fillRect(0, 0, 1, 1);
  const ink = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const near = (at) => [0, 1, 2, 3].every((i) => Math.abs(data[at + i] - ink[i]) < 48);
  const columns = Array.from({ length: width }, (_, x) => x);
  const rows = Array.from({ length: height }, (_, y) => y);
  return columns.filter((x) => rows.some((y) => near(4 * (y * width + x)))).length / width;
}"""
LEAST_DRAWN = 0.5


def make(page: Page, address: str, seed: int) -> None:
    """The book's network with this seed, by the form."""
    page.goto(f"{address}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    page.click("#choose")
    page.click("#own")
    page.click("#book")
    page.fill("#seed", str(seed))
    page.press("#seed", "Tab")
    page.click("#make")
    page.wait_for_selector("dialog#network", state="hidden")


def train(page: Page, seed: int, steps: int) -> str:
    """What the page says when it has made so many steps."""
    page.click("#tab-learn")
    page.wait_for_selector("#learn-run:enabled")
    assert page.input_value("#learn-rate") == "0.1"
    assert page.input_value("#learn-batch") == "100"
    assert page.input_value("#learn-seed") == str(seed)
    page.fill("#learn-steps", str(steps))
    page.click("#learn-run")
    page.wait_for_selector("#learn-state:has-text('Finished'):has-text('Test accuracy')")
    return page.inner_text("#learn-state")


def main(seeds: tuple[int, ...] = tuple(SEEDS)) -> int:
    """Train with every seed, and say how it went; 1 where one is not good enough."""
    holds = []
    print(f"load {os.getloadavg()[0]:.1f}")
    with explorer() as server, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        for seed in seeds:
            told = []
            for steps, least in WANTED.items():
                make(page, f"http://127.0.0.1:{server.port}", seed)
                said = train(page, seed, steps)
                share = re.search(r"Test accuracy ([\d.]+)%", said)
                assert share is not None, said
                drawn = page.locator(CURVE).first.evaluate(DRAWN)
                holds += [float(share[1]) >= 100 * least, drawn >= LEAST_DRAWN]
                told.append(f"{share[1]} % after {steps:,}, curve over {drawn:.0%} of its picture")
            print(f"seed {seed}: {'; '.join(told)}", flush=True)
    return verdict(holds)


if __name__ == "__main__":
    sys.exit(main(*[tuple(map(int, sys.argv[1:]))] if sys.argv[1:] else ()))

"""What every measurement in a Chromium begins with and ends with."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.browser import launch_options


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A headless Chromium, which is gone afterwards whatever happens."""
    options = launch_options()
    options["args"] = [*options["args"], "--no-sandbox", *arguments]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        try:
            yield browser
        finally:
            browser.close()


def verdict(holds: Iterable[bool]) -> int:
    """Say whether all figures hold; the program's exit status, 1 where one does not.

    A machine that has had other work to do meanwhile says so.
    """
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    hold = all(holds)
    print("all figures hold" if hold else "NOT all figures hold")
    return 0 if hold else 1

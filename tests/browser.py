"""The Chromium that the browser tests drive. `python -m tests.browser` makes sure of one."""

import os
import shutil
import sys
from typing import Any

from playwright.sync_api import sync_playwright

from tests import packages
from tests.packages import run

PLAYWRIGHT = (sys.executable, "-m", "playwright")
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Without these a browser asks its maker's hosts for updates; the tests allow no foreign request.
ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def launch_options() -> dict[str, Any]:
    """Options that start a Chromium: playwright's own download, or else the system's.

    Raises:
        LookupError: none starts.
    """
    installed = [path for name in SYSTEM_BROWSERS if (path := shutil.which(name))]
    for choice in [{}, *({"executable_path": path} for path in installed)]:
        options: dict[str, Any] = {"args": ARGUMENTS, **choice}
        if starts(options):
            return options
    raise LookupError("no Chromium starts; `python -m tests.browser` installs one")


def starts(options: dict[str, Any]) -> bool:
    """Whether a browser starts with these options."""
    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(**options).close()
    except Exception:  # playwright raises a bare Exception where its driver cannot start
        return False
    return True


def install() -> None:
    """Download playwright's Chromium; where that cannot be had, take the distribution's."""
    sudo = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
    if run(*PLAYWRIGHT, "install", "chromium") and (
        starts({"args": ARGUMENTS}) or run(*sudo, *PLAYWRIGHT, "install-deps", "chromium")
    ):
        return
    # libatomic1: the Node inside playwright needs it, and slim images do not have it.
    packages.install("chromium", "libatomic1", "fonts-noto-cjk")


if __name__ == "__main__":
    try:
        launch_options()
    except LookupError:
        install()
        launch_options()

"""The Chromium that the browser tests drive. `python -m tests.browser` makes sure of one."""

import os
import shutil
import sys
from typing import Any

from playwright.sync_api import sync_playwright

from tests import packages
from tests.packages import run

PLAYWRIGHT = (sys.executable, "-m", "playwright")
# Chromium without a window takes a third less of the processor than one with a hidden window.
SHELL = "chromium-headless-shell"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Without these a browser asks its maker's hosts for updates; the tests allow no foreign request.
ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def launch_options(headless: bool = True) -> dict[str, Any]:
    """Options that start a Chromium: playwright's own download, or else the system's.

    Raises:
        LookupError: none starts.
    """
    return first_of((SHELL, *BROWSERS) if headless else BROWSERS, headless)


def first_of(names: tuple[str, ...], headless: bool = True) -> dict[str, Any]:
    """Options that start playwright's own Chromium, or else the first that does of some names.

    Raises:
        LookupError: none starts.
    """
    installed = [path for name in names if (path := shutil.which(name))]
    for choice in [{}, *({"executable_path": path} for path in installed)]:
        options: dict[str, Any] = {"args": ARGUMENTS, "headless": headless, **choice}
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
    if run(*PLAYWRIGHT, "install", "--only-shell", "chromium") and (
        starts({"args": ARGUMENTS}) or run(*sudo, *PLAYWRIGHT, "install-deps", SHELL)
    ):
        return
    # libatomic1: the Node inside playwright needs it, and slim images do not have it.
    others = ("libatomic1", "fonts-noto-cjk")
    if not packages.install(SHELL, *others):
        packages.install("chromium", *others)


if __name__ == "__main__":
    try:
        first_of((SHELL,))
    except LookupError:
        install()
        launch_options()

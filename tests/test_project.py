"""What the project promises about itself: its layers, its threads, what it ships."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from app import __version__
from app.web.files import VENDOR

ROOT = Path(__file__).parent.parent
# Each part may import those named, and itself.
MAY_IMPORT: dict[str, set[str]] = {
    "engine": set(),
    "drawing": {"engine"},
    "sessions": {"engine", "drawing", "settings"},
    "api": {"engine", "drawing", "sessions", "datasets", "addresses", "settings"},
    "lessons": {"engine", "drawing", "sessions", "api"},
    "web": {"api", "sessions", "addresses", "settings"},
}
WEB = {"fastapi", "starlette", "uvicorn", "pydantic", "jinja2", "orjson"}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_each_part_knows_only_what_is_to_its_left(part: str) -> None:
    for path in (ROOT / "app" / part).rglob("*.py"):
        imports = set(re.findall(r"^\s*from app\.(\w+)", path.read_text("utf-8"), re.MULTILINE))
        assert imports <= MAY_IMPORT[part] | {part}, path


def rooms(folder: str) -> list[tuple[str, list[str]]]:
    """The rooms of a folder in their order, as `docs/architecture.md` has them."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(rf"^\| {folder} \| (\w+) \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE)
    picture = re.search(rf"^    {folder}: +(.*)$", text, re.MULTILINE)
    assert picture is not None
    assert picture[1].split("  <-  ") == [name for name, _ in rows]
    return [(name, re.findall(r"`(\w+)`", modules)) for name, modules in rows]


def placed(folder: str) -> dict[str, int]:
    """The number of the room of each module or package, by its dotted name within the folder."""
    found: dict[str, int] = {}
    for number, (room, modules) in enumerate(rooms(folder)):
        own = ROOT / "app" / folder / room
        for module in modules:
            inside = (own / module).is_dir() or (own / f"{module}.py").is_file()
            name = f"{room}.{module}" if inside else module
            assert name not in found
            found[name] = number
    return found


def known_in(folder: str, text: str, places: Iterable[str]) -> Iterator[str]:
    """The modules of a folder that a text imports, by their dotted names within it."""
    names = re.findall(rf"^\s*from app\.{folder}([.\w]*) import ([^\n(]+|\([^)]*\))", text, re.M)
    for inside, imported in names:
        whole = inside.removeprefix(".")
        both = [f"{whole}.{name}".removeprefix(".") for name in re.findall(r"\w+", imported)]
        known = [
            place
            for place in places
            if any(f"{name}.".startswith(f"{place}.") for name in [whole, *both])
        ]
        assert known, (inside, imported)
        yield from known


@pytest.mark.parametrize("folder", ["engine", "drawing", "sessions"])
def test_the_picture_of_the_rooms_agrees_with_the_imports(folder: str) -> None:
    root = ROOT / "app" / folder
    room = placed(folder)
    seen: set[str] = set()
    for path in root.rglob("*.py"):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        own = [place for place in room if f"{name}.".startswith(f"{place}.")]
        if path.name == "__init__.py" and not own:
            continue
        assert len(own) == 1, path
        seen.update(own)
        for known in known_in(folder, path.read_text("utf-8"), room):
            assert room[known] <= room[own[0]], (own[0], known)
    assert seen == set(room)


def test_the_engine_needs_numpy_and_nothing_of_the_web() -> None:
    code = (
        "import pathlib, sys\n"
        "import app.engine\n"
        "for path in pathlib.Path(app.engine.__path__[0]).glob('*.py'):\n"
        "    __import__(f'app.engine.{path.stem}')\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )

    loaded = set(python(code))

    assert "numpy" in loaded
    assert not loaded & (WEB | {"ziamath", "safetensors"})


def test_numpy_is_loaded_with_one_blas_thread() -> None:
    code = (
        "import app, os; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    )

    assert python(code) == ["1", "1"]


def test_whoever_sets_the_number_of_threads_is_obeyed() -> None:
    code = (
        "import app, os; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    )

    assert python(code, OPENBLAS_NUM_THREADS="2") == ["2", "1"]


def test_the_page_computes_no_gradient() -> None:
    for path in (ROOT / "static/js").rglob("*.js"):
        # The wheel zooms exponentially; no other number needs these.
        functions = re.findall(r"Math\.(?:exp|tanh|log)\b", path.read_text("utf-8"))
        assert path.name == "gestures.js" or functions == [], path


def test_the_page_and_its_styles_name_no_other_host() -> None:
    for path in [*(ROOT / "static/js").rglob("*.js"), *(ROOT / "static/css").glob("*.css")]:
        addresses = re.findall(r"https?://[^\s\"'`)]+", path.read_text("utf-8"))
        # A namespace is a name, never fetched.
        assert {a for a in addresses if not a.startswith("http://www.w3.org/")} == set(), path


def test_nothing_of_others_is_in_git() -> None:
    command = ["git", "check-ignore", "static/vendor/lit-html/index.js", "static/built/main.js"]
    command.append("app/data/mnist.npy")
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")

    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ignored.stdout.split() == command[2:]


def test_each_library_comes_with_its_licence() -> None:
    vendored = json.loads((ROOT / "package.json").read_text())["vendor"]

    assert vendored
    for package, files in vendored.items():
        assert all((VENDOR / package / name).is_file() for name in files)
        assert list((VENDOR / package).glob("LICENSE*"))


def test_the_lock_file_pins_every_package_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())

    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert name == "" or package["integrity"].startswith("sha512-")


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["version"] == __version__


def test_the_map_of_folders_has_them_all() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    parts = [path.parent for path in (ROOT / "app").glob("*/__init__.py")]
    folders = [*parts, *(ROOT / name for name in ("benchmarks", "static", "templates", "tests"))]

    assert len(folders) > 8
    for folder in folders:
        assert f"`{folder.relative_to(ROOT).as_posix()}/`" in text


def test_every_module_that_the_architecture_page_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]+\.(?:py|js))`", text))
    files = [path.as_posix() for top in ("app", "static/js") for path in (ROOT / top).rglob("*.*s")]
    files += [path.as_posix() for path in (ROOT / "app").rglob("*.py")]

    assert len(named) > 40
    assert sorted(n for n in named if not any(f.endswith(f"/{n}") for f in files)) == []


def test_a_docstring_names_no_attribute_or_argument_that_there_is_not() -> None:
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                documented = documented_names(node, "Attributes")
                # Fields and methods of the class, and what its methods set on themselves.
                there = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
                there |= {
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                }
                there |= {
                    one.attr
                    for one in ast.walk(node)
                    if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
                }
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                documented = documented_names(node, "Args")
                there = {name.arg for name in ast.walk(node.args) if isinstance(name, ast.arg)}
            else:
                continue
            assert documented <= there, f"{path}: {node.name}"


def documented_names(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, section: str
) -> set[str]:
    """The names that a section of a docstring begins its lines with."""
    text = ast.get_docstring(node) or ""
    found = re.search(rf"^{section}:\n((?: +.*\n?|\n)+)", text, re.MULTILINE)
    lines = re.findall(r"^ {4}(\w+(?:, \w+)*):", found[1], re.MULTILINE) if found else []
    return {name for line in lines for name in line.split(", ")}


def python(code: str, **environment: str) -> list[str]:
    """The words that a fresh Python prints, with no number of threads set but those given."""
    inherited = {key: value for key, value in os.environ.items() if "NUM_THREADS" not in key}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()

"""PyTorch's answers, which lie beside the repository and are not part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.engine.spec import LayerSpec, NetworkSpec

FOLDER = Path(__file__).parent.parent.parent / "shared" / "reference"
MISSING = "PyTorch's answers are not here (../shared/reference)"


def _names(start: str) -> list[str]:
    return sorted(
        p.stem for p in FOLDER.glob("*.json") if p.stem.startswith("trajectory_") == bool(start)
    )


def passes() -> list[Any]:
    """Names of single passes, or one that is skipped where the folder is absent."""
    return _names("") or [pytest.param("", marks=pytest.mark.skip(reason=MISSING))]


def trajectories() -> list[Any]:
    """Names of training runs, or one that is skipped where the folder is absent."""
    return _names("trajectory_") or [pytest.param("", marks=pytest.mark.skip(reason=MISSING))]


def published() -> list[Any]:
    """Names of worked examples that were published, or one that is skipped without the folder."""
    names = sorted(p.stem for p in (FOLDER / "public").glob("*.json"))
    return names or [pytest.param("", marks=pytest.mark.skip(reason=MISSING))]


def load_published(name: str) -> dict[str, Any]:
    """One of them: ``request`` as the API takes it, ``expected`` and ``tolerance``."""
    case: dict[str, Any] = json.loads((FOLDER / "public" / f"{name}.json").read_text())
    return case


def load(name: str) -> dict[str, Any]:
    """One file of answers."""
    case: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return case


def network_of(case: dict[str, Any]) -> NetworkSpec:
    """The network that the answers are for."""
    network = case["network"]
    layers = [
        LayerSpec(entry["type"], entry["name"], entry.get("units")) for entry in network["layers"]
    ]
    return NetworkSpec.build(network["input_size"], layers, network["loss"]["type"])

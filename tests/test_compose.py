"""The containers of a course are started with options that there are, and hold no secret."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app import __main__, worker
from app.settings import PREFIX

COMPOSE = Path(__file__).parent.parent / "compose.yaml"
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]


@pytest.mark.parametrize("name", ["replica-1", "replica-2", "worker-1", "worker-2"])
def test_a_container_has_options_that_there_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES[name]
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value.replace("${EXPLORER_HOSTS:-localhost}", "localhost"))
    program, *arguments = service["command"]
    assert program == "backprop-explorer"
    if name.startswith("worker"):
        options = worker._parse(arguments[1:])
        assert arguments[0] == "worker"
    else:
        options = __main__._parse(arguments)
        assert options.allowed_hosts == ("localhost",)
    assert options.store_file == Path("/run/secrets/store")
    known = {PREFIX + option.upper() for option in vars(options)}
    assert set(service["environment"]) <= known


def test_there_are_two_of_each_and_a_database_and_a_balancer() -> None:
    assert set(SERVICES) == {
        "db", "replica-1", "replica-2", "worker-1", "worker-2", "balancer",
    }  # fmt: skip

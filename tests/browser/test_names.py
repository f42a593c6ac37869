"""Layers whose names every object of JavaScript has a property of."""

from typing import Any

import pytest
from playwright.sync_api import Page

NAMES = ["constructor", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf"]
TYPES = ["affine", "relu", "affine", "sigmoid", "affine"]
BODY: dict[str, Any] = {
    "network": {
        "input_size": 2,
        "layers": [
            {"type": type, "name": name} | ({"units": 3} if type == "affine" else {})
            for type, name in zip(TYPES, NAMES, strict=True)
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "x": [[0.5, -1.0], [1.0, 0.25]],
    "t": [0, 2],
}


@pytest.fixture
def session(page: Page, server: str) -> str:
    """A session of layers that are called so."""
    answer = page.request.post(f"{server}/api/v1/sessions", data=BODY)
    assert answer.ok, answer.text()
    session: str = answer.json()["id"]
    return session


@pytest.mark.parametrize("level", ["network", "layer", "op", "element"])
def test_a_layer_may_be_called_as_what_every_object_has(
    explorer: Any, session: str, level: str
) -> None:
    explorer.open(f"?session={session}&level={level}&loss=opened")
    explorer.page.keyboard.press("End")
    explorer.settle()

    text = explorer.page.inner_text("body") + explorer.page.inner_text("#figure")
    assert "native code" not in text
    assert "[object" not in text
    if level == "layer":
        assert all(name in text for name in NAMES)
    events = len(explorer.page.request.get(
        f"{explorer.server}/api/v1/sessions/{session}/trace?level={level}&loss=opened"
    ).json()["events"])  # fmt: skip
    assert explorer.slider() == events


def test_such_layers_are_opened_and_explained(explorer: Any, session: str) -> None:
    explorer.open(f"?session={session}&level=layer&open={','.join(NAMES)}")
    explorer.page.keyboard.press("End")
    explorer.settle()

    shown = explorer.figure()
    assert {"constructor.W", "toString.output", "hasOwnProperty.output"} <= shown.keys()
    explorer.page.locator('#figure [data-key="constructor.W.grad"] [data-full]').first.click()
    explorer.page.wait_for_selector("#side >> text=/constructor|∂L/")
    assert "native code" not in explorer.page.inner_text("body")


def test_a_language_that_every_object_has_is_none(explorer: Any) -> None:
    explorer.open("?lang=constructor")

    assert explorer.page.get_attribute("html", "lang") == "en"

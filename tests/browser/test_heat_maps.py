"""The pictures of large tensors: all of them there, in one request, and as exact as the numbers."""

import json
import math
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.own_tab

# 42 heat maps at level op: more than the page once kept.
WIDTH = 64
EMPTY = """[...document.querySelectorAll("#figure image.heat")]
  .filter((image) => !image.getAttribute("href")).length"""
SHOWN = 'document.querySelectorAll("#figure image.heat").length'


def wide(**network: Any) -> dict[str, Any]:
    """A network of four wide layers with as many samples."""
    layer = [{"type": "affine", "units": WIDTH}, {"type": "relu"}]
    return {
        "network": {
            "input_size": WIDTH,
            "layers": [part for _ in range(4) for part in layer][:-1],
            "loss": {"type": "softmax_cross_entropy"},
            **network,
        },
        "x": [[math.sin(i * WIDTH + j) for j in range(WIDTH)] for i in range(WIDTH)],
        "t": list(range(WIDTH)),
        "seed": 1,
    }


def own(page: Page, session: dict[str, Any]) -> None:
    """Let the browser have the edit token of a session that it did not make."""
    kept = [{
        "id": session["id"], "token": session["edit_token"], "preset": session["preset"],
        "version": session["version"], "changed": 0,
    }]  # fmt: skip
    page.add_init_script(
        f"localStorage.setItem('backprop-explorer.own', {json.dumps(json.dumps(kept))})"
    )


def open_own(explorer: Any, body: dict[str, Any], search: str) -> list[str]:
    """Make a session, open it as its owner, and note the requests for tensors."""
    page = explorer.page
    made = page.request.post(f"{explorer.server}/api/v1/sessions", data=body)
    assert made.ok, made.text()
    session = made.json()
    explorer.id, explorer.token = session["id"], session["edit_token"]
    own(page, session)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tensors" in request.url
            else None)  # fmt: skip
    explorer.open(f"?session={explorer.id}&{search}")
    return asked


def all_pictured(explorer: Any, most: int) -> None:
    explorer.settle()
    explorer.until(f"{SHOWN} >= {most} && {EMPTY} === 0")


def test_every_heat_map_is_there_at_every_level_after_edits_and_after_going_back(
    explorer: Any,
) -> None:
    asked = open_own(explorer, wide(), "level=op&loss=closed&at=99")
    all_pictured(explorer, 40)
    # All that are due come together.
    assert len(asked) == 1
    page = explorer.page
    for level, most in (("layer", 30), ("network", 16), ("op", 40)):
        page.select_option("#level", level)
        explorer.until(f"location.search.includes('level={level}')")
        all_pictured(explorer, most)
    page.click("#tab-data")
    for number in (0.5, 0.25, -0.5):
        explorer.type("affine2.b", "3", str(number))
        explorer.until(f"!{SHOWN.replace('length', 'item(0)')}.closest('.stale')")
        all_pictured(explorer, 40)
        version = explorer.get("")["data_version"]
        assert explorer.get("/trace?max_cells=0")["data_version"] == version
    explorer.page.click("#figure")
    for _ in range(3):
        explorer.press("Home")
        explorer.until(f"{EMPTY} > 20")
        explorer.press("End")
        all_pictured(explorer, 40)
    assert len(asked) <= 8


def test_heat_maps_show_the_numbers_of_the_newest_edit(explorer: Any) -> None:
    open_own(explorer, wide(), "level=op&loss=closed&at=99")
    explorer.page.click("#tab-data")
    picture = '[data-key="affine1.output"] image.heat'
    for number in (1e3, -1e3):
        explorer.type("affine1.b", "0", str(number))
        explorer.settle()
        all_pictured(explorer, 40)
        shown = explorer.page.get_attribute(picture, "href")
        low, high = explorer.ranges()["affine1.output"]
        cells = explorer.get("/tensors/affine1.output")["value"]
        assert (low, high) == (min(map(min, cells)), max(map(max, cells)))
        # The first column is the one that the edit moved; its shade is the darkest.
        first = explorer.page.evaluate(
            """async (address) => {
              const image = new Image();
              image.src = address;
              await image.decode();
              const canvas = document.createElement("canvas");
              [canvas.width, canvas.height] = [image.width, image.height];
              const context = canvas.getContext("2d", { willReadFrequently: true });
              context.drawImage(image, 0, 0);
              return [[0, 0], [5, 5]].map(([x, y]) => context.getImageData(x, y, 1, 1).data.join());
            }""",
            shown,
        )
        assert first[0] != first[1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_large_tensor_that_overflows_says_so(explorer: Any, dtype: str) -> None:
    huge = 1e305 if dtype == "float64" else 1e37
    parameters = {
        name: [[huge] * WIDTH] * WIDTH if name.endswith("W") else [0] * WIDTH
        for number in range(1, 5)
        for name in (f"affine{number}.W", f"affine{number}.b")
    }
    body = wide(dtype=dtype) | {"parameters": parameters, "x": [[1e5] * WIDTH] * WIDTH}
    open_own(explorer, body, "level=op&loss=closed&at=99")
    all_pictured(explorer, 40)
    told = explorer.get("/trace?max_cells=0&level=op")
    values = {key: value for event in told["events"] for key, value in event["values"].items()}
    infinite, undefined = values["affine1.output"], values["affine4.W.grad"]
    assert infinite["max"] == "Infinity"
    assert undefined["min"] == "NaN"
    ranges = explorer.ranges()
    assert ranges["affine1.output"][1] == math.inf
    assert math.isnan(ranges["affine4.W.grad"][0])


def test_a_square_input_of_thousands_of_cells_is_seen_as_a_picture(explorer: Any) -> None:
    side = 56
    body = {
        "network": {
            "input_size": side * side,
            "layers": [{"type": "affine", "units": 3}],
            "loss": {"type": "softmax_cross_entropy"},
        },
        "x": [[(i % side) / side for i in range(side * side)]],
        "t": [1],
    }
    open_own(explorer, body, "level=network&loss=closed&at=0")
    explorer.until('document.querySelector(".node image.heat")?.getAttribute("href")')

"""Lines of one's own are trained by a run on the page: watched, opened, and with their board."""

from typing import Any

import numpy as np

ROWS = 12
_random = np.random.default_rng(3)
REGRESSION = {
    "code": "h = np.maximum(X @ W + b, 0)\nL = np.mean((h @ v - T) ** 2)",
    "values": {
        "X": _random.normal(size=(ROWS, 2)).round(2).tolist(),
        "W": _random.normal(size=(2, 3)).round(2).tolist(),
        "b": [0.0, 0.0, 0.0],
        "v": _random.normal(size=3).round(2).tolist(),
        "T": _random.normal(size=ROWS).round(2).tolist(),
    },
}
WHOLE = {"code": "L = (w - 3) ** 2", "values": {"w": 1.0}}


def test_a_program_is_trained_in_mini_batches_and_a_step_of_it_opened(
    explorer: Any, learning: Any
) -> None:
    page = learning(REGRESSION)
    assert "X and T" in page.inner_text("#learn-samples")
    # Who says nothing learns from all, as by single steps.
    assert page.input_value("#learn-batch") == str(ROWS)
    page.fill("#learn-batch", "5")
    page.fill("#learn-steps", "60")
    page.click("#learn-run")
    explorer.until(lambda: page.inner_text("#learn-state").startswith("Finished"))
    page.wait_for_selector(".u-over")
    assert page.locator(".layers tbody th").all_inner_texts() == ["h", "L"]

    page.fill("#learn-open", "30")
    page.click("#learn-open-step")
    page.wait_for_selector("#learn-all")
    now = explorer.get("")
    assert (now["opened"]["step"], len(now["parameters"]["X"])) == (30, 2)
    explorer.settle()
    assert explorer.numbers("X") == np.ravel(now["parameters"]["X"]).tolist()
    run = explorer.get("/runs")["runs"][0]
    history = explorer.get(f"/runs/{run['id']}/history")
    assert np.float32(now["loss"]) == np.float32(history["loss"][history["step"].index(30)])
    page.click("#learn-all")
    page.wait_for_selector("#learn-all", state="detached")
    assert len(explorer.get("")["parameters"]["X"]) == ROWS


def test_one_whole_has_no_batch_size(explorer: Any, learning: Any) -> None:
    page = learning(WHOLE)
    assert "every step learns from all of it" in page.inner_text("#learn-samples")
    assert page.locator("#learn-batch").count() == 0
    page.fill("#learn-steps", "40")
    page.click("#learn-run")
    explorer.until(lambda: page.inner_text("#learn-state").startswith("Finished"))
    assert abs(explorer.get("")["parameters"]["w"] - 3) < 0.01

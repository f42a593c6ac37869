"""What is looked at while a network learns: trouble under its name, the plane, digits, two runs."""

from typing import Any

import numpy as np

LAYERS = [{"type": "affine", "units": 8}, {"type": "relu"}, {"type": "affine", "units": 2}]
NETWORK = {"input_size": 2, "layers": LAYERS, "loss": {"type": "softmax_cross_entropy"}}
MOONS = {"network": NETWORK, "data": {"dataset": "moons", "samples": 100, "noise": 0.1}}
DIGITS = {
    "network": {
        **NETWORK,
        "input_size": 784,
        "layers": [
            {"type": "affine", "units": 20},
            {"type": "relu"},
            {"type": "affine", "units": 10},
        ],
    },
    "data": {"dataset": "mnist", "batch_size": 100},
}
# A pixel of the picture in the middle of each of n x n cells, as red, green and blue.
PIXELS = """([selector, n]) => {
  const canvas = document.querySelector(selector), copy = document.createElement("canvas");
  copy.width = copy.height = n;
  // Without smoothing a cell of the copy is the pixel in its middle.
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.imageSmoothingEnabled = false;
  pen.drawImage(canvas, 0, 0, n, n);
  const { data } = pen.getImageData(0, 0, n, n);
  return Array.from({ length: n * n }, (_, i) => [...data.slice(4 * i, 4 * i + 3)]);
}"""


def train(explorer: Any, steps: str, rate: str) -> None:
    page = explorer.page
    page.fill("#learn-rate", rate)
    page.fill("#learn-steps", steps)
    page.click("#learn-run")
    finished(explorer, 1)


def finished(explorer: Any, count: int) -> list[Any]:
    """The runs, once there are so many and all are over, on the page too."""
    runs: list[Any] = []

    def over() -> bool:
        runs[:] = explorer.get("/runs")["runs"]
        text = explorer.page.query_selector("#learn-state")
        is_told = text is not None and text.inner_text().startswith("Finished")
        return len(runs) == count and all(r["state"] == "finished" for r in runs) and is_told

    explorer.until(over)
    return runs


def test_a_rate_too_high_is_named_and_two_presses_lead_to_its_number(explorer: Any) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    page.click("#tab-learn")
    page.wait_for_selector("#health-well")
    train(explorer, "60", "40")
    page.wait_for_selector("[data-alarm=rate_high]")
    assert "learning rate is too high" in page.inner_text("[data-alarm=rate_high]")
    page.focus("[data-alarm=rate_high] button")
    explorer.press("Enter")
    page.wait_for_selector("#panel .chosen output")
    now = explorer.get("")
    assert now["opened"]["run"] == explorer.get("/runs")["runs"][0]["id"]
    name = page.inner_text("#panel .chosen .facts code")
    assert name.endswith(".W.change")
    shown = float(page.get_attribute("#panel .chosen output", "data-full") or "nan")
    changes = np.array(explorer.get(f"/tensors/{name}?update=true")["value"])
    assert abs(shown) == np.abs(changes).max()
    # The rate stands in the derivation.
    assert "40" in page.inner_text("#panel .chosen .terms")


def test_the_layers_the_plane_and_two_runs(explorer: Any, learning: Any) -> None:
    page = learning(MOONS)
    page.wait_for_selector(".plane canvas")
    # What comes later leaves the bar above the figure as it was.
    assert page.locator("#toolbar").bounding_box()["height"] < 60
    train(explorer, "200", "0.5")

    def told() -> Any:
        rows = page.locator(".layers tbody tr").all_inner_texts()
        return [row.split()[0] for row in rows]

    assert told() == ["Affine", "ReLU", "Affine"]
    assert page.locator(".log-scale circle, .log-scale rect, .log-scale path").count() == 8

    regions = explorer.get("/regions?size=60")
    sure = np.flatnonzero(np.array(regions["certainty"]) > 0.9)

    def is_painted() -> bool:
        pixels = np.array(page.evaluate(PIXELS, [".plane canvas", 60]))[sure]
        blue = pixels[:, 2] > pixels[:, 0]
        # Points and rings stand before their ground.
        return bool(np.mean(blue == (np.array(regions["classes"])[sure] == 0)) > 0.95)

    explorer.until(is_painted)
    assert "mini-batch" in page.inner_text(".classes-legend")
    page.click("#large-plane")
    page.wait_for_selector("#large .plane canvas")
    assert page.locator("#panel .plane").count() == 0
    explorer.press("Escape")
    page.wait_for_selector("#panel .plane canvas")
    assert page.evaluate("document.activeElement.id") == "large-plane"

    page.click("#again-less")
    one, other = finished(explorer, 2)
    assert (one["optimizer"]["learning_rate"], other["optimizer"]["learning_rate"]) == (0.5, 0.05)
    first, second = (explorer.get(f"/runs/{run['id']}/history") for run in (one, other))
    # From the same start with the same mini-batches, and with all else that was asked for.
    others = ("steps", "seed", "batch_size", "schedule", "evaluate_every", "stop")
    assert [one[key] for key in others] == [other[key] for key in others]
    assert first["loss"][0] == second["loss"][0]
    assert first["loss"][-1] != second["loss"][-1]
    page.wait_for_selector("#compare-first")
    names = [
        page.locator(f"#compare-{which} option:checked").inner_text()
        for which in ("first", "second")
    ]
    assert ["rate 0.5" in names[0], "rate 0.05" in names[1]] == [True, True]
    legend = page.locator(".look:last-child .u-legend").inner_text()
    assert all(name in legend for name in names)
    page.select_option("#compare-what", "accuracy")
    page.select_option("#compare-second", one["id"])
    explorer.until(
        lambda: "rate 0.05" in page.locator("#compare-first option:checked").inner_text()
    )

    for language in ("en", "ko", "ja"):
        page.select_option("#language", language)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_digit_that_it_gets_wrong_opens_in_the_figure_and_back_leads_to_the_training(
    explorer: Any,
    learning: Any,
) -> None:
    page = learning(DIGITS)
    trained, told = explorer.id, explorer.get("/doubtful")
    page.wait_for_selector(".doubt")
    rows = [int(one.get_attribute("data-row")) for one in page.locator(".doubt").all()]
    assert rows == [one["row"] for one in told["digits"]]
    assert f"{told['wrong']:,}" in page.inner_text(".look:has(.doubt)")
    page.wait_for_selector(".pictures:not(.digits) img")
    pictures = page.locator(".pictures:not(.digits) img")
    assert pictures.count() == 20
    assert len(set(pictures.evaluate_all("all => all.map((one) => one.src)"))) == 20
    page.locator(".doubt").nth(2).click()
    explorer.until(lambda: explorer.id != trained)
    explorer.until(lambda: explorer.get("")["source"] == {
        "dataset": "mnist", "split": "test", "rows": [rows[2]]
    })  # fmt: skip
    weights = explorer.get("/tensors/affine2.b")["value"]
    page.go_back()
    explorer.until(f"location.search.includes('{trained}')")
    explorer.id = trained
    assert explorer.get("/tensors/affine2.b")["value"] == weights
    assert explorer.get("/layers?max_cells=0")["layers"][0]["input_shape"] == [100, 784]


def test_the_words_of_what_is_drawn_keep_their_size_and_no_column_is_out_of_sight(
    explorer: Any,
    learning: Any,
) -> None:
    page = learning(MOONS)
    grown = """() => [...document.querySelectorAll(".log-scale")].map(
      (one) => one.getBoundingClientRect().width / one.viewBox.baseVal.width)"""
    for width, height in ((1440, 900), (820, 1180), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for language in ("en", "ko", "ja"):
            page.select_option("#language", language)
            page.wait_for_selector(f"html[lang={language}]")
            page.wait_for_selector("#panel .log-scale")
            assert page.locator("#panel .board scroll-box[role=region]").count() == 0
            (scale,) = page.evaluate(grown)
            assert 0.85 < scale <= 1
            page.click("#large-health")
            page.wait_for_selector("#large .log-scale")
            (scale,) = page.evaluate(grown)
            assert 0.85 < scale <= 1
            explorer.press("Escape")


def test_a_curve_tells_its_last_numbers_and_those_of_the_step_that_is_pointed_at(
    explorer: Any,
    learning: Any,
) -> None:
    page = learning(DIGITS)
    train(explorer, "200", "0.1")
    history = explorer.get(f"/runs/{explorer.get('/runs')['runs'][0]['id']}/history")
    page.wait_for_selector(".u-over")

    def told() -> list[str]:
        found: list[str] = page.locator("#panel .curve .u-value").all_inner_texts()
        return found

    def at(step: int) -> list[str]:
        """Held-out samples are looked at now and then: as they were then."""
        place = history["step"].index(step)
        names = ("loss", "test_loss", "accuracy", "test_accuracy")
        cells = [[x for x in history[name][: place + 1] if x is not None] for name in names]
        return [f"{step:,}", *(f"{column[-1]:.4g}" if column else "" for column in cells)]

    def same(one: list[str], other: list[str]) -> bool:
        return [text and float(text) for text in one] == [text and float(text) for text in other]

    explorer.until(lambda: same(told(), at(200)))
    assert at(200)[4] != ""
    share = history["test_accuracy"][-1]
    assert f"Test accuracy {100 * share:.1f}".rstrip("0") in page.inner_text("#learn-state")
    curve = page.locator("#panel .curve .u-over")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    explorer.until(lambda: told()[0] != "200")
    pointed = int(told()[0])
    assert 95 < pointed < 105
    assert same(told(), at(pointed))
    page.mouse.move(0, 0)
    explorer.until(lambda: same(told(), at(200)))


def test_a_run_again_is_asked_for_with_all_that_the_first_was(explorer: Any, learning: Any) -> None:
    page = learning(MOONS)
    asked = {
        "optimizer": {"type": "momentum", "learning_rate": 0.1, "momentum": 0.5},
        "batch_size": 10, "steps": 40, "seed": 3, "evaluate_every": 7,
        "schedule": {"type": "step", "every": 9, "factor": 0.5},
        "stop": {"loss_below": 1e-9, "patience": 30},
    }  # fmt: skip
    start_run(explorer, asked)
    finished(explorer, 1)
    page.click("#again-more")
    run = finished(explorer, 2)[1]
    expected = asked | {"optimizer": {"type": "momentum", "learning_rate": 1, "momentum": 0.5}}
    assert {key: run[key] for key in asked} == expected
    # Mini-batches that were given by their rows cannot be drawn again.
    start_run(explorer, {"batches": [[0, 1], [2, 3]]})
    finished(explorer, 3)
    page.wait_for_selector("#again-more", state="detached")


def start_run(explorer: Any, body: dict[str, Any]) -> None:
    """A run that REST begins; the page hears of it."""
    answer = explorer.page.request.post(
        f"{explorer.server}/api/v1/sessions/{explorer.id}/runs",
        data=body,
        headers={"Authorization": f"Bearer {explorer.token}"},
    )
    assert answer.ok, answer.text()

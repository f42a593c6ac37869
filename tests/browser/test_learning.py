"""Learning on the page: a run is started, watched, stopped, and any step of it is opened."""

from typing import Any

import numpy as np
import pytest


def begin(explorer: Any, steps: str = "300", search: str = "?preset=two-layer&lang=en") -> Any:
    explorer.open(search)
    page = explorer.page
    page.click("#tab-learn")
    page.fill("#learn-steps", steps)
    page.click("#learn-run")
    return page


def state(explorer: Any) -> str:
    text: str = explorer.page.inner_text("#learn-state")
    return text.split(" ·")[0]


def run_of(explorer: Any) -> Any:
    """The last run, once there is one."""
    explorer.until(lambda: explorer.get("/runs")["runs"])
    return explorer.get("/runs")["runs"][-1]


def numbers(explorer: Any, key: str) -> list[float]:
    explorer.settle()
    found: list[float] = explorer.numbers(key)
    return found


def test_a_run_is_watched_to_its_end_and_a_step_of_it_opened(explorer: Any) -> None:
    page = begin(explorer)
    explorer.until(lambda: state(explorer) == "Finished")
    page.wait_for_selector(".u-over")
    run = run_of(explorer)
    history = explorer.get(f"/runs/{run['id']}/history")
    learned = explorer.get("")["parameters"]["affine1.W"]
    explorer.until(lambda: numbers(explorer, "affine1.W") == np.ravel(learned).tolist())

    page.fill("#learn-open", "137")
    page.click("#learn-open-step")
    page.wait_for_selector("#learn-all")
    now = explorer.get("")
    assert (run["step"], run["state"]) == (300, "finished")
    assert now["opened"] == {"run": run["id"], "step": 137, "last": 300, "unchanged": True}
    place = history["step"].index(137)
    assert np.float32(now["loss"]) == np.float32(history["loss"][place])
    assert numbers(explorer, "affine1.W") == np.ravel(now["parameters"]["affine1.W"]).tolist()
    walk_along_the_run(explorer, history)

    page.click("#learn-all")
    page.wait_for_selector("#learn-all", state="detached")
    assert explorer.get("")["parameters"]["affine1.W"] == learned


def walk_along_the_run(explorer: Any, history: Any) -> None:
    """From step 137 to its update, into step 138, and back over two mini-batches."""
    page = explorer.page

    def step() -> int:
        found: int = explorer.get("")["opened"]["step"]
        return found

    def cross(button: str, to: int) -> Any:
        page.click(button)
        explorer.until(lambda: step() == to)
        explorer.settle()
        now = explorer.get("?max_cells=50000")
        assert np.float32(now["loss"]) == np.float32(history["loss"][history["step"].index(to)])
        assert numbers(explorer, "affine1.W") == np.ravel(now["parameters"]["affine1.W"]).tolist()
        return {key: now[key] for key in ("parameters", "x", "t", "opened")}

    page.click("#next")
    assert explorer.slider() == 1
    seen = {137: {**{key: explorer.get("?max_cells=50000")[key] for key in ("parameters", "x")}}}
    page.locator("#choose").focus()
    explorer.press("End")
    new = explorer.get("/tensors/affine1.W.new?update=true")["value"]
    seen[138] = cross("#next", 138)
    assert explorer.slider() == 0
    assert seen[138]["parameters"]["affine1.W"] == new
    assert "Learning step 138" in page.title()
    assert cross("#back", 137).items() >= seen[137].items()
    assert explorer.slider() == int(page.get_attribute("#slider", "max") or 0)
    page.locator("#choose").focus()
    explorer.press("Home")
    seen[136] = cross("#back", 136)
    cross("#next", 137)
    explorer.press("End")
    assert cross("#next", 138) == seen[138]
    # The last step of the run is its end.
    page.fill("#learn-open", "300")
    page.click("#learn-open-step")
    explorer.until(lambda: step() == 300)
    explorer.settle()
    page.locator("#choose").focus()
    explorer.press("End")
    explorer.until(lambda: page.is_disabled("#next"))


def test_a_run_that_ends_before_its_answer_comes_is_shown_as_it_ended(explorer: Any) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page

    def late(route: Any) -> None:
        answer = route.fetch()
        if route.request.method == "POST":
            explorer.until(lambda: run_of(explorer)["state"] == "finished")
            # The page hears of it by its events, and has read the run and its curve.
            page.wait_for_selector(".u-over")
        route.fulfill(response=answer)

    page.route("**/runs", late)
    page.click("#tab-learn")
    page.fill("#learn-steps", "20")
    page.click("#learn-run")
    page.wait_for_selector("#learn-run:enabled")
    assert state(explorer) == "Finished"
    assert page.locator(".u-over").count() > 0
    page.unroute("**/runs")


def test_a_click_on_the_curve_opens_the_step_under_it(explorer: Any) -> None:
    page = begin(explorer)
    explorer.until(lambda: state(explorer) == "Finished")
    curve = page.wait_for_selector(".u-over")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    page.wait_for_selector("#learn-all")
    assert explorer.get("")["opened"]["step"] in range(148, 154)


def test_a_run_is_paused_its_rate_changed_and_stopped(explorer: Any) -> None:
    page = begin(explorer, "1000000")
    explorer.until(lambda: state(explorer) == "Learning")
    page.fill("#learn-rate", "0.025")
    page.press("#learn-rate", "Enter")
    explorer.until(lambda: run_of(explorer)["optimizer"]["learning_rate"] == 0.025)
    # A reload would come back to this run from its very first step on.
    assert explorer.id in page.url
    page.click("#learn-pause")
    page.wait_for_selector("#learn-resume")
    paused = run_of(explorer)
    assert paused["state"] == "paused"
    assert state(explorer) == "Paused"

    page.reload()
    page.wait_for_selector("#learn-resume")
    assert f"{paused['step']:,} of 1,000,000" in page.inner_text("#learn-state")
    page.click("#learn-resume")
    explorer.until(lambda: run_of(explorer)["step"] > paused["step"])
    page.click("#learn-stop")
    page.wait_for_selector("#learn-run")
    assert run_of(explorer)["state"] == "stopped"


def test_learning_by_the_keyboard_alone(explorer: Any) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    page.focus("#tab-explain")
    explorer.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    page.wait_for_selector("#learn-run")
    page.focus("#learn-type")
    explorer.press("ArrowDown")
    page.focus("#learn-steps")
    explorer.press("Control+a")
    page.keyboard.type("50")
    page.focus("#learn-run")
    explorer.press("Enter")
    explorer.until(lambda: page.query_selector("#learn-state") and state(explorer) == "Finished")
    assert run_of(explorer)["optimizer"]["type"] == "momentum"
    page.focus("#learn-open")
    explorer.press("Control+a")
    page.keyboard.type("7")
    explorer.press("Tab", "Enter")
    page.wait_for_selector("#learn-all")
    assert explorer.get("")["opened"]["step"] == 7


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("rate", "0", "Learning rate"),
        ("rate", "fast", "Learning rate"),
        ("batch", "6", "from 1 to 5"),
        ("steps", "1000001", "from 1 to 1,000,000"),
        ("steps", "2.5", "from 1 to 1,000,000"),
        ("seed", "-1", "from 0"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(
    explorer: Any, field: str, text: str, words: str
) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    page.click("#tab-learn")
    page.wait_for_selector("#learn-run")
    page.fill(f"#learn-{field}", text)
    assert words in page.inner_text(".plan .problem")
    assert page.get_attribute(f"#learn-{field}", "aria-invalid") == "true"
    assert page.is_disabled("#learn-run")


def test_a_figure_without_a_loss_says_that_there_is_nothing_to_learn(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27&lang=en")
    explorer.page.click("#tab-learn")
    explorer.until(lambda: "nothing to learn" in explorer.page.inner_text("#panel"))

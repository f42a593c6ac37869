"""What is explained: the event in play through every change of view, and the number asked for."""

from typing import Any

import pytest

PLACES = [
    # step, control, choice, phase, what it makes
    (18, "#level", "element", "backward", "affine1.W.grad"),
    (9, "#level", "element", "backward", "loss.a.3.grad"),
    (9, "#loss-view", "opened", "backward", "affine2.output.grad"),
    (7, "#loss-view", "opened", "loss", "loss"),
    (12, "#level", "layer", "backward", "relu1.output.grad"),
]


@pytest.mark.parametrize(("step", "control", "choice", "phase", "made"), PLACES)
def test_the_event_in_play_stays_in_play_when_the_view_changes(
    explorer: Any, step: int, control: str, choice: str, phase: str, made: str
) -> None:
    explorer.open(f"?preset=two-layer&at={step}")
    said = f"{'level' if control == '#level' else 'loss'}={choice}"
    before = explorer.page.eval_on_selector(control, "(select) => select.value")
    explorer.page.select_option(control, choice)
    explorer.until(f"location.search.includes('{said}')")
    assert explorer.page.locator(f"#step-title .{phase}").count() == 1
    loss = "opened" if choice == "opened" else "closed"
    level = choice if control == "#level" else "op"
    trace = explorer.get(f"/trace?level={level}&loss={loss}")
    assert made in trace["events"][explorer.slider() - 1]["writes"]

    explorer.page.select_option(control, before)
    explorer.until(f"!location.search.includes('{said}')")
    assert explorer.slider() == step

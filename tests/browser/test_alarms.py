"""Every alarm names itself on the page, and its button leads to the number behind it."""

from typing import Any

import pytest

from app.engine.alarms import NAMES
from tests.courses import SICK, Course

# Fewer of a large course, so that it comes in one request.
SAMPLES = 60


def body_of(course: Course) -> dict[str, Any]:
    """The session in which a training can be made."""
    spec, settings = course.spec, course.optimizer.settings()
    layers = [
        {"type": layer.type} | ({"units": layer.units} if layer.units else {})
        for layer in spec.layers
    ]
    return {
        "network": {
            "input_size": spec.input_size,
            "layers": layers,
            "loss": {"type": "softmax_cross_entropy"},
        },
        "parameters": {name: value.tolist() for name, value in course.parameters.items()},
        "x": course.x[:SAMPLES].tolist(),
        "t": course.t[:SAMPLES].tolist(),
        "optimizer": settings,
    }


def alarm_of(explorer: Any, name: str) -> dict[str, Any] | None:
    """What REST tells of it, with the newest run."""
    runs = explorer.get("/runs")["runs"]
    query = f"?run={runs[-1]['id']}" if runs else ""
    alarms = explorer.get(f"/health{query}")["alarms"]
    return next((alarm for alarm in alarms if alarm["name"] == name), None)


@pytest.mark.parametrize("name", NAMES)
def test_two_presses_lead_from_an_alarm_to_the_number_behind_it(
    explorer: Any, learning: Any, name: str
) -> None:
    course = SICK[name](0)
    page = learning(body_of(course))
    if alarm_of(explorer, name) is None:
        # It shows on the way.
        page.fill("#learn-steps", str(course.steps))
        page.fill("#learn-batch", str(course.batch))
        page.click("#learn-run")
        explorer.until(lambda: alarm_of(explorer, name))
    page.wait_for_selector(f"[data-alarm={name}]")
    explorer.until("document.querySelector('#learn-pause') === null")
    page.locator(f"[data-alarm={name}] button").focus()
    explorer.press("Enter")
    page.wait_for_selector("#panel .chosen output")
    explorer.settle()
    # Where the run has been gone back in, its step is at hand by now.
    alarm = alarm_of(explorer, name)
    assert alarm is not None
    key, index = alarm["tensor"], ",".join(map(str, alarm["index"]))
    assert page.inner_text("#panel .chosen .facts code") == key
    told = explorer.get(f"/explain?level=op&update=true&tensor={key}&index={index}")
    shown = page.get_attribute("#panel .chosen output", "data-full")
    assert float(shown or "nan") == pytest.approx(float(told["value"]), nan_ok=True, abs=0, rel=0)
    # Its derivation is there, too.
    assert page.locator("#panel .chosen .terms, #panel .chosen .formula").count() > 0

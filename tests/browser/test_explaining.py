"""What is explained: the event in play through every change of view, and the number asked for."""

from typing import Any

import pytest

from app.sessions.presets import PRESETS

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


# The middle of a number in sight that is made by one of the given events, and its digits.
COMPUTED = """(made) => {
  const figure = document.getElementById("figure").getBoundingClientRect();
  for (const label of document.querySelectorAll("#figure [data-key]")) {
    if (!made.includes(label.dataset.key)) continue;
    for (const cell of label.querySelectorAll("[data-full]")) {
      const box = cell.getBoundingClientRect();
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      const inside = x > figure.left && x < figure.right && y > figure.top && y < figure.bottom;
      if (inside && document.elementFromPoint(x, y)?.closest("[data-key]") === label) {
        return [label.dataset.key, cell.dataset.cell, cell.dataset.full];
      }
    }
  }
  return null;
}"""
IN_SIGHT = """(selector) => {
  const panel = document.getElementById("panel").getBoundingClientRect();
  const box = document.querySelector(selector).getBoundingClientRect();
  const bottom = Math.min(panel.bottom, innerHeight);
  return box.height > 0 && box.top >= panel.top && box.bottom <= bottom;
}"""


FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""


@pytest.mark.parametrize("preset", PRESETS)
def test_the_number_asked_for_is_answered_in_sight(explorer: Any, preset: str) -> None:
    page = explorer.page
    # At its end figure 5-28 shows pictures.
    explorer.open(f"?preset={preset}&at={9 if preset == 'fig-5-28' else 999}&stride=op")
    events = explorer.get("/trace")["events"]
    made = [key for event in events if event["op"] != "seed" for key in event["writes"]]
    for width, height in ((1280, 720), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        # Not before the figure has come to rest in the window's new size.
        page.evaluate(FRAMES)
        # Scrolled away by reading the step.
        page.evaluate("document.getElementById('panel').scrollTop = 1000")
        found = page.evaluate(COMPUTED, made)
        assert found, "no number in sight"
        key, index, full = found
        page.locator(f'#figure [data-key="{key}"] [data-cell="{index}"]').click()
        page.wait_for_selector(".chosen .result output")
        assert page.get_attribute("#chosen-title .number", "title") == full
        for part in ("#chosen-title .number", "#to-step"):
            assert page.evaluate(IN_SIGHT, part), (part, width)
        assert page.locator("#sentence").count() == 0
        page.click("#to-step")
        assert page.locator("#sentence").count() == 1


def test_a_trail_of_causes_leads_back_to_the_step(explorer: Any) -> None:
    page = explorer.page
    page.set_viewport_size({"width": 1280, "height": 720})
    explorer.open("?preset=two-layer&at=18&stride=op")
    page.locator('#figure [data-key="affine1.W.grad"] [data-cell="1"]').click()
    page.wait_for_selector(".chosen .factor.gradient")
    lit = page.locator("#figure .node.lit, #figure .node.current").count()
    assert lit <= 1
    pointed = "document.querySelectorAll('#figure [data-key=\"x\"] .pointed').length"
    # Column 0 of X and column 1 of the gradient, row by row.
    explorer.until(f"{pointed} === 5")

    page.locator(".chosen .factor.gradient").nth(1).click()
    explorer.until("document.activeElement.id === 'chosen-title'")
    page.wait_for_selector(".chosen .factor.gradient")
    page.locator(".chosen .factor.gradient").first.click()
    explorer.until("document.querySelectorAll('.trail .term').length === 1")
    page.wait_for_selector(".chosen .factor.gradient")
    page.locator(".chosen .factor.gradient").first.click()
    explorer.until("document.querySelectorAll('.trail .term').length === 2")
    # The figure has moved to what it asks about.
    cause = page.locator('#figure [data-key="relu1.output.grad"] [data-cell="1"]').bounding_box()
    frame = page.locator("#figure").bounding_box()
    assert cause
    assert frame
    assert frame["x"] < cause["x"] < frame["x"] + frame["width"] - cause["width"]
    said = []
    for _ in range(3):
        explorer.press("Backspace")
        said.append(page.inner_text("#chosen-title"))
    assert "W\u2081" in said[-1]
    assert said[0].startswith("\u2202L/\u2202A\u2081")
    assert "at=18" in page.url
    explorer.press("Backspace")
    explorer.until("document.activeElement.id === 'step-title'")
    assert page.locator(".chosen").count() == 0


def test_a_step_is_read_first_and_the_question_stays_below_it(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25&at=3&stride=op")
    page = explorer.page
    page.locator('#figure [data-key="affine1.output"] [data-full]').first.click()
    page.wait_for_selector(".chosen #to-step")
    explorer.press(".")
    page.wait_for_selector("#sentence")
    assert page.locator(".chosen").count() == 1
    explorer.press("Escape")
    assert page.locator(".chosen").count() == 0


READ_STEPS = """(times) => Array.from({ length: times }, () => {
  document.getElementById("next").click();
  return [
    document.getElementById("step-title").firstChild.parentElement.textContent,
    document.getElementById("sentence").textContent.trim(),
    [...document.querySelectorAll(".operands li")].map((li) =>
      [...li.children].slice(0, 2).map((part) => part.textContent.trim().split(/\\s+/)[0])),
  ];
})"""


def test_a_stride_tells_all_that_it_passed_and_counts_its_own_stops(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=two-layer&at=0&stride=layer")
    steps = page.evaluate(READ_STEPS, 8)
    assert [title[:11] for title, _, _ in steps] == [f"Step {k} of 8" for k in range(1, 9)]
    assert steps[0][1] == "Affine 1: X times W\u2081, plus B\u2081, is A\u2081."
    assert [what for _, what in steps[0][2]] == ["X", "W\u2081", "B\u2081", "A\u2081"]
    loss = explorer.get("")["loss"]
    assert steps[3][1].endswith(f"the loss L is {loss:.4g}.")
    gradients = ", ".join(f"\u2202L/\u2202{name}" for name in ("B\u2082", "Z\u2081", "W\u2082"))
    assert steps[5][1] == f"Affine 2, backward pass: {gradients}."
    made = [what for role, what in steps[7][2] if role == "makes"]
    assert made == ["\u2202L/\u2202B\u2081", "\u2202L/\u2202X", "\u2202L/\u2202W\u2081"]

    explorer.stride("phase")
    page.keyboard.press("Home")
    for language in ("en", "ko", "ja"):
        page.select_option("#language", language)
        explorer.until(f"document.documentElement.lang === '{language}'")
        phases = page.evaluate(READ_STEPS, 3)
        assert all("{" not in sentence for _, sentence, _ in phases)
        assert f"{loss:.4g}" in phases[1][1]
        assert "4" in phases[2][1]
        assert phases[2][1].count("\u2202L") == 4
        page.keyboard.press("Home")


def test_one_sample_by_itself_is_told_its_own_loss(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=element&sample=2&at=0&stride=phase")
    sentence = explorer.page.evaluate(READ_STEPS, 2)[1][1]
    loss = explorer.get("/trace?level=element&sample=2")["outputs"]["loss"]
    assert f"{loss:.4g}" in sentence


def test_an_op_says_what_it_does_on_both_ways_and_leads_to_its_steps(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=fig-5-25&at=7&stride=op")
    page.click('#figure [data-node="affine1.dot"] text, #figure [data-node="affine1.dot"]')
    page.wait_for_selector(".doings")
    assert page.inner_text("#chosen-title").endswith("Affine")
    said = page.locator(".doings p").all_inner_texts()
    assert len(said) == 3
    assert said[0].startswith("dot multiplies")
    page.locator(".doing").nth(1).click()
    page.wait_for_selector("#sentence")
    event = explorer.get("/trace")["events"][explorer.slider() - 1]
    assert (event["node"], event["phase"]) == ("affine1.dot", "backward")


def test_an_op_that_is_its_whole_layer_has_one_name(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=two-layer&at=4&stride=op")
    circle = page.locator('#figure [data-node="relu1.relu"] text')
    assert circle.text_content() == "ReLU"
    circle.click()
    page.wait_for_selector(".doings")
    assert page.inner_text("#chosen-title") == "ReLU"


def test_the_title_follows_and_the_focus_never_falls_out_of_the_page(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=fig-5-24&at=0&stride=op")
    assert page.title() == (
        "Figure 5-24: Affine, one sample, forward \u00b7 Step 0 of 2 \u00b7 Backprop Explorer"
    )
    page.focus("#next")
    explorer.press("Enter", "Enter")
    assert page.evaluate("document.activeElement.id") == "back"
    assert "Step 2 of 2" in page.title()
    explorer.press("Enter", "Enter")
    assert page.evaluate("document.activeElement.id") == "next"


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        ("fig-5-25", ["X x (2,)", "\u2202L/\u2202Y grad_output (3,)", "W affine1.W (2, 3)"]),
        ("fig-5-29", ["a x ", "t (1, 3)"]),
        ("two-layer", ["X x (5, 2)", "T t ", "W\u2081 affine1.W (2, 4)"]),
    ],
)
def test_data_are_called_as_in_the_figure(explorer: Any, preset: str, names: list[str]) -> None:
    explorer.open(f"?preset={preset}")
    explorer.page.click("#tab-data")
    found = [
        " ".join(said.split()) for said in explorer.page.locator(".tensor h2").all_inner_texts()
    ]
    for name in names:
        assert any(said.startswith(name) for said in found), (name, found)


@pytest.mark.parametrize(
    ("view", "step", "loss"),
    [
        ("loss=opened&form=stable", 31, "L"),
        ("level=element&loss=closed&sample=0", 14, "L\u2080"),
        ("level=element&loss=opened&form=stable&sample=0", 59, "L\u2080"),
    ],
)
def test_a_gradient_of_several_parts_is_called_by_the_name_of_the_whole(
    explorer: Any, view: str, step: int, loss: str
) -> None:
    explorer.open(f"?preset=two-layer&{view}&at={step}&stride=op")
    event = explorer.get(f"/trace?{view}")["events"][step - 1]
    assert (event["node"], event["rule_name"]) == ("affine2.add", "add.gradient.0")
    assert len(event["reads"]) > 1
    assert f"the gradient \u2202{loss}/\u2202A\u2082 on" in explorer.sentence()


def test_what_is_used_stands_in_the_order_of_the_formula_with_its_shape_there(
    explorer: Any,
) -> None:
    explorer.open("?preset=fig-5-25&stride=op&at=7")
    used = [
        " ".join(said.split()) for said in explorer.page.locator(".operands li").all_inner_texts()
    ]
    assert used[0].startswith("uses X (2,) transposed: (2, 1)")
    assert used[1].startswith("uses \u2202L/\u2202Y (3,) as a row: (1, 3)")
    # Where the figure writes N, so does this.
    explorer.open("?preset=fig-5-27&stride=op&at=7")
    assert explorer.page.locator(".operands .seen").first.inner_text().endswith("(2, N)")

"""Samples come and go on the page, and controls never show what is not so."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pasting import paste


def open_data(explorer: Any, search: str) -> None:
    explorer.open(search)
    explorer.page.click("#tab-data")


def put(explorer: Any, field: str, value: str) -> None:
    explorer.page.fill(f"#{field}", value)
    explorer.page.press(f"#{field}", "Tab")


def test_a_sample_is_added_and_removed_with_its_target_in_one_edit(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer")
    page = explorer.page
    before = explorer.get("")
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request))
    page.click("#add-sample")
    explorer.until(lambda: explorer.get("")["version"] == 2)
    explorer.settle()
    after = explorer.get("")
    assert after["x"] == [*before["x"], before["x"][-1]]
    assert after["t"] == [*before["t"], before["t"][-1]]
    assert explorer.get("/trace")["n"] == 6
    assert page.locator('[data-tensor="x"] tbody tr').count() == 6
    assert page.locator("[data-remove]").count() == 6
    page.click('[data-remove="1"]')
    explorer.until(lambda: explorer.get("")["version"] == 3)
    explorer.settle()
    now = explorer.get("")
    assert now["x"] == [after["x"][k] for k in (0, 2, 3, 4, 5)]
    assert now["t"] == [after["t"][k] for k in (0, 2, 3, 4, 5)]
    # Short, so that it goes through however large the batch is.
    assert [request.post_data_json for request in sent if request.method == "PATCH"] == [
        [{"op": "insert_row"}], [{"op": "delete_row", "row": 1}],
    ]  # fmt: skip


def test_quick_clicks_add_as_many_samples(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-27")
    for _ in range(3):
        explorer.page.click("#add-sample")
    explorer.until(lambda: len(explorer.get("")["x"]) == 6)
    explorer.settle()
    assert explorer.get("")["grad_output"] == [[1, 2, 3], [3, 4, 5]] + [[1, 1, 1]] * 4
    assert explorer.get("")["x"] == [[0, 0], [1, 2]] + [[2, 4]] * 4


def test_the_last_sample_stays_and_the_keyboard_keeps_its_place(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-27")
    page = explorer.page
    for left in (2, 1):
        page.focus('[data-remove="1"]')
        page.keyboard.press("Enter")
        explorer.until(lambda left=left: len(explorer.get("")["x"]) == left)
        explorer.settle()
    explorer.settle()
    explorer.until("document.activeElement.id === 'add-sample'")
    assert page.is_disabled('[data-remove="0"]')
    assert explorer.get("")["grad_output"] == [[1, 2, 3]]


@pytest.mark.parametrize("figure", ["fig-5-24", "fig-5-25", "fig-5-26"])
def test_a_figure_of_one_sample_offers_no_more_and_says_why(explorer: Any, figure: str) -> None:
    open_data(explorer, f"?preset={figure}")
    assert explorer.page.locator("#add-sample, [data-remove]").count() == 0
    assert "5-27" in explorer.page.inner_text("#samples-why")


def test_the_figure_of_a_digit_takes_another_one_instead(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-28")
    assert explorer.page.locator("#add-sample, [data-remove]").count() == 0


def test_the_sample_shown_is_one_that_is_there_after_others_are_removed(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer&level=element&sample=4")
    assert explorer.page.input_value("#sample") == "4"
    explorer.page.click('[data-remove="0"]')
    explorer.until(lambda: len(explorer.get("")["x"]) == 4)
    explorer.settle()
    explorer.until("document.querySelector('#sample').value === '3'")
    assert "sample=3" in explorer.page.url


def test_a_sample_that_is_not_there_is_refused_and_the_field_shows_the_truth(
    explorer: Any,
) -> None:
    explorer.open("?preset=two-layer&level=element")
    page = explorer.page
    for wrong in ("9", "-1", "1.5", ""):
        put(explorer, "sample", wrong)
        assert page.input_value("#sample") == "0"
        assert "from 0 to 4" in page.inner_text("label:has(#sample) .problem")
    put(explorer, "sample", "2")
    explorer.until("location.search.includes('sample=2')")
    assert page.locator("label:has(#sample) .problem").count() == 0


def test_a_digit_that_is_not_there_is_refused_and_the_field_shows_the_truth(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28")
    row = explorer.page.input_value("#digit-row")
    put(explorer, "digit-row", "2000")
    assert explorer.page.input_value("#digit-row") == row
    assert "1,999" in explorer.page.inner_text("label:has(#digit-row) .problem")
    put(explorer, "digit-row", "1999")
    explorer.until(lambda: explorer.get("")["source"]["rows"] == [1999])


def test_choices_made_quickly_add_up_and_every_control_shows_the_figure(explorer: Any) -> None:
    explorer.open("?preset=two-layer")
    page = explorer.page
    held: list[Any] = []
    page.route("**/trace?*", lambda route: held.append(route))
    page.select_option("#level", "element")
    page.select_option("#loss-view", "opened")
    explorer.until(lambda: len(held) == 2)
    for route in reversed(held):
        route.continue_()
    explorer.until("location.search.includes('level=element')")
    page.unroute("**/trace?*")
    assert "loss=opened" in page.url
    assert page.input_value("#level") == "element"
    assert page.input_value("#loss-view") == "opened"


def test_a_choice_that_fails_goes_back_to_what_is_shown(explorer: Any) -> None:
    explorer.open("?preset=two-layer")
    page = explorer.page
    explorer.expect("failed")
    explorer.expect("ERR_FAILED")
    page.route("**/trace?*", lambda route: route.abort("failed"))
    page.select_option("#level", "element")
    page.wait_for_selector("#notice p")
    assert page.input_value("#level") == "op"
    assert "level=op" in page.url


def test_an_edit_does_not_undo_a_view_that_is_on_its_way(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer")
    page = explorer.page
    held: list[Any] = []
    page.route("**/trace?*", lambda route: held.append(route))
    page.select_option("#level", "layer")
    explorer.until(lambda: len(held) == 1)
    explorer.type("x", "0,0", "3")
    explorer.until(lambda: len(held) == 2)
    for route in held:
        route.continue_()
    explorer.settle()
    explorer.until("location.search.includes('level=layer')")
    assert page.input_value("#level") == "layer"


@pytest.mark.parametrize("text", ["abc", "-1", "0", "1e300", "0,5"])
def test_nothing_is_updated_with_a_rate_that_is_not_the_one_shown(explorer: Any, text: str) -> None:
    open_data(explorer, "?preset=two-layer")
    page = explorer.page
    field = page.locator('[data-tensor="learning_rate"]')
    field.fill(text)
    assert page.is_disabled("#update")
    assert page.inner_text('[aria-labelledby="data-rate"] .problem') != ""
    field.press("Tab")
    assert page.is_disabled("#update")
    assert explorer.get("")["version"] == 1
    field.fill("0.5")
    # One click is enough: the rate goes first, then the step.
    page.click("#update")
    explorer.until(lambda: explorer.get("")["version"] == 3)
    assert explorer.get("")["optimizer"]["learning_rate"] == 0.5
    page.wait_for_selector('[aria-labelledby="data-rate"] .hint')
    # What is said of a change goes with it.
    page.click("#undo")
    page.wait_for_selector('[aria-labelledby="data-rate"] .hint', state="detached")


@pytest.mark.parametrize("figure", ["fig-5-24", "fig-5-30"])
def test_there_is_no_learning_rate_where_nothing_can_be_updated(explorer: Any, figure: str) -> None:
    open_data(explorer, f"?preset={figure}")
    assert explorer.page.locator('#update, [data-tensor="learning_rate"]').count() == 0


def test_a_gradient_that_is_given_leads_to_a_learning_rate(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-26")
    before = explorer.get("")
    explorer.page.click("#update")
    explorer.until(lambda: explorer.get("")["version"] > before["version"])
    after = explorer.get("")
    # The book's b is [1, 2, 3], and so is what is given.
    assert after["parameters"]["affine1.b"] == [1 - 0.1 * 1, 2 - 0.1 * 2, 3 - 0.1 * 3]


def test_a_label_beyond_the_classes_is_refused_in_the_words_of_the_page(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer")
    explorer.expect("422")
    explorer.type("t", "1", "7")
    problem = explorer.page.wait_for_selector("#panel .problem").inner_text()
    assert problem == "Target of sample 1: a whole number from 0 to 2 is needed."


def test_more_samples_than_there_are_can_be_pasted(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer")
    rows = [[k, k / 2] for k in range(7)]
    text = "\n".join("\t".join(map(str, row)) for row in rows)
    paste(explorer, "x", "0,0", text)
    explorer.until(lambda: len(explorer.get("")["x"]) == 7)
    explorer.settle()
    assert explorer.get("")["x"] == rows
    assert explorer.get("")["t"] == [0, 1, 2, 2, 1, 1, 1]
    assert "Samples now: 7." in explorer.page.inner_text('[aria-labelledby="data-x"]')


# More numbers than one request of edits may bring: 44,000, and few signs in a link.
ROWS, COLUMNS = 440, 100
LARGE: dict[str, Any] = {
    "network": {
        "input_size": COLUMNS,
        "layers": [{"type": "affine", "units": 2}],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "x": [[(row + j) % 10 for j in range(COLUMNS)] for row in range(ROWS)],
    "t": [row % 2 for row in range(ROWS)],
}


def test_in_a_large_batch_a_sample_goes_and_comes_back_by_short_edits(
    explorer: Any, page: Page
) -> None:
    made = page.request.post(f"{explorer.server}/api/v1/sessions", data=LARGE).json()
    explorer.id, token = made["id"], made["edit_token"]
    own = {"id": explorer.id, "token": token, "preset": None, "version": 1, "changed": 1}
    # Where nothing of the page runs that would write there too.
    page.goto(f"{explorer.server}/livez")
    page.evaluate("own => localStorage.setItem('backprop-explorer.own', own)", json.dumps([own]))
    open_data(explorer, f"?session={explorer.id}")
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request))

    def samples() -> Any:
        explorer.settle()
        now = explorer.get(f"?max_cells={2 * ROWS * COLUMNS}")
        return now["x"], now["t"]

    x, t = LARGE["x"], LARGE["t"]
    shorter = (x[:2] + x[3:], t[:2] + t[3:])
    known = [(x, t), shorter, (shorter[0] + x[-1:], shorter[1] + t[-1:])]
    page.click('[data-remove="2"]')
    explorer.until(lambda: samples() == known[1])
    page.click("#add-sample")
    explorer.until(lambda: samples() == known[2])
    for button, wanted in (("#undo", 1), ("#undo", 0), ("#redo", 1), ("#redo", 2)):
        page.click(button)
        explorer.until(lambda wanted=wanted: samples() == known[wanted])
    # Beside an operation and a row there are only the numbers of a sample that comes back.
    edits = [request.post_data_json for request in sent if request.method == "PATCH"]
    gone, one_more = {"op": "delete_row", "row": 2}, {"op": "insert_row"}
    back = {"op": "insert_row", "row": 2, "x": x[2], "t": t[2]}
    last = {"op": "insert_row", "row": ROWS - 1, "x": x[-1], "t": t[-1]}
    assert edits == [
        [gone], [one_more], [{"op": "delete_row", "row": ROWS - 1}], [back], [gone], [last],
    ]  # fmt: skip

    page.reload()
    page.wait_for_selector("body[data-whole]")
    assert page.locator("#undo").is_enabled()
    assert samples() == known[2]
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    old = explorer.id
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    explorer.until(lambda: explorer.id != old)
    assert samples() == known[2]

"""The panel Code: a figure as lines of NumPy, lines as a figure, and what becomes of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

LIT = (
    """() => [...document.querySelectorAll("#figure .node.lit")].map((node) => node.dataset.node)"""
)
MARKED = """(kind) => [...document.querySelector(".code-editor").shadowRoot.querySelectorAll(
  ".cm-line")].flatMap((line, k) => (line.classList.contains(kind) ? [k + 1] : []))"""
X = np.array([[1, 2], [-1, 0.5]])


def open_code(explorer: Any, search: str) -> None:
    explorer.open(search)
    explorer.page.click("#tab-code")
    explorer.page.wait_for_selector(".code-editor .cm-line")


def open_own(explorer: Any) -> None:
    """A computation of one's own, by the menu."""
    explorer.open("?lang=en")
    explorer.page.click("#choose")
    explorer.page.click("#own-code")
    explorer.page.wait_for_selector("#code-apply")
    explorer.settle()


def text(explorer: Any) -> list[str]:
    found: list[str] = explorer.page.locator(".code-editor .cm-line").all_inner_texts()
    return found


def write(explorer: Any, code: str) -> None:
    """Another text in the place of all, applied by keys."""
    page = explorer.page
    page.locator(".code-editor .cm-content").click()
    explorer.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)
    explorer.press("ControlOrMeta+Enter")


def applied(explorer: Any, code: str) -> None:
    write(explorer, code)
    explorer.until(lambda: explorer.get("?max_cells=0")["network"]["code"] == code)
    explorer.settle()


def marked(explorer: Any, kind: str) -> list[int]:
    found: list[int] = explorer.page.evaluate(MARKED, kind)
    return found


def go_to(explorer: Any, line: int) -> None:
    explorer.page.locator(".code-editor .cm-line").nth(line - 1).click()


def lit(explorer: Any) -> set[str]:
    return set(explorer.page.evaluate(LIT))


def test_a_network_shows_its_lines_and_each_lights_its_ops(explorer: Any) -> None:
    open_code(explorer, "?preset=two-layer&lang=en")
    page = explorer.page
    assert text(explorer)[0] == "h1 = np.maximum(X @ W1 + b1, 0)"
    answer = explorer.get("/code")
    for line in answer["lines"][:2]:
        go_to(explorer, line["line"])
        explorer.until(lambda line=line: lit(explorer) == set(line["nodes"]))
        assert marked(explorer, "chosen") == [line["line"]]
    # A closed loss is one box for all its lines.
    go_to(explorer, 5)
    explorer.until(lambda: lit(explorer) == {"loss:softmax", "loss:cross_entropy"})
    # By keys as well.
    explorer.press("ControlOrMeta+Home", "ArrowDown")
    explorer.until(lambda: lit(explorer) == {"affine2.dot", "affine2.add"})
    # It cannot be changed, whatever is pressed.
    explorer.press("x")
    assert text(explorer)[1] == "a2 = h1 @ W2 + b2"
    # Out of it, and on: the line in play is marked.
    explorer.press("Escape")
    expect(page.locator("#code-free")).to_be_focused()
    explorer.press("End")
    explorer.stride("layer")
    page.click("#slider")
    for seq, event in enumerate(explorer.get("/trace")["events"]):
        page.fill("#slider", str(seq + 1))
        wanted = [
            one["line"]
            for one in answer["lines"]
            if event["node"] in one["nodes"] or (event["layer"] in one["layers"] == ["loss"])
        ]
        explorer.until(lambda wanted=wanted: marked(explorer, "playing") == wanted)


PLAYING = "() => document.querySelector('.back-line.playing')?.textContent.trim() ?? null"


def test_lines_back_follow_the_steps_and_the_steps_follow_them(explorer: Any) -> None:
    open_code(explorer, "?preset=two-layer&lang=en")
    page = explorer.page
    lines = explorer.get("/code")["backward"]
    shown = [one.strip() for one in page.locator(".back-line").all_inner_texts()]
    assert shown == [line["text"] for line in lines]
    assert "dW2 = h1.T @ da2" in shown
    events = explorer.get("/trace")["events"]
    # Forwards no line back is lit; backwards the one of the gradient that is made.
    page.fill("#slider", "1")
    explorer.until(f"({PLAYING})() === null")
    for seq, event in enumerate(events):
        if event["phase"] == "backward":
            wanted = next(
                line["text"] for line in lines if set(event["writes"]) & set(line["keys"])
            )
            page.fill("#slider", str(seq + 1))
            explorer.until(f"({PLAYING})() === {json.dumps(wanted)}")
    # By mouse to the step that makes a gradient, by keys from there to the next line.
    page.locator(".back-line", has_text="dh1 =").click()
    explorer.until(f"({PLAYING})() === 'dh1 = da2 @ W2.T'")
    assert explorer.figure()["relu1.output.grad"]
    explorer.press("ArrowDown")
    explorer.press("Enter")
    explorer.until(f"({PLAYING})() === 'dW2 = h1.T @ da2'")
    assert page.locator(".back-line[tabindex='0']").count() == 1
    # A value that the lines read lights its op.
    page.locator(".back-line", has_text="y = softmax").click()
    explorer.until("document.querySelectorAll('#figure .node.lit').length > 0")


@pytest.mark.own_context
def test_the_session_is_copied_and_saved_as_a_script_in_three_forms(explorer: Any) -> None:
    open_code(explorer, "?preset=two-layer&lang=ko")
    page = explorer.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#code-copy")
    explorer.until("document.querySelector('#code-said').textContent.includes('복사했습니다')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "dW1 = X.T @ da1" in copied
    exec(compile(copied, "script", "exec"), {})
    for form, part in {"classes": "class TwoLayerNet", "torch": "import torch"}.items():
        page.select_option("#code-form", form)
        with page.expect_download() as loading:
            page.click("#code-save")
        assert loading.value.suggested_filename == f"two-layer-{form}.py"
        assert part in Path(loading.value.path()).read_text("utf-8")
    # A program has no layers to make classes of, and what is being written has no script yet.
    page.click("#code-free")
    page.wait_for_selector("#code-apply")
    explorer.settle()
    expect(page.locator("#code-form option")).to_have_count(2)
    expect(page.locator(".back-line", has_text="dW1 =")).to_have_count(1)


def test_a_network_is_set_free_with_its_numbers_loss_and_gradients(explorer: Any) -> None:
    open_code(explorer, "?preset=two-layer&lang=en")
    page = explorer.page
    before = explorer.get("")
    gradients = {
        name: explorer.get(f"/tensors/{tensor}.grad")["value"]
        for name, tensor in explorer.get("/code")["names"].items()
        if tensor != "t"
    }
    page.click("#code-free")
    page.wait_for_selector("#code-apply")
    explorer.settle()
    now = explorer.get("")
    assert now["loss"] == pytest.approx(before["loss"], rel=1e-12)
    assert now["parameters"]["W1"] == before["parameters"]["affine1.W"]
    for name, gradient in gradients.items():
        np.testing.assert_allclose(
            explorer.get(f"/tensors/{name}.grad")["value"], gradient, rtol=1e-12, atol=1e-15
        )
    assert page.inner_text("#choose") == "Your own computation"
    # Nothing is offered that means nothing here.
    for control in ("#level", "#loss-view", "#side-by-side", "#form"):
        assert page.locator(control).count() == 0
    explorer.press("End")
    assert explorer.figure()["X.grad"]


def test_lines_become_a_figure_and_names_that_stay_keep_their_numbers(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    first = "\n".join(text(explorer))
    page.click("#tab-data")
    explorer.type("W", "0,1", "3")
    explorer.settle()
    page.click("#tab-code")
    second = "h = np.tanh(X @ W)\nL = np.sum(h * T)"
    applied(explorer, second)
    assert explorer.page.is_disabled("#code-apply")
    w = np.array([[0.5, 3], [0.25, 1]])
    h = np.tanh(X @ w)
    page.fill("#slider", page.get_attribute("#slider", "max"))
    explorer.until(lambda: explorer.figure().get("W.grad"))
    np.testing.assert_allclose(explorer.numbers("h"), h.ravel(), rtol=1e-14)
    np.testing.assert_allclose(
        explorer.numbers("W.grad"), (X.T @ (np.eye(2) * (1 - h**2))).ravel(), rtol=1e-12
    )
    # One step back is the lines before, with the number that went with them.
    page.click("#undo")
    explorer.until(lambda: "\n".join(text(explorer)) == first)
    explorer.settle()
    assert explorer.get("")["parameters"]["b"] == [0.1, -0.2]
    assert explorer.get("")["parameters"]["W"] == w.tolist()
    page.click("#redo")
    explorer.until(lambda: "\n".join(text(explorer)) == second)
    explorer.settle()
    assert "b" not in explorer.get("")["parameters"]
    # All of it is there after a reload, with what can be taken back.
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector(".code-editor .cm-line")
    assert "\n".join(text(explorer)) == second
    page.click("#undo")
    explorer.until(lambda: "\n".join(text(explorer)) == first)
    page.click("#undo")
    explorer.settle()
    assert explorer.get("")["parameters"]["W"] == [[0.5, -1], [0.25, 1]]
    # Back is the figure before, and the menu leads here again.
    page.go_back()
    page.wait_for_selector('#choose:has-text("5-25")')
    page.click("#choose")
    page.click('[data-own]:has-text("Your computation")')
    explorer.until(lambda: "\n".join(text(explorer)) == first)


SAID = {
    "en": ("Line 2, column 5 of the code:", "do not fit"),
    "ko": ("코드의 2행 5열:", "형상"),
    "ja": ("コードの 2 行 5 列：", "形状"),
}


@pytest.mark.parametrize("language", SAID)
def test_what_is_wrong_is_said_at_its_line_and_column(explorer: Any, language: str) -> None:
    open_own(explorer)
    page = explorer.page
    page.select_option("#language", language)
    explorer.expect("422")
    write(explorer, "h = X @ W\nL = h @ np.ones((3, 1))")
    fault = page.locator("#panel .problem")
    fault.wait_for()
    place, words = SAID[language]
    assert fault.locator("button").inner_text() == place
    assert words in fault.inner_text()
    # What the server says of it, for who reads English.
    assert "(2, 2)" in fault.locator(".detail[lang=en]").inner_text()
    assert marked(explorer, "fault") == [2]
    wrong = page.locator(".code-editor .wrong")
    assert wrong.inner_text() == "h"
    # The place is one click away, and the fault gone with the next letter.
    page.locator("#choose").focus()
    fault.locator("button").click()
    explorer.press("Delete")
    page.keyboard.insert_text("np.sum(h)  #")
    expect(fault).to_have_count(0)
    explorer.press("ControlOrMeta+Enter")
    explorer.until(lambda: "np.sum" in explorer.get("?max_cells=0")["network"]["code"])
    assert marked(explorer, "fault") == []


def test_a_fault_can_be_thrown_away_with_all_that_was_written(explorer: Any) -> None:
    open_own(explorer)
    first = text(explorer)
    explorer.expect("422")
    write(explorer, "L = (")
    explorer.page.locator("#panel .problem").wait_for()
    explorer.page.click("#code-back")
    assert text(explorer) == first
    assert explorer.page.locator("#panel .problem").count() == 0


def test_a_name_without_a_value_is_asked_for(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    explorer.expect("422")
    write(explorer, "h = X @ V * k + c\nL = np.sum(h)")
    page.wait_for_selector("#code-value-V")
    assert page.locator("#panel .missing textarea").count() == 3
    expect(page.locator("#code-value-V")).to_be_focused()
    page.keyboard.insert_text("2 x 3")
    page.fill("#code-value-k", "two")
    page.fill("#code-value-c", "tensor([0.25, -1., 2e-3])")
    page.click("#code-apply")
    # Nothing is sent before all is read.
    expect(page.locator("#code-value-k")).to_be_focused()
    assert page.get_attribute("#code-value-k", "aria-invalid") == "true"
    page.fill("#code-value-k", "0.5")
    page.press("#code-value-k", "Enter")
    explorer.until(lambda: "V" in explorer.get("")["parameters"])
    given = explorer.get("")["parameters"]
    assert np.shape(given["V"]) == (2, 3)
    assert len({cell for row in given["V"] for cell in row}) > 1
    assert (given["k"], given["c"]) == (0.5, [0.25, -1, 0.002])
    expect(page.locator("#panel .missing")).to_have_count(0)


def test_names_of_the_catalogue_and_of_the_text_are_offered(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    page.locator(".code-editor .cm-content").click()
    explorer.press("ControlOrMeta+End", "Enter")
    page.keyboard.type("y = np.lo")
    offers = page.locator(".code-editor .offers li")
    offers.first.wait_for()
    assert {"np.log", "np.logaddexp"} <= set(offers.all_inner_texts())
    page.wait_for_timeout(150)
    explorer.press("Enter")
    explorer.until(lambda: text(explorer)[2].startswith("y = np.log"))
    explorer.press("Escape")
    page.locator(".code-editor .cm-line").nth(2).click()
    explorer.press("End")
    page.keyboard.type("h.re")
    offers.first.wait_for()
    assert offers.all_inner_texts() == ["reshape"]


def test_all_of_it_goes_by_keys(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    page.locator("#fold").focus()
    explorer.press("Tab")
    explorer.until('document.activeElement.id === "panel"')
    explorer.press("Tab")
    explorer.until('document.activeElement.className === "code-editor"')
    # Keys of the page are letters here.
    seq = explorer.slider()
    explorer.press("ControlOrMeta+End", "ArrowLeft")
    page.keyboard.type(" * 3")
    assert text(explorer)[1] == "L = np.mean((h - T) ** 2 * 3)"
    assert explorer.slider() == seq
    explorer.press("Escape")
    expect(page.locator("#code-apply")).to_be_focused()
    explorer.press("Enter")
    explorer.until(lambda: "* 3" in explorer.get("?max_cells=0")["network"]["code"])
    explorer.settle()
    # And keys of the page again.
    explorer.press("Shift+Tab")
    explorer.until('document.activeElement.className === "code-editor"')
    explorer.press("Tab")
    explorer.until('document.activeElement.className !== "code-editor"')
    explorer.press(".")
    assert explorer.slider() == seq + 1


def test_an_array_as_the_result_begins_the_backward_pass_where_one_asks(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    applied(explorer, "h = X @ W")
    page.click("#code-start")
    explorer.until(lambda: explorer.get("")["grad_output"] == [[1, 1], [1, 1]])
    explorer.settle()
    page.fill("#slider", page.get_attribute("#slider", "max"))
    explorer.until(lambda: explorer.figure().get("W.grad"))
    np.testing.assert_allclose(explorer.numbers("W.grad"), (X.T @ np.ones((2, 2))).ravel())
    page.click("#tab-data")
    explorer.type("grad_output", "0,1", "5")
    explorer.settle()
    assert explorer.get("")["grad_output"] == [[1, 5], [1, 1]]
    page.click("#undo")
    page.click("#undo")
    explorer.until(lambda: explorer.get("")["grad_output"] is None)


def test_all_that_is_given_is_edited_under_its_name_whatever_its_rank(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    explorer.expect("422")
    write(explorer, "t = x * k\nL = np.sum(t)")
    page.wait_for_selector("#code-value-x")
    page.fill("#code-value-x", "2 x 2 x 3")
    page.fill("#code-value-k", "2")
    page.click("#code-apply")
    explorer.until(lambda: "x" in explorer.get("")["parameters"])
    explorer.settle()
    page.click("#tab-data")
    sections = page.locator("#panel section[data-name]")
    assert [one.get_attribute("data-name") for one in sections.all()] == ["x", "k"]
    # What belongs to samples is not there, though one is called x.
    assert page.locator("#add-sample, #other-data, #class-names").count() == 0
    explorer.type("k", "", "3")
    explorer.settle()
    page.fill("#x-axis0", "1")
    page.press("#x-axis0", "Enter")
    explorer.type("x", "1,0,2", "7")
    explorer.settle()
    now = explorer.get("")["parameters"]
    assert now["k"] == 3
    assert now["x"][1][0][2] == 7
    page.click("#undo")
    explorer.settle()
    assert explorer.get("")["parameters"]["x"][1][0][2] != 7
    page.click("#tab-table")
    assert page.locator(".figure-table > tbody > tr").count() == 4


def test_a_computation_learns_step_by_step(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    page.click("#tab-learn")
    page.wait_for_selector("#learn-single")
    before = explorer.get("")
    # The update is stepped through, and calls the new numbers by their names.
    last = page.get_attribute("#slider", "max")
    page.check("#learn-single")
    page.locator("#choose").focus()
    explorer.until(lambda: page.get_attribute("#slider", "max") != last)
    explorer.press("End")
    page.click("#tab-explain")
    explorer.until(lambda: "makes new b." in explorer.sentence())
    page.click("#tab-data")
    page.click("#update")
    explorer.settle()
    after = explorer.get("")
    assert after["loss"] < before["loss"]
    # What one learns from is no part of it.
    assert after["parameters"]["T"] == before["parameters"]["T"]
    page.click("#undo")
    explorer.settle()
    assert explorer.get("")["parameters"] == before["parameters"]


def test_a_link_a_copy_and_another_tab_have_the_same_lines(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    applied(explorer, "L = np.sum(X * W)")
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    explorer.press("Escape")
    other = page.context.new_page()
    other.goto(link)
    other.wait_for_selector("body[data-ready]")
    other.click("#tab-code")
    line = other.locator(".code-editor .cm-line")
    line.wait_for()
    assert line.inner_text() == "L = np.sum(X * W)"
    # A tab of the same browser goes on with the same computation.
    second = page.context.new_page()
    second.goto(page.url)
    second.wait_for_selector("body[data-ready]")
    second.click("#tab-code")
    second.wait_for_selector("#code-apply")
    applied(explorer, "L = np.sum(X + W)")
    expect(second.locator(".code-editor .cm-line")).to_have_text("L = np.sum(X + W)")
    # Who has no right to change it may read it, and take a copy.
    body = {"code": "L = x * x", "values": {"x": 3}}
    made = page.request.post(f"{explorer.server}/api/v1/sessions", data=body).json()
    second.goto(f"{explorer.server}/?session={made['id']}&lang=en")
    second.wait_for_selector("body[data-ready]")
    second.wait_for_selector(".code-editor .cm-line")
    assert second.locator("#code-apply").count() == 0
    second.click('#panel button:has-text("copy")')
    second.wait_for_selector("#code-apply")


def test_a_computation_that_the_server_has_lost_goes_on(explorer: Any) -> None:
    open_own(explorer)
    page = explorer.page
    applied(explorer, "L = np.sum(X * W)")
    gone = page.request.delete(
        f"{explorer.server}/api/v1/sessions/{explorer.id}",
        headers={"Authorization": f"Bearer {explorer.token}"},
    )
    assert gone.ok
    explorer.expect("404")
    write(explorer, "L = np.sum(X - W)")
    page.click("#go-on")
    page.wait_for_selector("#go-on", state="detached")
    explorer.settle()
    assert explorer.get("")["network"]["code"] == "L = np.sum(X * W)"
    assert text(explorer) == ["L = np.sum(X * W)"]


def test_the_editor_comes_when_its_panel_opens(explorer: Any) -> None:
    asked: list[str] = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    explorer.open("?lang=en")
    explorer.page.click("#tab-table")
    explorer.page.wait_for_selector(".figure-table")
    seen = len(asked)
    explorer.page.click("#tab-code")
    explorer.page.wait_for_selector(".code-editor .cm-line")
    late = [url for url in asked[seen:] if "codemirror" in url or "/editor-" in url]
    assert late
    assert not [url for url in asked[:seen] if "codemirror" in url or "/editor-" in url]


def test_what_is_offered_and_what_is_given_is_read_without_a_page(run_module: Any) -> None:
    cases: dict[str, Any] = {
        "3": 3, "-1.5": -1.5, "1 2 3": [1, 2, 3], "[1]": [1], "[[1, 2]]": [[1, 2]],
        "1 2\n3 4": [[1, 2], [3, 4]], "array([[1.], [2.]])": [[1], [2]],
    }  # fmt: skip
    for written, value in cases.items():
        found = run_module("code/given.js", f"m.givenBy({json.dumps(written)})")
        assert found == {"value": value}, written
    shapes = {"2 x 3": [2, 3], "2×3×4": [2, 3, 4], "(3,)": [3], "(2, 3)": [2, 3], "3": None}
    for written, shape in shapes.items():
        assert run_module("code/given.js", f"m.shapeIn({json.dumps(written)})") == shape
    for written, fault in {"": "empty", " ": "empty", "999 x 999": "large"}.items():
        found = run_module("code/given.js", f"m.givenBy({json.dumps(written)})")
        assert found == {"fault": fault}
    assert "fault" in run_module("code/given.js", "m.givenBy('W')")
    drawn = run_module("code/given.js", "m.givenBy('(2, 2)', () => 0.75)")
    assert drawn == {"value": [[0.5, 0.5], [0.5, 0.5]]}
    names = run_module("code/completion.js", "m.namesIn('h = np.exp(X @ W1).sum()\\nL = h', 'W')")
    assert names == ["h", "X", "W1", "L"]

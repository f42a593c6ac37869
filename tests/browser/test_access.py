"""What axe-core finds against WCAG 2.2 AA on the pages and in their states: nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
RUN = """async ([tags, part]) => {
  const { violations } = await axe.run(part, {
    runOnly: { type: "tag", values: tags }, resultTypes: ["violations"],
  });
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.target.join(" "))]);
}"""
PASTE = """field => {
  field.focus();
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", "1 2 x");
  const pasted = { clipboardData, bubbles: true, cancelable: true };
  field.dispatchEvent(new ClipboardEvent("paste", pasted));
}"""


@pytest.fixture
def scanned(browser: Browser) -> Any:
    """Make a page of a size and a theme that axe can look at.

    axe is put in before the page's own scripts, and for that its policy is set aside.
    """
    if not AXE.exists():
        pytest.skip("axe-core is not in node_modules: `npm ci --ignore-scripts` brings it")
    opened = []

    def page_of(size: tuple[int, int], theme: Any) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            bypass_csp=True,
            color_scheme=theme,
            reduced_motion="reduce",
        )
        opened.append(context)
        context.add_init_script(path=AXE)
        return context.new_page()

    yield page_of
    for context in opened:
        context.close()


def faults(page: Page, state: str, part: str = "html") -> list[Any]:
    """What axe finds in a part of the page; to look at what has not changed again takes long."""
    return [[state, *fault] for fault in page.evaluate(RUN, [TAGS, part])]


@pytest.mark.parametrize(
    ("size", "theme", "language", "preset"),
    [
        ((1440, 900), "light", "en", "fig-5-25"),
        ((390, 844), "dark", "ko", "fig-5-30"),
        # A laptop's window at 200 %.
        ((640, 360), "light", "ja", "fig-5-27"),
    ],
)
def test_axe_finds_nothing_in_the_explorer(
    scanned: Any, server: str, size: tuple[int, int], theme: str, language: str, preset: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?preset={preset}&at=5&lang={language}")
    page.wait_for_selector("body[data-ready]")
    found = faults(page, "explanation")
    page.locator("#figure .label .slot").first.dispatch_event("click")
    found += faults(page, "a number", "#side")
    page.locator("#figure .node.op, #figure .node.layer").first.dispatch_event("click")
    for part, control in {
        "#panel": "#tab-data",
        ".figure-table": "#tab-table",
        "#side": "#fold",
        # What it covers by half is looked at as well.
        "html": "#choose",
    }.items():
        page.click(control)
        # What a panel shows may be fetched first.
        page.wait_for_selector(part)
        found += faults(page, control, part)
    page.click("#own")
    for dialog in ("network", "share", "export", "help"):
        if dialog != "network":
            page.click(f"#{dialog}-button")
        # What is in it may be fetched first.
        page.wait_for_selector(f"#{dialog}[open] form")
        found += faults(page, dialog, f"#{dialog}")
        page.keyboard.press("Escape")
    page.click("#fold")
    page.click("#tab-data")
    page.locator("#panel [data-index]").first.evaluate(PASTE)
    page.wait_for_selector("#panel .problem")
    found += faults(page, "a paste refused", "#panel")
    assert found == []


@pytest.mark.parametrize(
    ("size", "theme", "skill"), [((1280, 720), "light", "dW"), ((390, 844), "dark", "shape_dB")]
)
def test_axe_finds_nothing_in_practice(
    scanned: Any, server: str, size: tuple[int, int], theme: str, skill: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?practice={skill}.4&lang=en")
    page.wait_for_selector("#figure text.asked")
    found = faults(page, "asked")
    for text, state in (("what", ".answer .problem"), ("7", ".verdict.wrong"), ("6", "#told")):
        page.fill("#answer", text)
        page.press("#answer", "Enter")
        page.wait_for_selector(state)
        found += faults(page, state, "#side")
    page.click("#all-skills")
    page.wait_for_selector("[data-skill]")
    found += faults(page, "skills", "#side")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize(("size", "theme"), [((1440, 900), "light"), ((390, 844), "dark")])
def test_axe_finds_nothing_where_classes_have_names(
    scanned: Any, server: str, size: tuple[int, int], theme: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?preset=fig-5-29&at=99&lang=en")
    page.click("#tab-data")
    page.fill("#class-names", "Adélie penguin of the island, 아델리펭귄과친구들, dog")
    page.press("#class-names", "Enter")
    page.wait_for_selector("#panel .class-name")
    page.wait_for_selector("#figure .of-class")
    found = faults(page, "names")
    page.fill("#class-names", "dog")
    page.press("#class-names", "Tab")
    page.wait_for_selector("#problem-classes")
    found += faults(page, "too few names", "#panel")
    page.click("#tab-table")
    page.wait_for_selector(".figure-table")
    found += faults(page, "table", "#panel")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize(("size", "theme"), [((1280, 720), "light"), ((390, 844), "dark")])
def test_axe_finds_nothing_where_something_is_wrong(
    scanned: Any, server: str, size: tuple[int, int], theme: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?preset=two-layer&lang=ko")
    page.click("#tab-practice")
    page.click("#mode-homework")
    page.fill("#homework-own", "1 2 3 4\n5 6 7 8")
    page.click("#homework-compare")
    page.wait_for_selector("#figure [data-struck]")
    found = faults(page, "homework")
    page.click("#mode-zoo")
    page.click("#zoo-make")
    page.wait_for_selector("#zoo-said .u-wrap")
    found += faults(page, "a mistake at work", "#panel")
    page.click("#mode-find")
    page.click("#find-start")
    page.wait_for_selector("#find-nudge")
    found += faults(page, "a hidden mistake", "#panel")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_axe_finds_nothing_beside_the_digit(scanned: Any, server: str) -> None:
    page = scanned((1280, 720), "dark")
    page.goto(f"{server}/?preset=fig-5-28&at=24&lang=ko")
    page.click("#tab-learn")
    page.wait_for_selector(".doubt")
    found = faults(page, "digits it gets wrong", "#panel")
    page.click("#tab-explain")
    page.click("#draw")
    page.focus("#pad")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".pad .pen")
    assert found + faults(page, "digit", "#panel") == []
    page.click("#side-by-side")
    page.wait_for_selector("#beside img")
    assert faults(page, "side by side", "main") == []


def test_axe_finds_nothing_where_samples_are_chosen_and_in_a_mini_batch(
    scanned: Any, server: str
) -> None:
    page = scanned((390, 844), "dark")
    page.goto(f"{server}/?lang=ja")
    page.click("#choose")
    page.click("#own")
    page.select_option("#data", "own")
    wrong = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,x\n"}
    page.set_input_files("#table", wrong)
    page.wait_for_selector(".own-table .problem")
    found = faults(page, "a table refused", "#network")
    page.set_input_files("#table", wrong | {"buffer": b"a,b\n1,x\n2,y\n3,x\n"})
    page.wait_for_selector("#table-about")
    found += faults(page, "a table", "#network")
    page.select_option("#data", "moons")
    page.click("#make")
    page.wait_for_selector(".batch circle")
    found += faults(page, "points", "#side")
    page.click("#choose")
    page.click("#own")
    page.click("#book")
    page.select_option("#activation-0", "leaky_relu")
    page.click("#more-0")
    page.click("#loss-more")
    page.fill("#loss-weight_decay", "-1")
    page.press("#loss-weight_decay", "Tab")
    page.wait_for_selector("#network .problem")
    found += faults(page, "the book's network and all its fields", "#network")
    page.fill("#loss-weight_decay", "")
    page.click("#make")
    page.wait_for_selector(".batch img")
    assert found + faults(page, "digits", "#side") == []


def test_axe_finds_nothing_in_a_run_and_its_curve(scanned: Any, server: str) -> None:
    page = scanned((1280, 720), "dark")
    page.goto(f"{server}/?preset=two-layer&lang=ko")
    page.click("#tab-learn")
    page.fill("#learn-steps", "40")
    page.click("#learn-run")
    page.wait_for_selector(".u-over")
    page.fill("#learn-batch", "0")
    page.click("#learn-open-step")
    page.wait_for_selector("#learn-all")
    page.wait_for_selector(".learning-looks .log-scale")
    page.click("#check-run")
    page.wait_for_selector(".checks")
    page.locator("error-map canvas").first.focus()
    found = faults(page, "learning", "#panel")
    page.click("#large-health")
    found += faults(page, "a large view", "#large")
    page.keyboard.press("Escape")
    page.check("#learn-single")
    page.wait_for_selector(".phase-part.update")
    page.press("#slider", "End")
    page.click(".checks button")
    page.wait_for_selector("#nudge-h")
    found += faults(page, "a number and its nudge", "#panel")
    page.click("#to-step")
    page.locator(".update [data-part$=change] button").first.click()
    page.wait_for_selector(".chosen button.factor")
    found += faults(page, "a number of the update", "#panel")
    page.click("#to-step")
    page.wait_for_selector(".update")
    assert found + faults(page, "update", "#panel") == []


@pytest.mark.parametrize(
    ("size", "theme", "language"), [((1440, 900), "dark", "en"), ((390, 844), "light", "ja")]
)
def test_axe_finds_nothing_in_the_panel_of_code(
    scanned: Any, server: str, size: tuple[int, int], theme: str, language: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?preset=two-layer&lang={language}&at=6")
    page.click("#tab-code")
    page.wait_for_selector(".code-editor .playing")
    found = faults(page, "a network", "#side")
    page.click("#code-free")
    page.wait_for_selector("#code-apply")
    page.locator(".code-editor .cm-line").nth(1).click()
    page.wait_for_selector(".code-editor .chosen")
    found += faults(page, "a line", "#side")
    write = page.locator(".code-editor .cm-content")
    write.press("ControlOrMeta+End")
    page.keyboard.type(" + np.s")
    page.wait_for_selector(".code-editor .offers li")
    found += faults(page, "names", "#side")
    for code, state in (("L = (", ".problem"), ("L = np.sum(X @ V)", ".missing")):
        write.press("ControlOrMeta+a")
        page.keyboard.insert_text(code)
        write.press("ControlOrMeta+Enter")
        page.wait_for_selector(f"#panel {state}")
        found += faults(page, state, "#side")
    assert found == []


def test_axe_finds_nothing_on_the_page_of_all_figures(scanned: Any, server: str) -> None:
    page = scanned((1440, 900), "dark")
    page.goto(f"{server}/figures?lang=ko")
    found = faults(page, "wide, dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")
    found += faults(page, "narrow, light")
    assert found == []


def test_axe_finds_nothing_on_the_page_of_the_api(scanned: Any, server: str) -> None:
    page = scanned((390, 844), "light")
    page.goto(f"{server}/docs")
    page.wait_for_selector(".opblock")
    found = faults(page, "calls")
    for method in ("get", "post"):
        page.locator(f".opblock-{method} .opblock-summary-control").first.click()
    page.wait_for_selector(".opblock-post .microlight")
    for method in ("get", "post"):
        found += faults(page, method, f".opblock-{method}.is-open .opblock-body")
    assert found == []


def test_axe_finds_nothing_at_a_clash_and_beside_another_session(scanned: Any, server: str) -> None:
    page = scanned((390, 844), "dark")
    page.goto(f"{server}/livez")

    def opened(body: Any, tab: str) -> None:
        made = page.request.post(f"{server}/api/v1/sessions", data=body).json()
        own = {"id": made["id"], "token": made["edit_token"], "preset": None, "version": 1}
        keep = "own => localStorage.setItem('backprop-explorer.own', own)"
        page.evaluate(keep, json.dumps([own | {"changed": 1}]))
        page.goto(f"{server}/?session={made['id']}&lang=ko")
        page.click(f"#tab-{tab}")

    values = {"X": [[1, 2], [3, 4], [5, 6]], "W": [[1, 0, 2, 0], [0, 1, 0, 2]]}
    opened({"code": "y = X @ W @ W", "values": values, "up_to_clash": True}, "code")
    page.wait_for_selector("#code-clash")
    found = faults(page, "a clash")
    page.click("#tab-learn")
    page.wait_for_selector(".learn .hint")
    found += faults(page, "nothing to learn", "#panel")
    layers = [{"type": "affine", "units": 4}, {"type": "relu"}, {"type": "affine", "units": 3}]
    network = {"input_size": 2, "layers": layers, "loss": {"type": "softmax_cross_entropy"}}
    data = {"dataset": "spiral", "samples": 60, "batch_size": 20}
    opened({"network": network, "data": data, "initializer": "he"}, "learn")
    page.fill("#learn-steps", "30")
    page.click("#learn-run")
    page.click("#compare-others summary")
    page.select_option("#rival-initializer", "zeros")
    page.click("#rival-make")
    page.wait_for_selector("#compare-differs")
    page.fill("#rival-link", "x y")
    page.click("#rival-add")
    page.wait_for_selector("#compare-others .problem")
    assert found + faults(page, "another session", "#compare-others") == []


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_axe_finds_nothing_in_a_sheet(scanned: Any, server: str, size: tuple[int, int]) -> None:
    page = scanned(size, "light")
    page.goto(f"{server}/sheet?skill=dW&n=4&seed=3&lang=ko")
    page.wait_for_selector("#print:not([hidden])")
    assert faults(page, "sheet") == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize(
    ("size", "theme", "language", "lesson"),
    [((1280, 720), "light", "en", "nodes"), ((390, 844), "dark", "ko", "batch")],
)
def test_axe_finds_nothing_in_a_lesson(
    scanned: Any, server: str, size: tuple[int, int], theme: str, language: str, lesson: str
) -> None:
    page = scanned(size, theme)
    page.goto(f"{server}/?lesson={lesson}&lang={language}")
    page.wait_for_selector("#lesson-title")
    found = faults(page, "lesson")
    page.fill("#lesson-answer", "7")
    page.press("#lesson-answer", "Enter")
    page.wait_for_selector("#lesson-tell")
    found += faults(page, "judged", "#lesson")
    page.focus("#next")
    page.keyboard.press("p")
    page.wait_for_selector("#present-end")
    found += faults(page, "presenting")
    assert found == []

"""Lessons beside their figures, and the page before a class."""

from typing import Any

from app.lessons.shelf import FOLDER

LESSONS = [path.stem[3:] for path in sorted((FOLDER / "en").glob("*.md"))]


def opened(explorer: Any, lesson: str, more: str = "") -> Any:
    explorer.open(f"?lesson={lesson}{more}")
    explorer.page.wait_for_selector("#lesson-title")
    return explorer.page


def answered(explorer: Any, text: str) -> str:
    page = explorer.page
    page.fill("#lesson-answer", text)
    with page.expect_response(lambda response: response.url.split("?")[0].endswith("/predictions")):
        page.press("#lesson-answer", "Enter")
    explorer.until("document.querySelector('#lesson-said p') !== null")
    said: str = page.inner_text("#lesson-said")
    return said


def test_a_lesson_is_chosen_by_keys_predicted_changed_and_left_for_the_next(explorer: Any) -> None:
    page = explorer.open().page
    page.focus("#choose")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-lesson=relu]")
    assert page.locator("[data-lesson]").count() == len(LESSONS)
    page.focus("[data-lesson=relu]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lesson-title")
    explorer.until("document.activeElement.id === 'lesson-title'")
    assert "lesson=relu" in page.url
    assert "preset=relu" in page.url

    # What it is taken for by whoever forgets the switch.
    assert "stopped" in answered(explorer, "2")
    assert "Right" in answered(explorer, "0.0")
    page.click("#lesson-why")
    assert page.locator("#panel").inner_text().count("0") > 0
    assert explorer.numbers("x.grad") == [1, 0, 0, 4]

    assert page.locator("#lesson-done").count() == 0
    page.click("#lesson-data")
    explorer.type("x", "1,0", "5")
    page.wait_for_selector("#lesson-done")
    assert "session=" in page.url
    page.click("#lesson-after")
    explorer.until("document.getElementById('lesson-title').textContent === 'Sigmoid'")
    page.go_back()
    explorer.until("document.getElementById('lesson-title').textContent.includes('ReLU')")
    assert explorer.numbers("x")[2] == 5


def test_each_lesson_opens_at_its_figure_from_the_one_before(explorer: Any) -> None:
    page = opened(explorer, LESSONS[0])
    page.wait_for_selector("#lesson-after")
    for lesson in LESSONS[1:]:
        page.click("#lesson-after")
        explorer.until(f"location.search.includes('lesson={lesson}&')")
        assert page.locator("#lesson-figure").count() == 0
        assert page.locator("#notice p").count() == 0
        assert page.locator(".lesson-text").inner_text()
    assert page.locator("#lesson-after").count() == 0
    # The last has its numbers in its address; after a reload they are there, and so is the lesson.
    page.reload()
    page.wait_for_selector("#lesson-title")
    assert page.inner_text("#lesson-title") == "Checking a gradient"
    assert explorer.numbers("x") == [3]


def test_a_lesson_is_in_the_language_that_is_chosen(explorer: Any) -> None:
    page = opened(explorer, "branch")
    page.select_option("#language", "ja")
    explorer.until("document.getElementById('lesson-title').textContent.includes('使われる')")
    assert "無" not in page.inner_text("#lesson-said")
    assert page.locator("#lesson-done").count() == 0


def test_another_figure_leads_back_or_closes_it(explorer: Any) -> None:
    page = opened(explorer, "relu")
    page.click("#choose")
    page.click("[data-preset='fig-5-24']")
    explorer.until("!location.search.includes('lesson=')")
    assert page.locator("#lesson-title").count() == 0


def test_an_address_of_no_lesson_says_so(explorer: Any) -> None:
    page = explorer.open("?lesson=nothing").page
    page.wait_for_selector("#notice p")
    assert "no such lesson" in page.inner_text("#notice")
    assert "lesson=" not in page.url


def test_before_a_class_type_is_larger_and_a_clicker_steps(explorer: Any) -> None:
    page = opened(explorer, "affine")
    size = "parseFloat(getComputedStyle(document.querySelector('.lesson-text')).fontSize)"
    before, start = page.evaluate(size), explorer.slider()
    page.keyboard.press("PageDown")
    assert explorer.slider() == start

    page.click("#present")
    page.wait_for_selector("#present-end")
    assert page.evaluate(size) > before * 1.2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    assert explorer.slider() == start + 1
    page.select_option("#speed", "fast")
    page.focus("#next")
    page.keyboard.press("p")
    page.wait_for_selector("#present")
    assert page.evaluate(size) == before
    explorer.until("document.fullscreenElement === null")


def test_it_plays_as_fast_as_was_chosen_before_a_class(explorer: Any) -> None:
    page = opened(explorer, "affine")
    page.keyboard.press("p")
    page.wait_for_selector("#speed")
    waits = []
    for speed in ("slow", "normal", "fast"):
        page.select_option("#speed", speed)
        waits.append(
            page.evaluate(
                """() => new Promise((done) => {
                  const real = window.setTimeout;
                  window.setTimeout = (act, ms, ...rest) => {
                    if (ms >= 400) { window.setTimeout = real; done(ms); }
                    return real(act, ms, ...rest);
                  };
                  document.getElementById("play").click();
                })"""
            )
        )
        page.click("#play")
    assert waits[0] > waits[1] > waits[2]

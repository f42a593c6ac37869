"""Classes by names of one's own: said wherever a class is meant, and kept wherever numbers are."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from app.server import Settings, create_app
from tests.conftest import serving

NAMES = ["cat", "dog", "새"]
PLAIN = str.maketrans("", "", "\u2068\u2069")


def plain(text: str) -> str:
    """Without the signs that keep a name from turning round what stands beside it."""
    return re.sub(r"\s+", " ", text.translate(PLAIN)).strip()


def named(explorer: Any, search: str = "?preset=two-layer", names: list[str] = NAMES) -> Page:
    """A figure whose classes have been named by the keyboard."""
    explorer.open(search)
    page: Page = explorer.page
    page.click("#tab-data")
    page.fill("#class-names", ", ".join(names))
    page.press("#class-names", "Enter")
    explorer.until(lambda: explorer.get("")["classes"] == names)
    explorer.settle()
    return page


def test_names_stand_at_targets_probabilities_and_all_that_is_made_for_a_class(
    explorer: Any,
) -> None:
    page = named(explorer, "?preset=two-layer&lang=en")
    labels = explorer.get("")["t"]
    shown = page.locator('[data-tensor="t"] td .class-name').all_inner_texts()
    assert list(map(plain, shown)) == [NAMES[k] for k in labels]

    explorer.press("Escape")
    page.click("#tab-table")
    page.locator("#figure").focus()
    explorer.press("End")
    rows = page.locator(".figure-table > tbody > tr")
    heads = {
        row.locator("code").inner_text(): [
            plain(name) for name in row.locator("td .class-name").all_inner_texts()
        ]
        for row in rows.all()
    }
    # A value and its gradient.
    for key in ("affine2.W", "affine2.b", "affine2.output", "t"):
        times = 1 if key == "t" else 2
        assert heads[key] == NAMES * times, key
    for key in ("x", "affine1.W", "affine1.output"):
        assert heads[key] == [], key

    page.click("#tab-explain")
    page.click("#fit")
    page.click('#figure [data-key="affine2.output"] [data-cell="4"]', force=True)
    assert plain(page.inner_text(".class-of")) == "Class 1 (dog)"
    page.click('#figure [data-key="affine1.output"] [data-cell="4"]', force=True)
    page.wait_for_selector(".class-of", state="detached")


def test_in_single_numbers_every_arrow_of_a_class_says_which_it_is(explorer: Any) -> None:
    page = named(explorer, "?preset=fig-5-29&lang=en")
    rows = page.locator("#figure .of-class")
    assert list(map(plain, rows.all_text_contents())) == NAMES
    page.locator("#figure").focus()
    explorer.press("End", "Escape")
    for key, name in (("loss.a.1", "cat"), ("loss.t.2", "dog"), ("loss.exp.3:sum", "새")):
        cell = page.locator(f'#figure [data-key="{key}"] [data-cell="0"]')
        cell.dispatch_event("pointerover", {"bubbles": True})
        title = cell.locator("title").text_content() or ""
        assert plain(title) == f"{cell.get_attribute('data-full')} · {name}"
        cell.click()
        assert plain(page.inner_text(".class-of")) == f"Class {NAMES.index(name)} ({name})"
    page.click("#tab-data")
    page.fill("#class-names", "Adélie penguin of the island, 아델리펭귄과친구들, x")
    page.press("#class-names", "Enter")
    explorer.until(lambda: explorer.get("")["classes"][2] == "x")
    explorer.settle()
    assert list(map(plain, rows.all_text_contents())) == ["Adélie pengu…", "아델리펭귄…", "x"]
    widest = rows.evaluate_all("rows => Math.max(...rows.map((row) => row.getBBox().width))")
    slots = page.locator('#figure [data-key="loss.a.1"]').evaluate("label => label.getBBox().width")
    assert widest <= slots * 1.25
    page.click("#undo")
    explorer.until("document.querySelector('#figure .of-class').textContent.includes('cat')")
    page.click("#undo")
    explorer.until("document.querySelector('#figure .of-class') === null")
    page.click("#redo")
    page.wait_for_selector("#figure .of-class")
    # The sum is of all classes.
    page.click('#figure [data-key="loss.sum"] [data-cell="0"]')
    page.wait_for_selector(".class-of", state="detached")


def test_names_are_undone_redone_reloaded_copied_and_shared(explorer: Any, page: Page) -> None:
    named(explorer, "?preset=two-layer&at=4")
    assert f"session={explorer.id}" in page.url
    # No number is another.
    assert explorer.get("")["data_version"] == 1
    page.click("#undo")
    explorer.until(lambda: explorer.get("")["classes"] == [])
    explorer.until("document.querySelector('#class-names').value === ''")
    assert "preset=two-layer" in page.url
    page.click("#redo")
    explorer.until(lambda: explorer.get("")["classes"] == NAMES)
    explorer.settle()
    page.reload()
    page.wait_for_selector("body[data-whole], body[data-ready]")
    page.wait_for_selector("#class-names")
    assert page.input_value("#class-names") == "cat, dog, 새"
    page.click("#undo")
    explorer.until(lambda: explorer.get("")["classes"] == [])
    page.click("#redo")
    explorer.until(lambda: explorer.get("")["classes"] == NAMES)
    explorer.settle()

    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    page.watch.expect("a request to")  # type: ignore[attr-defined]
    with serving(create_app(Settings())) as other:
        page.goto(link.replace(explorer.server, other))
        page.wait_for_selector("body[data-ready]")
        page.evaluate("dispatchEvent(new Event('pointermove'))")
        page.click("#tab-data")
        assert page.input_value("#class-names") == "cat, dog, 새"
        page.goto("about:blank")


def test_back_leads_from_named_classes_to_the_figure_without_names(explorer: Any) -> None:
    page = named(explorer)
    page.go_back()
    explorer.until("!location.search.includes('session=')")
    explorer.until("document.querySelector('#class-names').value === ''")
    page.go_forward()
    explorer.until("document.querySelector('#class-names').value === 'cat, dog, 새'")


def test_a_reader_sees_the_names_and_a_copy_keeps_them(explorer: Any) -> None:
    page = named(explorer)
    old = explorer.id
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    explorer.open(f"?session={old}")
    page.click("#tab-data")
    assert page.input_value("#class-names") == "cat, dog, 새"
    assert page.get_attribute("#class-names", "readonly") is not None
    page.click("#panel button >> nth=0")
    explorer.until(lambda: explorer.id != old)
    assert explorer.get("")["classes"] == NAMES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cat, dog", "One name is needed for each class: 3. Here: 2."),
        ("cat, dog, " + "x" * 31, "is too long. A name has at most 30 characters."),
    ],
)
def test_what_cannot_be_names_is_told_and_stays_until_it_is_taken_back(
    explorer: Any, text: str, said: str
) -> None:
    explorer.open("?preset=two-layer&lang=en")
    page = explorer.page
    page.click("#tab-data")
    page.fill("#class-names", text)
    page.press("#class-names", "Tab")
    assert said in plain(page.inner_text("#problem-classes"))
    assert page.get_attribute("#class-names", "aria-describedby") == "problem-classes"
    assert page.input_value("#class-names") == text
    page.press("#class-names", "Escape")
    assert page.input_value("#class-names") == ""
    assert page.locator("#problem-classes").count() == 0
    assert explorer.get("")["version"] == 1


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("猫、犬、鳥", ["猫", "犬", "鳥"]),
        ("a, b; c ; d", ["a, b", "c", "d"]),
        ("a;b | c,d | e", ["a;b", "c,d", "e"]),
    ],
)
def test_names_are_parted_by_whatever_mark_is_in_none_of_them(
    explorer: Any, typed: str, names: list[str]
) -> None:
    explorer.open("?preset=two-layer")
    page = explorer.page
    page.click("#tab-data")
    page.fill("#class-names", typed)
    page.press("#class-names", "Enter")
    explorer.until(lambda: explorer.get("")["classes"] == names)
    explorer.settle()
    # What is shown then reads as the same names, and is no change.
    page.fill("#class-names", page.input_value("#class-names") + " ")
    page.press("#class-names", "Enter")
    explorer.settle()
    assert explorer.get("")["version"] == 2


def test_a_table_of_ones_own_brings_the_names_of_its_classes(explorer: Any) -> None:
    explorer.open("?lang=en")
    page = explorer.page
    page.click("#choose")
    page.click("#own")
    page.select_option("#data", "own")
    lines = [f"{k},{k * k},{'ham' if k % 2 else 'spam'}" for k in range(20)]
    page.set_input_files("#table", {
        "name": "mail.csv", "mimeType": "text/csv",
        "buffer": "\n".join(["a,b,kind", *lines]).encode(),
    })  # fmt: skip
    page.wait_for_selector("#table-about")
    page.click("#make")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    assert explorer.get("")["classes"] == ["ham", "spam"]
    rows = [plain(text) for text in page.locator(".batch li").all_inner_texts()]
    assert rows
    assert all(re.search(r"class (0 \(ham\)|1 \(spam\))$", text) for text in rows), rows
    page.click("#tab-data")
    assert page.input_value("#class-names") == "ham, spam"
    assert page.is_disabled("#undo")
    page.click("#tab-learn")
    page.wait_for_selector(".classes-legend")
    legend = [plain(text) for text in page.locator(".classes-legend li").all_inner_texts()]
    assert legend[:2] == ["Class 0 (ham)", "Class 1 (spam)"]


def test_a_restart_loses_no_names(explorer: Any) -> None:
    page = named(explorer)
    explorer.until("localStorage.getItem('backprop-explorer.own')?.includes('dog')")
    old = explorer.id
    explorer.expect("404")
    gone = page.request.delete(
        f"{explorer.server}/api/v1/sessions/{old}",
        headers={"Authorization": f"Bearer {explorer.token}"},
    )
    assert gone.ok
    page.reload()
    page.wait_for_selector("body[data-ready]")
    explorer.until(lambda: explorer.id != old)
    assert explorer.get("")["classes"] == NAMES

"""The form for a network of one's own: limits told before, nothing cut, nothing lost."""

from typing import Any

import pytest

FIELDS = ("input", "units-0", "units-1", "samples", "seed")


def open_form(explorer: Any, search: str = "") -> None:
    explorer.open(search)
    explorer.page.click("#choose")
    explorer.page.click("#own")
    explorer.page.wait_for_selector("#make")


def put(explorer: Any, **fields: Any) -> None:
    for name, value in fields.items():
        selector = f"#{name.replace('_', '-')}"
        explorer.page.fill(selector, str(value))
        explorer.page.press(selector, "Tab")


def make(explorer: Any) -> None:
    explorer.page.click("#make")
    explorer.page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()


def said_at(explorer: Any, field: str) -> str:
    text: str = explorer.page.inner_text(f"label:has(#{field}) .problem")
    return text


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_every_limit_stands_at_its_field_and_nothing_beyond_it_is_sent(
    explorer: Any, language: str
) -> None:
    open_form(explorer, f"?lang={language}")
    page = explorer.page
    limits = page.request.get(f"{explorer.server}/api/v1/catalogue").json()["limits"]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    for field in FIELDS:
        bounds = limits[field.split("-")[0] if field != "input" else "input_size"]
        assert page.get_attribute(f"#{field}", "max") == str(bounds["maximum"])
        told = page.inner_text(f"label:has(#{field}) small")
        assert f"{bounds['maximum']:,}" in told, field
        before = page.input_value(f"#{field}")
        for wrong in (bounds["minimum"] - 1, bounds["maximum"] + 1, "1.5", ""):
            put(explorer, **{field: wrong})
            assert f"{bounds['maximum']:,}" in said_at(explorer, field), (field, wrong)
            assert page.get_attribute(f"#{field}", "aria-invalid") == "true"
            page.click("#make")
            # Kept as it was typed, with the cursor in it.
            assert page.input_value(f"#{field}") == str(wrong)
            assert page.evaluate("document.activeElement.id") == field
        put(explorer, **{field: before})
        assert page.locator("#network .problem").count() == 0
    assert "POST" not in sent


def test_a_hundred_samples_and_a_hundred_units_are_what_is_made(explorer: Any) -> None:
    open_form(explorer)
    put(explorer, input=65, units_0=100, units_1=100, samples=100)
    explorer.page.uncheck("#loss")
    make(explorer)
    session = explorer.get("?max_cells=1000000")
    assert (len(session["x"]), len(session["x"][0])) == (100, 65)
    assert [layer.get("units") for layer in session["network"]["layers"]] == [100, None, 100]
    assert session["grad_output"] == [[1] * 100] * 100
    assert session["predictions"] is None


def test_too_many_layers_and_parameters_are_said_before_sending(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    put(explorer, input=2000, units_0=2000, units_1=2)
    assert "2,000,000" in page.inner_text("#network fieldset .problem")
    put(explorer, units_0=2)
    assert page.locator("#network .problem").count() == 0
    # Two layers with one function are three; each more adds one.
    for _ in range(29):
        page.click("#add-layer")
    assert page.is_disabled("#add-layer")
    page.select_option("#activation-5", "tanh")
    assert "32" in page.inner_text("#network fieldset .problem")
    page.click("#make")
    assert page.is_visible("dialog#network")


def test_a_pass_that_is_too_large_is_refused_at_the_samples_with_the_limit(explorer: Any) -> None:
    open_form(explorer)
    explorer.expect("422")
    put(explorer, input=4000, units_0=4, samples=10000)
    explorer.page.click("#make")
    explorer.page.wait_for_selector("label:has(#samples) .problem")
    assert "8,000,000" in said_at(explorer, "samples")
    assert explorer.page.input_value("#samples") == "10000"


def test_the_book_s_network_for_digits_can_be_made(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    assert page.locator("#data option[value=mnist]").is_disabled()
    put(explorer, input=784)
    page.select_option("#data", "mnist")
    assert "10" in said_at(explorer, "units-1")
    put(explorer, units_0=50, units_1=10, samples=100)
    make(explorer)
    session = explorer.get("?max_cells=1000000")
    assert session["source"]["dataset"] == "mnist"
    assert len(session["x"]) == 100
    assert {len(row) for row in session["x"]} == {784}
    assert set(session["t"]) == set(range(10))
    # Next starts with words, not with tables.
    assert page.get_attribute("#tab-explain", "aria-selected") == "true"
    assert "Next" in explorer.sentence()
    explorer.press("End")
    assert 1 < session["loss"] < 5


def test_digits_without_their_784_numbers_are_told_at_the_choice(explorer: Any) -> None:
    open_form(explorer)
    put(explorer, input=784)
    explorer.page.select_option("#data", "mnist")
    put(explorer, input=783, units_1=10)
    assert "784" in said_at(explorer, "data")
    explorer.page.click("#make")
    assert explorer.page.is_visible("dialog#network")


def test_first_samples_are_distinct_tenths_and_shown_as_such(explorer: Any) -> None:
    open_form(explorer)
    put(explorer, input=2, samples=6)
    make(explorer)
    x = explorer.get("")["x"]
    assert len({tuple(row) for row in x}) == 6
    shown = explorer.page.locator('#figure [data-key="x"] .cell text').all_text_contents()
    assert all(len(text.replace("\u2212", "")) <= 3 for text in shown), shown


def test_the_form_is_filled_in_by_keyboard_alone(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    page.focus("#input")
    page.keyboard.press("Control+a")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    assert len(explorer.get("")["x"][0]) == 4

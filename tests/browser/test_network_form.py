"""The form for a network of one's own: limits told before, nothing cut, nothing lost."""

import math
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
    assert "Affine 2" in page.inner_text("label:has(#units-1)")
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


def test_the_book_s_network_for_digits_is_made_in_two_clicks_and_steps_on(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    page.click("#book")
    assert page.input_value("#std") == "0.01"
    assert page.input_value("#samples") == "8000"
    make(explorer)
    session = explorer.get("?max_cells=1000000")
    assert [layer.get("units") for layer in session["network"]["layers"]] == [50, None, 10]
    data = {"dataset": "mnist", "split": "train", "samples": 8000, "batch_size": 100, "noise": 0}
    assert session["data"] == data | {"seed": 0}
    assert len(session["x"]) == len(session["source"]["rows"]) == 100
    weights = [cell for row in session["parameters"]["affine1.W"] for cell in row]
    assert 0.0095 < math.sqrt(sum(cell * cell for cell in weights) / len(weights)) < 0.0105
    # Each row of x is a digit by its number in the set, with its picture.
    page.wait_for_function("document.querySelectorAll('.batch img').length === 100")
    numbers, labels = session["source"]["rows"], session["t"]
    titles = page.locator(".batch button").evaluate_all("all => all.map((one) => one.title)")
    assert titles == [
        f"Row {row}: digit {label}, no. {number:,}"
        for row, (label, number) in enumerate(zip(labels, numbers, strict=True))
    ]
    page.click('.batch [data-row="3"]')
    page.wait_for_selector(f"#panel .sample-of >> text={titles[3]}")
    page.click("#to-step")
    # Next starts with words, not with tables.
    assert page.get_attribute("#tab-explain", "aria-selected") == "true"
    assert "Next" in explorer.sentence()
    explorer.press("End")
    assert 2.2 < session["loss"] < 2.4
    # Through the update to the next mini-batch, and back to the first.
    assert page.inner_text(".phase-part.update span") == "update"
    first = session["source"]["rows"]
    for key, made in ((".", 1), (",", 0)):
        explorer.press(key)
        explorer.until(lambda made=made: explorer.get("")["cursor"]["step"] == made)
        explorer.settle()
        assert (explorer.get("")["source"]["rows"] == first) == (made == 0)
    # A run takes mini-batches of the same size, out of all 8,000; a step of it names its rows.
    page.click("#tab-learn")
    assert page.input_value("#learn-batch") == "100"
    page.fill("#learn-steps", "90")
    page.click("#learn-run")
    explorer.until(lambda: [run["state"] for run in explorer.get("/runs")["runs"]] == ["finished"])
    run = explorer.get("/runs")["runs"][0]
    assert (run["batch_size"], run["samples"], run["epoch"]) == (100, 9000, 1)
    page.fill("#learn-open", "81")
    page.click("#learn-open-step")
    page.wait_for_selector("#learn-all")
    assert explorer.get("")["source"]["rows"] != first
    page.click("#learn-all")
    page.wait_for_selector("#learn-all", state="detached")
    assert explorer.get("")["source"]["rows"] == first
    # For other samples the network stays what it is.
    page.click("#tab-data")
    page.click("#other-data")
    assert page.input_value("#units-0") == "50"


def test_samples_bring_a_network_that_goes_with_them(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    page.select_option("#data", "spiral")
    put(explorer, units_1=4, samples=120, batch=6, noise=0.05)
    make(explorer)
    session = explorer.get("")
    assert session["data"] == {
        "dataset": "spiral", "split": "train", "samples": 120, "batch_size": 6, "seed": 0,
        "noise": 0.05,
    }  # fmt: skip
    assert (len(session["x"]), session["network"]["input_size"]) == (6, 2)
    places = page.locator(".batch circle").evaluate_all(
        "all => all.map((one) => [Number(one.getAttribute('cx')), -Number(one.getAttribute('cy'))])"
    )
    assert places == session["x"]

    page.click("#choose")
    page.click("#own")
    page.select_option("#data", "mnist")
    assert page.input_value("#units-1") == "10"
    put(explorer, input=783, units_1=9)
    assert "784" in said_at(explorer, "input")
    assert "10" in said_at(explorer, "units-1")
    page.click("#make")
    assert page.is_visible("dialog#network")
    put(explorer, input=784, units_1=10, samples=7, batch=7)
    make(explorer)
    session = explorer.get("?max_cells=1000000")
    assert (len(session["x"]), session["data"]) == (7, None)


def test_a_table_of_one_s_own_is_chosen_dropped_and_told_line_by_line(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    explorer.expect("422")
    page.select_option("#data", "own")
    page.click("#make")
    assert "No file" in page.inner_text(".own-table .problem")
    page.set_input_files("#table", csv("a,b,kind\n1,2,x\n3,2,5,y\n"))
    page.wait_for_selector(".own-table .problem >> text=Line 3:")
    page.set_input_files("#table", csv("a,b,kind\n1,2,x\n3,often,y\n"))
    page.wait_for_selector(".own-table .problem >> text=Line 3, column 2: this is not a number")
    # Dropped on the form, whatever was chosen; of what came second the first is forgotten.
    rows = "".join(f"{'pqr'[k % 3]},{k},{k * k}\n" for k in range(20))
    page.select_option("#data", "moons")
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "three.csv", { type: "text/csv" }));
            const over = { dataTransfer: data, bubbles: true, cancelable: true };
            const form = document.querySelector("#network form");
            if (form.dispatchEvent(new DragEvent("dragover", over))) throw Error("not taken");
            form.dispatchEvent(new DragEvent("drop", over));
        }""",
        f"kind,a,b\n{rows}",
    )
    # The labels are what is no number; any other column may be taken instead, if it can be.
    page.wait_for_selector("#table-about >> text=Classes: p, q, r")
    page.select_option("#table-label", "b")
    page.wait_for_selector(".own-table .problem >> text=Line 2, column 1: this is not a number")
    page.select_option("#table-label", "kind")
    page.wait_for_selector("#table-about >> text=Classes: p, q, r")
    assert page.input_value("#units-1") == "3"
    put(explorer, batch=5, seed=3)
    make(explorer)
    session = explorer.get("")
    assert (session["data"]["samples"], len(session["x"]), len(session["x"][0])) == (16, 5, 2)
    assert all(label == row[0] % 3 for row, label in zip(session["x"], session["t"], strict=True))


def csv(text: str) -> Any:
    return {"name": "table.csv", "mimeType": "text/csv", "buffer": text.encode()}


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


def test_other_samples_keep_the_weights_where_they_fit(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    page.select_option("#data", "moons")
    make(explorer)
    page.click("#tab-data")
    explorer.type("affine1.b", "0", "0.1")
    explorer.until(lambda: explorer.get("/tensors/affine1.b")["value"][0] == 0.1)
    explorer.settle()
    weights, first = explorer.get("?max_cells=10000")["parameters"], explorer.id
    page.click("#other-data")
    page.select_option("#data", "circles")
    assert page.input_value("#initializer") == "kept"
    make(explorer)
    other = explorer.get("?max_cells=10000")
    assert explorer.id != first
    assert other["data"]["dataset"] == "circles"
    assert other["parameters"] == weights
    shown = [explorer.numbers(key) for key in ("affine1.W", "affine2.W")]
    told = (weights[key] for key in ("affine1.W", "affine2.W"))
    assert shown == [[cell for row in rows for cell in row] for rows in told]
    # New ones where they are wanted, or where the old do not fit.
    page.click("#tab-data")
    page.click("#other-data")
    put(explorer, units_0=5)
    assert page.input_value("#initializer") == "he"
    put(explorer, units_0=4)
    assert page.input_value("#initializer") == "kept"
    page.select_option("#initializer", "xavier")
    make(explorer)
    assert explorer.get("?max_cells=10000")["parameters"] != weights
    # A network that begins anew has none to keep.
    page.click("#choose")
    page.click("#own")
    assert page.locator("#initializer option[value=kept]").count() == 0


def test_a_convolution_of_small_digits_is_made_steps_and_learns(explorer: Any) -> None:
    open_form(explorer)
    page = explorer.page
    page.select_option("#data", "mnist")
    page.select_option("#shape", "image")
    assert [page.input_value(f"#{id}") for id in ("channels", "height", "width")] == [
        "1", "28", "28",
    ]  # fmt: skip
    put(explorer, height=7, width=5)
    assert "784" in page.inner_text("label:has(#channels) .problem")
    put(explorer, width=7, batch=2)
    page.click("#more-0")
    page.select_option("#type-0", "conv2d")
    put(explorer, **{"filters-0": 2, "size-0": 3, "pad-0": 1})
    page.select_option("#activation-0", "relu")
    page.click("#more-1")
    page.select_option("#type-1", "max_pool")
    page.select_option("#activation-1", "flatten")
    page.click("#add-layer")
    put(explorer, **{"units-2": 10})
    assert page.locator("#network .problem").count() == 0
    counted = page.inner_text("#network fieldset:has(.layers) .hint")
    make(explorer)

    made = explorer.get("?max_cells=10000")
    network = made["network"]
    assert network["input_shape"] == [1, 7, 7]
    assert [layer["type"] for layer in network["layers"]] == [
        "conv2d", "relu", "max_pool", "flatten", "affine",
    ]  # fmt: skip
    assert len(made["x"]) == 2
    assert len(made["x"][0][0]) == len(made["x"][0][0][0]) == 7
    assert "Parameters: 210 " in counted
    assert sum(map(cells, made["parameters"].values())) == 210
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    explorer.settle()
    assert "forward · Convolution" in page.inner_text("#panel")
    page.click("#tab-data")
    page.click("#other-data")
    shown = ("#shape", "#height", "#filters-0", "#pad-0", "#type-1")
    assert [page.input_value(id) for id in shown] == ["image", "7", "2", "1", "max_pool"]


def cells(value: Any) -> int:
    return sum(map(cells, value)) if isinstance(value, list) else 1

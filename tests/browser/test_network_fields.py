"""The fields of layers and losses in the form for a network: those of the catalogue, in words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.web.files import STATIC

CATALOGUE = "**/api/v1/catalogue"


def open_form(explorer: Any, search: str = "") -> Any:
    explorer.open(search)
    explorer.page.click("#choose")
    explorer.page.click("#own")
    explorer.page.wait_for_selector("#make")
    return explorer.page


def put(page: Any, id: str, text: str) -> None:
    page.fill(f"#{id}", text)
    page.press(f"#{id}", "Tab")


def make(explorer: Any) -> dict[str, Any]:
    """Make the network; as the server tells it, without the names of its layers."""
    explorer.page.click("#make")
    explorer.page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    network: dict[str, Any] = explorer.get("")["network"]
    for layer in network["layers"]:
        del layer["name"]
    return network


def told(explorer: Any) -> dict[str, Any]:
    answer = explorer.page.request.get(f"{explorer.server}/api/v1/catalogue")
    read: dict[str, Any] = answer.json()
    return read


def check_field(page: Any, id: str, name: str, field: dict[str, Any], words: Any) -> None:
    """It is there, of its kind, with a word of the language, its default and its limits."""
    label = page.inner_text(f"label:has(#{id})")
    assert words[f"network.field.{name}"] in label
    if "enum" in field:
        options = page.locator(f"#{id} option").all_text_contents()
        assert [one.strip() for one in options] == [
            words[f"network.choice.{choice}"] for choice in field["enum"]
        ]
        assert page.input_value(f"#{id}") == field["default"]
    elif field["type"] == "boolean":
        assert page.is_checked(f"#{id}") == field["default"]
    else:
        if "default" in field:
            assert page.input_value(f"#{id}") == ""
            assert float(page.get_attribute(f"#{id}", "placeholder")) == field["default"]
        for end in field.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
            assert f"{field[end]:,.0f}" in page.inner_text(f"label:has(#{id}) small")


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_every_field_of_the_catalogue_has_words_limits_and_its_default(
    explorer: Any, language: str
) -> None:
    page = open_form(explorer, f"?lang={language}")
    words = json.loads((STATIC / f"lang/{language}.json").read_text("utf-8"))
    catalogue = told(explorer)
    # Until they are asked for, there is what a layer needs.
    assert page.locator("#bias-0, #type-0, #loss-reduction").count() == 0
    page.click("#more-0")
    page.click("#loss-more")
    seen = 0
    for layer in catalogue["layers"]:
        page.select_option("#type-0", layer["name"])
        for name, field in layer["fields"].items():
            if field.get("type") == "array":
                # Layers within it are rows of their own.
                assert page.locator("#more-0-0, #more-0-1").count() == 2
                continue
            check_field(page, f"{name}-0", name, field, words)
            seen += 1
        if all("default" in field for field in layer["fields"].values()):
            page.select_option("#activation-0", layer["name"])
            for name, field in layer["fields"].items():
                check_field(page, f"then-{name}-0", name, field, words)
    for loss in catalogue["losses"]:
        page.select_option("#loss-type", loss["name"])
        for name, field in loss["fields"].items():
            check_field(page, f"loss-{name}", name, field, words)
            seen += 1
    assert seen >= 10


def test_what_was_typed_stays_while_others_are_chosen_and_when_the_samples_change(
    explorer: Any,
) -> None:
    page = open_form(explorer)
    page.select_option("#data", "moons")
    page.select_option("#activation-0", "leaky_relu")
    page.click("#more-0")
    page.uncheck("#bias-0")
    put(page, "then-slope-0", "0.25")
    page.select_option("#activation-0", "tanh")
    assert page.locator("#then-slope-0").count() == 0
    page.select_option("#activation-0", "leaky_relu")
    page.click("#loss-more")
    page.select_option("#loss-reduction", "sum")
    put(page, "loss-weight_decay", "0.1")
    page.select_option("#loss-type", "sigmoid_cross_entropy")
    page.select_option("#loss-type", "softmax_cross_entropy")
    network = make(explorer)
    layers = [
        {"type": "affine", "units": 4, "bias": False},
        {"type": "leaky_relu", "slope": 0.25},
        {"type": "affine", "units": 2},
    ]
    loss = {"type": "softmax_cross_entropy", "reduction": "sum", "weight_decay": 0.1}
    assert (network["layers"], network["loss"]) == (layers, loss)

    page.click("#tab-data")
    page.click("#other-data")
    page.select_option("#data", "circles")
    # What is not by default is in sight, and the weights still fit.
    assert page.input_value("#then-slope-0") == "0.25"
    assert not page.is_checked("#bias-0")
    assert page.input_value("#loss-reduction") == "sum"
    assert page.locator("#bias-1").count() == 0
    assert page.input_value("#initializer") == "kept"
    network = make(explorer)
    assert (network["layers"], network["loss"]) == (layers, loss)


def test_layers_that_are_no_activations_are_made_and_the_chain_comes_back_as_it_was(
    explorer: Any,
) -> None:
    page = open_form(explorer)
    page.select_option("#activation-0", "layer_norm")
    page.click("#add-layer")
    page.click("#more-1")
    page.select_option("#type-1", "relu")
    # A layer without a number of its own needs none; the numbers that are learned are counted.
    assert page.locator("#units-1").count() == 0
    assert "ReLU 1" in page.inner_text("#network .layers li:nth-child(2)")
    page.select_option("#activation-2", "softmax")
    page.select_option("#loss-type", "squared_error")
    counted = page.inner_text("#network fieldset:has(.layers) .hint")
    made = make(explorer)["layers"]
    types = [layer["type"] for layer in made]
    assert types == ["affine", "layer_norm", "relu", "affine", "softmax"]
    parameters = explorer.get("?max_cells=10000")["parameters"]
    cells = sum(
        sum(map(len, value)) if isinstance(value[0], list) else len(value)
        for value in parameters.values()
    )
    assert f"Parameters: {cells} " in counted
    page.click("#tab-data")
    page.click("#other-data")
    assert page.input_value("#type-1") == "relu"
    assert page.input_value("#initializer") == "kept"
    assert make(explorer)["layers"] == made


def test_a_wrong_number_is_told_at_its_field_which_is_opened_to_show_it(explorer: Any) -> None:
    page = open_form(explorer)
    page.select_option("#activation-0", "layer_norm")
    page.focus("#more-0")
    page.keyboard.press("Enter")
    assert page.get_attribute("#more-0", "aria-expanded") == "true"
    for wrong in ("0", "1.5", "-1"):
        put(page, "then-epsilon-0", wrong)
        said = page.inner_text("label:has(#then-epsilon-0) .problem")
        assert "above 0 and at most 1" in said, wrong
    page.click("#more-0")
    assert page.locator("#then-epsilon-0").count() == 0
    page.click("#loss-more")
    put(page, "loss-weight_decay", "-1")
    page.click("#loss-more")
    page.click("#make")
    assert page.evaluate("document.activeElement.id") == "then-epsilon-0"
    assert page.input_value("#then-epsilon-0") == "-1"
    assert page.is_visible("label:has(#loss-weight_decay) .problem")
    # An emptied field has its default again.
    put(page, "then-epsilon-0", "")
    put(page, "loss-weight_decay", "")
    assert page.locator("#network .problem").count() == 0
    network = make(explorer)
    assert network["layers"][1] == {"type": "layer_norm"}
    assert network["loss"] == {"type": "softmax_cross_entropy"}


@pytest.fixture
def invented(explorer: Any) -> Iterator[dict[str, Any]]:
    """A layer that the page has never heard of, in the catalogue that it is given."""
    layer = {
        "name": "shrink", "title": "Shrink", "formula": "X", "activation": False,
        "fields": {
            "rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "turns": {"type": "integer", "minimum": 2, "default": 3},
            "way": {"enum": ["up", "down"], "default": "down"},
        },
    }  # fmt: skip

    def answer(route: Any) -> None:
        response = route.fetch()
        known = response.json()
        known["layers"].append(layer)
        route.fulfill(response=response, json=known)

    explorer.page.route(CATALOGUE, answer)
    yield layer
    explorer.page.unroute(CATALOGUE, answer)


def test_a_layer_that_the_page_has_no_words_for_can_be_filled_in_by_its_names(
    explorer: Any, invented: dict[str, Any]
) -> None:
    page = open_form(explorer)
    explorer.expect("422")
    page.click("#more-0")
    page.select_option("#type-0", invented["name"])
    for name in invented["fields"]:
        assert f"Shrink 1, {name}" in page.inner_text(f"label:has(#{name}-0)")
    put(page, "turns-0", "1")
    assert "at least 2" in page.inner_text("label:has(#turns-0) .problem")
    put(page, "turns-0", "5")
    put(page, "rate-0", "0.5")
    page.select_option("#way-0", "up")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.click("#make")
    layer = sent.value.post_data_json["network"]["layers"][0]
    assert layer == {"type": "shrink", "rate": 0.5, "turns": 5, "way": "up"}


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_all_its_fields_fit_a_phone(explorer: Any, language: str) -> None:
    explorer.page.set_viewport_size({"width": 390, "height": 844})
    page = open_form(explorer, f"?lang={language}")
    page.select_option("#activation-0", "leaky_relu")
    page.select_option("#activation-1", "layer_norm")
    for button in ("more-0", "more-1", "loss-more"):
        page.click(f"#{button}")
    put(page, "then-slope-0", "9e9")
    widths = "({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]"
    wide, room = page.eval_on_selector("dialog#network", widths)
    assert wide <= room
    for field in page.locator("#network :is(input, select, button)").all():
        if box := field.bounding_box():
            assert 0 <= box["x"] <= 390 - box["width"]
            assert box["height"] >= 24 or field.get_attribute("type") == "checkbox"


def test_layers_within_a_layer_are_added_moved_and_removed_by_keyboard_and_come_back(
    explorer: Any,
) -> None:
    page = open_form(explorer)
    page.click("#add-layer")
    page.click("#up-2")
    # Where it went, it can be moved on.
    assert page.evaluate("document.activeElement.id") == "up-1"
    page.click("#more-1")
    page.select_option("#type-1", "residual")
    # What is in it gives as much as it takes.
    assert [page.input_value(f"#units-1-{k}") for k in (0, 1)] == ["4", "4"]
    page.focus("#add-layer-1")
    page.keyboard.press("Enter")
    page.focus("#up-1-2")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "down-1-0"
    put(page, "units-1-0", "3")
    put(page, "units-1-1", "5000")
    assert "4,096" in page.inner_text("label:has(#units-1-1) .problem")
    # The sentence takes lines, and no room beside the form.
    assert page.eval_on_selector("dialog#network", "form => form.scrollWidth <= form.clientWidth")
    put(page, "units-1-1", "5")
    page.click("#more-1-2")
    page.select_option("#type-1-2", "residual")
    page.click("#more-1-2-1")
    page.uncheck("#bias-1-2-1")
    page.focus("#more-1-2-0")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.select_option("#activation-1-2-0", "none")
    put(page, "units-1-2-0", "6")
    counted = page.inner_text("#network fieldset:has(.layers) > .hint")
    explorer.expect("422")
    page.click("#make")
    # What its layers make does not fit what goes in: told where they are.
    page.wait_for_selector("#network .problem")
    assert page.is_visible("dialog#network")
    page.click("#more-1-2")
    page.click("#up-1-2")
    page.click("#up-1-1")
    put(page, "units-1-0-0", "4")
    put(page, "units-1-2", "4")
    counted = page.inner_text("#network fieldset:has(.layers) > .hint")
    made = make(explorer)["layers"]
    inner = made[2]["layers"]
    assert [one["type"] for one in made] == ["affine", "relu", "residual", "affine"]
    assert [one["type"] for one in inner] == ["residual", "affine", "affine", "relu"]
    parameters = explorer.get("?max_cells=10000")["parameters"]
    cells = sum(
        sum(map(len, value)) if isinstance(value[0], list) else len(value)
        for value in parameters.values()
    )
    assert f"Parameters: {cells} " in counted
    page.click("#tab-data")
    page.click("#other-data")
    assert page.input_value("#units-1-2") == "4"
    assert page.input_value("#initializer") == "kept"
    assert make(explorer)["layers"] == made

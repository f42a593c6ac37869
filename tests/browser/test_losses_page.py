"""Layers and losses of the catalogue in the page: chosen in the form, drawn, stepped, explained."""

from typing import Any

import pytest

ACTIVATIONS = ("relu", "sigmoid", "tanh", "softplus", "gelu", "gelu_tanh", "leaky_relu")


def form(explorer: Any) -> Any:
    """The form for a network of one's own, in its page."""
    # Every cell of the network is on the screen.
    explorer.page.set_viewport_size({"width": 3400, "height": 1000})
    explorer.open()
    explorer.page.click("#choose")
    explorer.page.click("#own")
    explorer.page.wait_for_selector("#make")
    return explorer.page


def test_the_form_offers_what_the_catalogue_has_by_its_titles(explorer: Any) -> None:
    page = form(explorer)
    told = page.request.get(f"{explorer.server}/api/v1/catalogue").json()

    def offered(id: str) -> list[tuple[str, str]]:
        script = "all => all.map(({ value, textContent }) => [value, textContent.trim()])"
        return [tuple(one) for one in page.eval_on_selector_all(f"#{id} option", script)]

    def called(*, activation: bool) -> list[tuple[str, str]]:
        kinds = [one for one in told["layers"] if one["activation"] == activation]
        return [(one["name"], one["title"]) for one in kinds]

    assert {name for name, _ in called(activation=True)} == set(ACTIVATIONS)
    # Behind another layer what needs no number of its own; as a layer all.
    # What holds layers has a row of its own.
    needs = {
        one["name"]
        for one in told["layers"]
        if any(not {"default", "follows"} & set(field) for field in one["fields"].values())
    }
    others = [one for one in called(activation=False) if one[0] not in needs]
    assert offered("activation-0")[1:] == called(activation=True) + others
    page.click("#more-0")
    assert offered("type-0") == called(activation=True) + called(activation=False)
    assert offered("loss-type") == [(one["name"], one["title"]) for one in told["losses"]]
    page.uncheck("#loss")
    assert page.locator("#loss-type").count() == 0


@pytest.mark.parametrize("loss", ["squared_error", "sigmoid_cross_entropy"])
def test_a_network_with_another_loss_is_made_and_goes_to_its_end_and_opens_its_loss(
    explorer: Any, loss: str
) -> None:
    page = form(explorer)
    page.select_option("#activation-0", "gelu")
    page.select_option("#loss-type", loss)
    page.click("#make")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    made = explorer.get("")["network"]
    assert made["loss"] == {"type": loss}
    assert made["layers"][1]["type"] == "gelu"

    explorer.press("End")
    page.wait_for_selector('[data-key="loss.grad"]')
    for view in ("opened", "closed"):
        page.select_option("#loss-view", view)
        explorer.settle()
        assert page.input_value("#loss-view") == view
    page.click('[data-key="affine2.output.grad"] [data-cell="0"]')
    page.wait_for_selector(".result")

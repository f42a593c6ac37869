"""A run stands beside one of another session: made anew, by its link, or of one's own."""

from typing import Any

BODY = {
    "network": {
        "input_size": 2,
        "layers": [
            {"type": "affine", "units": 6},
            {"type": "relu"},
            {"type": "affine", "units": 3},
        ],
        "loss": {"type": "softmax_cross_entropy"},
    },
    "data": {"dataset": "spiral", "samples": 60, "batch_size": 20},
    "initializer": "he",
    "seed": 4,
}


def differences(page: Any) -> dict[str, list[str]]:
    return {
        row.get_attribute("data-facet"): row.locator("td").all_inner_texts()
        for row in page.locator("#compare-differs tbody tr").all()
    }


def test_the_same_network_with_other_weights_and_activation_stands_on_the_same_axes(
    explorer: Any, learning: Any
) -> None:
    page = learning(BODY)
    mine = explorer.id
    page.fill("#learn-steps", "120")
    page.click("#learn-run")
    explorer.until(lambda: page.inner_text("#learn-state").startswith("Finished"))
    page.click("#compare-others summary")
    assert page.is_disabled("#rival-make")
    page.select_option("#rival-initializer", "xavier")
    page.select_option("#rival-activation", "tanh")
    page.click("#rival-make")
    page.wait_for_selector("#compare-differs tbody tr")
    assert differences(page) == {
        "network.initializer": ["He", "Xavier"],
        "compare.facet.activation": ["ReLU", "Tanh"],
    }
    link = page.get_attribute(".rival-list a", "href")
    other = link.removeprefix("/?session=")
    api = f"{explorer.server}/api/v1/sessions"
    own, made = (page.request.get(f"{api}/{id}").json() for id in (mine, other))
    assert [layer["type"] for layer in made["network"]["layers"]] == ["affine", "tanh", "affine"]
    assert (made["initializer"]["type"], made["initializer"]["seed"]) == ("xavier", 4)
    assert made["data"] == own["data"]

    def ended() -> Any:
        run = page.request.get(f"{api}/{other}/runs").json()["runs"][0]
        return run if run["state"] == "finished" else None

    explorer.until(ended)
    run, first = ended(), page.request.get(f"{api}/{mine}/runs").json()["runs"][0]
    same = ("steps", "seed", "batch_size", "schedule", "stop", "optimizer")
    assert [run[key] for key in same] == [first[key] for key in same]
    # The curve follows the other run to its end.
    last = page.request.get(f"{api}/{other}/runs/{run['id']}/history").json()["loss"][-1]
    explorer.until(lambda: f"{last:.3f}"[:4] in page.inner_text(".look:last-child .u-legend"))

    # Away with it, and by its link as anybody may read it.
    page.click(".rival-list button")
    page.wait_for_selector("#compare-differs", state="detached")
    page.fill("#rival-link", f"{explorer.server}/?session={mine}")
    page.click("#rival-add")
    page.wait_for_selector("#compare-others .problem")
    page.fill("#rival-link", f"{explorer.server}{link}")
    page.click("#rival-add")
    page.wait_for_selector("#compare-differs tbody tr")
    assert "Xavier" in page.locator("#compare-second option:checked").inner_text()
    # The menu's own have it, too.
    page.click(".rival-list button")
    page.wait_for_selector(f'#rival-own option[value="{other}"]', state="attached")
    page.select_option("#rival-own", other)
    page.wait_for_selector("#compare-differs tbody tr")
    for language in ("ko", "ja"):
        page.select_option("#language", language)
        assert page.locator("#compare-differs tbody tr").count() == 2

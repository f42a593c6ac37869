"""The + of an Affine opens: Repeat stands before it; the mean of the closed loss: 1/N after it."""

from typing import Any

import pytest

pytestmark = pytest.mark.motion
MOVING = "document.getAnimations().filter((a) => a.playState === 'running').length"
REPEAT = "document.querySelector('#figure [data-node=\"affine1.repeat\"]')"
# Events of the two-layer network up to the gradient of its scores.
SCORES = 9
DY = [1, 2, 3, 3, 4, 5, 1, 1, 1]


def middle(explorer: Any, node: str) -> tuple[float, float]:
    """Where an op or a box stands on the screen, once nothing moves."""
    explorer.until(f"{MOVING} === 0")
    found = explorer.page.locator(f'[data-node="{node}"] > :is(circle, rect)').bounding_box()
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def in_sight(explorer: Any, node: str) -> bool:
    x, y = middle(explorer, node)
    found: str | None = explorer.page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y)?.closest('[data-node]')?.dataset.node", [x, y]
    )
    return found == node


def sign(explorer: Any, node: str, name: str) -> Any:
    return explorer.page.locator(f'.nodes > [data-node="{node}"] .tag[data-{name}]').last


def test_plus_opens_steps_through_repeat_and_closes_at_the_same_event(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27&at=5")
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]
    assert "copied to every row" in explorer.sentence()
    sign(explorer, "affine1.add", "opens").click()
    explorer.until("location.search.includes('open=affine1.add&at=7')")
    assert in_sight(explorer, "affine1.repeat")
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]
    assert explorer.numbers("affine1.repeat") == 3 * [1, 2, 3]
    assert explorer.numbers("affine1.repeat.grad") == DY
    assert "Repeat copied B to every row" in explorer.sentence()
    assert explorer.page.locator(".rule").count() == 2

    # Back: first the sum is gone, then the rows that + handed on, and so to the start.
    explorer.press(",")
    shown = explorer.figure()
    assert (shown["affine1.b.grad"], len(shown["affine1.repeat.grad"])) == ({}, 9)
    explorer.press(",")
    assert explorer.figure()["affine1.repeat.grad"] == {}
    explorer.press("Home")
    assert explorer.figure()["affine1.repeat"] == {}
    explorer.next(2)
    assert explorer.sentence() == (
        "Repeat copies the one row B to every row of the batch. The result is 1 · B."
    )
    assert explorer.numbers("affine1.repeat") == 3 * [1, 2, 3]
    assert explorer.figure()["affine1.output"] == {}
    explorer.next()
    assert explorer.numbers("affine1.output") == [1, 2, 3, 11, 12, 13, 21, 22, 23]
    explorer.next(4)
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]

    sign(explorer, "affine1.add", "closes").click()
    explorer.until("!location.search.includes('open=')")
    assert "at=5" in explorer.page.url
    assert explorer.page.locator('[data-node="affine1.repeat"]').count() == 0
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]
    assert explorer.slider() == 5


def test_a_double_click_opens_plus_and_one_on_repeat_closes_it(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27")
    explorer.page.mouse.dblclick(*middle(explorer, "affine1.add"))
    explorer.until(f"{REPEAT} !== null")
    explorer.page.mouse.dblclick(*middle(explorer, "affine1.repeat"))
    explorer.until(f"{REPEAT} === null")
    # What does not open stays as it is, also under a double click.
    explorer.page.mouse.dblclick(*middle(explorer, "affine1.dot"))
    explorer.settle()
    assert "open=" not in explorer.page.url


def test_keys_open_and_close_it_from_b(explorer: Any) -> None:
    explorer.open("?preset=fig-5-27")
    explorer.page.focus("#figure")
    for _ in range(12):
        at = explorer.page.get_attribute("#figure", "aria-activedescendant")
        if at == "edge-affine1.b":
            break
        explorer.press("ArrowDown")
    assert at == "edge-affine1.b"
    label = '[id="edge-affine1.b"]'
    assert "Enter shows Repeat" in explorer.page.get_attribute(label, "aria-label")
    explorer.press("Enter")
    explorer.until(f"{REPEAT} !== null")
    assert "Enter hides Repeat" in explorer.page.get_attribute(label, "aria-label")
    explorer.press("Enter")
    explorer.until(f"{REPEAT} === null")
    explorer.press("Enter")
    explorer.until(f"{REPEAT} !== null")
    explorer.press("Escape")
    explorer.until(f"{REPEAT} === null")


@pytest.mark.parametrize(
    ("lang", "forward", "button"),
    [
        ("en", "Repeat copies", "Put Repeat back"),
        ("ko", "Repeat는", "Repeat 노드 다시 넣기"),
        ("ja", "Repeat は", "Repeat をしまう"),
    ],
)
def test_a_link_brings_it_opened_in_every_language(
    explorer: Any, lang: str, forward: str, button: str
) -> None:
    explorer.open(f"?preset=fig-5-27&open=affine1.add&at=2&lang={lang}")
    assert explorer.sentence().startswith(forward)
    # The arithmetic of one number of it, and no mistake about which pass it is of.
    explorer.page.click('[data-key="affine1.repeat"] [data-cell="5"]')
    explorer.until("document.querySelector('.result output') !== null")
    assert explorer.page.get_attribute(".result output", "data-full") == "3"
    assert explorer.page.inner_text(".turn") == button
    explorer.page.click(".turn")
    explorer.until(f"{REPEAT} === null")
    assert "open=" not in explorer.page.url


def test_one_row_has_nothing_to_repeat(explorer: Any) -> None:
    explorer.open("?preset=fig-5-25")
    assert explorer.page.locator('[data-node="affine1.add"]').count() == 1
    assert explorer.page.locator(".tag").count() == 0
    explorer.page.mouse.dblclick(*middle(explorer, "affine1.add"))
    explorer.settle()
    assert "open=" not in explorer.page.url


def test_a_layer_that_closes_closes_what_is_opened_in_it(explorer: Any) -> None:
    explorer.open("?preset=two-layer&level=layer&open=affine1,affine2,affine2.add&at=4")
    assert explorer.page.locator('[data-node="affine2.repeat"]').count() == 1
    explorer.page.click('[data-group="affine2"] > .tag')
    explorer.until("location.search.includes('open=affine1&')")


@pytest.mark.parametrize("level", ["network", "layer", "op"])
def test_one_over_n_stands_apart_from_the_closed_loss(explorer: Any, level: str) -> None:
    # Where the loss has its gradient, which is where the figure looks.
    explorer.open(f"?preset=two-layer&level={level}&loss=closed&stride=op&at={SCORES}")
    loss, gradient = explorer.numbers("loss"), explorer.numbers("affine2.output.grad")
    sign(explorer, "loss:cross_entropy", "opens").click()
    explorer.until("location.search.includes('open=loss.mean')")
    assert in_sight(explorer, "loss.mean")
    assert explorer.numbers("loss") == loss
    assert explorer.numbers("affine2.output.grad") == gradient
    assert explorer.numbers("loss.negate")[0] / 5 == pytest.approx(loss[0], rel=1e-15)
    assert explorer.numbers("loss.negate.grad") == [0.2]
    assert explorer.page.locator('[data-node="loss:cross_entropy"] .tag').count() == 1
    sign(explorer, "loss.mean", "closes").click()
    explorer.until("!location.search.includes('loss.mean')")
    assert explorer.page.locator('[data-node="loss.mean"]').count() == 0
    assert explorer.numbers("loss") == loss


def test_a_shared_link_brings_it_opened_with_its_numbers(explorer: Any) -> None:
    page = explorer.page
    explorer.open("?preset=fig-5-27&open=affine1.add&at=7")
    page.click("#tab-data")
    explorer.type("affine1.b", "1", "0.25")
    explorer.settle()
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    explorer.settle()
    assert explorer.numbers("affine1.repeat") == 3 * [1, 0.25, 3]
    assert explorer.numbers("affine1.b.grad") == [5, 7, 9]
    assert "open=affine1.add&at=7" in page.url

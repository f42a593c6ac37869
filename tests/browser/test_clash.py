"""Shapes that do not fit are drawn up to there, and one click takes what fits."""

from typing import Any

BODY = {
    "code": "h = X @ W\nL = np.sum(h)",
    "values": {"X": [[1, 2], [3, 4], [5, 6]], "W": [[1, 0, 2, 0], [0, 1, 0, 2]]},
}
CLASHING = "h = X @ W\ny = np.maximum(h, 0) @ W\nL = np.sum(y)"


def test_a_clash_is_drawn_stepped_and_mended(explorer: Any, learning: Any) -> None:
    page = learning(BODY)
    page.click("#tab-code")
    page.wait_for_selector(".cm-content")
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(CLASHING)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#code-clash")
    words = page.inner_text("#code-clash")
    assert "(3, 4) and (2, 4)" in words
    explorer.settle()
    assert page.locator("#figure .node[data-clash]").count() == 1
    assert page.locator("#figure .edge[data-clash]").count() == 2
    shapes = page.locator("#figure .label[data-clash] .shape").all_text_contents()
    assert shapes == ["(3, 4)", "(2, 4)"]
    page.click("#next")
    page.click("#next")
    explorer.settle()
    assert explorer.get("")["network"]["clash"]["line"] == 2
    assert page.locator("#figure .edge.backward").count() == 0

    assert page.locator(".fit").all_inner_texts() == ["np.maximum(h, 0) @ W.T"]
    page.click(".fit")
    page.wait_for_selector("#code-clash", state="detached")
    explorer.until(lambda: explorer.get("")["network"]["clash"] is None)
    explorer.settle()
    assert page.locator("#figure [data-clash]").count() == 0
    # And back again, as any other change.
    page.click("#undo")
    page.wait_for_selector("#code-clash")

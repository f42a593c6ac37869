"""Every kind of change of numbers is taken back and made again, to the last digit."""

from typing import Any

PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.querySelector(selector).dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
NUMBERS = ("x", "t", "grad_output", "parameters", "source", "optimizer")


def open_data(explorer: Any, search: str) -> None:
    explorer.open(search)
    explorer.page.click("#tab-data")


def numbers(explorer: Any) -> dict[str, Any]:
    """All that an edit can change, from the server."""
    explorer.settle()
    now = explorer.get("?max_cells=50000")
    return {name: now[name] for name in NUMBERS}


def back_and_forth(explorer: Any, known: list[dict[str, Any]]) -> None:
    """Undo to the first of the known states by keys, and redo to the last by the button."""
    page = explorer.page
    page.locator("#choose").focus()
    assert numbers(explorer) == known[-1]
    for before in reversed(known[:-1]):
        page.keyboard.press("Control+z")
        assert numbers(explorer) == before
    assert page.is_disabled("#undo")
    for after in known[1:]:
        page.click("#redo")
        assert numbers(explorer) == after
    assert page.is_disabled("#redo")


def test_cells_pastes_rows_rates_and_steps_are_undone_to_the_start_and_redone(
    explorer: Any,
) -> None:
    open_data(explorer, "?preset=two-layer")
    page = explorer.page
    known = [numbers(explorer)]

    def done(action: Any) -> None:
        action()
        # What reads a paste is loaded first.
        explorer.until(lambda: numbers(explorer) != known[-1])
        known.append(numbers(explorer))

    done(lambda: explorer.type("affine1.W", "0,1", "0.30000000000000004"))
    done(lambda: page.evaluate(
        PASTE, ['[data-tensor="affine2.b"] [data-index="0"]', "1e-7\t2\t3.5"]
    ))  # fmt: skip
    done(lambda: page.click("#add-sample"))
    done(lambda: page.click('[data-remove="1"]'))
    page.fill(".rate input", "0.25")
    done(lambda: page.press(".rate input", "Enter"))
    done(lambda: page.click("#update"))
    done(lambda: explorer.type("t", "2", "0"))
    done(lambda: page.click("#reset"))
    assert known[-1] == known[0]

    back_and_forth(explorer, known)
    # A new change after undoing is the end of what could be made again.
    page.click("#undo")
    explorer.settle()
    assert page.is_enabled("#redo")
    explorer.type("affine1.b", "0", "3")
    explorer.settle()
    assert page.is_disabled("#redo")


def test_a_digit_and_a_step_of_the_large_network_are_undone_and_redone(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-28")
    page = explorer.page
    explorer.until("document.querySelectorAll('table.editor').length === 8")
    known = [numbers(explorer)]
    for click in ("#another", "#update", "#reset"):
        if click == "#another":
            page.click("#tab-explain")
        page.click(click)
        explorer.settle()
        page.click("#tab-data")
        known.append(numbers(explorer))
    assert known[1]["source"] != known[0]["source"]
    assert known[3] == known[0]
    back_and_forth(explorer, known)


def test_a_change_in_a_field_that_is_typed_in_is_the_field_s_own(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-25")
    explorer.type("affine1.W", "0,0", "9")
    explorer.settle()
    explorer.page.locator('[data-tensor="affine1.W"] [data-index="0,1"]').focus()
    explorer.press("Control+z")
    explorer.page.wait_for_timeout(200)
    assert explorer.get("")["parameters"]["affine1.W"][0][0] == 9


def test_what_is_undone_in_one_session_is_none_of_another_s(explorer: Any) -> None:
    open_data(explorer, "?preset=fig-5-25")
    explorer.type("affine1.W", "0,0", "9")
    explorer.settle()
    explorer.page.click("#choose")
    explorer.page.click('#menu [data-preset="fig-5-27"]')
    explorer.until("location.search.includes('fig-5-27')")
    explorer.until("document.querySelector('#undo')?.disabled")
    explorer.page.go_back()
    explorer.until("document.querySelector('#undo')?.disabled === false")
    explorer.page.click("#undo")
    explorer.settle()
    assert explorer.numbers("affine1.W")[0] == 1


def test_a_reload_keeps_what_can_be_taken_back(explorer: Any) -> None:
    open_data(explorer, "?preset=two-layer")
    page = explorer.page
    known = [numbers(explorer)]
    explorer.type("affine1.W", "0,1", "0.30000000000000004")
    known.append(numbers(explorer))
    page.click("#update")
    known.append(numbers(explorer))

    def reload() -> None:
        page.reload()
        page.evaluate("dispatchEvent(new Event('pointermove'))")
        page.wait_for_selector("#undo")

    reload()
    back_and_forth(explorer, known)
    page.click("#undo")
    assert numbers(explorer) == known[1]
    reload()
    page.click("#redo")
    assert numbers(explorer) == known[2]
    # With other numbers than it was left with, the old ones are not put among them.
    answer = page.request.patch(
        f"{explorer.server}/api/v1/sessions/{explorer.id}",
        data=[{"op": "set", "tensor": "affine1.b", "index": [0], "value": 7}],
        headers={
            "Authorization": f"Bearer {explorer.token}",
            "If-Match": f'"{explorer.get("")["version"]}"',
        },
    )
    assert answer.ok, answer.text()
    reload()
    assert page.is_disabled("#undo")

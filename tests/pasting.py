"""What the tests of pasting and of files have in common: a network, a clipboard, a look at it."""

from typing import Any

PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const field = document.querySelector(selector);
  field.focus();
  field.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def open_own(explorer: Any, sizes: tuple[int, int, int] = (4, 10, 3), samples: int = 5) -> None:
    """A network of one's own, its Data panel open: inputs, ReLU units, classes."""
    explorer.open("?lang=en")
    page = explorer.page
    page.click("#choose")
    page.click("#own")
    page.fill("#input", str(sizes[0]))
    page.fill("#units-0", str(sizes[1]))
    page.fill("#units-1", str(sizes[2]))
    page.fill("#samples", str(samples))
    page.click("#make")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    page.click("#tab-data")


def selector(tensor: str, index: str) -> str:
    return f'[data-tensor="{tensor}"] [data-index="{index}"]'


def paste(explorer: Any, tensor: str, index: str, text: str) -> None:
    """Put a text into a field as Ctrl+V does."""
    explorer.page.evaluate(PASTE, [selector(tensor, index), text])


def tensor(explorer: Any, name: str) -> Any:
    """What the session has."""
    state = explorer.get("")
    return state["parameters"].get(name, state.get(name))


def becomes(explorer: Any, name: str, value: Any) -> None:
    """Wait until the session has this value."""
    explorer.until(lambda: tensor(explorer, name) == value)
    explorer.settle()


def problem(explorer: Any, name: str) -> str:
    """What is said at a tensor, once something is."""
    text: str = explorer.page.inner_text(f'section:has([data-tensor="{name}"]) .problem')
    return text

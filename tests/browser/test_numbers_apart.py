"""Numbers of one matrix never run together, whatever a pass brings: on the page and in a file."""

from typing import Any

import pytest

# The least room in px between two neighbours of a row, and how far one sticks out of its matrix.
LEAST = """(groups) => groups.map((texts) => {
  const boxes = texts.map((text) => text.getBBox());
  const gaps = boxes.slice(1).map((box, i) =>
    Math.abs(box.y - boxes[i].y) < 1 ? box.x - boxes[i].x - boxes[i].width : Infinity);
  return [Math.min(...gaps), texts.map((text) => text.textContent).join(" ")];
}).filter(([gap]) => gap < Infinity)"""
PAGE = f"""() => ({LEAST})(
  [...document.querySelectorAll("#figure .label.grid")].map((label) =>
    [...label.querySelectorAll(".cell text")].filter((text) => text.textContent)))"""
FILE = f"""async (svg) => {{
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  document.body.append(document.adoptNode(picture));
  const groups = [...picture.querySelectorAll("g[font-size]")].map((group) =>
    [...group.children].filter((one) => one.matches("text[text-anchor=end]")));
  const found = ({LEAST})(groups.filter((texts) => texts.length > 1));
  picture.remove();
  return found;
}}"""
OUT = """() => [...document.querySelectorAll("#figure .label.grid")].flatMap((label) => {
  const matrix = label.querySelector(".slot").getBBox();
  return [...label.querySelectorAll(".cell text")].filter((text) => {
    const { x, width } = text.getBBox();
    return width > 0 && (x < matrix.x || x + width > matrix.x + matrix.width);
  }).map((text) => text.textContent);
})"""


@pytest.mark.parametrize("preset", ["two-layer", "fig-5-27"])
def test_numbers_of_any_size_stand_apart(explorer: Any, preset: str) -> None:
    """Five decimals, as gradients have them after some learning, and what is written with e."""
    page = explorer.page
    explorer.open(f"?preset={preset}&at=99999&lang=en")
    page.click("#tab-data")
    widest = 0
    for size in ("0.0123456", "-0.01386", "-0.00263", "-1234.56", "-12345", "-1.2345e-7", "3e12"):
        for index in ("0,0", "1,1"):
            explorer.type("x", index, size)
            explorer.settle()
        gaps = page.evaluate(PAGE)
        file = page.request.get(
            f"{explorer.server}/api/v1/sessions/{explorer.id}/figure.svg?cursor=end"
        ).text()
        saved = page.evaluate(FILE, file)
        assert len(gaps) == len(saved) >= 5
        for gap, texts in gaps + saved:
            # A digit at this size is about as wide.
            assert gap >= 6, texts
            widest = max(widest, *(len(text) for text in texts.split(" ")))
        assert page.evaluate(OUT) == []
    assert widest >= 8

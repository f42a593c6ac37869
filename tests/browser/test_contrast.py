"""What is written in the figure can be read, also where it steps back."""

from typing import Any

import pytest
from playwright.sync_api import Page

from app.drawing.svg.palette import PALETTES

# WCAG 2.2, success criterion 1.4.3, and its formula for contrast.
LEAST = 4.5
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const over = (colour, ground, part) =>
    ground.map((below, i) => colour[i] * part + below * (1 - part));
  const paper = channels(getComputedStyle(document.body).backgroundColor);
  const groundOf = (written) => {
    const shape = written.closest(".cell")?.closest(".label")?.querySelector(".slot")
      ?? written.closest(".node")?.querySelector("circle, rect");
    const fill = shape ? getComputedStyle(shape).fill : "rgb(0, 0, 0, 0)";
    const [red, green, blue, alpha = 1] = channels(fill);
    return over([red, green, blue], paper, alpha);
  };
  const found = [];
  for (const written of document.querySelectorAll("#figure .figure :is(text, .formula)")) {
    // The signs that open and close a box are pictures, and have keys of their own.
    if (written.closest(".tag, defs")) continue;
    if (written.localName === "text" && !written.textContent) continue;
    const style = getComputedStyle(written);
    let part = Number(style.fillOpacity);
    for (let one = written; one.id !== "figure"; one = one.parentElement) {
      part *= Number(getComputedStyle(one).opacity);
    }
    if (part === 0 || style.display === "none") continue;
    const ground = groundOf(written);
    const two = [over(channels(style.fill), ground, part), ground].map(luminance);
    const contrast = (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
    const within = written.parentElement;
    found.push([`${within.getAttribute("class")}: ${written.textContent}`, contrast]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize(
    "search",
    [
        "?preset=fig-5-25&at=5",
        "?preset=fig-5-27&at=5.2&stride=element",
        "?preset=fig-5-27&open=affine1.add&at=7",
        "?preset=fig-5-28&at=14",
        "?preset=fig-5-28&level=op&at=20",
        "?preset=fig-5-29&at=25",
        "?preset=fig-5-30&at=5",
        "?preset=two-layer&at=12",
    ],
)
def test_all_that_is_written_in_the_figure_stands_out_from_its_ground(
    explorer: Any, search: str, theme: Any
) -> None:
    page: Page = explorer.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    explorer.open(search)
    page.wait_for_selector("#figure .playing, #figure.playing, .figure.playing")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 10
    assert [one for one in found if one[1] < LEAST] == []


def test_numbers_that_are_out_of_date_can_still_be_read(explorer: Any) -> None:
    page: Page = explorer.page
    page.emulate_media(reduced_motion="reduce")
    explorer.open("?preset=fig-5-25&at=5")
    page.evaluate("document.querySelector('.figure').classList.add('stale')")
    found = page.evaluate(CONTRASTS)
    assert [one for one in found if one[1] < LEAST] == []

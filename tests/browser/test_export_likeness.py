"""The figure saved as a file looks like the figure on the page, drawn by another program."""

import math
import shutil
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.drawing.svg.palette import PALETTES
from tests.pixels import EVERY_PICTURE, differing

FIGURES = [f"fig-5-{number}" for number in range(24, 31)]
# Each figure once, in either theme, at the end or in the middle of it: slots that are still empty,
# arrows that wait, cells that have come.
CASES = [
    ("fig-5-24", "end", "light"),
    ("fig-5-25", "end", "dark"),
    ("fig-5-26", "end", "light"),
    ("fig-5-27", "2.2", "light"),
    ("fig-5-28", "16.40", "dark"),
    ("fig-5-29", "25", "light"),
    ("fig-5-30", "end", "dark"),
    ("two-layer", "9.5", "dark"),
]
REST = {(figure, "end", theme) for figure in FIGURES for theme in PALETTES} - set(CASES)
# How much of a picture may differ, and how much of its ink.
PART, PART_OF_INK = 0.02, 0.1
RASTERISER = "rsvg-convert"


def rasterised(svg: str) -> bytes:
    done = subprocess.run([RASTERISER], input=svg.encode(), capture_output=True, check=True)
    return done.stdout


def figure_alone(explorer: Any, search: str, theme: Any) -> bytes:
    """The page's own figure at scale 1, on whole pixels, with nothing over it."""
    page: Page = explorer.page
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    explorer.open(search)
    size = page.evaluate(
        """() => {
          const [figure, host] = [".figure", "#figure"].map((one) => document.querySelector(one));
          return [figure.getAttribute("width"), figure.getAttribute("height"),
            innerWidth - host.clientWidth, innerHeight - host.clientHeight].map(Number);
        }"""
    )
    width, height = math.ceil(size[0]), math.ceil(size[1])
    # The window has room for all of it at scale 1, so all of it is painted. In figure 5-26 half of
    # the height belongs to the products over it.
    page.set_viewport_size(
        {"width": width + int(size[2]) + 32, "height": 2 * (height + int(size[3])) + 32}
    )
    page.wait_for_timeout(300)
    page.evaluate(
        """() => {
          document.querySelector(".stage").style.transform = "translate(16px, 16px) scale(1)";
          document.querySelector("#notice").style.display = "none";
        }"""
    )
    host = page.locator("#figure").bounding_box()
    assert host
    page.mouse.move(0, 0)
    clip = {"x": host["x"] + 16, "y": host["y"] + 16, "width": width, "height": height}
    return page.screenshot(clip=clip)  # type: ignore[arg-type]


@pytest.mark.skipif(shutil.which(RASTERISER) is None, reason=f"there is no {RASTERISER} here")
@pytest.mark.parametrize(
    ("figure", "place", "theme"),
    CASES + (sorted(REST) if EVERY_PICTURE else []),
)
def test_another_program_draws_the_file_as_the_page_draws_the_figure(
    explorer: Any, browser: Browser, figure: str, place: str, theme: str
) -> None:
    at = "at=99999" if place == "end" else f"at={place}&stride=element"
    screen = figure_alone(explorer, f"?preset={figure}&{at}", theme)
    svg = explorer.page.request.get(
        f"{explorer.server}/api/v1/sessions/{explorer.id}/figure.svg"
        f"?cursor={place}&lit=true&equations=false&theme={theme}"
    ).text()

    part, part_of_ink = differing(browser, screen, rasterised(svg))

    # Measured here: at most 0.1 % of all pixels, and 4 % of those with ink.
    assert part < PART
    assert part_of_ink < PART_OF_INK

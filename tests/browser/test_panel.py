"""The panels at the side: nothing in them is cut, and what never comes is not promised."""

from typing import Any

import pytest
from playwright.sync_api import Page

from app.sessions.presets import PRESETS

SIZES = [(1280, 720), (1440, 900), (390, 844)]
VIEWS = [
    *(f"preset={name}" for name in PRESETS),
    "preset=fig-5-29&form=stable",
    "preset=two-layer&loss=opened",
    "preset=two-layer&loss=opened&form=stable",
    "preset=two-layer&level=element&loss=opened",
]
# What lies outside an ancestor that cuts it, and cannot be scrolled to by keys under a name.
# Every step asks for hundreds of texts, so each ancestor is measured once a step.
CUT = """() => {
  const panel = document.getElementById("panel");
  const found = [];
  const measured = new Map();
  const measure = (box) => {
    const unseen = box.matches(".unseen");
    const cuts = getComputedStyle(box).overflowX !== "visible";
    const { left, right } = cuts ? box.getBoundingClientRect() : {};
    const named = box.tabIndex >= 0 && box.role === "region" && box.ariaLabel;
    const scrolled = box !== panel && named && box.scrollWidth > box.clientWidth;
    measured.set(box, { unseen, cuts, left, right, scrolled });
    return measured.get(box);
  };
  const check = (what, rect, from) => {
    if (rect.width === 0 || rect.height === 0) return;
    for (let box = from; box !== panel.parentElement; box = box.parentElement) {
      const { unseen, cuts, left, right, scrolled } = measured.get(box) ?? measure(box);
      if (unseen) return;
      if (!cuts || (rect.left >= left - 1 && rect.right <= right + 1)) continue;
      if (!scrolled) found.push(`${what} beyond ${box.localName}.${box.className}`);
      return;
    }
  };
  const texts = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.data.trim() === "") continue;
    range.selectNodeContents(text);
    for (const rect of range.getClientRects()) check(text.data.trim(), rect, text.parentElement);
  }
  for (const svg of panel.querySelectorAll("svg")) {
    const outer = svg.getBoundingClientRect();
    check(svg.getAttribute("aria-label"), outer, svg.parentElement);
    for (const part of svg.querySelectorAll("use, rect")) {
      if (part.getBoundingClientRect().right > outer.right + 2) {
        found.push(`${svg.ariaLabel} is wider than its picture`);
      }
    }
  }
  return found;
}"""
# By the slider, from one event to the next; over the driver each would take a while of its own.
GO = """const slider = document.getElementById("slider");
  const go = (seq) => {
    slider.value = seq;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const unlessAtEnd = () => (document.getElementById("next").disabled ? [] : ["not at the end"]);"""
CUT_AT_ANY_STEP = f"""async () => {{
  {GO}
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const cut = {CUT};
  const found = [];
  for (const shown of ["explain", "table"]) {{
    document.getElementById(`tab-${{shown}}`).click();
    for (let seq = 0; seq <= slider.max; seq++) {{
      if (shown === "table" && seq < slider.max) continue;
      go(seq);
      await frame();
      found.push(...cut().map((what) => `${{shown}} ${{seq}}: ${{what}}`));
    }}
  }}
  return [...found, ...unlessAtEnd()];
}}"""


# Lines of a sentence that begin with a sign which belongs to the term before it.
TORN_AT_ANY_STEP = (
    "async () => {"
    + GO
    + """
  const found = [];
  for (let seq = 1; seq <= slider.max; seq++) {
    go(seq);
    await new Promise((done) => setTimeout(done));
    for (const term of document.querySelectorAll("#sentence .term")) {
      const walker = document.createTreeWalker(document.getElementById("sentence"), 4);
      let text = walker.nextNode();
      // 4: after the term, not in it.
      while (text && !(term.compareDocumentPosition(text) === 4 && text.data)) {
        text = walker.nextNode();
      }
      if (!text || !/^[.,)\\u00b2\\p{Script=Hangul}]/u.test(text.data)) continue;
      const range = document.createRange();
      range.setStart(text, 0);
      range.setEnd(text, 1);
      const [sign, before] = [range.getBoundingClientRect(), term.getBoundingClientRect()];
      if (sign.top > before.bottom || sign.left < before.left) found.push(`${seq}: ${text.data}`);
    }
  }
  return [...found, ...unlessAtEnd()];
}"""
)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_in_a_panel_is_cut_at_any_step(explorer: Any, view: str) -> None:
    page: Page = explorer.page
    page.emulate_media(reduced_motion="reduce")
    explorer.open(f"?{view}&at=0&stride=op")
    # On a wider screen the panel is as wide as on the first, and has more height.
    for width, height in (SIZES[0], SIZES[-1]):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(CUT_AT_ANY_STEP) == [], (width, height)
        page.click("#tab-explain")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_formula_that_is_made_smaller_can_still_be_read(
    explorer: Any, width: int, height: int
) -> None:
    page: Page = explorer.page
    page.set_viewport_size({"width": width, "height": height})
    explorer.open("?preset=fig-5-29&form=stable&at=51&stride=op")
    explorer.press(".")
    page.wait_for_selector(".formula-picture")
    # Its type is 15 units high.
    type_sizes = page.locator(".formula-picture").evaluate_all(
        "all => all.map((svg) =>"
        " 15 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    )
    assert type_sizes
    assert min(type_sizes) >= 11


def test_what_is_wider_than_its_place_fades_and_is_scrolled_by_keys_without_a_step(
    explorer: Any,
) -> None:
    page: Page = explorer.page
    page.set_viewport_size({"width": 1280, "height": 720})
    explorer.open("?preset=two-layer&at=99&stride=op")
    page.click("#tab-table")
    region = page.get_by_role("region", name="All values and gradients of the figure")
    region.focus()
    assert region.evaluate("box => box.className") == "more-after"
    at = explorer.slider()
    for _ in range(2):
        explorer.press("ArrowRight")
    explorer.until("document.querySelector('scroll-box').scrollLeft === 96")
    explorer.until("document.querySelector('scroll-box').className.includes('more-before')")
    assert explorer.slider() == at
    page.set_viewport_size({"width": 1280, "height": 720})
    page.click("#tab-explain")
    page.wait_for_selector(".operands scroll-box")
    # What fits is no tab stop.
    assert page.locator(".operands scroll-box[tabindex]").count() == 0


def gradients(explorer: Any) -> dict[str, str]:
    """Key of each row of the table -> what stands under Gradient."""
    rows = explorer.page.locator(".figure-table > tbody > tr")
    return {
        row.locator("th code").inner_text(): row.locator("> td").nth(2).inner_text().strip()
        for row in rows.all()
    }


@pytest.mark.parametrize(
    ("preset", "inside", "targets"),
    [
        ("two-layer", {"loss.probabilities"}, {"t"}),
        ("fig-5-30", {f"loss.y.{k}" for k in (1, 2, 3)}, {f"loss.t.{k}" for k in (1, 2, 3)}),
        ("fig-5-29", set(), {f"loss.t.{k}" for k in (1, 2, 3)}),
    ],
)
def test_a_gradient_that_the_pass_never_makes_is_none_and_not_yet_to_come(
    explorer: Any, preset: str, inside: set[str], targets: set[str]
) -> None:
    explorer.open(f"?preset={preset}&at=0")
    explorer.page.click("#tab-table")
    for end in (False, True):
        if end:
            explorer.press("End")
            explorer.until("!document.querySelector('.figure-table').textContent.includes('yet')")
        found = gradients(explorer)
        assert {key for key, said in found.items() if said.startswith("none while")} == inside
        assert {key for key, said in found.items() if said == "none"} == targets
    if inside:
        key = next(iter(inside))
        explorer.page.locator(".figure-table th", has_text=key).locator("button").click()
        explorer.page.click("#tab-explain")
        partner = explorer.page.locator(".facts .term")
        if partner.count():
            partner.click()
            assert "none while" in explorer.page.inner_text(".chosen")


def test_the_table_lists_up_to_a_hundred_numbers_and_says_where_the_rest_is(explorer: Any) -> None:
    page: Page = explorer.page
    explorer.open("?preset=fig-5-28&at=999")
    page.click("#tab-table")
    page.wait_for_selector(".figure-table")
    rows = page.locator(".figure-table > tbody > tr")
    listed = {row.locator("th code").inner_text(): row.locator("> td").nth(1) for row in rows.all()}
    for key, size in (("affine1.output", 50), ("affine2.output", 100), ("affine3.output", 10)):
        titles = listed[key].locator("td").evaluate_all("all => all.map((cell) => cell.title)")
        assert [float(title) for title in titles] == explorer.get(f"/tensors/{key}")["value"][0], (
            key
        )
        assert len(titles) == size
    many = listed["x"]
    assert many.locator("td").count() == 0
    assert many.inner_text().startswith("784 numbers, from 0 to 1")
    address = many.locator("a").get_attribute("href")
    assert page.request.get(f"{explorer.server}{address}").json()["shape"] == [1, 784]


@pytest.mark.parametrize("lang", ["en", "ko", "ja"])
@pytest.mark.parametrize(
    "view", ["preset=fig-5-29&form=stable", "preset=fig-5-25", "preset=two-layer"]
)
def test_no_line_of_a_sentence_begins_with_what_belongs_to_the_term_before_it(
    explorer: Any, view: str, lang: str
) -> None:
    page: Page = explorer.page
    page.emulate_media(reduced_motion="reduce")
    explorer.open(f"?{view}&at=0&stride=op&lang={lang}")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(TORN_AT_ANY_STEP) == []

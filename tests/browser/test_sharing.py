"""A link with the numbers in it: the same digits on another machine; a hostile one does no harm."""

import base64
import json
import zlib
from typing import Any

import pytest
from playwright.sync_api import Page

from app.server import Settings, create_app
from tests.conftest import serving
from tests.web.test_first import carried

READ = """Object.fromEntries([...document.querySelectorAll("#figure [data-key]")].map((label) => [
  label.dataset.key, [...label.querySelectorAll("[data-full]")].map((cell) => cell.dataset.full)
]))"""


def opened(page: Page, address: str) -> dict[str, list[str]]:
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector('#figure[aria-busy="false"]')
    found: dict[str, list[str]] = page.evaluate(READ)
    return found


def packed(text: bytes) -> str:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeezed.compress(text) + squeezed.flush()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_shared_link_shows_the_same_digits_on_a_server_with_an_empty_store(
    explorer: Any, page: Page
) -> None:
    explorer.open("?preset=two-layer&at=9")
    page.click("#tab-data")
    for index, value in (("0,0", "0.30000000000000004"), ("1,3", "1e-7")):
        explorer.type("affine1.W", index, value)
        explorer.settle()
    page.click("#add-sample")
    explorer.settle()
    page.click("#update")
    explorer.settle()
    before = page.evaluate(READ)
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    assert len(link) < 2_000
    assert carried(page.request.get(link).text()) is None
    explorer.press("Escape")
    page.watch.expect("a request to")  # type: ignore[attr-defined]
    with serving(create_app(Settings())) as other:
        assert opened(page, link.replace(explorer.server, other)) == before
        assert page.inner_text("#notice") == ""
        assert "at=9" in page.url
        assert "#" not in page.url
        page.goto("about:blank")


def test_a_link_names_the_data_and_the_mini_batch_that_is_shown(explorer: Any, page: Page) -> None:
    explorer.open()
    page.click("#choose")
    page.click("#own")
    page.select_option("#data", "blobs")
    page.click("#make")
    page.wait_for_selector("dialog#network", state="hidden")
    explorer.settle()
    explorer.stride("step")
    for made in (0, 1, 2):
        explorer.press("End")
        explorer.until(lambda made=made: explorer.get("")["cursor"]["step"] == made)
        explorer.press(".")
        explorer.until(lambda made=made: explorer.get("")["cursor"]["step"] == made + 1)
        explorer.settle()
    before = explorer.get("")
    # What is edited belongs to no data set, until it is taken back.
    page.click("#tab-data")
    explorer.type("x", "0,1", "9")
    explorer.settle()
    assert explorer.get("")["source"] is None
    page.click("#undo")
    explorer.until(lambda: explorer.get("")["source"] == before["source"])
    page.reload()
    page.wait_for_selector("body[data-ready]")
    explorer.settle()
    assert explorer.get("")["data"] == before["data"]
    page.click("#share-button")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    recipe = explorer.get("/recipe")
    assert recipe["base"]["data"] == {
        "dataset": "blobs", "split": "train", "samples": 200, "noise": 0.1, "seed": 0,
        "batch_size": 10, "step": 3,
    }  # fmt: skip
    explorer.press("Escape")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    explorer.settle()
    again = explorer.get("")
    assert again["id"] != before["id"]
    for name in ("x", "t", "source", "data", "parameters"):
        assert again[name] == before[name], name


@pytest.mark.parametrize(
    "hash",
    [
        "",
        "%%%",
        "AAAA",
        packed(b"not json"),
        packed(b'{"base": {"preset": "fig-5-25"}}'),
        packed(b'{"base": {"preset": "nothing"}, "edits": []}'),
        packed(json.dumps({"base": {"preset": "fig-5-25"}, "edits": [{"op": "x"}]}).encode()),
        packed(b'{"base": {"preset": "fig-5-25"}, "edits": [], "more": 1}'),
        packed(b" " * 50_000_000),
    ],
    ids=["empty", "signs", "garbage", "text", "half", "preset", "edits", "unknown", "huge"],
)
def test_a_hostile_link_gives_a_message_and_the_first_figure(explorer: Any, hash: str) -> None:
    explorer.expect("422")
    explorer.open(f"?at=3#s={hash}")
    assert explorer.page.inner_text("#notice p").startswith("This link or file has no numbers")
    assert "preset=fig-5-25" in explorer.page.url


def test_numbers_too_many_for_a_link_are_saved_and_opened_as_a_file(explorer: Any) -> None:
    explorer.open("?preset=fig-5-28")
    page = explorer.page
    page.click("#tab-data")
    page.click("#update")
    explorer.settle()
    page.click("#share-button")
    page.wait_for_selector("#share-save:enabled")
    assert page.locator("#share-link").count() == 0
    with page.expect_download() as download:
        page.click("#share-save")
    path = download.value.path()
    before = explorer.get("?max_cells=50000")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.set_input_files("#share-open", {
            "name": download.value.suggested_filename,
            "mimeType": "application/json",
            "buffer": path.read_bytes(),
        })  # fmt: skip
    explorer.until(lambda: explorer.id != before["id"])
    explorer.settle()
    after = explorer.get("?max_cells=50000")
    assert after["parameters"] == before["parameters"]

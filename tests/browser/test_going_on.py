"""A page whose server has forgotten its session goes on with the numbers that it has."""

import pytest
from playwright.sync_api import Page

from app.server import Settings, create_app
from tests.conftest import serving


def edit(page: Page, value: str) -> None:
    field = page.locator('[data-tensor="affine1.W"] [data-index="0,1"]')
    field.fill(value)
    field.press("Enter")


def weights(page: Page) -> list[str]:
    page.wait_for_selector('#figure[aria-busy="false"]')
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('#figure [data-key="affine1.W"] [data-full]')]
          .map((cell) => cell.dataset.full)"""
    )
    return found


def until(page: Page, holds: str) -> None:
    for _ in range(100):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came to hold: {holds}")


@pytest.mark.parametrize("reload", [False, True], ids=["open page", "reload"])
def test_after_a_restart_the_page_goes_on_with_its_numbers(page: Page, reload: bool) -> None:
    app = create_app(Settings())
    with serving(app) as address:
        page.goto(f"{address}/?preset=fig-5-25&at=4")
        page.wait_for_selector("body[data-ready]")
        page.click("#tab-data")
        edit(page, "0.30000000000000004")
        until(page, "location.search.includes('session=')")
        until(
            page, "localStorage.getItem('backprop-explorer.own')?.includes('0.30000000000000004')"
        )
        before = weights(page)
        assert before[1] == "0.30000000000000004"
        old = page.url
        # What a restart of a server with its sessions in memory does.
        app.state.store.delete(old.split("session=")[1].split("&")[0])
        if reload:
            page.reload()
            page.wait_for_selector("body[data-ready]")
            page.click("#tab-data")
        else:
            edit(page, "7")
            page.click("#go-on")
        until(page, f"location.href !== {old!r} && location.search.includes('session=')")
        assert weights(page) == before
        assert "at=4" in page.url
        edit(page, "8")
        until(page, """document.querySelectorAll(
          '#figure [data-key="affine1.W"] [data-full]')[1].dataset.full === '8'""")  # fmt: skip

"""The figure inside a page of another origin, where the server's setting allows that page."""

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Page

from app.server import Settings, create_app
from tests.conftest import serving


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_a_page_of_another_origin_may_embed_the_figure_where_it_is_allowed(
    page: Page, allowed: bool
) -> None:
    lms, source = FastAPI(), {"src": ""}

    @lms.get("/")
    def course() -> HTMLResponse:
        return HTMLResponse(f'<iframe src="{source["src"]}" width="900" height="600"></iframe>')

    lms.state.stopping = asyncio.Event()
    with serving(lms) as course_page:
        frames = (course_page,) if allowed else ()
        with serving(create_app(Settings(frame_ancestors=frames))) as address:
            source["src"] = f"{address}/?preset=fig-5-25&amp;panels=none"
            if allowed:
                # The figures on one page share what a tab keeps; each shows what its address names.
                page.goto(f"{address}/?preset=fig-5-25")
                page.click("#fold")
                page.goto(f"{address}/?preset=fig-5-25&panels=table")
                page.wait_for_selector(".figure-table")
            page.goto(course_page)
            frame = page.frame_locator("iframe")
            if not allowed:
                page.wait_for_timeout(500)
                assert page.frames[1].url.startswith("chrome-error:")
                return
            frame.locator("body[data-ready]").wait_for()
            assert frame.locator("#side").is_hidden()
            assert frame.locator("#choose").count() == 0
            frame.locator("#timeline button").nth(1).click()
            frame.locator('#figure [data-key="affine1.W"] [data-full]').first.wait_for()
            whole = frame.locator("#whole").get_attribute("href") or ""
            assert whole.startswith("/?preset=fig-5-25")
            assert "panels" not in whole

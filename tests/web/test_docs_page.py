"""The documentation of the API works from this host alone."""

from typing import Any


def test_docs_shows_every_call_and_tries_one_without_breaking_the_policy(
    watched_page: Any, server: str
) -> None:
    watched_page.goto(f"{server}/docs")
    watched_page.wait_for_selector("#operations-evaluate-evaluate")
    paths = watched_page.locator(".opblock-summary-path").all_inner_texts()
    assert len(paths) > 15
    watched_page.click("#operations-catalogue-get_presets .opblock-summary")
    watched_page.click("#operations-catalogue-get_presets .try-out__btn")
    watched_page.click("#operations-catalogue-get_presets .execute")
    watched_page.wait_for_selector("#operations-catalogue-get_presets .live-responses-table")
    shown = watched_page.inner_text("#operations-catalogue-get_presets .live-responses-table")
    assert "fig-5-25" in shown

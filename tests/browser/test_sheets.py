"""Sheets of exercises as Chromium prints them on A4."""

import re

import pytest
from playwright.sync_api import Browser

from app.web.languages import LANGUAGES


def pages_of(pdf: bytes) -> list[list[str]]:
    """The addresses that each page of a PDF links to, from its objects."""
    objects = {
        int(number): body
        for number, body in re.findall(rb"(?s)\b(\d+) 0 obj\b(.*?)\bendobj\b", pdf)
    }
    order = next(body for body in objects.values() if b"/Type /Pages" in body)
    pages = []
    [kids] = re.findall(rb"(?s)/Kids \[(.*?)\]", order)
    for number in re.findall(rb"(\d+) 0 R", kids):
        page = objects[int(number)]
        found = re.search(rb"(?s)/Annots \[(.*?)\]", page)
        links = re.findall(rb"(\d+) 0 R", found[1]) if found else []
        notes = b" ".join(objects[int(link)] for link in links)
        pages.append([uri.decode() for uri in re.findall(rb"/URI \((.*?)\)", notes)])
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_exercise_is_split_over_two_pages(browser: Browser, server: str, language: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    for skill in ("dW", "shape_dX", "mean", "branch", "update"):
        page.goto(f"{server}/sheet?skill={skill}&n=20&seed=3&lang={language}")
        pages = pages_of(page.pdf(format="A4", prefer_css_page_size=True))
        places: dict[str, list[int]] = {}
        for number, links in enumerate(pages):
            for link in links:
                places.setdefault(link, []).append(number)
        # The number of an exercise is a link, and so is the address at its end.
        assert len(places) == 20
        assert all(len(on) == 2 and on[0] == on[1] for on in places.values()), (skill, places)
        # The key stands on a page of its own.
        assert pages[-1] == []
        assert all(links for links in pages[:-1])
    context.close()

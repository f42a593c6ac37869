from fastapi import FastAPI

from app.server import Settings, create_app
from tests.api.page_types import FILE, page_types


def test_the_page_is_told_what_the_document_says() -> None:
    """If this fails, `python -m tests.api.page_types` writes the file anew."""
    made = page_types(create_app(Settings()).openapi())

    assert made == FILE.read_text("utf-8")


def test_schemas_become_types_of_every_kind(app: FastAPI) -> None:
    text = page_types(app.openapi())

    assert '@typedef {number | "NaN" | "Infinity" | "-Infinity"} Cell' in text
    assert " *   points: [number, number][]," in text
    assert " *   image?: [number, number]," in text
    assert " *   glyphs: [string, number, number, number, number][]," in text
    assert " *   values: Record<string, Value>," in text
    assert " *   from: string | null," in text
    assert '@typedef {{op: "set", tensor: string, index?: number[], value: number}} SetCell' in text

import json
import re

import pytest
from starlette.testclient import TestClient

from app.web.files import STATIC
from app.web.languages import LANGUAGES, choose, strings

HEADERS = [
    ("", "en"),
    ("ko", "ko"),
    ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
    ("de,ja;q=0.4,en;q=0.3", "ja"),
    ("en;q=0.1,ja;q=0.2,ko;q=0.3", "ko"),
    ("JA-jp", "ja"),
    ("ko;q=0,en;q=0.1", "en"),
    ("fr-FR,de", "en"),
    ("ko;q=many,ja", "ja"),
    (";,;q=,*", "en"),
    ("x," * 10_000 + "ko", "en"),  # nobody reads so many
]


@pytest.mark.parametrize(("header", "language"), HEADERS)
def test_the_browsers_language_is_chosen(header: str, language: str) -> None:
    assert choose(None, header) == language


def test_the_address_is_above_the_browser() -> None:
    assert choose("ja", "ko") == "ja"
    assert choose("xx", "ko") == "ko"
    assert choose("../../pyproject", "") == "en"


def test_all_languages_have_the_same_words() -> None:
    english = strings("en", STATIC)

    assert set(LANGUAGES) == {path.stem for path in (STATIC / "lang").glob("*.json")}
    for language in LANGUAGES:
        assert set(strings(language, STATIC)) == set(english)
        assert all(strings(language, STATIC).values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_comes_in_every_language(client: TestClient, language: str) -> None:
    answer = client.get("/", headers={"Accept-Language": language})

    assert f'<html lang="{language}"' in answer.text
    assert "Accept-Language" in answer.headers["vary"]
    title = json.loads((STATIC / "lang" / f"{language}.json").read_text("utf-8"))["app.title"]
    assert f"<title>{title}</title>" in answer.text
    assert f'<html lang="{language}"' in client.get(f"/?lang={language}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_the_page_asks_for_is_there(language: str) -> None:
    asked = {
        key
        for path in (STATIC / "js").rglob("*.js")
        for key in re.findall(r"\bt(?:Parts)?\(\"([\w.-]+)\"", path.read_text("utf-8"))
    }
    assert len(asked) > 100
    assert asked <= strings(language, STATIC).keys()


def test_korean_puts_names_where_no_particle_has_to_be_guessed() -> None:
    text = (STATIC / "lang/ko.json").read_text("utf-8")

    assert [
        line for line in text.splitlines() if re.search(r"[은이을와]\([는가를과]\)", line)
    ] == []

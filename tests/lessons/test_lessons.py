"""Lessons: those that come along, a teacher's own, and what is wrong with a file."""

import base64
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from app import datasets
from app.__main__ import main
from app.api.texts import LANGUAGES
from app.engine.spec import Limits
from app.lessons import OWN, Faulty, Shelf, shipped
from app.lessons.markdown import line_to_html, to_html
from app.lessons.opened import faults_of, holds, opened
from app.lessons.shelf import FOLDER
from app.lessons.written import Until, Written, read_lesson
from app.web.pages import words

DOCS = (Path(__file__).parents[2] / "docs/lessons.md").read_text("utf-8")
EXAMPLE = re.search(r"```markdown\n(.*?)```", DOCS, re.DOTALL)
FILES = sorted(FOLDER.glob("*/*.md"))
GOOD = {
    "title": "A title",
    "view": "?preset=multiplication",
    "question": "What is it?",
    "answer": "x.grad[0]",
    "task": "Change it.",
    "until": "x.grad = 0",
}


def written(path: Path, text: str = "Some text.", **fields: str) -> Path:
    head = {name: value for name, value in (GOOD | fields).items() if value}
    lines = ["---", *(f"{name}: {value}" for name, value in head.items()), "---", text]
    path.write_text("\n".join(lines), "utf-8")
    return path


def own(folder: Path) -> Shelf:
    return shipped(LANGUAGES, words, folder, Limits(), datasets.load)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lesson_that_comes_along_goes_with_its_figure(path: Path) -> None:
    lesson = read_lesson(path)

    assert isinstance(lesson, Written)
    assert lesson.asked is not None
    assert lesson.until is not None
    assert list(map(str, faults_of(lesson, Limits(), datasets.load))) == []


def test_a_lesson_asks_the_same_of_the_same_figure_in_every_language() -> None:
    for name in {path.name for path in FILES}:
        found = [read_lesson(FOLDER / language / name) for language in LANGUAGES]
        same = {(one.view, one.asked, one.until) for one in found if isinstance(one, Written)}
        texts = {one.text for one in found if isinstance(one, Written)}
        assert (len(same), len(texts)) == (1, len(LANGUAGES)), name


def test_the_example_of_the_page_about_lessons_is_one(tmp_path: Path) -> None:
    assert EXAMPLE is not None
    (tmp_path / "01-two-samples.md").write_text(EXAMPLE[1], "utf-8")

    lesson = own(tmp_path).get("ja", f"{OWN}two-samples")

    assert lesson is not None
    assert lesson["own"]
    assert lesson["prediction"] == {"kind": "number", "tensor": "affine1.b.grad", "index": [0]}
    assert "<strong>every</strong>" in lesson["text"]
    assert '<svg class="formula"' in lesson["question"]


def test_a_teachers_lessons_stand_behind_the_others_each_in_its_languages(tmp_path: Path) -> None:
    (tmp_path / "ko").mkdir()
    written(tmp_path / "02-last.md", title="For all")
    written(tmp_path / "01-first.md", title="First")
    written(tmp_path / "ko" / "01-first.md", title="처음")
    (tmp_path / "README.md").write_text("not a lesson")

    shelf = own(tmp_path)

    titles = {
        language: [one["title"] for one in shelf.told(language)["lessons"] if one["own"]]
        for language in LANGUAGES
    }
    assert titles == {"en": ["First", "For all"], "ko": ["처음", "For all"], "ja": titles["en"]}
    assert [one["own"] for one in shelf.told("en")["lessons"]][-2:] == [True, True]


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        ({"title": ""}, 1, "title is missing"),
        ({"until": ""}, 6, "go together"),
        ({"answer": "a cell of x"}, 5, "answer is a cell"),
        ({"answer": "x.grad[1]"}, 5, "no such cell"),
        ({"answer": "q.grad[0]"}, 5, "no tensor of this name"),
        ({"until": "x.grad is 0"}, 7, "until is as"),
        ({"until": "x.grad = 6.5"}, 7, "so from the start"),
        ({"until": "shape of x = (1)"}, 7, "so from the start"),
        ({"view": "?preset=nothing"}, 3, "cannot be opened"),
        ({"view": "?session=abc"}, 3, "take the address that Share copies"),
        ({"view": "?preset=multiplication&levl=op"}, 3, "an address has no levl"),
        ({"view": "?preset=fig-5-24&level=deep"}, 3, "level is one of"),
        ({"view": "?#s=AAAA"}, 3, "its numbers cannot be read"),
        ({"view": "multiplication"}, 3, "what Share copies"),
        ({"question": r"What is $\frac{$?"}, 1, "cannot be set"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    tmp_path: Path, fields: dict[str, str], line: int, message: str
) -> None:
    path = written(tmp_path / "01-wrong.md", **fields)

    with pytest.raises(Faulty) as refusal:
        own(tmp_path)

    (told,) = str(refusal.value).splitlines()
    assert told.startswith(f"{path}:{line}: ")
    assert message in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# A title", "begins with a line ---"),
        ("---\ntitle: x", "the head ends with"),
        ("---\ntitel: x\n---\ny", "no field of this name"),
        ("---\ntitle x\n---\ny", "a name, a colon and a value"),
        ("---\ntitle: x\ntitle: y\n---\ny", "stands twice"),
        ("---\ntitle: x\nview: ?preset=fig-5-24\n---\n", "no text"),
        ("x" * 100_001, "at most 100,000 bytes"),
    ],
)
def test_a_file_that_is_no_lesson_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "01-wrong.md").write_text(text)

    with pytest.raises(Faulty, match=message):
        own(tmp_path)


def test_the_server_does_not_start_with_a_wrong_lesson(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "01-wrong.md", title="")

    code = main(["--store", "memory", "--port", "0", "--lessons", str(tmp_path)])

    assert code == 1
    assert capsys.readouterr().err == f"cannot start: {path}:1: title is missing\n"


def test_a_file_with_a_strange_name_or_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Faulty, match="no such folder"):
        own(tmp_path / "nowhere")
    written(tmp_path / "a b.md")
    with pytest.raises(Faulty, match="named with letters"):
        own(tmp_path)


def test_numbers_in_a_link_are_opened_as_the_page_opens_them() -> None:
    recipe = b'{"base":{"code":"y = x * x","values":{"x":[3]},"grad_output":[1]},"edits":[]}'
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.urlsafe_b64encode(deflating.compress(recipe) + deflating.flush()).rstrip(b"=")

    trace = opened(f"?level=op&shared=1#s={packed.decode()}", Limits(), datasets.load)

    assert trace.value("x.grad") == 6


def test_html_and_strange_addresses_in_a_text_are_text() -> None:
    text = (
        "<script>alert(1)</script> <b onclick=x>\n\n[a](javascript:alert) ![b](http://x.example/y)"
        " [c](data:text/html,x) [d](//x.example)\n\n# H\n\n[e](?preset=fig-5-24)"
        " [f](https://x.example)\n\n<iframe src=x>"
    )

    html = to_html(text, {})

    assert set(re.findall(r"<(\w+)", html)) == {"p", "h3", "a"}
    assert re.findall(r'href="([^"]*)"', html) == [
        "http://x.example/y",
        "?preset=fig-5-24",
        "https://x.example",
    ]
    assert html.count('rel="noopener noreferrer"') == 2
    # What stands in a formula is its label, and cannot leave it.
    assert '"><' not in line_to_html('$\\text{"x}$', {}).partition("<path")[0][5:]


@pytest.mark.parametrize(
    ("until", "value", "expected"),
    [
        (Until("x", None, "=", 0.3), np.array([0.1 + 0.2, 0.3]), True),
        (Until("x", None, "=", 0.3), np.array([0.3, 0.4]), False),
        (Until("x", (1,), "<", 0.5), np.array([9.0, 0.4]), True),
        (Until("x", None, ">", 0.0), np.array([1.0, np.nan]), False),
        (Until("x", (), ">", 0.0), np.array(1.0), True),
        (Until("x", None, "shape", shape=(3, 2)), np.ones((3, 2)), True),
    ],
)
def test_a_condition_is_met_by_the_cells_that_it_names(
    until: Until, value: np.ndarray, expected: bool
) -> None:
    assert holds(until, value) is expected

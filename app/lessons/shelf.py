"""All lessons, by language: those that come along, and those of a teacher's own folder."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app.api.answers_lessons import LessonAnswer, LessonsAnswer
from app.engine.spec import Limits
from app.lessons.markdown import line_to_html, to_html
from app.lessons.opened import faults_of
from app.lessons.written import Fault, Faulty, Written, read_lesson
from app.sessions.edits import Loader

FOLDER = Path(__file__).parent
# What the names of a teacher's own lessons begin with, so that none hides one of those.
OWN = "own-"
MOST_LESSONS = 200
_NAME = re.compile(r"(?:\d+[-_])?([A-Za-z0-9_-]{1,60})\.md")

Words = Callable[[str], Mapping[str, str]]


class Shelf:
    """Lessons by language, in their order: those that come along, then a teacher's own.

    Args:
        lessons: By language and then by id.
    """

    def __init__(self, lessons: Mapping[str, Mapping[str, LessonAnswer]]) -> None:
        self._lessons = lessons

    def told(self, language: str) -> LessonsAnswer:
        """All lessons in a language; what is not there in it is in another."""
        return {
            "lessons": [
                {"id": one["id"], "title": one["title"], "own": one["own"]}
                for one in self._lessons.get(language, {}).values()
            ]
        }

    def get(self, language: str, id: str) -> LessonAnswer | None:
        """One lesson, if there is one of this name."""
        return self._lessons.get(language, {}).get(id)


def shipped(
    languages: tuple[str, ...],
    words: Words,
    own: Path | None = None,
    limits: Limits = Limits(),
    loader: Loader | None = None,
) -> Shelf:
    """The lessons that come along, and those of a teacher, which are held to their figures.

    Args:
        languages: Of the page; where a lesson is not in one, it is told in the first that has it.
        words: Those of a language, by key.
        own: The folder; with a folder for each language in it, or with files for all languages.
        limits: Of the server.
        loader: Gives the digits; only with ``own``.

    Raises:
        Faulty: a file is no lesson; all faults are told at once.
    """
    found = dict(_read(FOLDER, "", languages))
    if own is not None:
        if not own.is_dir():
            raise Faulty(f"{own}: there is no such folder")
        found |= dict(_read(own, OWN, languages))
    faults: list[Fault] = []
    held: set[Path] = set()
    lessons: dict[str, dict[str, LessonAnswer]] = {language: {} for language in languages}
    for id, by_language in found.items():
        for language in languages:
            written = next(
                by_language[name] for name in (language, *languages) if name in by_language
            )
            if isinstance(written, list):
                faults += [fault for fault in written if fault not in faults]
                continue
            if id.startswith(OWN) and written.path not in held:
                assert loader is not None
                held.add(written.path)
                faults += faults_of(written, limits, loader)
            try:
                lessons[language][id] = _set(id, written, words(language))
            except ValueError as error:
                fault = Fault(written.path, 1, str(error))
                faults += [] if fault in faults else [fault]
    if faults:
        raise Faulty("\n".join(map(str, faults)))
    return Shelf(lessons)


def _read(
    folder: Path, prefix: str, languages: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Written | list[Fault]]]]:
    """The files of a folder by the ids of their lessons and their languages, in order of name."""
    named: dict[str, dict[str, Path]] = {}
    for language in languages:
        for place in (folder / language, folder):
            for path in sorted(place.glob("*.md")):
                if path.name.lower() != "readme.md":
                    named.setdefault(path.name, {}).setdefault(language, path)
    if len(named) > MOST_LESSONS:
        raise Faulty(f"{folder}: a folder has at most {MOST_LESSONS} lessons")
    ids: dict[str, str] = {}
    for name in sorted(named):
        match = _NAME.fullmatch(name)
        path = next(iter(named[name].values()))
        if match is None:
            raise Faulty(f"{path}:1: a file is named with letters, digits and -, as 01-branch.md")
        if match[1] in ids:
            raise Faulty(f"{path}:1: {ids[match[1]]} has the same name")
        ids[match[1]] = name
        yield (
            prefix + match[1],
            {language: read_lesson(path) for language, path in named[name].items()},
        )


def _set(id: str, written: Written, words: Mapping[str, str]) -> LessonAnswer:
    asked, until = written.asked, written.until
    return {
        "id": id,
        "title": written.title,
        "own": id.startswith(OWN),
        "view": written.view,
        "text": to_html(written.text, words),
        "question": line_to_html(written.question, words),
        "prediction": asked
        and {
            "kind": asked.kind,  # type: ignore[typeddict-item]
            "tensor": asked.tensor,
            "index": list(asked.index),
        },
        "task": line_to_html(written.task, words),
        "condition": until
        and {
            "tensor": until.tensor,
            "index": None if until.index is None else list(until.index),
            "sign": until.sign,  # type: ignore[typeddict-item]
            "number": until.number,
            "shape": list(until.shape),
        },
    }

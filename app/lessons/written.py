"""One lesson as its file has it: a head of a few lines, and its text. See docs/lessons.md."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engine.practice.exercise import NUMBER, SHAPE

# A page of text is some 3,000.
MOST_BYTES = 100_000
FENCE = "---"
TITLE, VIEW, QUESTION, ANSWER, TASK, UNTIL = FIELDS = (
    "title", "view", "question", "answer", "task", "until",
)  # fmt: skip

_FIELD = re.compile(r"([A-Za-z]+)\s*:\s*(.*)")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SPOT = r"(?P<key>[A-Za-z_][\w.]*?)\s*(?:\[(?P<index>[\d\s,]*)\])?"
_PLACE = re.compile(_SPOT)
_SHAPE = re.compile(r"shape of (?P<key>[A-Za-z_][\w.]*)")
_HOLDS = re.compile(rf"{_SPOT}\s*(?P<sign>[<>=])\s*(?P<number>{_NUMBER})")
_HAS_SHAPE = re.compile(r"shape of (?P<key>[A-Za-z_][\w.]*)\s*=\s*\((?P<shape>[\d\s,]*)\)")


class Faulty(ValueError):
    """Files that are no lessons; each line names one, its line and what is wrong with it."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file, and in which line, counted from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Asked:
    """What is to be predicted.

    Attributes:
        kind: ``number`` or ``shape``.
        tensor: The key of the trace, ``affine1.W.grad``.
        index: The cell; empty for a scalar and for a shape.
    """

    kind: str
    tensor: str
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Until:
    """What holds once the change has been made.

    Attributes:
        tensor: The key of the trace.
        index: One cell of it; None for all cells, or where its shape is meant.
        sign: ``<``, ``>`` or ``=``; or ``shape``.
        number: What the cells are compared with.
        shape: What the shape is to be.
    """

    tensor: str
    index: tuple[int, ...] | None
    sign: str
    number: float = 0.0
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Written:
    """A lesson as it is written, nothing set and nothing looked up yet.

    Attributes:
        path: Its file.
        title: What it is called.
        view: The address of its figure, from the question mark on.
        text: Markdown.
        question, task: Markdown of one line; empty where there is none.
        asked: What the question asks for, if there is one.
        until: What the task comes to, if there is one.
        lines: In which line of the file each field stands.
    """

    path: Path
    title: str
    view: str
    text: str
    question: str
    asked: Asked | None
    task: str
    until: Until | None
    lines: Mapping[str, int]

    def fault(self, field: str, message: str) -> Fault:
        """Something wrong with a field."""
        return Fault(self.path, self.lines.get(field, 1), message)


def read_lesson(path: Path) -> Written | list[Fault]:
    """A file as a lesson, or all that is wrong with it."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            return [Fault(path, 1, f"a lesson has at most {MOST_BYTES:,} bytes")]
        lines = raw.decode("utf-8-sig").splitlines()
    except OSError as error:
        return [Fault(path, 1, f"it cannot be read ({error.strerror})")]
    except UnicodeDecodeError:
        return [Fault(path, 1, "it is not UTF-8")]
    if not lines or lines[0].strip() != FENCE:
        return [Fault(path, 1, f"a lesson begins with a line {FENCE}")]
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == FENCE), None)
    if end is None:
        return [Fault(path, 1, f"the head ends with a line {FENCE}, and there is none")]
    fields: dict[str, str] = {}
    places: dict[str, int] = {}
    faults = list(_read_head(path, lines[1:end], fields, places))
    made = _made(path, fields, places, "\n".join(lines[end + 1 :]).strip(), end + 2)
    if isinstance(made, Written) and not faults:
        return made
    return [*faults, *([] if isinstance(made, Written) else made)]


def _read_head(
    path: Path, head: Sequence[str], fields: dict[str, str], places: dict[str, int]
) -> Iterator[Fault]:
    for number, line in enumerate(head, 2):
        if not line.strip():
            continue
        found = _FIELD.fullmatch(line.strip())
        if found is None:
            yield Fault(path, number, "a line of the head is a name, a colon and a value")
        elif found[1] not in FIELDS:
            yield Fault(path, number, f"there is no field of this name; use {', '.join(FIELDS)}")
        elif found[1] in fields:
            yield Fault(path, number, f"{found[1]} stands twice")
        else:
            fields[found[1]], places[found[1]] = found[2].strip(), number


def _made(
    path: Path, fields: Mapping[str, str], places: Mapping[str, int], text: str, first: int
) -> Written | list[Fault]:
    faults = [
        Fault(path, places.get(name, 1), f"{name} is missing")
        for name in (TITLE, VIEW)
        if not fields.get(name)
    ]
    for one, other in ((QUESTION, ANSWER), (TASK, UNTIL)):
        if bool(fields.get(one)) != bool(fields.get(other)):
            there = one if fields.get(one) else other
            faults.append(Fault(path, places[there], f"{one} and {other} go together"))
    if not text:
        faults.append(Fault(path, first, "it has no text"))
    asked = until = None
    if fields.get(ANSWER):
        asked = _asked(fields[ANSWER])
        if asked is None:
            message = f"{ANSWER} is a cell, as affine1.W.grad[0, 1], or shape of affine1.W.grad"
            faults.append(Fault(path, places[ANSWER], message))
    if fields.get(UNTIL):
        until = _until(fields[UNTIL])
        if until is None:
            message = f"{UNTIL} is as loss < 0.5, x.grad[0, 1] = 0, or shape of x = (3, 2)"
            faults.append(Fault(path, places[UNTIL], message))
    if faults:
        return faults
    return Written(
        path, fields[TITLE], _view(fields[VIEW]), text, fields.get(QUESTION, ""), asked,
        fields.get(TASK, ""), until, places,
    )  # fmt: skip


def _view(address: str) -> str:
    """An address without what stands before its question mark: the server that it is from."""
    return address[address.find("?") :] if "?" in address else address


def _asked(text: str) -> Asked | None:
    if shape := _SHAPE.fullmatch(text):
        return Asked(SHAPE, shape["key"])
    if place := _PLACE.fullmatch(text):
        return Asked(NUMBER, place["key"], _whole(place["index"]))
    return None


def _until(text: str) -> Until | None:
    if shape := _HAS_SHAPE.fullmatch(text):
        return Until(shape["key"], None, SHAPE, shape=_whole(shape["shape"]))
    if found := _HOLDS.fullmatch(text):
        index = None if found["index"] is None else _whole(found["index"])
        return Until(found["key"], index, found["sign"], float(found["number"]))
    return None


def _whole(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", text or ""))

"""A table of one's own: CSV with a header, one column of labels, numbers everywhere else.

What is wrong is told with its line and its column, counted from 1 as editors do, and never with
what stands there.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.engine.bounds import Allowed, Bounds, whole
from app.engine.errors import EngineError

Array = np.ndarray

MAX_COLUMNS = 1_024
MAX_ROWS = 50_000
MAX_CLASSES = 100
MAX_NAME = 80
# The codes of what cannot be read as a table at all.
NO_TABLE = ("encoding", "quoting")
TEST = Bounds(minimum=0, maximum=0.9)

# A plain decimal: neither "1_000" nor "nan" nor a comma, all of which could be meant in two ways.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Table:
    """What a file holds, split for training and testing.

    Attributes:
        columns: Names of the numbers' columns, in order.
        label: Name of the labels' column.
        classes: Their names; a label is a place in it.
        x: ``(N, D)`` float64, the rows shuffled by the seed.
        labels: ``(N,)``.
        train: How many rows, from the first, are for training; the others test it.
    """

    columns: tuple[str, ...]
    label: str
    classes: tuple[str, ...]
    x: Array
    labels: Array
    train: int


def read_table(
    data: bytes, label: str | None = None, test: float = 0.2, seed: int = 0, scale: bool = False
) -> Table:
    """Read a file.

    Args:
        data: UTF-8; cells are set apart by commas, semicolons or tabs, whichever the header has.
        label: The column of labels; the last one where it is not named.
        test: The share of rows held out, 0 to 0.9, rounded down, at least one row being trained on.
        seed: Of the shuffle before the split, 0 or more.
        scale: Whether every column gets mean 0 and standard deviation 1 over the training rows.

    Raises:
        EngineError: with the line and the column; its code is one of `NO_TABLE` where there are
            none.
    """
    if not TEST.holds(test):
        raise EngineError(f"test is {TEST.words}", "test", "range", TEST.schema)
    allowed = whole(0, 2**63 - 1)
    if not allowed.holds(seed):
        raise EngineError(f"seed is {allowed.words}", "seed", "range", allowed.schema)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _wrong("encoding", line, "this is no UTF-8 text") from None
    rows = _rows(text)
    header = _header(rows)
    place = _label_place(header, label)
    x, words = _body(rows, header, place)
    names = _classes(words)
    order = np.random.default_rng(seed).permutation(len(x))
    numbers = {name: k for k, name in enumerate(names)}
    labels = np.array([numbers[word] for word in words], dtype=np.int64)[order]
    x = x[order]
    train = max(1, len(x) - int(len(x) * test))
    if scale:
        x = _scaled(x, train)
    columns = tuple(name for k, name in enumerate(header) if k != place)
    return Table(columns, header[place], names, x, labels, train)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of all lines that are not empty."""
    first = text.split("\n", 1)[0]
    # The header decides, since a decimal comma can only stand further down.
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _wrong("quoting", start, f"this is no CSV ({error})") from None
        if any(cell.strip() for cell in cells):
            yield start, [cell.strip() for cell in cells]


def _header(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    found = next(rows, None)
    if found is None:
        raise EngineError("the file is empty; it needs a header and rows", "", "empty")
    line, header = found
    if len(header) < 2:
        raise _wrong(
            "one_column",
            line,
            "there is one column; labels and at least one column of numbers are needed",
        )
    if len(header) > MAX_COLUMNS + 1:
        raise _wrong(
            "many_columns",
            line,
            f"there are {len(header):,} columns; at most {MAX_COLUMNS + 1:,} are taken",
            allowed={"maxItems": MAX_COLUMNS + 1},
        )
    for k, name in enumerate(header):
        if not name or len(name) > MAX_NAME:
            message = f"column {k + 1} needs a name of 1 to {MAX_NAME} characters"
            raise _wrong("column_name", line, message, allowed={"maxItems": MAX_NAME})
        if header.index(name) != k:
            message = f"columns {header.index(name) + 1} and {k + 1} have the same name"
            raise _wrong("same_name", line, message)
    if all(_NUMBER.fullmatch(name) for name in header):
        message = "these are numbers alone; the first line names the columns"
        raise _wrong("no_header", line, message)
    return header


def _label_place(header: list[str], label: str | None) -> int:
    if label is None:
        return len(header) - 1
    if label not in header:
        raise EngineError("the header has no column of this name", "label", "name")
    return header.index(label)


def _body(
    rows: Iterator[tuple[int, list[str]]], header: list[str], place: int
) -> tuple[Array, list[str]]:
    numbers: list[list[float]] = []
    labels: list[str] = []
    for line, cells in rows:
        if len(cells) != len(header):
            message = f"there are {len(cells):,} cells, the header has {len(header):,}"
            raise _wrong("cells", line, message, allowed={"minItems": len(header)})
        if len(labels) == MAX_ROWS:
            message = f"at most {MAX_ROWS:,} rows are taken"
            raise _wrong("many_rows", line, message, allowed={"maxItems": MAX_ROWS})
        if not cells[place] or len(cells[place]) > MAX_NAME:
            message = f"a label has 1 to {MAX_NAME} characters"
            raise _wrong("label", line, message, place, {"maxItems": MAX_NAME})
        labels.append(cells[place])
        numbers.append([_number(cell, line, k) for k, cell in enumerate(cells) if k != place])
    if not labels:
        raise EngineError("the file has a header but no rows", "", "no_rows")
    return np.array(numbers, dtype=np.float64), labels


def _number(cell: str, line: int, column: int) -> float:
    if not cell:
        raise _wrong("missing", line, "there is no number", column)
    if not _NUMBER.fullmatch(cell):
        if "," in cell:
            raise _wrong("comma", line, "this is no number; a decimal has a point", column)
        raise _wrong("number", line, "this is no number", column)
    value = float(cell)
    if not math.isfinite(value):
        raise _wrong("large", line, "the number is too large", column)
    return value + 0.0


def _classes(words: list[str]) -> tuple[str, ...]:
    names = set(words)
    if len(names) > MAX_CLASSES:
        raise EngineError(
            f"the label column has {len(names):,} different values, "
            f"at most {MAX_CLASSES} classes are taken",
            "label",
            "many_classes",
            {"maxItems": MAX_CLASSES},
        )
    if len(names) < 2:
        raise EngineError(
            "the label column has one value only; two classes are needed", "label", "one_class"
        )
    # 2 before 10 where all are numbers; else by the alphabet.
    if all(_NUMBER.fullmatch(name) for name in names):
        return tuple(sorted(names, key=lambda name: (float(name), name)))
    return tuple(sorted(names))


def _scaled(x: Array, train: int) -> Array:
    mean, deviation = x[:train].mean(axis=0), x[:train].std(axis=0)
    # A column that never changes says nothing; it becomes 0 rather than NaN.
    return np.asarray((x - mean) / np.where(deviation > 0, deviation, 1))


def _wrong(
    code: str, line: int, what: str, column: int | None = None, allowed: Allowed | None = None
) -> EngineError:
    """A fault at a line and, where it is in one cell, at a column, counted from 0."""
    where = f"line {line:,}" if column is None else f"line {line:,}, column {column + 1}"
    error = EngineError(f"{where}: {what}", "", code, allowed)
    error.line, error.column = line, None if column is None else column + 1
    return error

"""Matrices as programs, sheets and people write them, and the numbers that are then on paper.

Every style takes a random generator and a matrix, and gives the text together with the cells as
texts, row by row. What a reader makes of the text is compared with these, so a style never relies
on how it is read.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
Rows = list[list[str]]

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Printed:
    """A text and the numbers it shows; ``doubtful`` where a fair reader may ask back."""

    text: str
    rows: list[list[float]]
    doubtful: bool = False


def matrix(rng: Rng, most: int = 9) -> np.ndarray:
    """A matrix of 1 to ``most`` rows and columns, of numbers that people have."""
    shape = tuple(rng.integers(1, most + 1, size=2))
    match rng.integers(5):
        case 0:
            return rng.normal(size=shape)
        case 1:
            return rng.integers(-9, 10, size=shape).astype(float)
        case 2:
            return rng.normal(size=shape).round(int(rng.integers(0, 5)))
        case 3:
            return rng.normal(size=shape) * 10.0 ** rng.integers(-12, 13, size=shape)
        case _:
            return rng.integers(0, 2, size=shape).astype(float)


def numpy_print(rng: Rng, a: np.ndarray) -> Printed:
    width = int(rng.choice([75, 75, 40, 120]))
    a = shallower(rng, a)
    text = np.array2string(
        a,
        max_line_width=width,
        precision=int(rng.integers(2, 9)),
        suppress_small=bool(rng.integers(2)),
        separator=str(rng.choice([" ", " ", ", "])),
    )
    # A long row of its own, wrapped into equal lines of no usual length, could be MATLAB's rows.
    return shown(text, a.shape, doubtful=a.ndim == 1 and width != 75)


def numpy_repr(rng: Rng, a: np.ndarray) -> Printed:
    a = shallower(rng, a.astype(rng.choice(["float64", "float32"])))
    if (a == np.floor(a)).all() and rng.integers(2) and np.abs(a).max() < 2**31:
        a = a.astype(rng.choice(["int64", "int32"]))
    text = repr(a)
    name = str(rng.choice(["", "W = ", "np."]))
    return shown(name + text, a.shape, strip=r"dtype=\w+")


def numpy_scalars(rng: Rng, a: np.ndarray) -> Printed:
    a = shallower(rng, a)
    text = str([list(row) for row in a] if a.ndim == 2 else list(a))
    return shown(text, a.shape, strip=r"float64")


def torch_print(rng: Rng, a: np.ndarray) -> Printed:
    """As PyTorch prints: four digits, rows aligned under each other, long ones wrapped."""
    a = shallower(rng, a)
    form = "{: .4e}" if np.abs(a).max() > 1000 or rng.integers(4) == 0 else "{: .4f}"
    cells = [[form.format(value) for value in row] for row in np.atleast_2d(a)]
    per_line = max(1, 70 // (len(cells[0][0]) + 2))

    def listed(row: list[str], indent: str) -> str:
        lines = [", ".join(row[k : k + per_line]) for k in range(0, len(row), per_line)]
        return "[" + f",\n{indent} ".join(lines) + "]"

    inner = [listed(row, " " * (7 + (a.ndim == 2))) for row in cells]
    body = inner[0] if a.ndim == 1 else "[" + ",\n        ".join(inner) + "]"
    said = str(
        rng.choice(
            ["", ", requires_grad=True", ", dtype=torch.float64", ", device='cuda:0'",
             ", grad_fn=<AddmmBackward0>", ", device='cuda:0', grad_fn=<MulBackward0>"]
        )
    )  # fmt: skip
    text = str(rng.choice(["", "Parameter containing:\n"])) + f"tensor({body}{said})"
    return Printed(text, floats(cells))


def json_list(rng: Rng, a: np.ndarray) -> Printed:
    a = shallower(rng, a)
    indent = rng.choice([0, 0, 2])
    separators = (",", ":") if rng.integers(2) else None
    text = json.dumps(a.tolist(), indent=int(indent) or None, separators=separators)
    return shown(text, a.shape)


def csv_text(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=str(rng.choice(["\n", "\r\n"])))
    named = bool(rng.integers(2))
    if named:
        writer.writerow(
            [f"x{k}" if rng.integers(3) else f"x {'abcdefghi'[k]}" for k in range(a.shape[1])]
        )
    writer.writerows(rows)
    text = file.getvalue()
    if rng.integers(3) == 0:
        text = text.replace(",", ", ")
    return Printed(text, floats(rows), doubtful=not named and not points(rows))


def tsv(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    return Printed(comment(rng) + joined(rng, rows, "\t"), floats(rows))


def semicolons(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    return Printed(joined(rng, rows, str(rng.choice([";", "; "]))), floats(rows))


def blanks(rng: Rng, a: np.ndarray) -> Printed:
    file = io.StringIO()
    form = str(rng.choice(["%.18e", "%.6g", "%10.5f", "%g"]))
    np.savetxt(file, a, fmt=form, header="made by hand" if rng.integers(3) == 0 else "")
    return shown(file.getvalue(), a.shape, strip=r"# made by hand")


def matlab(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    between = str(rng.choice([" ", ", "]))
    ends = str(rng.choice(["; ", ";", ";\n     "]))
    body = ends.join(between.join(row) for row in rows)
    return Printed(f"{rng.choice(['', 'A = '])}[{body}]{rng.choice(['', ';'])}", floats(rows))


def latex(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    body = r" \\ ".join(" & ".join(row) for row in rows)
    kind = str(rng.choice(["bmatrix", "pmatrix", "matrix", "array", ""]))
    if not kind:
        text = body + r" \\"
        doubtful = a.shape == (1, 1)
    else:
        columns = "{" + "r" * a.shape[1] + "}" if kind == "array" else ""
        text = rf"\begin{{{kind}}}{columns} {body} \end{{{kind}}}"
        doubtful = False
    if rng.integers(2):
        text = rf"\mathbf{{W}} = {text}" if kind else text
    return Printed(text, floats(rows), doubtful)


def markdown(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    head = [f"w{k}" for k in range(a.shape[1])]
    rule = [str(rng.choice(["---", ":--:", "--:"])) for _ in head]
    lines = [head, rule, *rows] if rng.integers(4) else rows
    return Printed("\n".join(f"| {' | '.join(line)} |" for line in lines), floats(rows))


def decimal_commas(rng: Rng, a: np.ndarray) -> Printed:
    rows = cells_of(rng, a)
    separator = str(rng.choice(["\t", ";", " "]))
    text = joined(rng, [[cell.replace(".", ",") for cell in row] for row in rows], separator)
    return Printed(text, floats(rows), doubtful=True)


STYLES: dict[str, Callable[[Rng, np.ndarray], Printed]] = {
    style.__name__: style
    for style in (
        numpy_print, numpy_repr, numpy_scalars, torch_print, json_list, csv_text, tsv, semicolons,
        blanks, matlab, latex, markdown, decimal_commas,
    )
}  # fmt: skip


def spoiled(rng: Rng, printed: Printed) -> str | None:
    """The text with one number made into something that is none; None where there is no number."""
    places = [m for m in NUMBER.finditer(printed.text) if is_free(printed.text, m)]
    cells = [cell for row in printed.rows for cell in row]
    # From the end: names and types before and after the numbers have digits too.
    places = [m for m in places if abs(float(m[0])) in {abs(cell) for cell in cells}]
    if not places:
        return None
    place = places[int(rng.integers(len(places)))]
    wrong = str(
        rng.choice(
            ["nan", "inf", "...", "1/3", "True", "0x1F", "2+3j", "1d-3", "1a", "50%", "1_000"]
        )
    )
    return printed.text[: place.start()] + wrong + printed.text[place.end() :]


def is_free(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return not re.match(r"[\w.,%:'#]", before) and not re.match(r"[\w.,%:']", after)


def shallower(rng: Rng, a: np.ndarray) -> np.ndarray:
    """Now and then one row with one dimension."""
    return a[0] if rng.integers(4) == 0 else a


def cells_of(rng: Rng, a: np.ndarray) -> Rows:
    form = str(rng.choice(["{!r}", "{:.4f}", "{:g}", "{:.3e}"]))
    return [[form.format(value) for value in row] for row in a.tolist()]


def joined(rng: Rng, rows: Rows, separator: str) -> str:
    end = separator.rstrip(" ") if rng.integers(5) == 0 else ""
    return "\n".join(separator.join(row) + end for row in rows) + "\n"


def comment(rng: Rng) -> str:
    return "# a comment\n" if rng.integers(4) == 0 else ""


def points(rows: Rows) -> bool:
    return all("." in cell for row in rows for cell in row)


def floats(rows: Rows) -> list[list[float]]:
    return [[float(cell) for cell in row] for row in rows]


def shown(text: str, shape: tuple[int, ...], strip: str = "", doubtful: bool = False) -> Printed:
    """The numbers that stand in a text, in reading order."""
    plain = re.sub(strip, "", text) if strip else text
    found = [float(number) for number in NUMBER.findall(plain)]
    rows = np.reshape(found, shape if len(shape) == 2 else (1, *shape)).tolist()
    return Printed(text, rows, doubtful)

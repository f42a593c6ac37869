"""A sample comes or goes: a row of x, with its target and the gradient given for it.

In one edit, since none of the three may be longer than the others; and of one row only, since the
whole of a large batch is more than a request may bring.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.bounds import whole
from app.engine.errors import EngineError
from app.engine.spec import NetworkSpec
from app.engine.targets import check_numbers, label_bounds, takes_labels
from app.sessions.edits import DeleteRow, InsertRow

Array = np.ndarray
Arrays = Mapping[str, Array | None]

OF_SAMPLES = ("x", "t", "grad_output")


def with_row(arrays: Arrays, edit: InsertRow, spec: NetworkSpec, field: str) -> dict[str, Array]:
    """The samples with one more; what the edit does not give is copied from the row before it.

    Args:
        arrays: At least x ``(N, D)``; t and grad_output where the session has them.
        edit: At ``row`` from 0 to N; None is N.
        spec: What the samples are for.
        field: Of the edit, for errors.

    Raises:
        EngineError: no such place, a row of another length, a wrong label, numbers for something
            that the session does not have.
    """
    there = _there(arrays)
    n = len(there["x"])
    at = n if edit.row is None else edit.row
    _check_place(at, n, "a row goes in before one of those there, or at the end", field)
    given = {"x": edit.x, "t": edit.t, "grad_output": edit.grad_output}
    found = {}
    for name, value in given.items():
        where = f"{field}/{name}"
        if name not in there:
            if value is not None:
                raise EngineError(f"the session has no {name}", where, "name")
            continue
        rows = there[name]
        row = rows[max(0, at - 1)] if value is None else _row(name, value, rows, spec, where)
        found[name] = np.insert(rows, at, row, axis=0)
    return found


def without_row(arrays: Arrays, edit: DeleteRow, field: str) -> dict[str, Array]:
    """The samples without one of them.

    Raises:
        EngineError: no such row, or it is the only one.
    """
    there = _there(arrays)
    n = len(there["x"])
    _check_place(edit.row, n - 1, "row is one of those there", field)
    if n == 1:
        raise EngineError("one sample has to stay", f"{field}/row", "range", {"minItems": 1})
    return {name: np.delete(rows, edit.row, axis=0) for name, rows in there.items()}


def _there(arrays: Arrays) -> dict[str, Array]:
    found = {name: arrays[name] for name in OF_SAMPLES}
    return {name: rows for name, rows in found.items() if rows is not None}


def _check_place(row: int, last: int, words: str, field: str) -> None:
    allowed = whole(0, last)
    if not allowed.holds(row):
        raise EngineError(f"{words}: {allowed.words}", f"{field}/row", "range", allowed.schema)


def _row(name: str, value: Array, rows: Array, spec: NetworkSpec, field: str) -> Array:
    """A row that is given, as those there are: of their length, and a label among labels."""
    if name == "x" and value.shape == spec.sample:
        value = value.reshape(-1)
    if value.shape != rows.shape[1:]:
        wanted = "a label" if rows.ndim == 1 else f"{rows.shape[1]} numbers"
        shapes = {"shapes": [list(rows.shape[1:])]}
        raise EngineError(f"{name} of a sample is {wanted}", field, "shape", shapes)
    if name == "t" and rows.ndim == 1 and takes_labels(spec):
        allowed = label_bounds(spec.output_size)
        if not allowed.holds(float(value)):
            raise EngineError(f"a label is {allowed.words}", field, "range", allowed.schema)
        return value.astype(rows.dtype)
    return check_numbers(value, str(rows.dtype), name)

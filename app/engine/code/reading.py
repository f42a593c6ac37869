"""The text of a program as its lines, by Python's own `ast`; nothing is ever executed.

What Python can say and a figure cannot is refused here or where it is met, with the place in the
text and what there is instead.
"""

import ast
import io
import threading
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.errors import EngineError, TooLarge

FIELD = "code"
MAX_LINES = 200
MAX_LENGTH = 20_000
# How deep brackets may stand in each other: far beyond what one can read.
MAX_DEPTH = 100
# What a name may not be, since it is what the library is called.
MODULES = ("np", "numpy")

# Python 3.11 counts how deep a tree is in one place for all threads, and takes two that are made
# at once for a fault of its own.
_parsing = threading.Lock()

_INSTEAD = {
    ast.For: "a loop is not read; write the sum or product with arrays, such as X @ W",
    ast.While: "a loop is not read; write the sum or product with arrays, such as X @ W",
    ast.FunctionDef: "a function is not read; write its lines as they stand",
    ast.ClassDef: "a class is not read; write its lines as they stand",
    ast.If: "if is not read; np.where(mask, a, b) chooses cell by cell",
    ast.Return: "return is not read; the last line that is assigned is the result",
    ast.Expr: "a line assigns a name: L = ...",
    ast.AnnAssign: "a line assigns a name: L = ...",
}


@dataclass(frozen=True)
class Line:
    """One assignment: its name, what is assigned, and where it stands, counted from 1."""

    name: str
    value: ast.expr
    number: int
    end: int


class CodeError(EngineError):
    """A program that cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, at: ast.AST | tuple[int, int], code: str = "value") -> None:
        super().__init__(message, FIELD, code)
        if isinstance(at, tuple):
            self.line, self.column = at
        else:
            self.line = getattr(at, "lineno", 1)
            self.column = getattr(at, "col_offset", 0) + 1


def read(code: str) -> tuple[Line, ...]:
    """The assignments of a program, in order.

    Raises:
        CodeError: no Python, or a statement that is none of ours, with the place where.
        TooLarge: more lines or letters than are read.
    """
    if len(code) > MAX_LENGTH:
        raise TooLarge(f"code has at most {MAX_LENGTH:,} characters", FIELD)
    if code.count("\n") >= MAX_LINES:
        raise TooLarge(f"code has at most {MAX_LINES} lines", FIELD)
    _check_depth(code)
    try:
        module = parsed(code)
    except SyntaxError as error:
        # The columns of a syntax error count from 1 already; a tab or a null byte has none.
        place = (error.lineno or 1, max(error.offset or 1, 1))
        raise CodeError(f"this is not Python: {error.msg}", place, "syntax") from None
    except (ValueError, RecursionError, MemoryError):
        raise CodeError("this is not Python", (1, 1), "syntax") from None
    _check_names(code)
    lines = [line for statement in module.body for line in _lines(statement)]
    if not lines:
        raise CodeError("the program assigns nothing: L = ...", (1, 1))
    return tuple(lines)


def parsed(code: str) -> ast.Module:
    """The tree of a text, in any thread.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse` does.
    """
    with _parsing:
        return ast.parse(code)


def _check_depth(code: str) -> None:
    """Refuse brackets in brackets beyond any use, before the parser meets them."""
    depth, signs = 0, 0
    for letter in code:
        depth += (letter in "([{") - (letter in ")]}")
        # A row of minus signs nests as brackets do.
        signs = signs + 1 if letter in "-+~ \t" else 0
        if depth > MAX_DEPTH or signs > 4 * MAX_DEPTH:
            raise TooLarge(f"brackets stand at most {MAX_DEPTH} deep in each other", FIELD)


def _check_names(code: str) -> None:
    """Refuse letters that look like others: Python takes a full-width x for x, and a Cyrillic one
    for a name of its own.
    """
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME and not token.string.isascii():
            row, column = token.start
            raise CodeError(
                "a name has letters from a to z, digits and _", (row, column + 1), "name"
            )


def _lines(statement: ast.stmt) -> list[Line]:
    match statement:
        case ast.Import() | ast.ImportFrom():
            names = {alias.name.partition(".")[0] for alias in statement.names}
            if isinstance(statement, ast.ImportFrom) or names != {"numpy"}:
                raise CodeError("only numpy can be imported: import numpy as np", statement)
            return []
        case ast.Expr(ast.Constant(str())):
            return []
        case ast.Assign([ast.Name(name)], value):
            pass
        case ast.AugAssign(ast.Name(name), op, right):
            left = ast.copy_location(ast.Name(name, ast.Load()), statement.target)
            value = ast.copy_location(ast.BinOp(left, op, right), statement)
        case ast.Assign():
            raise CodeError("a line assigns one name: L = ...", statement)
        case _:
            instead = _INSTEAD.get(type(statement), "this statement is not read")
            raise CodeError(instead, statement)
    if name in MODULES:
        raise CodeError(f"{name} is the library; another name is needed", statement, "name")
    return [Line(name, value, statement.lineno, statement.end_lineno or statement.lineno)]


def names_read(lines: Sequence[Line]) -> dict[str, ast.Name]:
    """What a program is given: names that are read before they are assigned, in that order.

    Each with the place where it is read first.
    """
    assigned: set[str] = set()
    found: dict[str, ast.Name] = {}
    for line in lines:
        called = {id(node.func) for node in ast.walk(line.value) if isinstance(node, ast.Call)}
        for node in ast.walk(line.value):
            if not isinstance(node, ast.Name) or id(node) in called:
                continue
            if node.id not in assigned and node.id not in MODULES:
                found.setdefault(node.id, node)
        assigned.add(line.name)
    return found

"""Where the shapes of a program do not fit: what is there up to that place, and what would fit."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.engine.code.reading import CodeError, parsed
from app.engine.code.spec import Clash
from app.engine.op import Shape, ShapeClash
from app.engine.ops import OPS

# What .T can follow as it stands.
_ONE = (ast.Name, ast.Call, ast.Attribute, ast.Subscript)
# Of two operands, which are turned, and whether they change places.
_WAYS = ((False, True, False), (True, False, False), (True, True, False), (False, False, True))


@dataclass(frozen=True)
class Fit:
    """The operands otherwise, so that they fit: the expression, and the whole text with it."""

    expression: str
    code: str


class ClashError(CodeError):
    """Shapes that do not fit; as data in ``clash``, with the operands as tensors by ``names``."""

    def __init__(self, error: ShapeClash, at: ast.AST, op: str, shapes: Sequence[Shape]) -> None:
        super().__init__(str(error), at, "shape")
        line, column, *end = _place(at)
        self.clash = Clash(
            line, column, (end[0], end[1]), str(error), op, tuple(map(tuple, shapes))
        )


def _place(node: ast.AST) -> tuple[int, int, int, int]:
    """Where it stands, counted from 1."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    end = getattr(node, "end_lineno", None) or line
    return line, column, end, (getattr(node, "end_col_offset", None) or column) + 1


def fits(code: str, clash: Clash) -> tuple[Fit, ...]:
    """Transposes with which the two matrices of a clash fit; for a product, also its other order.

    Args:
        code: The text that the clash is in.
        clash: As reading the text has found it.
    """
    found = _operands(code, clash)
    if found is None or [len(shape) for shape in clash.shapes] != [2, 2]:
        return ()
    whole, left, right = found
    ways = _WAYS if clash.op == "dot" else _WAYS[:3]
    return tuple(_written(code, whole, left, right, way) for way in ways if _would_fit(clash, way))


def _would_fit(clash: Clash, way: tuple[bool, bool, bool]) -> bool:
    *turns, swaps = way
    shapes = [
        shape[::-1] if turn else shape for shape, turn in zip(clash.shapes, turns, strict=True)
    ]
    try:
        OPS[clash.op].shape(shapes[::-1] if swaps else shapes, {})
    except ShapeClash:
        return False
    return True


def _operands(code: str, clash: Clash) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """The expression at a clash and its two operands, where it is one that has two."""
    for node in _expressions(code, clash):
        match node:
            case ast.BinOp(left, _, right):
                return node, left, right
            case ast.Call(ast.Attribute(ast.Name("np" | "numpy")) | ast.Name(), [left, right]):
                return node, left, right
            case ast.Call(ast.Attribute(left), [right]):
                return node, left, right
    return None


def _expressions(code: str, clash: Clash) -> Iterator[ast.expr]:
    """Those that stand where the clash is told of, in parentheses or not."""
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.expr) and _place(node) == (clash.line, clash.column, *clash.end):
            yield node


def _written(
    code: str, whole: ast.expr, left: ast.expr, right: ast.expr, way: tuple[bool, bool, bool]
) -> Fit:
    *turns, swaps = way
    # What is in brackets of its own is turned, or moved, with these; those of a call stay.
    is_free = isinstance(whole, ast.BinOp)
    spans = [_bracketed(code, operand, is_free) for operand in (left, right)]
    texts = [code[start:end] for start, end in spans]
    are_one = [
        text.startswith("(") or isinstance(operand, _ONE)
        for text, operand in zip(texts, (left, right), strict=True)
    ]
    for k, (operand, turn) in enumerate(zip((left, right), turns, strict=True)):
        if not turn and not (swaps and is_free):
            continue
        if turn and isinstance(operand, ast.Attribute) and operand.attr == "T":
            texts[k] = texts[k].removesuffix(".T").rstrip()
            continue
        texts[k] = (texts[k] if are_one[k] else f"({texts[k]})") + (".T" if turn else "")
    if swaps:
        texts.reverse()
    changed = code
    # The later one first, since what comes before it keeps its place.
    for (start, end), text in zip(reversed(spans), reversed(texts), strict=True):
        changed = changed[:start] + text + changed[end:]
    start, end = _span(code, whole)
    return Fit(changed[start : end + len(changed) - len(code)], changed)


def _bracketed(code: str, operand: ast.expr, is_free: bool) -> tuple[int, int]:
    """Where an operand stands, with the brackets around it."""
    start, end = _span(code, operand)
    while is_free:
        before, after = code[:start].rstrip(), code[end:].lstrip()
        if not (before.endswith("(") and after.startswith(")")):
            break
        start, end = len(before) - 1, len(code) - len(after) + 1
    return start, end


def _span(code: str, node: ast.expr) -> tuple[int, int]:
    """From which letter of the text to which a node stands; Python counts bytes of UTF-8."""
    lines = code.splitlines(keepends=True)

    def place(line: int, column: int) -> int:
        before = lines[line - 1].encode()[:column].decode()
        return sum(map(len, lines[: line - 1])) + len(before)

    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)

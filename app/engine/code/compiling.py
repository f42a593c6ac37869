"""A program as an op graph: one walk over its lines, with the shapes of what it is given."""

import ast
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.engine.branches import with_gradients
from app.engine.builder import GraphBuilder
from app.engine.code.calls import CALLS, CONSTANTS, METHODS, as_array, named_call
from app.engine.code.clash import ClashError
from app.engine.code.reading import FIELD, MAX_DEPTH, MODULES, CodeError, Line, names_read, read
from app.engine.code.spec import Clash, CodeSpec
from app.engine.code.symbols import is_short, number, symbol
from app.engine.code.values import Ref, Value, is_number, whole_numbers
from app.engine.errors import EngineError, TooLarge
from app.engine.graph import LINE, OpGraph, Tensor
from app.engine.many import term_count
from app.engine.names import derivative
from app.engine.op import MAX_RANK, ShapeClash, as_one, formula
from app.engine.ops import OPS
from app.engine.spec import Limits, LossSpec

Array = np.ndarray
Shape = tuple[int, ...]

MAX_NODES = 400
# Products of a forward pass: about a second of it; einsum goes through them one by one.
MOST_WORK, SLOW = 2_000_000_000, 10
# What the loss of a program is called among the types of losses.
CODE_LOSS = "code"
# Names that are what one learns from, not what learns.
DATA = {"x": "input", "t": "target"}
# What a session calls numbers of its own, which are edited by these names beside the given ones.
RESERVED = ("grad_output", "learning_rate")

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.MatMult: "dot", ast.Pow: "power",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater", ast.Lt: "less", ast.GtE: "greater_equal", ast.LtE: "less_equal",
}  # fmt: skip


def build_code(
    code: str, shapes: Mapping[str, Shape], limits: Limits = Limits(), up_to_clash: bool = False
) -> tuple[CodeSpec, OpGraph]:
    """The graph of a program.

    Args:
        code: Its text; it is never executed.
        shapes: Of the names that it reads and does not assign.
        limits: For the cells of a pass.
        up_to_clash: Where shapes clash, the program up to there, whose last op has no result.

    Raises:
        CodeError: with line and column: no Python, something that is not read, shapes that clash.
        EngineError: a value is missing or not used by the program.
        TooLarge: beyond a limit.
    """
    lines = read(code)
    compiler = Compiler(lines, shapes, limits, symbol(lines[-1].name, 0))
    try:
        output = compiler.run()
    except ClashError as error:
        if not up_to_clash:
            raise
        return _up_to(error.clash, compiler, code)
    if output.shape:
        # The result is no loss, so gradients are those of a loss beyond it.
        compiler = Compiler(lines, shapes, limits, "L")
        output = compiler.run()
    unused = [name for name in shapes if name not in compiler.given]
    if unused:
        raise EngineError("the program has no such name to be given", f"values/{unused[0]}", "name")
    graph = with_gradients(compiler.builder.finish("op", None, output.name), compiler.loss)
    given = {name: tuple(shapes[name]) for name in compiler.given}
    learned = tuple(
        name
        for name in given
        if graph.tensors[name].role == "parameter" and graph.tensors[name].grad_symbol is not None
    )
    spec = CodeSpec(
        0, (), None if output.shape else LossSpec(CODE_LOSS), code=code, shapes=given,
        output=output.name, output_shape=output.shape, cells=2 * compiler.cells,
        work=compiler.work, names=learned,
    )  # fmt: skip
    return spec, graph


def _up_to(clash: Clash, compiler: "Compiler", code: str) -> tuple[CodeSpec, OpGraph]:
    """The program with the op as its end that cannot be computed; its output is never made."""
    shapes = compiler.shapes
    read_later = names_read(compiler.lines)
    unused = [name for name in shapes if name not in read_later]
    if unused:
        raise EngineError("the program has no such name to be given", f"values/{unused[0]}", "name")
    node = compiler.clashed
    assert node is not None
    graph = compiler.builder.finish("op", None, node.name)
    maker = next(one.id for one in graph.nodes if node.name in one.outputs)
    # Nothing comes back from what is not there.
    tensors = {name: replace(one, grad_symbol=None) for name, one in graph.tensors.items()}
    edges = tuple(replace(edge, grad_symbol=None) for edge in graph.edges)
    graph = replace(graph, tensors=tensors, edges=edges, is_program=True, clash=maker)
    given = {name: tuple(shape) for name, shape in shapes.items()}
    return CodeSpec(
        0, (), None, code=code, shapes=given, output=node.name, cells=2 * compiler.cells,
        clash=clash,
    ), graph  # fmt: skip


def group_names(lines: Sequence[Line]) -> tuple[str, ...]:
    """What each line's result and group are called.

    The last line of a name has the name itself, so that it can be asked for by it.
    """
    left = Counter(line.name for line in lines)
    found = []
    for line in lines:
        left[line.name] -= 1
        behind = left[line.name]
        found.append(f"{line.name}.before{behind}" if behind else line.name)
    return tuple(found)


class Compiler:
    """Adds the nodes of one line after the other.

    Attributes:
        into: The tensor that the op made next is to be called, where it is a line's result.
        given: Names that are read before they are assigned, with the place where that is.
        cells: Numbers of all tensors so far.
        work: Products of all ops so far.
        clashed: What the op would make whose operands do not fit.
    """

    def __init__(
        self, lines: Sequence[Line], shapes: Mapping[str, Shape], limits: Limits, loss: str
    ) -> None:
        self.lines = lines
        self.shapes = shapes
        self.limits = limits
        self.loss = loss
        self.builder = GraphBuilder(1)
        self.into: str | None = None
        self.given: dict[str, ast.AST] = {}
        self.env: dict[str, Value] = {}
        self.cells = 0
        self.clashed: Ref | None = None
        self._line = lines[0]
        self._group = ""
        self._assigned = {line.name for line in lines}
        self._count = 0
        self.work = 0
        self._depth = 0

    def run(self) -> Ref:
        """All lines; the tensor of the last.

        Raises:
            CodeError: as for `build_code`.
        """
        value: Value = 0.0
        for line, made in zip(self.lines, group_names(self.lines), strict=True):
            self._line = line
            self._group, self.into = made, made
            value = self.value(line.value)
            if line.name in self.given:
                raise CodeError(
                    f"{line.name} is given, so it cannot be assigned; call this something else",
                    (line.number, 1),
                    "name",
                )
            self.env[line.name] = value
        if not isinstance(value, Ref):
            raise CodeError("the last line computes nothing", (self.lines[-1].number, 1))
        return value

    # Expressions

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for; nodes are added for it."""
        match node:
            case ast.Constant(bool()) | ast.Constant(None) | ast.Constant(complex()):
                pass
            case ast.Constant(int() | float() as one):
                return self._finite(one, node)
            case ast.Constant(str() as text):
                return text
            case ast.Name(name):
                return self._name(name, node)
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as one)):
                return -self._finite(one, node)
            case ast.UnaryOp(ast.USub(), operand):
                return self.op("negate", [self.inner(operand)], node)
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.value(operand)
            case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
                name = _OPERATORS[type(op)]
                a, b = self.inner(left), self.inner(right)
                return self.power(a, b, node) if name == "power" else self.binary(name, a, b, node)
            case ast.Compare(left, [op], [right]) if type(op) in _COMPARISONS:
                a, b = self.inner(left), self.inner(right)
                return self.op(_COMPARISONS[type(op)], [a, b], node)
            case ast.List() | ast.Tuple():
                # A list of known numbers is an array, a list of tensors an argument.
                return as_array(self._items(node), node)
            case ast.Subscript(whole, index):
                return self._subscript(self.inner(whole), index, node)
            case ast.Attribute(whole, name):
                return self._attribute(whole, name, node)
            case ast.Call():
                return self._call(node)
        raise CodeError(_refused(node), node)

    def inner(self, node: ast.expr) -> Value:
        """The same for a part of an expression, which has no name of its own."""
        into, self.into = self.into, None
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLarge(f"expressions stand at most {MAX_DEPTH} deep in each other", FIELD)
        found = self.value(node)
        self._depth -= 1
        self.into = into
        return found

    def binary(self, op: str, a: Value, b: Value, at: ast.AST) -> Value:
        """a + b and the like; 1 / b is the op of the book that takes one over b."""
        if op == "divide" and is_number(a) and a == 1 and isinstance(b, Ref):
            return self.op("reciprocal", [b], at)
        return self.op(op, [a, b], at)

    def power(self, a: Value, b: Value, at: ast.AST) -> Value:
        """a ** b with a known number b."""
        if not is_number(b):
            raise CodeError("an exponent is a number: x ** 2", at, "type")
        if b == 2:
            return self.op("square", [a], at)
        return self.op("power", [a], at, {"exponent": float(b)})  # type: ignore[arg-type]

    def op(
        self, op: str, operands: Sequence[Value], at: ast.AST,
        attributes: Mapping[str, Any] | None = None,
    ) -> Value:  # fmt: skip
        """Add a node, or compute the result where all operands are known.

        Raises:
            CodeError: the shapes do not fit.
            TooLarge: beyond a limit.
        """
        attributes = attributes or {}
        row = OPS[op]
        if not any(isinstance(operand, Ref) for operand in operands):
            return self._known(op, operands, at, attributes)
        into, self.into = self.into, None
        refs = [self.ref(operand, at) for operand in operands]
        shapes = [ref.shape for ref in refs]
        try:
            shape = tuple(int(size) for size in row.shape(shapes, attributes))
        except ShapeClash as clash:
            self._stop(op, refs, into, attributes)
            raise ClashError(clash, at, op, shapes) from None
        if len(shape) > MAX_RANK:
            raise CodeError(f"an array has at most {MAX_RANK} axes", at, "limit")
        self.check_size(shape, at)
        self._check_work(op, shapes, attributes, at)
        if op == "mean":
            attributes = {**attributes, "count": math.prod(shapes[0]) // max(math.prod(shape), 1)}
        self._count += 1
        if self._count > MAX_NODES:
            raise TooLarge(f"a program has at most {MAX_NODES} ops", FIELD)
        name = into or f"{self._group}.{op}{self._count}"
        names = [self.builder.tensors[ref.name].symbol for ref in refs]
        shown = (
            symbol(self._line.name, len(shape)) if into else self._formula(op, names, attributes)
        )
        role = "value"
        if into == self.lines[-1].name and self._line is self.lines[-1] and not shape:
            role = "loss"
        # Nothing of what made a mask, or of what is known beforehand, ever asks for a gradient.
        flows = any(
            row.reaches(k) and self.builder.tensors[ref.name].grad_symbol is not None
            for k, ref in enumerate(refs)
        )
        grad = derivative(shown if into else as_one(shown), self.loss) if flows else None
        made = Tensor(name, shape, role, shown, grad)
        self.builder.node(
            (self._group, LINE), f"{self._group}.{op}{self._count}", op,
            [ref.name for ref in refs], [made], attributes,
        )  # fmt: skip
        return Ref(name, shape)

    def _stop(
        self, op: str, refs: Sequence[Ref], into: str | None, attributes: Mapping[str, Any]
    ) -> None:
        """Add an op as the end of what can be computed."""
        id = f"{self._group}.{op}{self._count + 1}"
        name = into or id
        self.clashed = Ref(name, ())
        made = Tensor(name, (), "value", "?")
        names = [ref.name for ref in refs]
        self.builder.node((self._group, LINE), id, op, names, [made], attributes)

    def ref(self, value: Value, at: ast.AST) -> Ref:
        """A tensor of the graph for a value; a known number becomes a constant of it.

        Raises:
            CodeError: it is no number and no array.
        """
        if isinstance(value, Ref):
            return value
        if isinstance(value, str | tuple | list):
            raise CodeError("a number or an array is needed here", at, "type")
        array = np.asarray(value, dtype=float)
        self._count += 1
        name = f"{self._group}.constant{self._count}"
        self.check_size(array.shape, at)
        if array.ndim:
            self.builder.source(name, array.shape, "input", r"\mathrm{const}", None, array)
        else:
            self.builder.source(name, (), "constant", number(float(array)), None, float(array))
        return Ref(name, array.shape)

    def check_size(self, shape: Shape, at: ast.AST) -> None:
        """Count the cells of one more tensor.

        Raises:
            TooLarge: they are too many for a pass.
        """
        self.cells += math.prod(shape)
        if 2 * self.cells > self.limits.cells:
            error = TooLarge(
                f"one pass would hold more than {self.limits.cells:,} numbers",
                FIELD,
                {"maximum": self.limits.cells},
            )
            error.line = getattr(at, "lineno", None)
            error.column = getattr(at, "col_offset", 0) + 1
            raise error

    def _check_work(
        self, op: str, shapes: Sequence[Shape], attributes: Mapping[str, Any], at: ast.AST
    ) -> None:
        """Count the products of one more op: few letters can ask for very many.

        Raises:
            TooLarge: they are more than a pass may take.
        """
        operands = {str(k): np.broadcast_to(np.zeros(()), one) for k, one in enumerate(shapes)}
        rule = OPS[op].rule(shapes, attributes)
        cells = math.prod(OPS[op].shape(shapes, attributes))
        slow = SLOW if op == "einsum" else 1
        self.work += slow * cells * term_count(rule, operands)
        if self.work > MOST_WORK:
            error = TooLarge(
                f"one pass would take more than {MOST_WORK:,} products",
                FIELD,
                {"maximum": MOST_WORK},
            )
            error.line = getattr(at, "lineno", None)
            error.column = getattr(at, "col_offset", 0) + 1
            raise error

    def _formula(self, op: str, names: Sequence[str], attributes: Mapping[str, Any]) -> str:
        shown = formula(OPS[op].formula, names, attributes)
        return shown if is_short(shown) else f"v_{{{self._count}}}"

    def _finite(self, one: float, at: ast.AST) -> float:
        if not abs(one) <= 1e300:
            raise CodeError("a number is too large", at, "range")
        return one

    def _known(
        self, op: str, operands: Sequence[Value], at: ast.AST, attributes: Mapping[str, Any]
    ) -> Value:
        arrays = []
        for operand in operands:
            if isinstance(operand, str | tuple | list):
                raise CodeError("a number or an array is needed here", at, "type")
            arrays.append(np.asarray(operand, dtype=float))
        try:
            self.check_size(OPS[op].shape([one.shape for one in arrays], attributes), at)
        except ShapeClash as clash:
            raise CodeError(str(clash), at, "shape") from None
        with np.errstate(all="ignore"):
            made = np.asarray(OPS[op].forward(arrays, attributes))
        if not np.isfinite(made).all():
            raise CodeError("this number is not finite", at, "range")
        if made.ndim:
            return made
        # A count stays one: 1 / X.shape[0], but also reshape(X.shape[0] * 2).
        is_whole = all(isinstance(one, int) for one in operands) and float(made).is_integer()
        return int(made) if is_whole and op != "divide" else float(made)

    def _name(self, name: str, node: ast.expr) -> Value:
        if name in self.env:
            return self.env[name]
        if name in MODULES:
            raise CodeError(f"{name} is the library; call one of its functions", node)
        if name in self.shapes or name in self.given:
            if name not in self.given:
                self.given[name] = node
                self._source(name, tuple(self.shapes[name]), node)
            return Ref(name, tuple(self.shapes[name]))
        if name in self._assigned:
            raise CodeError(f"{name} is read before it is assigned", node, "name")
        if name in CALLS:
            raise CodeError(f"{name} is a function: {name}(...)", node, "name")
        raise self._missing(name, node)

    def _missing(self, name: str, node: ast.AST) -> CodeError:
        """That a name has no value, and with it all others that have none: one asks for all."""

        def told(name: str, at: ast.AST) -> CodeError:
            error = CodeError(f"{name} has no value yet", at, "missing")
            error.field = f"values/{name}"
            return error

        error = told(name, node)
        known = {*self.shapes, *self._assigned, *CALLS, name}
        error.others = tuple(
            told(other, at) for other, at in names_read(self.lines).items() if other not in known
        )
        return error

    def _source(self, name: str, shape: Shape, node: ast.AST) -> None:
        if name in RESERVED:
            raise CodeError(f"{name} is the session's own; another name is needed", node, "name")
        if len(shape) > MAX_RANK:
            raise EngineError(f"an array has at most {MAX_RANK} axes", f"values/{name}", "shape")
        self.check_size(shape, node)
        shown = symbol(name, len(shape))
        role = DATA.get(name.rstrip("0123456789_").lower(), "parameter")
        self.builder.source(name, shape, role, shown, derivative(shown, self.loss))

    def _items(self, node: ast.List | ast.Tuple) -> list[Any]:
        return [
            self._items(item) if isinstance(item, ast.List) else self.inner(item)
            for item in node.elts
        ]

    def _argument(self, node: ast.expr) -> Any:
        """An argument: a tensor or number, or a list or tuple of them."""
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
            return node.value
        if isinstance(node, ast.List | ast.Tuple):
            items = [self._argument(item) for item in node.elts]
            return tuple(items) if isinstance(node, ast.Tuple) else items
        return self.inner(node)

    def _call(self, node: ast.Call) -> Value:
        args: list[Any] = []
        match node.func:
            case ast.Name(name) | ast.Attribute(ast.Name("np" | "numpy"), name):
                pass
            case ast.Attribute(whole, name) if name in METHODS:
                args = [self.inner(whole)]
            case ast.Attribute(_, name):
                raise CodeError(
                    f".{name}() is not read; methods are {', '.join(sorted(METHODS))}", node, "name"
                )
            case _:
                raise CodeError("only named functions are called", node)
        call = named_call(name)
        if call is None:
            raise CodeError(f"{name} is not offered; there are {_offered()}", node, "name")
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            raise CodeError("arguments are given one by one", node)
        args += [self._argument(arg) for arg in node.args]
        named = {str(word.arg): self._argument(word.value) for word in node.keywords}
        if not args:
            raise CodeError(f"{name} needs an argument", node)
        return call(self, node, args, named)

    def _attribute(self, whole: ast.expr, name: str, node: ast.expr) -> Value:
        if isinstance(whole, ast.Name) and whole.id in MODULES:
            if name in CONSTANTS:
                return CONSTANTS[name]
            raise CodeError(f"np.{name} is not offered; there are {_offered()}", node, "name")
        of = self.inner(whole)
        if isinstance(of, str | tuple | list):
            raise CodeError("a number or an array is needed here", node, "type")
        shape: Shape = of.shape if isinstance(of, Ref) else np.shape(of)
        match name:
            case "T":
                return self.op("transpose", [of], node)
            case "shape":
                return shape
            case "size":
                return math.prod(shape)
            case "ndim":
                return len(shape)
        raise CodeError(f".{name} is not read; there are .T, .shape, .size and .ndim", node, "name")

    def _subscript(self, of: Value, index: ast.expr, node: ast.expr) -> Value:
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        if isinstance(of, tuple):
            (place,) = whole_numbers(self.inner(parts[0]), node, "an index")
            if len(parts) > 1 or not -len(of) <= place < len(of):
                raise CodeError(f"a shape of {len(of)} sizes has no such place", node, "range")
            return of[place]
        if isinstance(of, str | list):
            raise CodeError("a number or an array is needed here", node, "type")
        places: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Slice):
                ends = (part.lower, part.upper, part.step)
                places.append(tuple(self._end(end, node) for end in ends))
                continue
            at = self.inner(part)
            if isinstance(at, Ref):
                return self._gather(of, at, parts, node)
            places.append(*whole_numbers(at, node, "an index"))
        if any(isinstance(place, tuple) and place[2] == 0 for place in places):
            raise CodeError("the step of a slice is not 0", node, "range")
        return self.op("index", [of], node, {"index": tuple(places)})

    def _gather(self, of: Value, at: Ref, parts: list[ast.expr], node: ast.expr) -> Value:
        if len(parts) > 1 or at.name not in self.given:
            raise CodeError("rows are chosen by given whole numbers alone: W[ids]", node)
        return self.op("gather", [of, at], node)

    def _end(self, end: ast.expr | None, node: ast.expr) -> int | None:
        if end is None:
            return None
        return whole_numbers(self.inner(end), node, "a slice")[0]


def _offered() -> str:
    return ", ".join(sorted(CALLS))


def _refused(node: ast.AST) -> str:
    match node:
        case ast.BinOp(op=op):
            return f"{type(op).__name__} is not read; there are + - * / ** and @"
        case ast.Compare():
            return "comparisons are of two values, by > < >= or <="
        case ast.IfExp():
            return "np.where(mask, a, b) chooses cell by cell"
        case ast.ListComp() | ast.GeneratorExp():
            return "a loop is not read; write it with arrays"
        case ast.BoolOp() | ast.UnaryOp(ast.Not()):
            return "and, or, not are not read; multiply masks"
    return "this is not read in a program"

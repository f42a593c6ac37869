"""The functions and methods that a program may call: each builds nodes of the graph."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.engine.code.reading import CodeError
from app.engine.code.values import Ref, Value, is_number, whole_numbers
from app.engine.functions import FAMILIES, FUNCTIONS, function
from app.engine.ops import OPS

if TYPE_CHECKING:
    from app.engine.code.compiling import Compiler

Arguments = list[Any]
Named = dict[str, Any]
Call = Callable[["Compiler", ast.Call, Arguments, Named], Value]

# NumPy's names where they are not ours.
_ALIASES = {
    "negative": "negate", "absolute": "abs", "fabs": "abs", "true_divide": "divide",
    "matmul": "dot", "amax": "max", "concat": "concatenate", "permute_dims": "transpose",
}  # fmt: skip
_BINARY = ("add", "subtract", "multiply", "divide", "dot")
_COMPARED = ("greater", "less", "greater_equal", "less_equal")


def _bound(
    node: ast.Call, names: Sequence[str], args: Arguments, named: Named, least: int = 1
) -> Named:
    """Arguments by the names of a function's parameters.

    Raises:
        CodeError: too many, too few, or one that the function does not have.
    """
    if len(args) > len(names):
        raise CodeError(f"at most {len(names)} arguments: {', '.join(names)}", node)
    found = dict(zip(names, args, strict=False))
    for name, value in named.items():
        if name not in names or name in found:
            raise CodeError(f"{name} is not an argument here; there are {', '.join(names)}", node)
        found[name] = value
    missing = [name for name in names[:least] if name not in found]
    if missing:
        raise CodeError(f"{', '.join(missing)} is missing", node)
    return found


def _reduction(op: str) -> Call:
    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        found = _bound(node, ("x", "axis", "keepdims"), args, named)
        attributes: dict[str, Any] = {}
        if found.get("axis") is not None:
            attributes["axes"] = whole_numbers(found["axis"], node, "axis")
        if found.get("keepdims"):
            attributes["keepdims"] = True
        return compiler.op(op, [found["x"]], node, attributes)

    return call


def _function(op: str) -> Call:
    family = FAMILIES.get(op)

    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        names = ("x",) if family is None else ("x", family.constant)
        found = _bound(node, names, args, named)
        attributes = {}
        if family is not None:
            constant = found.get(family.constant, family.default)
            if not is_number(constant):
                raise CodeError(f"{family.constant} takes a number", node, "type")
            attributes[family.constant] = float(constant)
        return compiler.op(op, [found["x"]], node, attributes)

    return call


def _binary(op: str) -> Call:
    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        found = _bound(node, ("a", "b"), args, named, 2)
        return compiler.binary(op, found["a"], found["b"], node)

    return call


def _maximum(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("a", "b"), args, named, 2)
    a, b = found["a"], found["b"]
    for one, other in ((a, b), (b, a)):
        if is_number(one) and one == 0 and isinstance(other, Ref):
            return compiler.op("relu", [other], node)
    return compiler.op("maximum", [a, b], node)


def _where(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("mask", "a", "b"), args, named, 3)
    return compiler.op("where", [found["mask"], found["a"], found["b"]], node)


def _reshape(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    # np.reshape(x, (2, 3)), x.reshape(2, 3) and x.reshape((2, 3)) are all said.
    x, *rest = args
    given: Any = named.get("shape", rest[0] if len(rest) == 1 else tuple(rest))
    shape = whole_numbers(given, node, "reshape")
    return compiler.op("reshape", [x], node, {"shape": shape})


def _transpose(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    x, *rest = args
    given: Any = named.get("axes", rest[0] if len(rest) == 1 else tuple(rest))
    attributes = {"axes": whole_numbers(given, node, "transpose")} if given != () else {}
    return compiler.op("transpose", [x], node, attributes)


def _concatenate(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("arrays", "axis"), args, named)
    arrays = found["arrays"]
    if not isinstance(arrays, list) or not arrays:
        raise CodeError("concatenate takes a list of arrays: [a, b]", node, "type")
    axis = whole_numbers(found.get("axis", 0), node, "axis")[0]
    return compiler.op("concatenate", arrays, node, {"axis": axis})


def _einsum(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    if not args or not isinstance(args[0], str) or named:
        raise CodeError('einsum takes a text first: "ij,jk->ik"', node, "type")
    text = args[0].replace(" ", "")
    left, arrow, right = text.partition("->")
    is_plain = all(
        letter.isascii() and letter.isalpha() for letter in left.replace(",", "") + right
    )
    if not arrow or not is_plain or not left or set(right) - set(left):
        raise CodeError('einsum needs letters, commas and an arrow: "ij,jk->ik"', node)
    if len(set(left)) > 9:
        raise CodeError("einsum with at most eight letters", node, "limit")
    return compiler.op("einsum", args[1:], node, {"subscripts": text})


def _logaddexp(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("a", "b"), args, named, 2)
    if not is_number(found["a"]) or found["a"] != 0:
        raise CodeError("logaddexp is read with 0 as its first argument: log(1 + exp(x))", node)
    return compiler.op("softplus", [found["b"]], node)


def _power(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("a", "b"), args, named, 2)
    return compiler.power(found["a"], found["b"], node)


def _softmax(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    """As the ops that it is made of, with the largest subtracted first."""
    found = _bound(node, ("x", "axis"), args, named)
    axes = {"axes": whole_numbers(found.get("axis", -1), node, "axis"), "keepdims": True}
    x = compiler.ref(found["x"], node)
    into, compiler.into = compiler.into, None
    z = compiler.op("subtract", [x, compiler.op("max", [x], node, axes)], node)
    e = compiler.op("exp", [z], node)
    total = compiler.op("sum", [e], node, axes)
    compiler.into = into
    return compiler.op("divide", [e, total], node)


def _images(op: str, names: tuple[str, ...], operands: int) -> Call:
    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        found = _bound(node, names, args, named, 2)
        attributes = {}
        for name in names[operands:]:
            if name in found:
                (attributes[name],) = whole_numbers(found[name], node, name)[:1]
                least = 0 if name == "pad" else 1
                if not least <= attributes[name] <= 64:
                    raise CodeError(f"{name} is from {least} to 64", node, "range")
        if op == "max_pool" and 2 * attributes.get("pad", 0) > attributes["size"]:
            raise CodeError("pad is at most half of size", node, "range")
        return compiler.op(op, [found[name] for name in names[:operands]], node, attributes)

    return call


def _array(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("values",), args, named)
    return as_array(found["values"], node)


def as_array(value: Any, at: ast.AST) -> Value:
    """Nested lists of numbers as an array.

    Raises:
        CodeError: something else is in them, or the rows have different lengths.
    """
    if isinstance(value, Ref | np.ndarray) or is_number(value):
        return value  # type: ignore[no-any-return]

    def plain(one: Any) -> Any:
        if isinstance(one, list):
            return [plain(each) for each in one]
        if not is_number(one):
            raise CodeError("a list holds numbers, or lists of numbers", at, "type")
        return float(one)

    try:
        array = np.array(plain(value), dtype=float)
    except ValueError:
        raise CodeError("the rows have different lengths", at, "shape") from None
    if not array.size:
        raise CodeError("the list is empty", at, "shape")
    return array


def _filled(number: float) -> Call:
    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        found = _bound(node, ("shape",), args, named)
        shape = whole_numbers(found["shape"], node, "shape")
        compiler.check_size(shape, node)
        return np.full(shape, number)

    return call


def _length(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
    found = _bound(node, ("x",), args, named)
    shape = found["x"].shape if isinstance(found["x"], Ref | np.ndarray) else ()
    if not shape:
        raise CodeError("len is of an array", node, "type")
    return int(shape[0])


def _plain(op: str) -> Call:
    """Of an op that takes its operands cell by cell."""

    def call(compiler: "Compiler", node: ast.Call, args: Arguments, named: Named) -> Value:
        if named:
            raise CodeError(f"{op} takes arrays alone", node)
        return compiler.op(op, args, node)

    return call


CALLS: Mapping[str, Call] = {
    **{name: _plain(name) for name, row in OPS.items() if row.broadcasts},
    **{name: _function(name) for name in (*FUNCTIONS, *FAMILIES) if function(name).title},
    **{name: _reduction(name) for name in ("sum", "mean", "max")},
    **{name: _binary(name) for name in (*_BINARY, *_COMPARED)},
    "maximum": _maximum,
    "where": _where,
    "reshape": _reshape,
    "transpose": _transpose,
    "concatenate": _concatenate,
    "einsum": _einsum,
    "logaddexp": _logaddexp,
    "power": _power,
    "softmax": _softmax,
    "conv2d": _images("conv2d", ("x", "w", "stride", "pad"), 2),
    "max_pool": _images("max_pool", ("x", "size", "stride", "pad"), 1),
    "array": _array,
    "ones": _filled(1.0),
    "zeros": _filled(0.0),
    "len": _length,
}  # fmt: skip
METHODS = frozenset({"sum", "mean", "max", "reshape", "transpose", "dot"})
CONSTANTS = {"pi": float(np.pi), "e": float(np.e)}


def as_called(name: str) -> str:
    """A function as a program writes it: of NumPy where NumPy has it."""
    return f"np.{name}" if hasattr(np, name) else name


def named_call(name: str) -> Call | None:
    """What builds the nodes of a call of this name."""
    return CALLS.get(_ALIASES.get(name, name))

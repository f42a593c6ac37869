"""A pass over a program, recorded."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import numpy as np

from app.engine.by_layer import known
from app.engine.code.compiling import build_code
from app.engine.code.kept import OP_CELLS, Kept
from app.engine.code.spec import CodeSpec
from app.engine.errors import EngineError
from app.engine.execute import Execution
from app.engine.graph import OpGraph
from app.engine.network import Evaluation
from app.engine.run import Recorder, single_numbers
from app.engine.scalars import MOST_SCALARS, fits
from app.engine.spec import Limits
from app.engine.targets import check_numbers
from app.engine.trace import Trace

Array = np.ndarray
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


def read_code(
    code: str,
    values: Mapping[str, object],
    grad_output: object | None = None,
    limits: Limits = Limits(),
    up_to_clash: bool = False,
) -> tuple[CodeSpec, dict[str, Array], Array | None]:
    """A program with the numbers it is given, checked.

    Args:
        code: Its text.
        values: Numbers or nested lists, by name.
        grad_output: dL/d(result), of its shape, where the result is an array.
        limits: For the cells of a pass.
        up_to_clash: See `build_code`; nothing goes back from a clash, so there is no grad_output.

    Raises:
        EngineError: a value is no finite array or of a wrong shape; see `build_code`.
    """
    checked = {
        name: check_numbers(value, "float64", f"values/{name}") for name, value in values.items()
    }
    shapes = {name: one.shape for name, one in checked.items()}
    spec, graph = build_code(code, shapes, limits, up_to_clash)
    check_rows_chosen(graph, checked)
    given = None
    if grad_output is not None and spec.clash is None:
        given = check_start(spec, grad_output)
    return spec, {name: checked[name] for name in spec.shapes}, given


def check_start(spec: CodeSpec, grad_output: object) -> Array:
    """dL/d(result) of a program whose result is an array.

    Raises:
        EngineError: it has another shape, or the result is a single number.
    """
    if spec.loss is not None:
        raise EngineError(
            "the result is a single number, so the backward pass starts there with 1",
            "grad_output",
            "value",
        )
    given = check_numbers(grad_output, "float64", "grad_output")
    if given.shape != spec.output_shape:
        raise EngineError(
            f"grad_output has shape {given.shape}, {spec.output} has {spec.output_shape}",
            "grad_output",
            "shape",
            {"shapes": [list(spec.output_shape)]},
        )
    return given


def check_rows_chosen(graph: OpGraph, values: Mapping[str, Array]) -> None:
    """Numbers that choose rows are whole and there.

    Raises:
        EngineError: names the cell.
    """
    for node in graph.nodes:
        if node.op == "gather" and node.id != graph.clash:
            table, chosen = (graph.edge[id] for id in node.inputs)
            rows, numbers = table.shape[0], values[chosen.tensor]
            wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= rows)
            if wrong.any():
                place = "/".join(str(int(at)) for at in np.argwhere(wrong)[0])
                raise EngineError(
                    f"this chooses a row of {rows}: a whole number from 0 to {rows - 1}",
                    f"values/{chosen.tensor}/{place}".rstrip("/"),
                    "range",
                    {"minimum": 0, "maximum": rows - 1},
                )


def _cells(found: tuple[CodeSpec, OpGraph]) -> int:
    graph = found[1]
    known = (one.value for one in graph.tensors.values() if one.value is not None)
    return OP_CELLS * len(graph.nodes) + sum(np.asarray(value).size for value in known)


_programs: Kept[tuple[CodeSpec, OpGraph]] = Kept(_cells, 8_000_000)


def built(code: str, shapes: Shapes, up_to_clash: bool = False) -> tuple[CodeSpec, OpGraph]:
    """`build_code`, once for the same lines and shapes, which are pairs of a name and its own."""
    return _programs.get(
        (code, shapes, up_to_clash),
        lambda: build_code(code, dict(shapes), up_to_clash=up_to_clash),
    )


def graph_of(spec: CodeSpec) -> OpGraph:
    """The graph of a program; the same for the same lines and shapes."""
    return built(spec.code, tuple(spec.shapes.items()), spec.clash is not None)[1]


@lru_cache(maxsize=512)
def _fits(code: str, shapes: Shapes) -> bool:
    return fits(built(code, shapes)[1])


def fits_scalars(spec: CodeSpec) -> bool:
    """Whether a program is small enough for a figure in single numbers."""
    if spec.clash is not None:
        return False
    return spec.cells <= 40 * MOST_SCALARS and _fits(spec.code, tuple(spec.shapes.items()))


@np.errstate(all="ignore")  # An overflow is part of the answer: it shows as Infinity or NaN.
def trace_code(
    spec: CodeSpec,
    values: Mapping[str, Array],
    grad_output: Array | None = None,
    level: str = "op",
) -> Trace:
    """One pass of a program, forward, and backward where there is something to start from.

    Args:
        spec: The program.
        values: What it is given.
        grad_output: dL/d(result) of an array.
        level: ``element`` for single numbers where they are not too many, else arrays.
    """
    graph = graph_of(spec)
    if level == "element":
        single = single_numbers(graph, values, spec.dtype, grad_output)
        if single is not None:
            return single
    return Recorder(graph, values, spec.dtype).record(grad_output)


def named_passes(
    spec: CodeSpec, given: Iterable[tuple[Mapping[str, Array], Array | None]], backward: bool
) -> Iterator[tuple[dict[str, Array], dict[str, Array]]]:
    """Passes of a program, one after the other: values and gradients by the names of its lines.

    Args:
        spec: The program.
        given: For each pass what it is given, and dL/d(result) of an array.
        backward: Whether there are backward halves.

    The numbers are those of `trace_code` to the last bit; nothing is recorded of them.
    """
    graph = graph_of(spec)
    named = [name for name in graph.tensors if name.isidentifier()]
    wanted = frozenset(named)
    run = Execution(graph, spec.dtype)
    for values, grad_output in given:
        start = np.ones((), spec.dtype) if spec.loss is not None else grad_output
        gradients: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            run.forward(values)
            if backward and start is not None:
                gradients = run.backward(start, wanted)
        made = run.values
        yield (
            {name: made[name] for name in named},
            {name: gradients[name] for name in named if name in gradients},
        )


def by_program(spec: CodeSpec, trace: Trace) -> Evaluation:
    """A pass of a program: its loss, and the gradients of what it learns."""
    gradients = {name: known(trace, f"{name}.grad") for name in spec.learned}
    return Evaluation(
        None if spec.loss is None else float(trace.array(spec.output)),
        None,
        None,
        (),
        {name: gradient for name, gradient in gradients.items() if gradient is not None},
    )

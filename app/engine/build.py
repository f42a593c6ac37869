"""A network opened into its op graph."""

from collections.abc import Collection

from app.engine import open_loss
from app.engine.builder import GraphBuilder, Use
from app.engine.graph import OpGraph, Tensor
from app.engine.names import layer_symbols
from app.engine.open_elements import Rows
from app.engine.open_ops import MEAN, REPEAT, is_open
from app.engine.spec import LayerSpec, NetworkSpec

LEVELS = ("op", "element")
FORMS = ("book", "shifted", "logsumexp")


def build_graph(
    spec: NetworkSpec,
    n: int,
    level: str = "op",
    loss: str = "closed",
    form: str = "book",
    targets: bool = True,
    closed: frozenset[str] = frozenset(),
    sample: int | None = None,
    open_ops: Collection[str] = (),
) -> OpGraph:
    """The op graph of ``spec`` for ``n`` samples; topology only, no number is needed.

    Args:
        spec: The network.
        n: Rows of x; 1 at level ``element``, which shows one sample.
        level: ``op`` for tensors, ``element`` for the loss in scalar rows.
        loss: ``closed`` or ``opened``.
        form: How an opened loss is computed: ``book``, ``shifted`` or ``logsumexp``.
        targets: Whether there are targets; without, the loss stops at the probabilities.
        closed: Names of sigmoid layers to leave as one op, where exp(-x) would overflow.
        sample: Which of several samples this one is. Its loss is not the batch's and has no 1/N,
            so it is called L_n; None where there is no other.
        open_ops: Names of ops that are opened, see `open_ops`; where nothing of them can be, they
            stay closed.
    """
    if level == "element" and n != 1:
        raise ValueError("the element level shows one sample")
    builder = GraphBuilder(n, sample)
    symbols = layer_symbols(spec)
    x = symbols["x"]
    tensor = builder.source("x", (n, spec.input_size), "input", x, builder.derivative(x))
    for layer, size in zip(spec.layers, spec.widths[1:], strict=True):
        if layer.type == "affine":
            tensor = _affine(builder, layer, tensor, symbols, is_open(layer.name, open_ops))
        elif layer.type == "sigmoid" and layer.name not in closed:
            tensor = _sigmoid(builder, layer, tensor, symbols)
        else:
            output = f"{layer.name}.output"
            symbol = symbols[output]
            made = Tensor(output, (n, size), "value", symbol, builder.derivative(symbol))
            tensor = builder.node(
                (layer.name, layer.type), f"{layer.name}.{layer.type}", layer.type, [tensor], [made]
            )
    loss_form = None
    if spec.loss is not None:
        if targets:
            builder.source("t", (n, spec.output_size), "target", open_loss.T)
        shows_mean = MEAN in open_ops
        tensor = _loss(builder, spec, tensor, level, loss, form, targets, shows_mean)
        loss_form = "closed" if loss == "closed" else form
    return builder.finish(level, loss_form, tensor)


def _affine(
    builder: GraphBuilder, layer: LayerSpec, x: str, symbols: dict[str, str], repeats: bool
) -> str:
    """x . W, then + b with b copied to every row (figure 5-27), by + itself or by a node."""
    name, group = layer.name, (layer.name, "affine")
    derivative = builder.derivative
    n, rows = builder.tensors[x].shape
    units = layer.units or 0
    w, b, y = (symbols[f"{name}.{part}"] for part in ("W", "b", "output"))
    weight = builder.source(f"{name}.W", (rows, units), "parameter", w, derivative(w))
    bias = builder.source(f"{name}.b", (units,), "parameter", b, derivative(b))
    dot = Tensor(
        f"{name}.dot", (n, units), "value",
        rf"{builder.tensors[x].symbol} \cdot {w}", derivative(y),
    )  # fmt: skip
    builder.node(group, f"{name}.dot", "dot", [x, weight], [dot])
    if repeats and n > 1:
        repeated = Tensor(
            f"{name}.{REPEAT}", (n, units), "value", rf"\mathbf{{1}} \cdot {b}", derivative(y)
        )
        bias = builder.node(group, repeated.name, REPEAT, [bias], [repeated], {"rows": n})
    output = Tensor(f"{name}.output", (n, units), "value", y, derivative(y))
    return builder.node(group, f"{name}.add", "add", [dot.name, bias], [output])


def _sigmoid(builder: GraphBuilder, layer: LayerSpec, x: str, symbols: dict[str, str]) -> str:
    """1 / (1 + exp(-x)) as the ops of figure 5-20."""
    name, group = layer.name, (layer.name, "sigmoid")
    shape, symbol = builder.tensors[x].shape, builder.tensors[x].symbol
    y = symbols[f"{name}.output"]

    def op(id: str, op_name: str, uses: list[Use | str], made: str, grad: str) -> str:
        tensor = f"{name}.output" if id == "reciprocal" else f"{name}.{id}"
        output = Tensor(tensor, shape, "value", made, grad)
        return builder.node(group, f"{name}.{id}", op_name, uses, [output])

    builder.source(f"{name}.minus_one", (), "constant", "-1", value=-1.0)
    builder.source(f"{name}.one", (), "constant", "1", value=1.0)
    slope = rf"-{builder.derivative(y)} {y}^{{2}}"
    power = rf"\exp(-{symbol})"
    negative = op("negate", "multiply", [x, f"{name}.minus_one"], f"-{symbol}", f"{slope} {power}")
    e = op("exp", "exp", [negative], power, slope)
    total = op("add", "add", [e, f"{name}.one"], f"1 + {power}", slope)
    builder.whole(f"{name}.output", "sigmoid", x)
    builder.whole(f"{x}.grad", "sigmoid_gradient", x)
    return op("reciprocal", "reciprocal", [total], y, builder.derivative(y))


def _loss(
    builder: GraphBuilder,
    spec: NetworkSpec,
    scores: str,
    level: str,
    loss: str,
    form: str,
    targets: bool,
    shows_mean: bool,
) -> str:
    if level == "element" and targets:
        rows = Rows(builder, scores, spec.output_size)
        return rows.closed() if loss == "closed" else rows.opened(form)
    if loss == "closed":
        return open_loss.closed(builder, scores, targets, shows_mean)
    return open_loss.opened(builder, scores, form, targets)

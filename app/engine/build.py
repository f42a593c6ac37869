"""A network opened into its op graph."""

from collections.abc import Collection

from app.engine.builder import GraphBuilder
from app.engine.graph import OpGraph
from app.engine.layer_types import Opening
from app.engine.loss_types.decay import add_decay
from app.engine.loss_types.kind import LossView
from app.engine.open_ops import MEAN
from app.engine.spec import NetworkSpec
from app.engine.symbols import layer_symbols

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
        closed: Names of layers to leave as one op, such as a sigmoid whose exp(-x) would overflow.
        sample: Which of several samples this one is. Its loss is not the batch's and has no 1/N,
            so it is called L_n; None where there is no other.
        open_ops: Names of ops that are opened, see `open_ops`; where nothing of them can be, they
            stay closed.
    """
    if level == "element" and n != 1:
        raise ValueError("the element level shows one sample")
    averages = spec.loss is None or spec.loss.averages
    decay = spec.loss.weight_decay if spec.loss is not None and targets else 0.0
    decays = decay > 0 and bool(spec.weights)
    builder = GraphBuilder(n, sample, averages=averages, decays=decays)
    symbols = layer_symbols(spec)
    x = symbols["x"]
    tensor = builder.source("x", (n, *spec.sample), "input", x, builder.derivative(x))
    for layer, parameters in zip(spec.layers, spec.layer_parameters, strict=True):
        parts = {part: symbols[f"{layer.name}.{part}"] for part in (*parameters, "output")}
        tensor = layer.kind.build(
            Opening(
                builder, layer.name, layer.type, tensor, layer.settings, parts, parameters,
                layer.name in closed, open_ops, layer.step,
            )
        )  # fmt: skip
    loss_form = None
    if spec.loss is not None:
        if targets:
            builder.source("t", (n, spec.output_size), "target", r"\mathbf{T}")
        kind = spec.loss.kind
        if targets or kind.opens:
            view = LossView(loss == "closed", form, targets, MEAN in open_ops, level == "element")
            tensor = kind.build(builder, tensor, view)
            loss_form = "closed" if loss == "closed" else form
        if decays:
            tensor = add_decay(builder, spec.weights, tensor, decay)
    return builder.finish(level, loss_form, tensor)

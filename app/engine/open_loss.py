"""Softmax-with-Loss as a graph of tensors: closed, or opened into ops for the whole batch."""

from collections.abc import Sequence

from app.engine.builder import GraphBuilder, Use
from app.engine.graph import Tensor

NAME = "softmax_cross_entropy"
LAYER = ("loss", NAME)
Y = r"\mathbf{Y}"
T = r"\mathbf{T}"


def closed(builder: GraphBuilder, scores: str, targets: bool, shows_mean: bool = False) -> str:
    """One node that gives probabilities and, with targets, the loss.

    With ``shows_mean`` it gives the sum over several samples, and 1/N is a node after it.
    """
    shape = builder.tensors[scores].shape
    y = Tensor("loss.probabilities", shape, "value", Y)
    if not targets:
        return builder.node(LAYER, "loss.softmax", "softmax", [scores], [y])
    grad = _part(builder, rf"({Y} - {T})", f"{Y} - {T}")
    apart = shows_mean and builder.averages
    made = _total() if apart else builder.data_loss()
    total = apart or (builder.n > 1 and not builder.averages)
    builder.node(
        LAYER,
        "loss.softmax_with_loss",
        "softmax_with_loss",
        [Use(scores, grad), "t"],
        [y, made],
        {"total": total},
    )
    if not apart:
        return made.name
    builder.whole(builder.data_loss().name, "loss", scores)
    builder.whole(f"{scores}.grad", "score_gradient", scores)
    return _mean(builder, made.name)


def opened(builder: GraphBuilder, scores: str, form: str, targets: bool) -> str:
    """The ops of figure 5-29 on tensors ``(N, C)``; see `trace` for when which form is safe.

    Forms: ``book`` starts from the scores, ``shifted`` subtracts each row's maximum first,
    ``logsumexp`` besides takes log y as z - log S, which never meets log 0.
    """
    a = builder.tensors[scores].symbol
    score_grad = _part(builder, rf"({Y} - {T})", f"{Y} - {T}")
    if form == "book":
        z, symbol, uses = scores, a, (Use(scores, score_grad), Use(scores, score_grad))
    else:
        m_grad = builder.derivative(r"\mathbf{M}")
        gate = rf"{m_grad} {gate_of(a)}"
        maximum = _node(builder, "max", [Use(scores, gate)], r"\mathbf{M}", m_grad, axis=1)
        builder.whole(f"{maximum}.grad", "shift_gradient", scores)
        z = _node(
            builder, "subtract", [Use(scores, score_grad), maximum], r"\mathbf{Z}", score_grad
        )
        symbol, uses = r"\mathbf{Z}", (Use(z), Use(z))
    # Where exp is taken, and where its two branches meet again, stands y - t.
    builder.whole(f"{scores}.grad", "score_gradient", scores)
    builder.whole(f"{z}.grad", "score_gradient", scores)
    if form == "logsumexp" and targets:
        uses = (Use(z, _part(builder, Y, Y)), Use(z, _part(builder, T, T, "-")))
    share = _part(builder, r"\mathbf{S}", "", invert=True)
    e = _node(builder, "exp", uses[:1], rf"e^{{{symbol}}}", share)
    if form == "logsumexp" and targets:
        total = _node(builder, "sum", [e], r"\mathbf{S}", share, axis=1)
        log_total = _node(builder, "log", [total], r"\log \mathbf{S}", _part(builder, "1", "1"))
        builder.whole(log_total, "log_sum", scores)
        uses_log = [uses[1], Use(log_total)]
        log_y = _node(
            builder, "subtract", uses_log, rf"\log {Y}", _part(builder, T, T, "-"), id="log_y"
        )
    else:
        n = "N " if builder.averages else ""
        total = _node(builder, "sum", [Use(e, share)], r"\mathbf{S}", share, axis=1)
        inverse = _node(
            builder, "reciprocal", [total], r"\frac{1}{\mathbf{S}}",
            _part(builder, r"\mathbf{S}", r"\mathbf{S}", "-"),
        )  # fmt: skip
        by_e = rf"-\frac{{{T}}}{{{n}e^{{{symbol}}}}}"
        y = _node(
            builder, "multiply", [Use(e, by_e), inverse], Y, rf"-\frac{{{T}}}{{{n}{Y}}}",
            output="loss.probabilities",
        )  # fmt: skip
        builder.whole(y, "probabilities", scores)
        if not targets:
            return y
        builder.whole(f"{e}.grad", "exp_gradient", scores)
        log_y = _node(builder, "log", [y], rf"\log {Y}", _part(builder, T, T, "-"))
    builder.whole(log_y, "log_probabilities", scores)
    builder.whole(builder.data_loss().name, "loss", scores)
    return _mean_loss(builder, log_y)


def gate_of(scores: str, row: int | None = None) -> str:
    """1 where the largest score was taken, else 0: the first of equals, as argmax has it."""
    place = "i" if row is None else str(row)
    return rf"[{place} = \operatorname{{argmax}}\, {scores}]"


def _mean_loss(builder: GraphBuilder, log_y: str) -> str:
    """From log y to L: times t, sum, times -1, and for a batch times 1/N, where the mean is."""
    minus = _part(builder, "1", "1", "-")
    product = _node(builder, "multiply", [log_y, "t"], rf"{T} \log {Y}", minus, id="times_t")
    total = _node(builder, "sum", [product], rf"\sum {T} \log {Y}", minus, id="add")
    single = not builder.averages
    builder.source("loss.minus_one", (), "constant", "-1", value=-1.0)
    made = builder.data_loss() if single else _total()
    negative = builder.node(LAYER, "loss.negate", "multiply", [total, "loss.minus_one"], [made])
    return negative if single else _mean(builder, negative)


def _total() -> Tensor:
    """The sum of the losses of several samples, be it made by one op or by many."""
    return Tensor("loss.negate", (), "value", rf"-\sum {T} \log {Y}", r"\frac{1}{N}")


def _mean(builder: GraphBuilder, total: str) -> str:
    """1/N as a node of its own."""
    builder.source("loss.one_over_n", (), "constant", r"\frac{1}{N}", value=1 / builder.n)
    made = builder.data_loss()
    return builder.node(LAYER, "loss.mean", "multiply", [total, "loss.one_over_n"], [made])


def _node(
    builder: GraphBuilder,
    op: str,
    uses: Sequence[Use | str],
    symbol: str,
    grad_symbol: str,
    *,
    id: str | None = None,
    output: str | None = None,
    axis: int | None = None,
) -> str:
    name = f"loss.{id or op}"
    names = [use.tensor if isinstance(use, Use) else use for use in uses]
    attributes = {} if axis is None else {"axes": (axis,), "keepdims": True}
    shape = builder.shape_of(op, names, **attributes)
    tensor = Tensor(output or name, shape, "value", symbol, grad_symbol)
    return builder.node(LAYER, name, op, list(uses), [tensor], attributes)


def _part(
    builder: GraphBuilder, batch: str, single: str, sign: str = "", invert: bool = False
) -> str:
    """A gradient's name with the 1/N of a batch, which a single sample does not have."""
    if invert:
        bottom = f"N {batch}" if builder.averages else batch
        return rf"{sign}\frac{{1}}{{{bottom}}}"
    if not builder.averages:
        return f"{sign}{single}"
    return rf"{sign}\frac{{1}}{{N}}" + ("" if batch == "1" else f" {batch}")

"""The rule of each event as LaTeX, from the names of what it reads and makes."""

from app.engine.applied import closed_of, operands_shapes, reaches, result_of
from app.engine.graph import Node, OpGraph
from app.engine.names import derivative
from app.engine.op import formula, grouped, tidied
from app.engine.ops import OPS


def seed_rule(graph: OpGraph) -> str:
    """The gradient that the backward half starts from at a loss."""
    return f"{derivative(graph.loss_symbol, graph.loss_symbol)} = 1"


def all_rules(graph: OpGraph) -> tuple[str, ...]:
    """The rule of every event that a trace of ``graph`` may have, each once, forward first."""
    rules = [
        forward_rule(graph, node, output)
        for node in graph.nodes
        for output in node.outputs
        if node.id != graph.clash
    ]
    rules.append(seed_rule(graph))
    for node in reversed(graph.nodes):
        for k, id in enumerate(node.inputs):
            if graph.edge[id].differentiable and reaches(node, k):
                rules.append(gradient_rule(graph, node, k))
    return tuple(dict.fromkeys(rules))


def forward_rule(graph: OpGraph, node: Node, output: str) -> str:
    """``result = rule`` of a node's forward event."""
    made = graph.tensors[output]
    symbols = [graph.edge[id].symbol for id in node.inputs]
    result = result_of(node, output)
    if result is not None:
        shapes = operands_shapes(node, [graph.edge[id].shape for id in node.inputs])
        right = result.formula(symbols, shapes, node.attributes, made.row)
    elif node.op == "add":
        right = " + ".join(symbols)
        # Figure 5-29 writes the sum of all exp as S, however many classes there are.
        if len(symbols) > 4:
            right = f"{symbols[0]} + {symbols[1]} + \\cdots + {symbols[-1]}"
    elif node.op == "max" and not graph.is_program:
        right = (
            rf"\max {symbols[0]}" if len(symbols) == 1 else rf"\max_{{i}} {_indexed(symbols[0])}"
        )
    else:
        right = formula(OPS[node.op].formula, symbols, node.attributes)
    speaks_for_itself = node.op in ("exp", "log", "dot") and not graph.is_program
    if made.symbol == right or speaks_for_itself:
        return right
    return f"{made.symbol} = {right}"


def gradient_rule(graph: OpGraph, node: Node, k: int) -> str:
    """``gradient = rule`` of a node's backward event for input k."""
    edge = graph.edge[node.inputs[k]]
    made = graph.tensors[node.outputs[-1]]
    if closed_of(node) is not None:
        # Its gradient is one formula, by which the arrow is called.
        return f"{derivative(edge.symbol, graph.loss_symbol)} = {edge.grad_symbol}"
    symbols = [grouped(graph.edge[id].symbol) for id in node.inputs]
    alone = _upstream(graph, made.name)
    upstream = grouped(alone)
    left = edge.grad_symbol or ""
    if node.op == "add":
        # Rows that a bias was copied to are added up again, be it one row.
        copied = made.shape != edge.shape and not graph.single
        sign = r"\sum" if graph.is_program else r"\sum_{n}"
        right = f"{sign} {upstream}" if copied else alone
    elif node.op == "subtract" and k == 1:
        copied = made.shape != edge.shape
        right = rf"-\sum {upstream}" if copied else f"-{upstream}"
    elif node.op == "reciprocal":
        right = rf"-{upstream} \, {_squared(made.symbol)}"
    elif node.op == "max" and not graph.is_program:
        right = edge.grad_symbol or ""
    elif node.op == "sum" or (node.op == "subtract" and k == 0):
        right = alone
    else:
        form = OPS[node.op].gradient_formula(k, node.attributes)
        right = form.format(*symbols, g=upstream, y=grouped(made.symbol))
        names = [*(graph.edge[id].symbol for id in node.inputs), alone, made.symbol]
        right = tidied(right, names)
        if OPS[node.op].broadcasts and made.shape != edge.shape:
            right = rf"\sum {right}"
    return f"{left} = {right}" if left and left != right else right


def _upstream(graph: OpGraph, tensor: str) -> str:
    """dL/d(out): the one name, or the sum of the branches' names."""
    edges = [edge for edge in graph.edges_of[tensor] if edge.differentiable]
    whole = graph.tensors[tensor].grad_symbol or ""
    if len(edges) < 2 or any(edge.cell is not None for edge in edges):
        return edges[0].grad_symbol or whole if edges and edges[0].cell is None else whole
    distinct = list(dict.fromkeys(grouped(edge.grad_symbol or "", sums=False) for edge in edges))
    # Every class of figure 5-29 adds its -t_i S; with many, their sum has a name of its own.
    return whole if len(distinct) > 3 else " + ".join(distinct)


def _squared(symbol: str) -> str:
    return rf"\left({symbol}\right)^{{2}}" if "\\frac" in symbol else f"{symbol}^{{2}}"


def _indexed(symbol: str) -> str:
    return symbol.replace("{1}", "{i}")

"""The table of mistakes. Each row is one; nothing else in the code knows any of them by name.

What gives which number is read off the step: from the op's own gradient with another upstream
gradient or another operand, or from its index rule. Those marked "the book's" are in the code of
chapters 3 to 5, where they are harmless as long as nothing else changes.
"""

from collections.abc import Mapping

import numpy as np

from app.engine.faults.fault import Array, Fault, Step
from app.engine.functions import FAMILIES, FUNCTIONS


def _product(left: Array, right: Array, shape: tuple[int, ...]) -> Array | None:
    """The matrix product, where there is one and it has the shape that is wanted."""
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        return None
    return left @ right if (len(left), right.shape[1]) == shape else None


def _is_product(step: Step) -> bool:
    return step.node.op == "dot" and step.input.ndim == 2 and step.grad.ndim == 2


def _no_transpose(step: Step) -> Array | None:
    if not _is_product(step):
        return None
    other = step.inputs[1 - step.k]
    pair = (step.grad, other) if step.k == 0 else (other, step.grad)
    return _product(*pair, step.input.shape)


def _transposed_result(step: Step) -> Array | None:
    return np.asarray(step.right.T) if _is_product(step) else None


def _order(step: Step) -> Array | None:
    if not _is_product(step):
        return None
    other = step.inputs[1 - step.k].T
    pair = (other, step.grad) if step.k == 0 else (step.grad, other)
    return _product(*pair, step.input.shape)


def _summed_samples(step: Step) -> bool:
    """Whether the gradient adds up what the samples say."""
    n = step.graph.n
    return n > 1 and step.is_parameter and step.grad.ndim > 1 and len(step.grad) == n


def _not_summed(step: Step) -> Array | None:
    """For what was copied to every sample, such as B: the gradient of all copies, side by side."""
    if not _summed_samples(step) or step.node.op != "add":
        return None
    return np.array(step.grad)


def _last_sample(step: Step) -> Array | None:
    """What a loop leaves that writes each sample's share over the one before."""
    if not _summed_samples(step):
        return None
    alone = np.zeros_like(step.grad)
    alone[-1] = step.grad[-1]
    return step.gradient(alone)


def _averaged_over(step: Step) -> int:
    """How many numbers are averaged here: by a mean, or by the loss over the samples; else 1."""
    if step.node.op == "mean":
        return step.input.size // step.out.size
    graph = step.graph
    makes_loss = graph.output in step.node.outputs and graph.tensors[graph.output].role == "loss"
    return graph.n if makes_loss and graph.averages else 1


def _averaged_twice(step: Step) -> Array | None:
    count = _averaged_over(step)
    return step.right / count if count > 1 else None


def _not_averaged(step: Step) -> Array | None:
    count = _averaged_over(step)
    return step.right * count if count > 1 else None


def _has_gate(step: Step) -> bool:
    return step.node.op in {"relu", "leaky_relu", "abs"} and len(step.inputs) == 1


def _mask_missing(step: Step) -> Array | None:
    return np.array(step.grad) if _has_gate(step) else None


def _mask_from_gradient(step: Step) -> Array | None:
    if step.node.op != "relu":
        return None
    return np.where(step.grad > 0, step.grad, 0.0)


def _slope_missing(step: Step) -> Array | None:
    one = step.node.op in FUNCTIONS or step.node.op in FAMILIES
    return np.array(step.grad) if one and not _has_gate(step) else None


def _slope_of_input(step: Step) -> Array | None:
    """y(1 - y), 1 - y^2 and y, with x put in for y."""
    slopes = {"sigmoid": lambda x: x * (1 - x), "tanh": lambda x: 1 - x * x, "exp": lambda x: x}
    slope = slopes.get(step.node.op)
    return None if slope is None else np.asarray(step.grad * slope(step.input))


def _own_factor(step: Step) -> Array | None:
    """A multiplication node that hands back each factor with itself, not swapped."""
    if step.node.op != "multiply" or any(array.shape != step.out.shape for array in step.inputs):
        return None
    return np.asarray(step.grad * step.input)


def _sign(step: Step) -> Array | None:
    return -step.right


def _upstream_ignored(step: Step) -> Array | None:
    """The local derivative alone; the book's own loss layer does not look at dout."""
    return step.gradient(np.ones_like(step.grad))


def _class_count(step: Step) -> Array | None:
    """The book's: of one sample without an axis for samples, the first axis has the classes."""
    graph = step.graph
    if graph.n != 1 or graph.output not in step.node.outputs or step.input.ndim != 2:
        return None
    return step.right / step.input.shape[1] if graph.tensors[graph.output].role == "loss" else None


def _in_place(step: Step) -> Array | None:
    """The book's ReLU sets cells of dout itself to 0; whoever shares that array sees it."""
    return np.where(step.input > 0, step.grad, 0.0) if step.node.op == "relu" else None


def _diagonal_only(step: Step) -> Array | None:
    """dy_i/da_i alone: y(1 - y), as if no score had a say in the other classes."""
    if step.node.op == "softmax_with_loss" and step.k == 0 and step.input.ndim == 2:
        a, t = step.inputs[:2]
        shares = np.exp(a - a.max(axis=1, keepdims=True))
        y = shares / shares.sum(axis=1, keepdims=True)
        rows = 1 if step.node.attributes.get("total") else len(a)
        return np.asarray(step.grad * -t * (1 - y) / rows)
    return None


def _accumulated(step: Step) -> Array | None:
    if not step.is_parameter:
        return None
    earlier = step.before(f"{step.edge.id}.grad")
    return 2 * step.right if earlier is None else step.right + earlier


def _updated_first(step: Step) -> Array | None:
    """dX from a W that the step has already changed."""
    other = 1 - step.k
    if step.node.op != "dot" or step.context.rate is None:
        return None
    edge = step.graph.edge[step.node.inputs[other]]
    if step.is_parameter or step.graph.tensors[edge.tensor].role != "parameter":
        return None
    changed = list(step.inputs)
    flipped = Step(
        step.trace, step.node, other, step.inputs, step.out, step.grad, step.context
    ).right
    changed[other] = step.inputs[other] - step.context.rate * flipped
    return step.gradient(inputs=tuple(changed))


def _stale(step: Step) -> Array | None:
    """An operand as it was in the step before, since forward has not been called again."""
    earlier = [step.before(id) for id in step.node.inputs]
    if step.context.before is None or any(array is None for array in earlier):
        return None
    kept = tuple(array for array in earlier if array is not None)
    return step.gradient(inputs=kept)


_ROWS = (
    Fault("no_transpose", _no_transpose),
    Fault("transposed_result", _transposed_result),
    Fault("order", _order),
    Fault("not_summed", _not_summed),
    Fault("last_sample", _last_sample),
    Fault("averaged_twice", _averaged_twice),
    Fault("not_averaged", _not_averaged),
    Fault("mask_missing", _mask_missing),
    Fault("mask_from_gradient", _mask_from_gradient),
    Fault("slope_missing", _slope_missing),
    Fault("slope_of_input", _slope_of_input),
    Fault("own_factor", _own_factor),
    Fault("sign", _sign, once=True),
    Fault("upstream_ignored", _upstream_ignored, once=True),
    Fault("class_count", _class_count),
    Fault("in_place", spoils=_in_place),
    Fault("diagonal_only", _diagonal_only),
    Fault("one_branch", joins=True),
    Fault("accumulated", _accumulated),
    Fault("updated_first", _updated_first, needs="rate"),
    Fault("stale", _stale, needs="before"),
)

FAULTS: Mapping[str, Fault] = {fault.id: fault for fault in _ROWS}

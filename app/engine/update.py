"""The pass goes on into the update: what the optimiser makes of the gradients (section 5.7.1).

forward -> loss -> backward -> **update**. Each parameter has one event, which reads the parameter,
its gradient and what the optimiser has gathered, and makes the change, the new parameter and
whatever is gathered then. Their keys hang on the parameter's name:

    affine1.W.change            what is added to it
    affine1.W.new               the parameter after the step: W + change
    affine1.W.velocity          gathered before the step, such as Momentum's v
    affine1.W.velocity.new      after it
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.engine.derivation import Explanation, FactorValue, TermValue
from app.engine.descent import Losses, losses
from app.engine.objective import Differentiated
from app.engine.optimizers import OptimizerConfig, added, make_optimizer
from app.engine.trace import Event, Trace

Array = np.ndarray

PHASE = "update"

# What each type does, as LaTeX; {p} is the parameter, {g} its gradient.
RULES = {
    "sgd": r"{p} \leftarrow {p} - \eta \, {g}",
    "momentum": r"v \leftarrow \alpha \, v - \eta \, {g}, \quad {p} \leftarrow {p} + v",
    "adagrad": r"h \leftarrow h + {g} \odot {g}, \quad "
    r"{p} \leftarrow {p} - \eta \, \frac{{{g}}}{{\sqrt{{h}} + \epsilon}}",
    "adam": r"{p} \leftarrow {p} - \eta \, \frac{{m / (1 - \beta_{{1}}^{{t}})}}"
    r"{{\sqrt{{v / (1 - \beta_{{2}}^{{t}})}} + \epsilon}}",
}
SUM = r"{p} + \Delta {p}"
CHANGES = {
    "sgd": r"\Delta {p} = -\eta \, {g}",
    "momentum": r"\Delta {p} = \alpha \, v - \eta \, {g}",
    "adagrad": r"\Delta {p} = -\eta \, \frac{{{g}}}{{\sqrt{{h}} + \epsilon}}",
    "adam": r"\Delta {p} = -\eta \, \frac{{m / (1 - \beta_{{1}}^{{t}})}}"
    r"{{\sqrt{{v / (1 - \beta_{{2}}^{{t}})}} + \epsilon}}",
}
SLOTS = {
    "velocity": r"v \leftarrow \alpha \, v - \eta \, {g}",
    "squares": r"h \leftarrow h + {g} \odot {g}",
    "mean": r"m \leftarrow \beta_{{1}} \, m + (1 - \beta_{{1}}) \, {g}",
    "square": r"v \leftarrow \beta_{{2}} \, v + (1 - \beta_{{2}}) \, {g} \odot {g}",
}


@dataclass(frozen=True)
class Update:
    """The optimiser's part of a trace.

    Attributes:
        config: Its type and settings.
        steps: How many steps it has made with this one.
        state: What it has gathered after it, for `Optimizer.restore`.
        losses: Of the mini-batch, before and after.
    """

    config: OptimizerConfig
    steps: int
    state: Mapping[str, Array]
    losses: Losses


@np.errstate(all="ignore")  # A step may blow up; that is worth seeing.
def with_update(
    trace: Trace,
    parameters: Mapping[str, Array],
    config: OptimizerConfig,
    state: Mapping[str, Array],
    objective: Differentiated,
) -> Trace:
    """``trace`` and the step of the optimiser that follows it.

    Args:
        trace: A pass with a backward half, over the whole mini-batch.
        parameters: All parameters by name; the trace has the gradient of each.
        config: The optimiser.
        state: What it has gathered before, as `Optimizer.state` gives it.
        objective: What the pass differentiates, of the network that was run.
    """
    optimizer = make_optimizer(config)
    if state:
        optimizer.restore(state)
    gradients = {name: trace.array(f"{name}.grad") for name in parameters}
    changes = optimizer.changes(gradients)
    new = added(parameters, changes)
    after = optimizer.state()
    values: dict[str, Array] = {}
    given: list[str] = []
    events: list[Event] = []
    for name, parameter in parameters.items():
        made = []
        first = trace.graph.edges_of[name][0]
        # Where each cell runs on an arrow of its own, the parameter as a whole is read.
        reads = [first.id if first.cell is None else name, f"{name}.grad"]
        for slot in optimizer.slots:
            key = f"{name}.{slot}"
            values[key] = state.get(f"{slot}/{name}", np.zeros_like(parameter)) + 0.0
            values[f"{key}.new"] = after[f"{slot}/{name}"] + 0.0
            given.append(key)
            reads.append(key)
            made.append(f"{key}.new")
        # Adding 0 turns -0, the change where a gradient is 0, into 0.
        values[f"{name}.change"] = changes[name] + 0.0
        values[f"{name}.new"] = new[name] + 0.0
        layer = name.rpartition(".")[0]
        if trace.graph.is_program:
            # What is given to a program belongs to the line that first reads it.
            layer = trace.graph.node[trace.graph.edges_of[name][0].target or ""].layer
        events.append(
            Event(
                seq=len(trace.events) + len(events),
                phase=PHASE,
                layer=layer,
                node=f"{layer}.{PHASE}",
                op=config.type,
                rule_name=f"{config.type}.update",
                rule=RULES[config.type].format(**_symbols(trace, name)),
                reads=tuple(reads),
                writes=(*made, f"{name}.change", f"{name}.new"),
                totals=(),
                shape=parameter.shape,
            )
        )
    new = {name: values[f"{name}.new"] for name in parameters}
    output = trace.graph.tensors[trace.graph.output]
    loss = float(trace.array(output.name)) if output.role == "loss" else None
    around = losses(objective, loss, gradients, changes, new)
    return trace.extended(
        tuple(given), tuple(events), values, Update(config, optimizer.steps, after, around)
    )


def all_rules(trace: Trace) -> tuple[str, ...]:
    """Every rule that the update of a trace and its derivations show, each once."""
    if trace.update is None:
        return ()
    kind = trace.update.config.type
    rules = []
    for event in trace.events:
        if event.phase == PHASE:
            symbols = _symbols(trace, _parameter(event))
            slots = [key.split(".")[-2] for key in event.writes[:-2]]
            forms = (RULES[kind], SUM, CHANGES[kind], *(SLOTS[slot] for slot in slots))
            rules += [form.format(**symbols) for form in forms]
    return tuple(dict.fromkeys(rules))


def explain_update(
    trace: Trace, key: str, index: tuple[int, ...], value: float, event: Event
) -> Explanation:
    """The derivation of a change, a new parameter, or of what was gathered with it.

    Args:
        trace: A pass with an update.
        key: What to explain, one of the event's keys.
        index: The cell.
        value: Its number.
        event: The update that made it.
    """
    assert trace.update is not None
    name = _parameter(event)
    what = key.removeprefix(f"{name}.")
    terms, note = _Cells(trace, trace.update, name, index).terms(what)
    kind = trace.update.config.type
    form = SUM if what == "new" else CHANGES[kind] if what == "change" else SLOTS[what[:-4]]
    rule_name = f"{kind}.{what.removesuffix('.new') or 'new'}"
    names = (key, *(factor.tensor for term in terms for factor in term.factors))
    return Explanation(
        key,
        index,
        value,
        form.format(**_symbols(trace, name)),
        rule_name,
        {one: trace.array(one).shape for one in names},
        terms,
        note=note,
    )


class _Cells:
    """One cell of a parameter and of all that belongs to it."""

    def __init__(self, trace: Trace, update: Update, name: str, index: tuple[int, ...]) -> None:
        self.trace = trace
        self.config = update.config
        self.steps = update.steps
        self.name = name
        self.index = index

    def terms(self, what: str) -> tuple[tuple[TermValue, ...], str | None]:
        """The terms that add up to the number, and what is to be said about them."""
        config, rate = self.config, self.config.learning_rate
        gradient = self._cell("grad")
        if what == "new":
            return (self._term(1, self._cell("")), self._term(1, self._cell("change"))), None
        if what == "velocity.new" or (what == "change" and config.type == "momentum"):
            kept = self._term(config.momentum, self._cell("velocity"))
            return (kept, self._term(-rate, gradient)), None
        if what == "squares.new":
            return (self._term(1, self._cell("squares")), self._term(1, gradient, gradient)), None
        if what == "mean.new":
            kept = self._term(config.beta1, self._cell("mean"))
            return (kept, self._term(1 - config.beta1, gradient)), None
        if what == "square.new":
            kept = self._term(config.beta2, self._cell("square"))
            return (kept, self._term(1 - config.beta2, gradient, gradient)), None
        if config.type == "adagrad":
            root = self._root("squares.new", "adagrad_root", 1.0)
            return (self._term(-rate, gradient, root),), "root"
        if config.type == "adam":
            root = self._root("square.new", "adam_root", 1 - config.beta2**self.steps)
            corrected = -rate / (1 - config.beta1**self.steps)
            return (self._term(corrected, self._cell("mean.new"), root),), "corrected"
        return (self._term(-rate, gradient),), None

    def _cell(self, what: str) -> FactorValue:
        key = f"{self.name}.{what}" if what else self.trace.graph.edges_of[self.name][0].id
        number = float(self.trace.array(key)[self.index])
        return FactorValue(key, self.index, number, cell_value=number)

    def _root(self, what: str, function: str, bias: float) -> FactorValue:
        """1 / (sqrt(cell / bias) + epsilon)."""
        cell = self._cell(what)
        below = float(np.sqrt(cell.value / bias)) + (self.config.epsilon or 0.0)
        value = float(np.divide(1.0, below))
        return FactorValue(cell.tensor, cell.index, value, function, cell.value)

    @staticmethod
    def _term(coefficient: float, *factors: FactorValue) -> TermValue:
        value = coefficient
        for factor in factors:
            value *= factor.value
        return TermValue(factors, value + 0.0, coefficient)


def _parameter(event: Event) -> str:
    return event.writes[-1].removesuffix(".new")


def _symbols(trace: Trace, name: str) -> dict[str, str]:
    tensor = trace.graph.tensors[name]
    return {"p": tensor.symbol, "g": tensor.grad_symbol or ""}

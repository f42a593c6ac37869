"""Sessions, passes and derivations as the documents of the API, as `answers` declares them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import numpy as np

from app.api.answers import (
    BareEvent,
    CodeAnswer,
    DataAnswer,
    DrawnAnswer,
    EvaluatedFields,
    LayerAnswer,
    LayersAnswer,
    LossesAnswer,
    MinimalAnswer,
    NetworkAnswer,
    OpenedAnswer,
    OptimizerAnswer,
    PositionAnswer,
    ProgramFields,
    RecipeAnswer,
    SessionAnswer,
    SourceAnswer,
    StepAnswer,
    StepEventAnswer,
    TraceAnswer,
    ViewAnswer,
)
from app.api.answers_catalogue import PresetAnswer, PresetsAnswer
from app.api.bounds import Bound
from app.api.values import MAX_ANSWER_CELLS, shortened
from app.drawing.figure.sketch import sketch
from app.engine.code.spec import CodeSpec
from app.engine.code.writing import Written
from app.engine.descent import Losses
from app.engine.network import Evaluation, LayerResult
from app.engine.optimizers import OptimizerConfig
from app.engine.progress import progress
from app.engine.spec import NetworkSpec
from app.engine.strides import Passed, stops
from app.engine.trace import Event, NotComputed, Trace
from app.sessions import presets, program_presets
from app.sessions.edits import (
    ChangeCode,
    ChangeOptimizer,
    Edit,
    Load,
    NameClasses,
    Replace,
    SetCell,
)
from app.sessions.levels import levels_of
from app.sessions.opened import shown
from app.sessions.origin import Recipe
from app.sessions.passes import Passes, Position
from app.sessions.state import Session, View, network_json, source_json

Document = dict[str, Any]


def session_json(
    session: Session, passes: Passes, idle_seconds: float, max_cells: int
) -> SessionAnswer:
    """The whole state of a session; its larger tensors by their ranges."""
    told = Bound.of(session, max_cells)
    evaluation = passes.evaluation(session)
    base = f"/api/v1/sessions/{session.id}"
    return {
        "id": session.id,
        "version": session.version,
        "data_version": session.data_version,
        "preset": session.preset,
        "network": cast(NetworkAnswer, network_json(session.spec)),
        "parameters": {name: told(name, value) for name, value in session.parameters.items()},
        "x": told("x", session.samples),
        "t": _targets_json(session, told),
        "grad_output": told(f"{session.spec.output_tensor}.grad", session.grad_output),
        "source": cast(SourceAnswer | None, source_json(session.source)),
        "data": cast(DataAnswer | None, session.pool and session.pool.as_json()),
        "opened": _opened_json(session),
        "classes": list(session.classes),
        "initializer": _drawn_json(session),
        "levels": list(levels_of(session)),
        "optimizer": optimizer_json(session.optimizer),
        "view": view_json(session.view),
        "cursor": cursor_json(passes.position(session)),
        "loss": evaluation.loss,
        "probabilities": told("loss.probabilities", evaluation.probabilities),
        "predictions": evaluation.predictions,
        "created": _time(session.created),
        "expires": _time(session.touched + idle_seconds),
        "links": {
            "self": base,
            "graph": f"{base}/graph",
            "trace": f"{base}/trace",
            "layers": f"{base}/layers",
            "events": f"{base}/events",
            "runs": f"{base}/runs",
        },
    }


def _drawn_json(session: Session) -> DrawnAnswer | None:
    origin = session.origin
    if "initializer" not in origin:
        return None
    kept = origin["initializer"]
    return {"type": kept["type"], "std": kept["std"], "seed": origin["seed"]}


def _opened_json(session: Session) -> OpenedAnswer | None:
    opened = session.opened
    if opened is None:
        return None
    return {
        "run": opened.run,
        "step": opened.step,
        "last": opened.last,
        "unchanged": shown(session) is not None,
    }


def recipe_json(recipe: Recipe) -> RecipeAnswer:
    """A recipe; its arrays are written in full."""
    return {
        # Declared as the bodies that they are, built as plain documents.
        "base": cast(Any, recipe.base),
        "edits": cast(Any, [_edit_json(edit) for edit in recipe.edits]),
        "digest": recipe.digest,
    }


def _edit_json(edit: Edit) -> dict[str, Any]:
    """An edit as the body of a PATCH has it; of those that a recipe is made of."""
    match edit:
        case SetCell(tensor, index, value):
            return {"op": "set", "tensor": tensor, "index": list(index), "value": value}
        case Replace(tensor, array):
            return {"op": "replace", "tensor": tensor, "value": array}
        case Load(dataset, split, rows):
            return {"op": "load", "dataset": dataset, "split": split, "rows": list(rows)}
        case ChangeOptimizer(optimizer):
            return {"op": "optimizer", "optimizer": optimizer_json(optimizer)}
        case NameClasses(names):
            return {"op": "classes", "names": list(names)}
        case ChangeCode(code, values, gradient):
            found: dict[str, Any] = {"op": "code", "code": code, "values": dict(values)}
            if edit.up_to_clash:
                found["up_to_clash"] = True
            return found if gradient is None else {**found, "grad_output": gradient}
    raise AssertionError(f"no recipe has {edit}")


def code_json(found: Written) -> CodeAnswer:
    """A session's lines, and what each of them stands for."""
    return {
        "code": found.code,
        "lines": [
            {
                "line": line.line,
                "end": line.end,
                "layers": list(line.layers),
                "nodes": list(line.nodes),
            }
            for line in found.lines
        ],
        "names": {name: tensor for tensor, name in found.names.items()},
        "backward": [
            {
                "text": step.text,
                "keys": list(step.keys),
                "nodes": list(step.nodes),
                "layers": list(step.layers),
            }
            for step in found.backward
        ],
        "fits": [{"expression": fit.expression, "code": fit.code} for fit in found.fits],
    }


def minimal_json(session: Session, passes: Passes) -> MinimalAnswer:
    """What has to be known after a change to go on from it."""
    return {
        "version": session.version,
        "cursor": cursor_json(passes.position(session)),
        "loss": passes.evaluation(session).loss,
    }


def optimizer_json(config: OptimizerConfig) -> OptimizerAnswer:
    """An optimiser with the settings that its type has."""
    return cast(OptimizerAnswer, config.settings())


def view_json(view: View) -> ViewAnswer:
    """How a session is drawn and stepped."""
    return {
        "level": view.level,
        "loss": view.loss,
        "sample": view.sample,
        "single": view.single,
        "open": view.open,
        "form": view.form,
        "update": view.update,
    }


@cache
def presets_json() -> PresetsAnswer:
    """All presets without their numbers, for whoever chooses one."""
    all_programs = [_program_json(program) for program in program_presets.PROGRAMS.values()]
    return {"presets": [*networks_json(), *all_programs]}


def networks_json() -> list[PresetAnswer]:
    """The presets that are networks, with which the list begins."""
    return [
        {
            "id": preset.id,
            "chapter": preset.chapter,
            "title": preset.title,
            "network": cast(NetworkAnswer, network_json(presets.network(preset))),
            "view": view_json(preset.view.over(View())),
            "rows": presets.HELD_OUT if preset.is_digit else None,
            "doubtful": list(presets.DOUBTFUL) if preset.is_digit else None,
            "sketch": None,
        }
        for preset in presets.PRESETS.values()
    ]


def _program_json(program: program_presets.Program) -> PresetAnswer:
    spec, graph = program_presets.built(program)
    drawn = sketch(graph)
    return {
        "id": program.id,
        "chapter": program.chapter,
        "title": program.title,
        "network": cast(NetworkAnswer, network_json(spec)),
        "view": view_json(program.view.over(View())),
        "rows": None,
        "doubtful": None,
        "sketch": {
            "dots": [list(dot) for dot in drawn.dots],
            "lines": [list(line) for line in drawn.lines],
            "radius": drawn.radius,
        },
    }


def cursor_json(position: Position) -> PositionAnswer:
    """A cursor and where it stands."""
    return {
        "seq": position.cursor.seq,
        "element": position.cursor.element,
        "events": position.events,
        "phase": position.phase,
        "at_start": position.at_start,
        "at_end": position.at_end,
        "step": position.step,
        "goes_on": position.goes_on,
        "goes_back": position.goes_back,
    }


# What an answer to evaluate can have, and which of it needs the backward half.
EVALUATION_FIELDS = (
    "loss", "probabilities", "predictions", "layers", "parameter_gradients", "grad_input",
)  # fmt: skip
BACKWARD_FIELDS = frozenset({"layers", "parameter_gradients", "grad_input"})


def evaluation_json(
    evaluation: Evaluation,
    fields: Collection[str] = EVALUATION_FIELDS,
    told: Bound = Bound(MAX_ANSWER_CELLS),
) -> EvaluatedFields:
    """A pass layer by layer; of it ``fields`` alone, and tensors as ``told`` has them."""
    document = {name: getattr(evaluation, name) for name in EVALUATION_FIELDS if name in fields}
    for name in {"probabilities", "grad_input"} & document.keys():
        document[name] = told("", document[name])
    if "parameter_gradients" in fields:
        gradients = evaluation.parameter_gradients
        document["parameter_gradients"] = {k: told("", array) for k, array in gradients.items()}
    if "layers" in fields:
        document["layers"] = _layers(evaluation, told)
    return cast(EvaluatedFields, document)


PROGRAM_FIELDS = ("loss", "output", "values", "gradients")


def program_json(
    spec: CodeSpec,
    values: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    fields: Collection[str] = PROGRAM_FIELDS,
    told: Bound = Bound(MAX_ANSWER_CELLS),
) -> ProgramFields:
    """A pass of a program by the names of its lines; as `evaluation_json`."""
    document: dict[str, Any] = {
        "loss": None if spec.loss is None else float(values[spec.output]),
        "output": spec.output,
        "values": {name: told("", array) for name, array in values.items()},
        "gradients": {name: told("", array) for name, array in gradients.items()},
    }
    return cast(ProgramFields, {name: document[name] for name in document if name in fields})


def evaluation_cells(spec: NetworkSpec, n: int, fields: Collection[str]) -> int:
    """How many numbers `evaluation_json` writes for ``n`` rows, at most."""
    cells = {
        "loss": 1,
        "probabilities": n * spec.output_size,
        "predictions": n,
        "layers": 2 * spec.parameter_count + 3 * n * sum(spec.widths),
        "parameter_gradients": spec.parameter_count,
        "grad_input": n * spec.input_size,
    }
    return sum(cells[name] for name in fields)


def layers_json(evaluation: Evaluation, told: Bound) -> LayersAnswer:
    """All layers after a pass."""
    cells = sum(
        3 * layer.output.size + 2 * sum(value.size for value, _ in layer.parameters.values())
        for layer in evaluation.layers
    )
    return {"layers": _layers(evaluation, told.within(cells))}


def layer_json(evaluation: Evaluation, name: str, told: Bound) -> LayerAnswer:
    """One layer after a pass."""
    layers = _layers(evaluation, told)
    return next(layer for layer in layers if layer["name"] == name)


def _layers(evaluation: Evaluation, told: Bound) -> list[LayerAnswer]:
    before = ("x", *(f"{layer.name}.output" for layer in evaluation.layers))
    return [
        _layer(layer, given, told) for layer, given in zip(evaluation.layers, before, strict=False)
    ]


def _layer(layer: LayerResult, given: str, told: Bound) -> LayerAnswer:
    output = f"{layer.name}.output"
    return {
        "name": layer.name,
        "type": layer.type,
        "input_shape": list(layer.input_shape),
        "output_shape": list(layer.output_shape),
        "output": told(output, layer.output),
        "grad_output": told(f"{output}.grad", layer.grad_output),
        "grad_input": told(f"{given}.grad", layer.grad_input),
        "parameters": {
            name: {
                "shape": list(value.shape),
                "value": told(f"{layer.name}.{name}", value),
                "gradient": told(f"{layer.name}.{name}.grad", gradient),
            }
            for name, (value, gradient) in layer.parameters.items()
        },
    }


def trace_json(
    session: Session, trace: Trace, view: View, topology: str, max_cells: int
) -> TraceAnswer:
    """A whole pass: what was known, every event with its numbers, and where strides stop."""
    output = trace.graph.output
    # Where shapes clash, there is no result.
    outputs = [] if trace.graph.clash is not None else [*trace.graph.results]
    if "loss.probabilities" in trace.graph.tensors and output != "loss.probabilities":
        outputs.append("loss.probabilities")
    cells = sum(event.elements for event in trace.events)
    cells += sum(trace.array(key).size for key in trace.inputs)
    told = Bound.of(session, max_cells, view).within(cells)
    document: TraceAnswer = {
        "id": session.id,
        "version": session.version,
        "data_version": session.data_version,
        "level": view.level,
        "loss": view.loss,
        "form": trace.graph.loss_form,
        "n": trace.graph.n,
        "drawing": topology,
        "inputs": {key: told(key, trace.array(key)) for key in trace.inputs},
        "outputs": {key: told(key, trace.array(key)) for key in outputs},
        "events": [
            {**event_json(event, reached), "values": _values(trace, event, told)}
            for event, reached in zip(trace.events, progress(trace), strict=True)
        ],
        "strides": {
            "step": list(stops(trace, "step")),
            "phase": list(stops(trace, "phase")),
            "layer": list(stops(trace, "layer")),
        },
    }
    if trace.update is not None:
        document["update"] = {"loss": losses_json(trace.update.losses)}
    return document


def losses_json(losses: Losses) -> LossesAnswer:
    """The loss around a step of the optimiser."""
    return {"before": losses.before, "predicted": losses.predicted, "after": losses.after}


def event_json(event: Event, reached: float) -> BareEvent:
    """An event without its numbers, and how far the pass has come with it."""
    return {
        "seq": event.seq,
        "phase": event.phase,
        "layer": event.layer,
        "node": event.node,
        "op": event.op,
        "reads": list(event.reads),
        "writes": list(event.writes),
        "rule": event.rule,
        "rule_name": event.rule_name,
        "shape": list(event.shape),
        "elements": event.elements,
        "progress": reached,
    }


def step_json(
    session: Session, position: Position, trace: Trace, passed: tuple[Passed, ...], max_cells: int
) -> StepAnswer:
    """A stride of the cursor: the events passed and the values that they reveal."""
    told = Bound.of(session, max_cells, session.view)
    values: Document = {}
    events: list[StepEventAnswer] = []
    reached = progress(trace)
    for part in passed:
        whole = part.cells is None
        shown = _values(trace, part.event, told) if whole else _cell_values(trace, part)
        bare = event_json(part.event, reached[part.event.seq])
        event = cast(StepEventAnswer, {**bare, "values": shown})
        if part.cells is not None:
            event["cells"] = [list(cell) for cell in part.cells]
        events.append(event)
        values |= shown
    return {
        "version": session.version,
        "cursor": cursor_json(position),
        "events": events,
        "values": values,
    }


def _targets_json(session: Session, told: Bound) -> Any:
    """Targets as given. The tensor t holds one-hot rows; labels are in the session alone."""
    if session.t is None or session.t.ndim == 2:
        return told("t", session.t)
    link = f"/api/v1/sessions/{session.id}?max_cells={session.t.size}"
    return shortened(session.t, told.max_cells, link)


def _values(trace: Trace, event: Event, told: Bound) -> Document:
    keys = (*event.writes, *event.totals)
    return {key: told(key, trace.array(key)) for key in keys}


def _cell_values(trace: Trace, part: Passed) -> Document:
    """The cells passed, under every key that carries them."""
    assert part.cells is not None
    event = part.event
    values: Document = {}
    # The last cell also completes what the event adds up to, such as a tensor of scalar rows.
    is_complete = event.elements <= 1 or _last_cell(event) in part.cells
    for key in (*event.writes, *event.totals):
        array = trace.value(key)
        if isinstance(array, NotComputed):
            continue
        edge = trace.graph.edge.get(key)
        if edge is not None and edge.cell is not None:
            # An edge that carries a single cell of the tensor made.
            if edge.cell in part.cells:
                values[key] = [{"index": [], "value": float(array)}]
        elif array.shape == event.shape:
            values[key] = [
                {"index": list(cell), "value": float(array[cell])} for cell in part.cells
            ]
        elif is_complete:
            values[key] = [
                {"index": list(cell), "value": float(number)}
                for cell, number in np.ndenumerate(array)
            ]
    return values


def _last_cell(event: Event) -> tuple[int, ...]:
    return tuple(size - 1 for size in event.shape)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

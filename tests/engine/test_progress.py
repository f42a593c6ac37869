"""Where an event stands is the same, however its pass is shown."""

import itertools

import numpy as np
import pytest

from app.engine.progress import progress
from app.engine.run import make_trace
from app.engine.trace import Trace
from tests.engine.networks import make_case

SHAPES = ([2], [2, 3], [2, 3, 4], [3, 4, 3, 2])
VIEWS = [
    (level, loss, stable, names)
    for level in ("op", "element")
    for loss, stable in (("closed", False), ("opened", False), ("opened", True))
    for names in ((), ("affine1.add",), ("affine2.add", "loss.mean"))
]


def traces(sizes: list[int], activation: str, n: int, scale: float) -> list[Trace]:
    """One pass in every way to show it; from large scores on, log y is made without y."""
    case = make_case(sizes, [activation] * (len(sizes) - 2), n, 0)
    return [
        make_trace(
            case.spec, case.parameters, np.multiply(case.x, scale), case.t,
            level=level, loss=loss, stable=stable, open_ops=names,
        )
        for level, loss, stable, names in VIEWS
    ]  # fmt: skip


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("sizes", SHAPES[1:], ids=str)
def test_it_rises_and_means_the_same_in_every_view(
    sizes: list[int], activation: str, n: int, scale: float
) -> None:
    shown = traces(sizes, activation, n, scale)
    phases = ("forward", "loss", "backward")
    spans: dict[str, list[float]] = {phase: [] for phase in phases}
    whole: dict[str, set[float]] = {}
    for trace in shown:
        places = progress(trace)
        assert all(a < b for a, b in itertools.pairwise(places)), trace.graph.loss_form
        for event, place in zip(trace.events, places, strict=True):
            spans[event.phase].append(place)
        # What any view has whole: parameters' gradients, outputs of layers, the loss.
        for group in trace.graph.layers:
            for key in (f"{group.name}.output", f"{group.name}.W.grad", f"{group.name}.b.grad"):
                maker = trace.maker(key)
                if maker is not None:
                    whole.setdefault(key, set()).add(places[maker.seq])
        for key in ("loss", "loss.grad", "x.grad", f"{case_output(trace)}.grad"):
            maker = trace.maker(key)
            assert maker is not None
            whole.setdefault(key, set()).add(places[maker.seq])
    assert all(len(found) == 1 for found in whole.values()), whole
    assert max(spans["forward"]) < min(spans["loss"])
    assert max(spans["loss"]) < min(spans["backward"])


def case_output(trace: Trace) -> str:
    return f"{[group for group in trace.graph.layers if group.name != 'loss'][-1].name}.output"


def test_the_forms_that_it_is_told_of_are_among_them() -> None:
    forms = {
        trace.graph.loss_form for scale in (1, 1e4) for trace in traces([2, 3, 4], "relu", 3, scale)
    }
    assert forms == {"closed", "book", "shifted", "logsumexp"}

"""The update as part of the pass: the optimiser's own bits, and every number of it derived."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.explain import explain
from app.engine.network import Network
from app.engine.objective import Objective
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.progress import progress
from app.engine.run import make_trace
from app.engine.strides import Cursor, advance, stops
from app.engine.trace import Trace
from app.engine.training import Training
from app.engine.update import PHASE, all_rules, with_update
from tests.engine.networks import Case, cases, make_case

Array = np.ndarray


def updated(
    case: Case, parameters: dict[str, Array], config: OptimizerConfig, state: dict[str, Array],
    loss: str = "closed",
) -> Trace:  # fmt: skip
    trace = make_trace(case.spec, parameters, case.x, case.t, loss=loss)
    objective = Objective(Network(case.spec, parameters), case.x, case.t)
    return with_update(trace, parameters, config, state, objective)


@settings(max_examples=30)
@given(cases(), st.sampled_from(OPTIMIZERS), st.sampled_from(["closed", "opened"]))
def test_steps_one_after_the_other_are_a_training(case: Case, kind: str, loss: str) -> None:
    config = OptimizerConfig(kind, 0.1)
    network = Network(case.spec, case.parameters)
    batches = [range(len(case.x))] * 4
    training = Training(network, case.x, case.t, make_optimizer(config), batches=batches)
    parameters, state = case.parameters, dict[str, Array]()
    for _ in range(4):
        # The rows in their own order, as the figure shows them.
        training.advance()
        trace = updated(case, parameters, config, state, loss)
        assert trace.update is not None
        state = dict(trace.update.state)
        parameters = {name: trace.array(f"{name}.new") for name in parameters}
        for name, value in parameters.items():
            np.testing.assert_array_equal(value, network.parameters[name])
        for name, value in training.optimizer.state().items():
            np.testing.assert_array_equal(value, state[name])


@settings(max_examples=30)
@given(cases(), st.sampled_from(OPTIMIZERS), st.data())
def test_every_number_of_an_update_is_derived(case: Case, kind: str, data: st.DataObject) -> None:
    config = OptimizerConfig(kind, 0.1)
    first = updated(case, case.parameters, config, {})
    assert first.update is not None
    after = {name: first.array(f"{name}.new") for name in case.parameters}
    trace = updated(case, after, config, dict(first.update.state))
    event = data.draw(st.sampled_from([e for e in trace.events if e.phase == PHASE]))
    for key in event.writes:
        array = trace.array(key)
        index = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
        found = explain(trace, key, index)
        assert found.value == array[index]
        total = math.fsum(term.value for term in found.terms)
        size = sum(abs(term.value) for term in found.terms)
        assert abs(total - found.value) <= 1e-12 * size
        assert found.rule in all_rules(trace)
        for term in found.terms:
            for factor in term.factors:
                assert factor.cell_value == trace.array(factor.tensor)[factor.index]
                assert factor.tensor in (*event.reads, *event.writes)


@settings(max_examples=20)
@given(cases(), st.sampled_from(OPTIMIZERS), st.sampled_from(["closed", "opened"]))
def test_a_step_tells_the_loss_before_as_the_slope_predicts_it_and_after(
    case: Case, kind: str, loss: str
) -> None:
    trace = updated(case, case.parameters, OptimizerConfig(kind, 1e-3), {}, loss)
    assert trace.update is not None
    told = trace.update.losses
    changes = {name: trace.array(f"{name}.change") for name in case.parameters}

    def loss_after(part: float) -> float:
        moved = {name: value + part * changes[name] for name, value in case.parameters.items()}
        return Network(case.spec, moved).loss(case.x, case.t)

    assert told.before == float(trace.array("loss"))
    assert told.after == pytest.approx(loss_after(1), rel=1e-12, abs=1e-12)
    gradients = {name: trace.array(f"{name}.grad") for name in case.parameters}
    slope = math.fsum(float(np.vdot(gradients[name], changes[name])) for name in changes)
    assert told.predicted == pytest.approx(told.before + slope, rel=1e-12)
    # Also beside the loss itself, a little along the step.
    smooth = all(layer.type != "relu" for layer in case.spec.layers)
    if smooth:
        step = 1e-3
        along = (loss_after(step) - loss_after(-step)) / (2 * step)
        assert along == pytest.approx(slope, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_new_value_is_the_old_one_and_the_change_to_the_last_bit(kind: str) -> None:
    case = make_case([3, 4, 2], ["tanh"], 3, 0)
    trace = updated(case, case.parameters, OptimizerConfig(kind), {})
    for name, value in case.parameters.items():
        np.testing.assert_array_equal(
            trace.array(f"{name}.new"), value + trace.array(f"{name}.change")
        )


def test_what_is_gathered_is_there_before_and_after() -> None:
    case = make_case([2, 2], [], 2, 0)
    trace = updated(case, case.parameters, OptimizerConfig("adam"), {})
    event = trace.events[-1]
    assert event.writes == (
        "affine1.b.mean.new", "affine1.b.square.new", "affine1.b.change", "affine1.b.new",
    )  # fmt: skip
    assert event.reads == ("affine1.b", "affine1.b.grad", "affine1.b.mean", "affine1.b.square")
    assert set(event.reads[2:]) < set(trace.inputs)
    np.testing.assert_array_equal(trace.array("affine1.b.mean"), 0)
    np.testing.assert_array_equal(
        trace.array("affine1.b.mean.new"), (1 - 0.9) * trace.array("affine1.b.grad")
    )


def test_the_cursor_goes_through_it_in_every_stride() -> None:
    case = make_case([2, 3, 2], ["relu"], 3, 0)
    bare = make_trace(case.spec, case.parameters, case.x, case.t)
    trace = updated(case, case.parameters, OptimizerConfig(), {})
    count = len(bare.events)
    assert [e.rule_name for e in trace.events[count:]] == ["sgd.update"] * 4
    assert trace.events[:count] == bare.events
    assert stops(trace, "step") == (0, count + 4)
    assert stops(trace, "phase")[-2:] == (count, count + 4)
    assert stops(trace, "layer")[-3:] == (count, count + 2, count + 4)
    cursor, passed = advance(trace, Cursor(count), "next", "element")
    assert cursor == Cursor(count, 1)
    assert passed[0].cells == ((0, 0),)
    reached = progress(trace)
    assert list(reached) == sorted(set(reached))
    assert reached[:count] == progress(bare)

"""The health of a training: ten kinds of trouble are named, and none where all goes well."""

import numpy as np
import pytest

from app.engine.alarms import NAMES, Alarm
from app.engine.explain import explain
from app.engine.network import Network
from app.engine.objective import Objective
from app.engine.run import make_trace
from app.engine.targets import as_one_hot
from app.engine.update import with_update
from app.sessions.runs.health import Health, Looked
from tests.courses import SICK, WELL


def test_there_is_a_case_for_every_name() -> None:
    assert set(SICK) == set(NAMES)
    assert len(SICK) == len(WELL) == 10


@pytest.mark.parametrize("name", SICK)
def test_trouble_is_named_and_leads_to_a_number_that_is_derived(name: str) -> None:
    for seed in (0, 1, 2):
        shown = SICK[name](seed).shown()
        # At the latest when the training has been made.
        assert named(shown[-1][1], name), seed
        for looked, seen in shown:
            if not named(seen, name):
                continue
            alarm = next(one for one in seen.alarms if one.name == name)
            assert alarm.tensor or alarm.step
            if alarm.tensor:
                holds(looked, alarm)


@pytest.mark.parametrize("name", WELL)
def test_nothing_is_named_where_all_goes_well(name: str) -> None:
    for seed in (0, 1):
        shown = WELL[name](seed).shown()
        for _, seen in shown:
            assert seen.alarms == (), seed
        first, _, last = (seen.losses.before for _, seen in shown)
        # It is one that goes well.
        assert last < 0.7 * first


def named(seen: Health, name: str) -> bool:
    return any(alarm.name == name for alarm in seen.alarms)


def holds(looked: Looked, alarm: Alarm) -> None:
    """The alarm's number is one of the pass, and its derivation shows the cause."""
    assert alarm.tensor is not None
    targets = as_one_hot(looked.t, len(looked.x), looked.spec.output_size)
    trace = make_trace(looked.spec, looked.parameters, looked.x, targets, loss="closed")
    objective = Objective(Network(looked.spec, looked.parameters), looked.x, targets)
    trace = with_update(
        trace, looked.parameters, looked.optimizer, looked.optimizer_state, objective
    )
    found = explain(trace, alarm.tensor, alarm.index, 1000)
    factors = [abs(factor.value) for term in found.terms for factor in term.factors]
    rate = looked.optimizer.learning_rate
    match alarm.name:
        case "dead_relus":
            assert found.value <= 0  # a gate that the sample nearest to it does not open
            bias = [f for term in found.terms for f in term.factors if f.tensor == "affine1.b"]
            assert bias[0].value == pytest.approx(-10, abs=1)
        case "saturated":
            # What is left of the slope, on the way through -1, exp, + and 1/x.
            assert abs(found.value) < 1e-3
        case "rate_high" | "rate_low":
            assert {term.coefficient for term in found.terms} == {-rate}
        case "symmetric":
            # No gradient comes back through weights of 0.
            assert all(term.value == 0 for term in found.terms)
            assert min(factors) == 0
        case "unscaled_inputs":
            assert max(factors) > 200  # pixels from 0 to 255
        case "exploding":
            # Larger than all that it was made of.
            assert abs(found.value) > 2 * max(factors)
        case "vanishing":
            assert abs(found.value) < 1e-2
        case "missing_class":
            # No sample asks for more of it.
            assert all(term.value >= 0 for term in found.terms)
        case "not_finite":
            assert not np.isfinite(found.value)

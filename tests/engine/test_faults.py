"""Mistakes in a backward pass: the numbers they give, their names, and what they do in training."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pytest

from app.engine.build import build_graph
from app.engine.check import TOLERANCE, check_objective
from app.engine.code.running import graph_of, read_code
from app.engine.errors import EngineError
from app.engine.faults import FAULTS, Context, Fault, Site, compared, named, sites, wrong_gradients
from app.engine.faults.zoo import FaultyObjective, faulty, trained_beside, usual_site
from app.engine.network import Network
from app.engine.objective import Objective
from app.engine.optimizers import OptimizerConfig
from app.engine.run import Recorder
from app.engine.trace import Trace
from tests.engine.networks import Case, make_case, some

Array = np.ndarray

ACTIVATIONS = ("relu", "sigmoid", "tanh", "softplus", "leaky_relu")
# What chains of layers do not have: products of numbers, branches.
PROGRAM = "p = a * b\nq = p * a\nm = np.mean(q * c)\nL = m * m"


def recorded(case: Case, parameters: Mapping[str, Array] | None = None) -> Trace:
    """A pass whose layers are one op each."""
    closed = frozenset(layer.name for layer in case.spec.layers)
    graph = build_graph(case.spec, len(case.x), closed=closed)
    given = {"x": case.x, "t": case.t, **(parameters or case.parameters)}
    return Recorder(graph, given, "float64").record(None)


def a_case(seed: int) -> Case:
    generator = np.random.default_rng(seed)
    sizes = [int(size) for size in generator.integers(1, 5, size=generator.integers(2, 5))]
    if seed % 3 == 0:
        sizes = [3] * len(sizes)
    chosen = [str(generator.choice(ACTIVATIONS)) for _ in sizes[2:]]
    n = 3 if seed % 3 == 0 else int(generator.integers(1, 5))
    return make_case(sizes, chosen, n, seed)


def a_program(seed: int) -> Trace:
    generator = np.random.default_rng(seed)
    return of_code(PROGRAM, {name: generator.standard_normal((2, 3)) for name in "abc"})


def of_code(code: str, values: Mapping[str, object]) -> Trace:
    spec, given, _ = read_code(code, values)
    return Recorder(graph_of(spec), given, "float64").record(None)


def passes() -> Iterator[tuple[Trace, Context]]:
    for seed in range(12):
        case = a_case(seed)
        moved = np.random.default_rng(seed).standard_normal(case.x.shape)
        before = recorded(Case(case.spec, case.parameters, case.x + moved, case.t))
        yield recorded(case), Context(before, 0.1)
        yield a_program(seed), Context(a_program(seed + 100), 0.1)


PASSES = list(passes())


def close(a: Array, b: Array) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=0)


@pytest.mark.parametrize("id", FAULTS)
def test_a_wrong_gradient_is_named_by_the_mistake_that_makes_it(id: str) -> None:
    fault = FAULTS[id]
    made = 0
    for trace, context in PASSES:
        for site in list(sites(trace, fault, context))[:2]:
            wrong = wrong_gradients(trace, fault, site, context)
            for key, number in list(wrong.items())[:2]:
                if close(number, trace.array(key)):
                    continue
                made += 1
                found = compared(trace, key, number, context=context)
                assert not found.equal
                assert id in [name.fault for name in found.named], (id, site, key)
    # A whole matrix that is written side by side is no pass's own; it is tried below.
    assert made or id == "not_summed"


def test_nothing_else_is_offered_than_what_gives_the_very_number() -> None:
    for trace, context in PASSES[:6]:
        for fault in FAULTS.values():
            for site in list(sites(trace, fault, context))[:1]:
                wrong = wrong_gradients(trace, fault, site, context)
                for key, number in list(wrong.items())[:1]:
                    for name in compared(trace, key, number, context=context).named:
                        again = wrong_gradients(
                            trace, FAULTS[name.fault], name.sites[0], context
                        ).get(key)
                        assert again is None or close(again, number)


def test_a_right_gradient_is_right_and_a_nonsense_has_no_name() -> None:
    for trace, context in PASSES[:12]:
        key = next(key for key in trace.known if key.endswith(".grad") and trace.array(key).size)
        right = compared(trace, key, trace.array(key).copy(), context=context)
        assert right.equal
        assert not right.cells
        assert not right.named
        nonsense = compared(trace, key, trace.array(key) + np.pi, context=context)
        assert len(nonsense.cells) == trace.array(key).size
        assert not nonsense.named


def test_without_a_mistake_the_backward_half_is_the_trace_s_own() -> None:
    right = Fault("none", lambda step: step.right)
    for trace, context in PASSES:
        again = wrong_gradients(trace, right, None, context)
        for key, number in again.items():
            assert np.allclose(number, trace.array(key), rtol=1e-9, atol=1e-12), key


def test_the_gradients_of_all_copies_of_a_bias_side_by_side_are_named() -> None:
    trace = recorded(make_case([2, 3], [], 4, 0))

    found = compared(trace, "affine1.b.grad", trace.array("affine1.output.grad"))

    assert [name.fault for name in found.named] == ["not_summed"]


def test_the_book_s_apples_handed_back_unswapped_are_named() -> None:
    code = "apples = price * count\nL = apples * tax"
    trace = of_code(code, {"price": 100.0, "count": 2.0, "tax": 1.1})

    # dL/dprice is 2 x 1.1; who multiplies by the price itself gets 100 x 1.1.
    answer = named(trace, "price.grad", np.array(110.0), index=())

    assert [name.fault for name in answer] == ["own_factor"]


def test_one_number_is_named_by_what_is_done_wrong_at_that_gradient() -> None:
    trace = recorded(make_case([2, 3, 2], ["relu"], 4, 1))
    key, index = "affine2.W.grad", (0, 1)
    right = trace.array(key)[index]

    twice = named(trace, key, np.asarray(right / 4), index=index)
    minus = named(trace, key, np.asarray(-right), index=index)

    assert "averaged_twice" in [name.fault for name in twice]
    assert "sign" in [name.fault for name in minus]


def test_what_is_written_into_an_array_is_seen_by_all_who_share_it() -> None:
    # x reaches the sum by a ReLU and past it, and an addition hands one array to both.
    code = "r = relu(x)\ns = r + x\nL = np.sum(s * w)"
    trace = of_code(code, {"x": [1.0, -2.0, 3.0, -4.0], "w": [1.0, 2.0, 3.0, 4.0]})

    wrong = wrong_gradients(trace, FAULTS["in_place"])

    assert trace.array("x.grad").tolist() == [2.0, 2.0, 6.0, 4.0]
    assert wrong["x.grad"].tolist() == [2.0, 0.0, 6.0, 0.0]


def test_numbers_of_float64_are_right_and_named_in_a_pass_of_float32() -> None:
    for seed in range(8):
        case = make_case([6, 8, 5], ["tanh"], 7, seed)
        trace = recorded(case)
        graph = trace.graph
        given = {"x": case.x, "t": case.t, **case.parameters}
        coarse = Recorder(
            graph, {name: value.astype(np.float32) for name, value in given.items()}, "float32"
        ).record(None)
        for key in ("affine1.W.grad", "affine2.b.grad", "x.grad"):
            exact = trace.array(key)
            assert compared(coarse, key, exact).equal
            assert not compared(coarse, key, exact + 1e-4 * np.abs(exact).max()).equal
            assert "sign" in [name.fault for name in compared(coarse, key, -exact).named]


@pytest.mark.parametrize("key", ["affine9.W.grad", "affine1.W", "t.grad"])
def test_what_is_no_gradient_of_the_pass_is_refused(key: str) -> None:
    trace = recorded(make_case([2, 3], [], 2, 0))

    with pytest.raises(EngineError) as caught:
        compared(trace, key, np.zeros((2, 3)))

    assert caught.value.field == "tensor"


def learner(case: Case) -> Objective:
    return Objective(Network(case.spec, case.parameters), case.x, case.t)


def test_the_numerical_check_flags_every_faulty_parameter_and_no_other() -> None:
    flagged = 0
    for seed in range(12):
        case = make_case([3, 4, 3], ["tanh"], 3, seed)
        trace = recorded(case)
        healthy = check_objective(learner(case))
        assert all(some(check.max_relative_error) < 1e-6 for check in healthy.parameters.values())
        for fault in FAULTS.values():
            places = list(sites(trace, fault))
            if not places or fault.needs:
                continue
            site: Site = places[seed % len(places)]
            wrong = wrong_gradients(trace, fault, site)
            bad = faulty(list(case.parameters), wrong, trace)
            objective = FaultyObjective(learner(case), partial(recorded, case), fault, site)
            for name, check in check_objective(objective).parameters.items():
                assert check.max_relative_error is not None
                if name not in bad:
                    assert check.max_relative_error < 1e-6
                elif not np.allclose(
                    wrong[f"{name}.grad"], trace.array(f"{name}.grad"), rtol=5e-3, atol=1e-9
                ):
                    flagged += 1
                    assert check.max_relative_error > TOLERANCE, (fault.id, name)
    assert flagged > 100


def test_at_least_six_mistakes_still_let_the_loss_fall() -> None:
    case = make_case([3, 6, 3], ["relu"], 8, 4)
    falls = []
    for fault in FAULTS.values():
        trace = recorded(case)
        context = Context(trace, 0.1)
        if next(sites(trace, fault, context, fits=True), None) is None:
            continue
        curves = trained_beside(
            learner(case),
            partial(recorded, case),
            fault,
            OptimizerConfig(),
            30,
            usual_site(trace, fault, context),
        )
        assert curves.right[-1] < curves.right[0]
        assert len(curves.wrong) == 31
        if curves.still_falls:
            falls.append(fault.id)
    assert len(falls) >= 6
    assert "sign" not in falls


def test_training_beside_without_a_mistake_is_training() -> None:
    case = make_case([2, 3, 2], ["sigmoid"], 4, 0)
    none = Fault("none")

    curves = trained_beside(
        learner(case), partial(recorded, case), none, OptimizerConfig(), steps=5
    )

    assert curves.right == curves.wrong

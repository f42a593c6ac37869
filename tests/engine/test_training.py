"""Training: PyTorch's trajectories, mini-batches, and what a run tells of itself."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.engine.batches import MiniBatches
from app.engine.errors import EngineError, TooLarge
from app.engine.network import Network
from app.engine.optimizers import OPTIMIZERS, OptimizerConfig, make_optimizer
from app.engine.spec import LayerSpec, Limits, NetworkSpec
from app.engine.targets import as_one_hot, check_parameters, check_rows
from app.engine.training import Training
from tests.engine.networks import make_case
from tests.reference import load, network_of, trajectories


@pytest.mark.parametrize("name", trajectories())
def test_every_optimizer_follows_pytorch(name: str) -> None:
    case = load(name)
    spec = network_of(case)
    x = check_rows(case["x"], spec.input_size, "float64", "x")
    network = Network(spec, check_parameters(spec, case["parameters"]))
    optimizer = make_optimizer(OptimizerConfig(**case["optimizer"]))
    t = as_one_hot(case["t"], len(x), spec.output_size)
    training = Training(network, x, t, optimizer, batches=case["batches"])
    losses = [training.step().loss for _ in range(training.steps)]
    assert_allclose(losses, case["expected"]["losses"], rtol=1e-10)
    for key, expected in case["expected"]["parameters"].items():
        assert_allclose(network.parameters[key], expected, rtol=1e-10)


def make_training(**arguments: object) -> Training:
    case = make_case([2, 8, 3], ["relu"], 20, 3)
    optimizer = make_optimizer(OptimizerConfig("adam", 0.05))
    network = Network(case.spec, case.parameters)
    return Training(network, case.x, case.t, optimizer, **arguments)  # type: ignore[arg-type]


def test_an_epoch_meets_every_row_once_and_its_last_batch_may_be_short() -> None:
    batches = MiniBatches(10, 4, seed=0, fixed=None)
    epochs = [[batches.rows(e + step).tolist() for step in range(3)] for e in (0, 3)]
    assert [[len(rows) for rows in epoch] for epoch in epochs] == [[4, 4, 2]] * 2
    assert all(sorted(itertools.chain(*epoch)) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_the_same_seed_draws_the_same_batches() -> None:
    one, same, other = (MiniBatches(50, 50, seed, None).rows(0).tolist() for seed in (1, 1, 2))
    assert one == same != other


def test_fixed_batches_repeat_when_there_are_more_steps() -> None:
    batches = MiniBatches(3, None, 0, [[0, 1], [2]])
    assert [batches.rows(step).tolist() for step in range(4)] == [[0, 1], [2], [0, 1], [2]]
    assert make_training(batches=[[0], [1]]).steps == 2
    assert make_training(batches=[[0], [1]], steps=5).steps == 5


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_taken_up_again_changes_no_bit(name: str) -> None:
    case, config = make_case([3, 6, 4], ["tanh"], 11, 1), OptimizerConfig(name, 0.1)
    first = Training(
        Network(case.spec, case.parameters), case.x, case.t, make_optimizer(config), 4, 12, seed=5
    )
    for _ in range(7):
        first.step()
    optimizer, network = make_optimizer(config), Network(case.spec, first.network.parameters)
    optimizer.restore(first.optimizer.state())
    second = Training(network, case.x, case.t, optimizer, 4, 12, seed=5, start=7)
    while not first.finished:
        assert first.step() == second.step()
    assert second.finished
    for key, value in first.network.parameters.items():
        assert value.tobytes() == network.parameters[key].tobytes()


def test_no_step_is_made_beyond_the_last() -> None:
    training = make_training(batches=[[0]])
    training.advance()
    with pytest.raises(RuntimeError):
        training.advance()


def test_a_training_that_blows_up_goes_on_and_says_so() -> None:
    case = make_case([2, 8, 3], ["relu"], 20, 3, scale=1e3)
    optimizer = make_optimizer(OptimizerConfig("sgd", 1e6))
    training = Training(Network(case.spec, case.parameters), case.x, case.t, optimizer, steps=200)
    losses = [training.step().loss for _ in range(200)]
    assert not np.isfinite(losses).all()


def test_float32_stays_float32() -> None:
    case = make_case([2, 8, 3], ["relu"], 20, 3)
    spec = NetworkSpec.build(2, case.spec.layers, case.spec.loss, "float32")
    network = Network(spec, case.parameters)
    training = Training(network, case.x, case.t, make_optimizer(OptimizerConfig("adam")), 5, 3)
    assert np.isfinite(training.step().loss)
    gathered = training.optimizer.state()
    assert {gathered[key].dtype.str for key in gathered if key != "steps"} == {"<f4"}
    assert {value.dtype.str for value in network.parameters.values()} == {"<f4"}


@pytest.mark.parametrize(
    ("batch", "limits"),
    [([0] * 10_001, Limits()), ([0] * 50, Limits(cells=5_000)), ([0] * 50, Limits(samples=49))],
)
def test_a_row_that_comes_often_cannot_make_a_batch_beyond_the_limits(
    batch: list[int], limits: Limits
) -> None:
    with pytest.raises(TooLarge) as error:
        make_training(batches=[[0], batch], limits=limits)
    assert error.value.field == "batches/1"


def test_rows_may_come_as_arrays() -> None:
    given = [[3, 1], [2, 2]]
    batches = MiniBatches(4, None, 0, np.array(given))  # type: ignore[arg-type]
    assert [batches.rows(step).tolist() for step in range(2)] == given


def test_what_stands_before_the_first_parameters_learns_nothing_and_does_no_harm() -> None:
    spec = NetworkSpec.build(
        2, [LayerSpec("tanh"), LayerSpec("affine", units=3)], "softmax_cross_entropy"
    )
    case = make_case([2, 3], [], 6, 0)
    network = Network(spec, case.parameters)
    training = Training(network, case.x, case.t, make_optimizer(OptimizerConfig()), steps=1)
    expected = Network(spec, case.parameters).gradients(case.x, case.t)
    training.step()
    for name, gradient in expected.items():
        assert_allclose(network.parameters[name], case.parameters[name] - 0.1 * gradient)


def test_a_network_that_cannot_learn_is_refused() -> None:
    spec = NetworkSpec.build(3, [LayerSpec("relu")], "softmax_cross_entropy")
    with pytest.raises(EngineError, match="affine"):
        Training(
            Network(spec, {}), np.ones((1, 3)), np.array([0]), make_optimizer(OptimizerConfig())
        )


def test_learning_lowers_the_loss() -> None:
    training = make_training(batch_size=5, steps=200)
    stats = [training.step() for _ in range(200)]
    assert stats[-1].step == training.done == 200
    assert np.mean([s.loss for s in stats[-20:]]) < np.mean([s.loss for s in stats[:20]]) / 2


def test_the_loss_told_is_that_of_the_batch_before_its_update() -> None:
    training = make_training(batches=[[4, 7]])
    case = make_case([2, 8, 3], ["relu"], 20, 3)
    before = Network(case.spec, case.parameters)
    rows = [4, 7]
    stats = training.step()
    assert stats.loss == before.loss(case.x[rows], case.t[rows])
    assert stats.accuracy == before.accuracy(case.x[rows], case.t[rows])
    gradients = before.gradients(case.x[rows], case.t[rows])
    assert stats.gradient_norms == {k: float(np.linalg.norm(g)) for k, g in gradients.items()}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 21}, "batch_size"),
        ({"batch_size": 2, "batches": [[0]]}, "batch_size"),
        ({"batch_size": 2.5, "steps": 1}, "batch_size"),
        ({"batches": [[0, 0.5]]}, "batches/0/1"),
        ({"batches": [[True, 0]]}, "batches/0/0"),
        ({"batches": [[[0]]]}, "batches/0/0"),
        ({"batches": [0]}, "batches/0"),
        ({"seed": -1, "steps": 1}, "seed"),
        ({}, "steps"),
        ({"batches": []}, "batches"),
        ({"batches": [[0], []]}, "batches/1"),
        ({"batches": [[0], [1, 20]]}, "batches/1/1"),
        ({"batches": [[-1]]}, "batches/0/0"),
        ({"batches": [[10**30]]}, "batches/0/0"),
        ({"steps": 0}, "steps"),
        ({"steps": 1_000_001}, "steps"),
    ],
)
def test_wrong_sizes_and_rows_are_refused_by_name(arguments: dict[str, object], field: str) -> None:
    with pytest.raises(EngineError) as error:
        make_training(**arguments)
    assert error.value.field == field

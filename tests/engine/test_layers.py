"""The book-style layers: worked numbers, extremes, and arguments left alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from app.engine.layers import Affine, Relu, Sigmoid, SoftmaxWithLoss, Tanh, cross_entropy, softmax

Array = np.ndarray


def loss_of(scores: list[list[float]], labels: list[int]) -> tuple[float, Array]:
    a = np.array(scores)
    head = SoftmaxWithLoss()
    loss = head.forward(a, np.eye(a.shape[1])[labels])
    return float(loss), head.backward()


def test_the_books_batch_adds_the_bias_to_every_row_and_sums_its_gradient() -> None:
    layer = Affine(np.array([[2.0, 4, 6], [4, 3, 2]]), np.array([1.0, 2, 3]))
    out = layer.forward(np.array([[0.0, 0], [1, 2]]))
    layer.backward(np.array([[1.0, 2, 3], [4, 5, 6]]))
    assert out.tolist() == [[1, 2, 3], [11, 12, 13]]
    assert layer.db.tolist() == [5, 7, 9]


def test_affine_gradients_have_the_shapes_of_equation_5_13() -> None:
    x, w = np.ones((4, 2)), np.ones((2, 3))
    layer = Affine(w, np.zeros(3))
    layer.forward(x)
    dx = layer.backward(np.ones((4, 3)))
    assert (dx.shape, layer.dW.shape, layer.db.shape) == (x.shape, w.shape, (3,))


@pytest.mark.parametrize(
    ("y", "expected"),
    [((0.3, 0.2, 0.5), (0.3, -0.8, 0.5)), ((0.01, 0.99, 1e-300), (0.01, -0.01, 0))],
)
def test_the_books_worked_gradients_of_softmax_with_loss(
    y: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    _, grad = loss_of([[math.log(value) for value in y]], [1])
    assert_allclose(grad[0], expected, rtol=1e-12, atol=1e-15)


def test_scores_of_a_thousand_give_the_exact_loss_without_overflow() -> None:
    loss, grad = loss_of([[1000.0, 0.0, -1000.0]], [2])
    assert loss == 2000.0
    assert grad.tolist() == [[1.0, 0.0, -1.0]]


def test_scores_of_a_billionth_are_told_apart() -> None:
    loss, grad = loss_of([[1e-9, 0.0]], [0])
    assert_allclose(loss, math.log(2) - 5e-10, rtol=1e-15)
    assert_allclose(grad, [[-0.5 + 2.5e-10, 0.5 - 2.5e-10]], rtol=1e-15)


def test_a_loss_below_the_rounding_of_one_is_not_lost() -> None:
    loss, grad = loss_of([[50.0, 0.0, 0.0]], [0])
    assert_allclose(loss, 2 * math.exp(-50), rtol=1e-14)
    assert_allclose(grad[0], [-2 * math.exp(-50), math.exp(-50), math.exp(-50)], rtol=1e-14)


def test_the_mean_over_the_batch_enters_once() -> None:
    scores, labels = [[0.1, 0.7, -0.4], [1.2, 0.3, 0.0]], [0, 2]
    loss, grad = loss_of(scores, labels)
    singles = [loss_of([row], [label]) for row, label in zip(scores, labels, strict=True)]
    assert_allclose(loss, sum(single for single, _ in singles) / 2, rtol=1e-14)
    assert_allclose(grad, np.vstack([part for _, part in singles]) / 2, rtol=1e-14)


def test_the_loss_layer_multiplies_by_dout() -> None:
    head = SoftmaxWithLoss()
    head.forward(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]]))
    assert_allclose(head.backward(100.0), 100 * head.backward(1.0))


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6), st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_ignores_a_shift(row: list[float], shift: float) -> None:
    a = np.array([row])
    assert_allclose(softmax(a).sum(), 1.0, rtol=1e-12)
    assert_allclose(softmax(a + shift), softmax(a), rtol=1e-8, atol=1e-12)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6), st.integers(0, 5))
def test_cross_entropy_is_the_log_of_the_probability(row: list[float], label: int) -> None:
    label %= len(row)
    a, t = np.array([row]), np.eye(len(row))[[label]]
    exact = math.log(math.fsum(math.exp(v - row[label]) for v in row if v - row[label] < 700))
    if max(v - row[label] for v in row) < 700:
        assert_allclose(cross_entropy(a, t), exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("layer", [Relu(), Sigmoid(), Tanh(), Affine(np.ones((2, 2)), np.ones(2))])
def test_layers_never_write_into_what_they_are_given(layer: Relu | Sigmoid | Tanh | Affine) -> None:
    x, dout = np.array([[1.0, -1.0]]), np.array([[5.0, 7.0]])
    x.setflags(write=False)
    dout.setflags(write=False)
    layer.forward(x)
    layer.backward(dout)
    assert (x.tolist(), dout.tolist()) == ([[1.0, -1.0]], [[5.0, 7.0]])


def test_sigmoid_is_exact_on_both_far_sides() -> None:
    out = Sigmoid().forward(np.array([[-800.0, -40.0, 40.0, 800.0]]))
    assert_allclose(out, [[0.0, math.exp(-40), 1.0, 1.0]], rtol=1e-14)

"""Optimisers: the paths of worked example W40, minima found, what they refuse."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import OPTIMIZERS


def path(optimizer, function, start, steps):
    """The points that an optimiser visits."""
    point = np.array(start, float)
    state = optimizer.init(point)
    gradient = cr.trace(cr.grad(function), point)
    points = []
    for step in range(1, steps + 1):
        point, state = optimizer.update(
            point, gradient(point), state, optimizer.learning_rate, float(step)
        )
        points.append(point)
    return points


def valley(p):
    """x²/20 + y²: OP-13."""
    return p[0] ** 2 / 20 + p[1] ** 2


W40 = [
    (cr.train.sgd(0.95), [(-6.335, -1.8), (-5.733175, 1.62)], (-0.3503929958, 0.0847823166)),
    (
        cr.train.adam(0.3),
        [(-6.7000000043, 1.7000000007), (-6.4004143017, 1.4022453286)],
        (0.1360146173, 0.3182453889),
    ),
]


@pytest.mark.parametrize(("optimizer", "first", "last"), W40, ids=["sgd", "adam"])
def test_w40_path(optimizer, first, last):
    points = path(optimizer, valley, (-7, 2), 30)
    np.testing.assert_allclose(points[:2], first, atol=1e-9)
    np.testing.assert_allclose(points[-1], last, atol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_finds_the_minimum_of_a_valley(name):
    optimizer = OPTIMIZERS[name](0.1)
    assert valley(path(optimizer, valley, (-7, 2), 1000)[-1]) < 1e-6


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_descends_a_curved_valley(name):
    def rosenbrock(p):
        return (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2

    points = path(OPTIMIZERS[name](0.01), rosenbrock, (-1, 1), 3000)
    assert rosenbrock(points[-1]) < 1e-3


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("rate", [0, -1, np.nan, np.inf, "fast", None])
def test_learning_rate_must_be_a_number_above_0(make, rate):
    with pytest.raises(ValueError, match=f"learning rate {rate!r}; expected a number above 0"):
        make(rate)


def test_adam_adds_epsilon_after_the_root():
    """The first step is η g / (|g| + ε)."""
    adam = cr.train.adam(0.1, epsilon=2.0)
    point, gradient = np.zeros(2), np.array([3.0, -8.0])
    moved, _ = adam.update(point, gradient, adam.init(point), 0.1, 1.0)
    np.testing.assert_allclose(moved, [-0.1 * 3 / 5, 0.1 * 8 / 10], rtol=1e-12)


@pytest.mark.parametrize("setting", [{"beta1": 1.0}, {"beta2": -0.1}, {"epsilon": 0}])
def test_adam_refuses_constants_that_divide_by_0(setting):
    with pytest.raises(ValueError, match="expected 0 <= beta < 1 and epsilon > 0"):
        cr.train.adam(**setting)


def test_unknown_optimiser_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown optimizer 'adan'; did you mean 'adam'"):
        cr.train.optimizer("adan")


def test_function_that_makes_an_optimiser_is_not_one():
    with pytest.raises(TypeError, match=r"function adam .*; expected a name, or adam\(1e-3\)"):
        cr.train.optimizer(cr.train.adam)

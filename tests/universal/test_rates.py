"""Barron's rate as an experiment, and sigmoids that are sharpened to steps."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Dense, Sequential, activation
from chainrule.universal import (
    barron_rate,
    distance_from_step,
    factor_for,
    fitted_slope,
    sharpened,
)


def gaussian(*coordinates):
    return np.exp(-sum(x**2 for x in coordinates))


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_squared_error_of_a_smooth_function_falls_at_least_as_one_over_units(dimensions):
    """UN-06: whatever the number of dimensions."""
    found = barron_rate(gaussian, ((-1, 1),) * dimensions, units=(4, 8, 16, 32))
    assert found.slope <= -1


def test_error_is_measured_on_points_that_the_network_was_not_fitted_to():
    found = barron_rate("sin(3*x)*y", ((-1, 1), (-1, 1)), units=(4, 16))
    x = np.random.default_rng(99).uniform(-1, 1, (4000, 2))
    error = np.mean((found.network(x)[:, 0] - np.sin(3 * x[:, 0]) * x[:, 1]) ** 2)
    assert error == pytest.approx(found.errors[-1], rel=0.3)


def test_same_seed_gives_the_same_numbers():
    first, again, other = (
        barron_rate("exp(x)*y", ((0, 1), (0, 1)), units=(2, 4, 8), seed=s).errors for s in (3, 3, 4)
    )
    assert first == again != other


def test_network_has_the_largest_number_of_units():
    found = barron_rate("x*y", ((0, 1), (0, 1)), units=(8, 4, 2), activate="tanh")
    assert found.network.layers[0].weight.shape == (2, 8)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"units": (4, 501)}, "half of either"),
        ({"units": (0, 4)}, "half of either"),
        ({"bounds": (0, 1)}, "expected pairs"),
        ({"bounds": ((1, 0),)}, "expected pairs"),
        ({"function": "log(x)", "bounds": ((-1, 1),)}, "not finite at x = "),
        ({"activate": "sigmiod"}, "did you mean 'sigmoid'"),
    ],
)
def test_bad_settings_of_the_experiment_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        barron_rate(**{"function": "x", "bounds": ((0, 1),), **settings})


def test_fitted_slope_is_the_power_of_a_power_law():
    assert fitted_slope((1, 2, 4, 8), [3 * n**-1.5 for n in (1, 2, 4, 8)]) == pytest.approx(-1.5)


@pytest.mark.parametrize(("units", "errors"), [((4,), (1.0,)), ((1, 2), (1.0, 0.0))])
def test_slope_without_two_errors_above_0_is_refused(units, errors):
    with pytest.raises(ValueError, match="fitted_slope"):
        fitted_slope(units, errors)


@pytest.mark.parametrize("factor", [1, 5, 20, 100])
def test_largest_distance_from_the_step_is_at_the_least_x(factor):
    """W35, UN-02."""
    x = np.linspace(-3, 3, 6001)
    x = x[np.abs(x) >= 0.1]
    apart = np.max(np.abs(cr.sigmoid(factor * x) - (x > 0)))
    assert distance_from_step(factor, 0.1) == pytest.approx(apart, rel=1e-9)


def test_distance_tends_to_0_as_the_factor_grows():
    found = distance_from_step(np.array([0, 1, 10, 100, 1000]), 0.1)
    assert found[0] == 0.5 and np.all(np.diff(found) < 0) and found[-1] < 1e-40


def test_factor_for_a_distance_has_that_distance():
    assert distance_from_step(factor_for(1e-6, 0.01), 0.01) == pytest.approx(1e-6)


def test_sharpened_network_is_nearer_to_its_threshold_units():
    """XOR of W35: all weights and biases times 20."""
    hidden = Dense(np.ones((2, 2)), np.array([-0.5, -1.5]), activation("sigmoid"))
    output = Dense(np.array([[1.0], [-1]]), np.array([-0.5]), activation("sigmoid"))
    found = sharpened(Sequential((hidden, output)), 20)(np.array([[0.0, 0], [0, 1]]))
    np.testing.assert_allclose(found[:, 0], [0.0000454391, 0.9999545196], atol=5e-11)


@pytest.mark.parametrize("numbers", [(0.5, 1), (0, 1), (0.1, 0)])
def test_impossible_distance_is_refused(numbers):
    with pytest.raises(ValueError, match="factor_for"):
        factor_for(*numbers)


def test_negative_factor_is_refused():
    with pytest.raises(ValueError, match="distance_from_step"):
        distance_from_step(-1, 0.1)

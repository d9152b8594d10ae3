"""The two networks whose weights are thought out: what the worked examples do not look at."""

import numpy as np
import pytest

from chainrule.universal import (
    error_on_arc,
    fitted_slope,
    parabola,
    semicircle,
    semicircle_to_parabola,
    token_angles,
    two_tanh_units,
)


def test_un07_surface_is_the_same_left_and_right():
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    network = two_tanh_units()
    np.testing.assert_allclose(network(x), network(x * [-1, 1]), atol=1e-15)


def test_un07_surface_at_the_origin():
    """W54."""
    assert two_tanh_units()(np.zeros(2))[0] == pytest.approx(-0.9325957404, abs=1e-10)


@pytest.mark.parametrize("units", [1, 8, 33])
def test_un08_steps_reproduce_every_token(units):
    angle = token_angles(units + 1)
    found = semicircle_to_parabola(units)(semicircle(angle))
    np.testing.assert_allclose(found, parabola(angle), atol=1e-14)


def test_un08_error_falls_faster_than_barron_promises():
    """W44: with the square of the number of units."""
    units = (8, 16, 32, 64)
    errors = [error_on_arc(semicircle_to_parabola(n)) for n in units]
    assert errors[0] == pytest.approx(0.05526, abs=5e-6)
    assert fitted_slope(units, errors) == pytest.approx(-2, abs=0.01)


def test_un08_sigmoids_of_factor_10_beat_the_steps():
    """W44: 0.00256."""
    found = error_on_arc(semicircle_to_parabola(8, "sigmoid", 10))
    assert found == pytest.approx(0.00256, abs=5e-6)


def test_un08_takes_a_unit():
    with pytest.raises(ValueError, match="from 1"):
        semicircle_to_parabola(0)

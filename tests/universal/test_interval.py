"""Spikes, staircases and hats of one input."""

import numpy as np
import pytest

from chainrule.universal import piecewise_linear, spikes, staircase


def at(network, *places):
    return network(np.array(places)[:, None])[:, 0]


def test_spike_of_steps_is_its_height_inside_and_0_outside():
    network = spikes([0.2], [0.4], [0.5])
    np.testing.assert_array_equal(at(network, 0.1, 0.2, 0.21, 0.4, 0.41), [0, 0, 0.5, 0.5, 0])


@pytest.mark.parametrize(
    ("x", "want"),
    [(0.3, 0.4), (0.7, 0.3), (0.1, 0), (0.5, 0), (0.9, 0), (0.2, 0.2), (0.4, 0.2)],
)
def test_two_spikes_of_steep_sigmoids(x, want):
    """W45."""
    network = spikes([0.2, 0.6], [0.4, 0.8], [0.4, 0.3], "sigmoid", 200.0)
    np.testing.assert_allclose(at(network, x), [want], atol=2e-9, rtol=0)


def test_steeper_sigmoids_are_nearer_to_the_spike():
    apart = [abs(at(spikes([0], [1], [1], "sigmoid", k), 0.5)[0] - 1) for k in (5, 10, 20, 40)]
    assert apart == sorted(apart, reverse=True) and apart[-1] < 1e-8


def test_staircase_has_each_height_between_its_edges():
    network = staircase([0.0, 1.0], [3.0, -1.0, 2.0])
    np.testing.assert_array_equal(at(network, -5, 0.5, 1.5), [3, -1, 2])
    assert network.layers[0].weight.shape == (1, 2)


def test_staircase_is_the_sum_of_spikes_with_shared_edges():
    edges, heights = np.arange(6.0), np.array([2.0, -1, 0.5, 4, -3])
    x = np.linspace(0.01, 4.99, 333)[:, None]
    np.testing.assert_allclose(
        staircase(edges[1:-1], heights)(x), spikes(edges[:-1], edges[1:], heights)(x), atol=1e-14
    )


def test_piecewise_linear_is_interpolation():
    knots, heights = np.array([-1, 0.5, 0.75, 3]), np.array([2.0, -1, 0, 1])
    x = np.linspace(-1, 3, 401)
    np.testing.assert_allclose(
        at(piecewise_linear(knots, heights), *x), np.interp(x, knots, heights), atol=1e-14
    )


def test_one_hat_takes_three_relus():
    network = piecewise_linear([0, 1, 2, 3], [0, 1, 0, 0])
    np.testing.assert_array_equal(at(network, -1, 0, 0.5, 1, 1.5, 2, 9), [0, 0, 0.5, 1, 0.5, 0, 0])
    assert network.layers[0].weight.shape == (1, 3)


@pytest.mark.parametrize(
    ("build", "arguments", "told"),
    [
        (spikes, ([0, 1], [1, 2], [1]), "one number a spike"),
        (staircase, ([0, 1], [1, 2]), "one height more"),
        (staircase, ([1, 0], [1, 2, 3]), "rising places"),
        (piecewise_linear, ([0, 1], [1, 2, 3]), "as many heights"),
        (piecewise_linear, ([0], [1]), "as many heights"),
        (piecewise_linear, ([0, 0], [1, 2]), "rising places"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(build, arguments, told):
    with pytest.raises(ValueError, match=told):
        build(*arguments)

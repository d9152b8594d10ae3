"""Towers, terraces and hats of two inputs."""

import numpy as np
import pytest

from chainrule.universal import terraces, towers
from chainrule.universal.box import piecewise_linear


HEIGHTS = np.array([[1.0, -2, 3, 0.5], [4, 0, -1, 2], [-3, 5, 2, 1]])
X_EDGES, Y_EDGES = np.array([0.3, 0.6]), np.array([0.25, 0.5, 0.75])


def test_tower_is_its_height_inside_and_0_all_around():
    network = towers([[0, 1, 0, 2]], [7.0])
    x = np.stack(np.meshgrid([-9, -0.5, 0.5, 1.5, 9], [-1, 0.1, 1.9, 2.5]), axis=-1)
    inside = (x[..., 0] == 0.5) & ((x[..., 1] == 0.1) | (x[..., 1] == 1.9))
    np.testing.assert_array_equal(network(x.reshape(-1, 2))[:, 0], 7.0 * inside.ravel())


def test_sigmoids_make_nearly_the_tower():
    network = towers([[0, 1, 0, 2]], [7.0], "sigmoid", 100.0)
    x = np.array([[0.5, 1], [-0.5, 1], [0.5, 2.5], [1.5, 2.5]])
    np.testing.assert_allclose(network(x)[:, 0], [7, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize("activate", ["step", "sigmoid"])
def test_terraces_have_each_height_in_its_cell(activate):
    network = terraces(X_EDGES, Y_EDGES, HEIGHTS, activate, 100.0)
    middles = np.meshgrid([0.15, 0.45, 0.8], [0.1, 0.375, 0.625, 0.9], indexing="ij")
    found = network(np.stack(middles, axis=-1).reshape(-1, 2)).reshape(3, 4)
    np.testing.assert_allclose(found, HEIGHTS, atol=1e-12)


def test_terraces_take_a_unit_an_edge_and_a_unit_a_cell_but_the_first():
    first, second, _ = terraces(X_EDGES, Y_EDGES, HEIGHTS).layers
    assert (first.weight.shape, second.weight.shape) == ((2, 5), (5, 11))


def test_terraces_of_sigmoids_have_no_holes_where_cells_meet():
    """A sum of towers has: where four meet, each second sum is below its threshold."""
    network = terraces([0.0], [0.0], np.ones((2, 2)), "sigmoid", 40.0)
    np.testing.assert_allclose(network(np.zeros((1, 2))), [[1]], atol=1e-15)
    corners = [[-1, 0, -1, 0], [-1, 0, 0, 1], [0, 1, -1, 0], [0, 1, 0, 1]]
    assert towers(corners, np.ones(4), "sigmoid", 40.0)(np.zeros((1, 2)))[0, 0] < 1e-6


def test_hats_go_through_every_knot():
    x, y = np.array([0.0, 0.5, 1.0]), np.linspace(-1, 2, 4)
    places = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    found = piecewise_linear(x, y, HEIGHTS)(places).reshape(3, 4)
    np.testing.assert_allclose(found, HEIGHTS, atol=1e-13)


def test_hats_are_linear_on_both_triangles_of_a_cell():
    network = piecewise_linear([0, 1], [0, 1], np.array([[0.0, 3], [5, 1]]))
    p, q = np.random.default_rng(0).uniform(size=(2, 200))
    below = 5 * (p - q) + 1 * q  # corners (0, 0), (1, 0), (1, 1)
    above = 3 * (q - p) + 1 * p  # corners (0, 0), (0, 1), (1, 1)
    found = network(np.column_stack([p, q]))[:, 0]
    np.testing.assert_allclose(found, np.where(p > q, below, above), atol=1e-13)


def test_hats_give_a_plane_exactly():
    x, y = np.linspace(-1, 1, 6), np.linspace(0, 3, 4)
    network = piecewise_linear(x, y, 2 * x[:, None] - y + 0.5)
    at = np.random.default_rng(1).uniform([-1, 0], [1, 3], (300, 2))
    np.testing.assert_allclose(network(at)[:, 0], 2 * at[:, 0] - at[:, 1] + 0.5, atol=1e-13)


def test_hats_are_0_far_outside():
    network = piecewise_linear([0, 1], [0, 1], np.ones((2, 2)))
    np.testing.assert_array_equal(network(np.array([[2.0, 0.5], [-5, -5], [0.5, 9]])), 0)


@pytest.mark.parametrize(
    ("build", "arguments", "told"),
    [
        (towers, ([[0, 1, 0]], [1.0]), "left, right, bottom and top"),
        (terraces, (X_EDGES, Y_EDGES, HEIGHTS.T), r"expected \(3, 4\)"),
        (piecewise_linear, ([0, 1, 2], [0, 1], np.ones((2, 3))), "one height a knot"),
        (piecewise_linear, ([0, 1, 3], [0, 1], np.ones((3, 2))), "evenly spaced"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(build, arguments, told):
    with pytest.raises(ValueError, match=told):
        build(*arguments)

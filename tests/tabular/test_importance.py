"""What predictions depend on."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.tabular.importance import contributions, permutation_importance


rng = np.random.default_rng(0)
X = rng.normal(size=(500, 4))


def score(x):
    """Depends on columns 0 and 1, and on columns 2 and 3 through their difference alone."""
    truth = 2 * X[:, 0] + X[:, 1] + X[:, 2] - X[:, 3]
    return -np.mean(np.square(2 * x[:, 0] + x[:, 1] + x[:, 2] - x[:, 3] - truth))


GROUPS = [("a", [0]), ("b", [1]), ("pair", [2, 3])]


def test_shuffling_a_column_costs_what_the_score_owes_to_it():
    """Of w·x the mean of (w·(x - x'))² is 2 w² of variance 1."""
    found = permutation_importance(score, X, GROUPS, repeats=10)
    np.testing.assert_allclose(found.mean, [8, 2, 4], rtol=0.15)
    assert found.score == 0


def test_column_that_nothing_depends_on_costs_nothing():
    found = permutation_importance(lambda x: score(x[:, :4]), np.c_[X, X[:, 0]], [("none", [4])])
    assert found.mean.tolist() == [0]


def test_rows_are_left_as_they_were():
    before = X.copy()
    permutation_importance(score, X, GROUPS)
    np.testing.assert_array_equal(X, before)


def test_most_important_stands_first_in_the_text():
    text = str(permutation_importance(score, X, GROUPS))
    assert [line.split()[0] for line in text.splitlines()] == ["a", "pair", "b"]


def test_same_seed_gives_the_same_numbers():
    one, other = (permutation_importance(score, X, GROUPS, seed=3).mean for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_no_repetition_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        permutation_importance(score, X, GROUPS, repeats=0)


def test_contributions_to_a_linear_network_sum_to_its_output():
    layer = cr.nn.Dense.init(4, 2, rng=0, bias=False)
    chosen = np.tile(np.float32([0, 1]), (5, 1))
    found = contributions(layer, X[:5], chosen, (0, 0, 0, 0), np.zeros(4))
    np.testing.assert_allclose(found.sum(axis=1), layer(X[:5])[:, 1], rtol=1e-5)
    np.testing.assert_allclose(found, X[:5] * np.asarray(layer.weight)[:, 1], rtol=1e-5)


def test_number_at_the_centre_contributes_nothing():
    network = cr.nn.mlp([4, 8, 1], "tanh", rng=0)
    found = contributions(network, X[:3], np.ones((3, 1)), (0,) * 4, np.float32(X[0]))
    assert found[0].tolist() == [0, 0, 0, 0]
    assert np.all(found[1:] != 0)


def test_code_contributes_what_is_lost_where_it_is_missing():
    """One value adds 5, the other takes 2 away."""
    values = np.array([[0.0], [5.0], [-2.0]], np.float32)

    def network(x):
        return ops.take(values, ops.cast(x[:, 0], "int64"), axis=0) + x[:, 1:]

    x = np.float32([[1, 7], [2, 7], [0, 7]])
    found = contributions(network, x, np.ones((3, 1)), (2, 0), np.zeros(2))
    np.testing.assert_allclose(found, [[5, 7], [-2, 7], [0, 7]])

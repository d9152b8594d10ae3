"""What the pictures of the gallery show: the numbers behind them."""

import numpy as np
import pytest

from chainrule import data, logic, universal
from chainrule.gallery import descents, functions, graphs, thresholds, vectors


INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TABLE_NETWORK = logic.threshold_network("x1 xor x2", form="patterns")


@pytest.mark.parametrize(
    "network",
    [logic.XOR_NETWORKS["or-nand"], logic.XOR_NETWORKS["and-or"], TABLE_NETWORK],
    ids=["or-nand", "and-or", "table"],
)
def test_networks_of_xor_have_its_truth_table(network):
    np.testing.assert_array_equal(network(INPUTS)[:, 0], [0, 1, 1, 0])


@pytest.mark.parametrize("name", thresholds.UNITS)
def test_unit_of_a_gate_has_its_truth_table(name):
    found = thresholds.gate(name)
    found = INPUTS @ np.array(found.weight) + found.bias > 0
    np.testing.assert_array_equal(found, data.dataset(name.lower()).y)


def test_hidden_units_of_the_table_network_fire_for_one_row_each():
    """W36."""
    np.testing.assert_array_equal(TABLE_NETWORK.layers[0](INPUTS), np.eye(4))


def test_four_neurons_are_identity_and_or_and_and_not():
    found = thresholds.mcculloch_pitts()(INPUTS)
    a, b = INPUTS.T
    np.testing.assert_array_equal(found.T, [a, a & b, a | b, a & (1 - b)])


def test_slopes_of_activations_are_those_of_w33():
    curves = functions.activation_curves(np.array([-2.0, 1.0]))
    assert set(curves) >= {"step", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu"}
    np.testing.assert_allclose(curves["tanh"][1], [0.0706508249, 0.4199743416], atol=1e-10)
    np.testing.assert_allclose(curves["sigmoid"][1], [0.1049935854, 0.1966119332], atol=1e-10)


def test_polynomial_of_degree_9_meets_the_samples_and_errs_most_elsewhere():
    *_, found = functions.fitted((0, 1, 3, 9))
    inside = [errors[1] for errors in found.values()]
    outside = [errors[2] for errors in found.values()]
    assert inside == sorted(inside, reverse=True) and inside[-1] < 1e-6
    assert int(np.argmin(outside)) == 2 and int(np.argmax(outside)) == 3


def test_penalty_worsens_the_samples_and_betters_new_ones_up_to_a_point():
    inside, outside = functions.ridge(np.geomspace(1e-9, 10, 11))
    assert np.all(np.diff(inside) > 0)
    assert 0 < int(np.argmin(outside)) < 10


W40 = ((-0.3503929958, 0.0847823166), (0.8964138585, 0.0880856017), (-0.1201623223, 0),
       (0.1360146173, 0.3182453889))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "last"), list(zip(descents.OPTIMIZERS.values(), W40, strict=True))
)
def test_paths_end_where_w40_says(text, last):
    path = descents.path_of(text, 30)
    np.testing.assert_array_equal(path[0], [-7, 2])
    np.testing.assert_allclose(path[-1], last, atol=5.1e-11, rtol=0)


def test_descent_on_one_weight_stays_in_the_basin_of_the_local_minimum():
    w = np.linspace(0, 2.4, 2401)
    error = descents.two_minima(w)
    places = w[1:-1][(error[1:-1] < error[:-2]) & (error[1:-1] < error[2:])]
    np.testing.assert_allclose(places, [0.53, 1.93], atol=0.01)
    assert descents.two_minima(places[0]) > descents.two_minima(places[1])
    steps = descents.descend(descents.two_minima, 0.05, 0.08, 40)
    assert steps[-1] == pytest.approx(places[0], abs=0.002)


def test_he_keeps_the_activations_of_rectifiers_and_std_001_loses_them():
    def spread(initializer):
        return np.std(descents.first_activations(initializer, "relu")[-1])

    assert 0.5 < spread("he") < 2 and spread("normal(std=0.01)") < 1e-4


def test_token_i_has_i_corrections():
    for number, angle in enumerate(universal.token_angles(9)):
        x, y = universal.semicircle(angle)[0], universal.parabola(angle)[0]
        one = vectors.passed(universal.semicircle_to_parabola(), x, y)
        assert one.hidden.sum() == number
        np.testing.assert_allclose(one.bias + one.hidden @ one.vectors, one.output)


def test_updates_of_one_sample_are_those_of_the_figure():
    """F36: each row moves by -η x σ'(e) εᵀw, each vector by -η h ε."""
    x, y, rate = np.array([0.6, 0.8]), np.array([0.2, 0.5]), 0.1
    before, after = (
        vectors.passed(net, x, y)
        for net in vectors.descended(vectors.first_network(), x, y, rate, 1)
    )
    error, slope = before.output - y, before.hidden * (1 - before.hidden)
    rows = before.rows - rate * np.outer(slope * (before.vectors @ error), x)
    np.testing.assert_allclose(after.rows, rows)
    np.testing.assert_allclose(
        after.vectors, before.vectors - rate * np.outer(before.hidden, error)
    )


def test_network_of_the_worked_example_has_its_outputs():
    """W43."""
    found = graphs.example_network()(np.array([0.05, 0.10]))
    np.testing.assert_allclose(found, [0.7513650696, 0.7729284653], atol=1e-10)


def test_graphs_have_the_losses_of_w24_and_w28():
    assert float(graphs.negative_log_likelihood(1.0, 1.0, -1.5)) == pytest.approx(0.4740769842)
    assert float(graphs.regularised_square(0.7, -0.3, 1.5, 1.0)) == pytest.approx(0.0759631535)


@pytest.mark.parametrize("deviation", [1, 0.01])
def test_normalised_activations_do_not_depend_on_the_scale_of_the_weights(deviation):
    found = descents.normalised_activations(f"normal(std={deviation})")
    np.testing.assert_allclose([np.std(h) for h in found], 0.208, atol=0.002)


def test_dropout_narrows_the_gap_between_training_and_validation():
    gaps = [np.mean(np.subtract(*descents.accuracies(rate))) for rate in (0.0, 0.5)]
    assert 0 < gaps[1] < gaps[0] / 2

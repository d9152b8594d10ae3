"""Models of one layer: least squares, polynomials, logistic and softmax regression (LR, LK)."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.logic.linear import (
    fit_polynomials,
    least_squares,
    likelihood_table,
    log_odds,
    polynomial_features,
)
from chainrule.logic.perceptron import train_perceptron
from chainrule.nn import Dense


BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
OR, AND = np.array([0.0, 1, 1, 1]), np.array([0.0, 0, 0, 1])
NAND, XOR = np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 1, 0])
HAND_SET = Dense(np.array([[1.0], [1.0]]), np.array([-1.5]))


# ---- least squares -------------------------------------------------------------------------------


def test_w41_linear_baseline_of_xor_is_a_half_everywhere():
    layer = least_squares(BITS, XOR)
    np.testing.assert_allclose(layer.weight, np.zeros((2, 1)), atol=1e-15)
    np.testing.assert_allclose(layer.bias, [0.5], atol=1e-15)


def test_lr15_errors_are_orthogonal_to_every_column():
    """The normal equations: Xᵀ (X w - y) = 0."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    errors = least_squares(x, y)(x) - y
    np.testing.assert_allclose(np.column_stack([x, np.ones(30)]).T @ errors, 0, atol=1e-12)


def test_linear_function_is_found_again():
    rng = np.random.default_rng(1)
    true = Dense(rng.normal(size=(3, 2)), rng.normal(size=2))
    x = rng.normal(size=(20, 3))
    found = least_squares(x, true(x))
    np.testing.assert_allclose(found.weight, true.weight, atol=1e-12)
    np.testing.assert_allclose(found.bias, true.bias, atol=1e-12)


def test_of_equally_good_weights_those_with_the_least_norm_are_taken():
    """A column that stands twice is shared."""
    x = np.array([[1.0, 1], [2, 2], [3, 3]])
    layer = least_squares(x, [2.0, 4, 6])
    np.testing.assert_allclose(layer.weight[:, 0], [1, 1], atol=1e-12)


def test_penalised_weights_are_those_that_gradient_descent_finds():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    layer = least_squares(x, y, l2=5.0)

    def objective(layer):
        return cr.sum((layer(x)[:, 0] - y) ** 2) + 5.0 * cr.sum(layer.weight**2)

    for slope in cr.tree.leaves(cr.grad(objective)(layer)):
        np.testing.assert_allclose(slope, 0, atol=1e-11)


# ---- polynomials (RG-08, F22) --------------------------------------------------------------------


def test_features_of_one_number_are_its_powers():
    np.testing.assert_array_equal(
        polynomial_features([2.0, -3.0], 3), [[1, 2, 4, 8], [1, -3, 9, -27]]
    )


def test_features_of_two_numbers_are_all_products():
    np.testing.assert_array_equal(polynomial_features([[2.0, 5.0]], 2), [[1, 2, 5, 4, 10, 25]])


def test_product_of_the_inputs_makes_xor_linearly_separable():
    assert train_perceptron(polynomial_features(BITS, 2), XOR).converged


def sine(samples, seed):
    x = np.linspace(0, 1, samples)
    return x, np.sin(2 * np.pi * x) + 0.2 * np.random.default_rng(seed).normal(size=samples)


@pytest.fixture(scope="module")
def fits():
    """Polynomials through ten noisy samples of a sine, tried on a hundred others."""
    return fit_polynomials(*sine(10, 4), range(10), test=sine(100, 100))


def test_training_error_falls_with_the_degree_to_0(fits):
    errors = [fit.training_error for fit in fits]
    assert all(after <= before for before, after in itertools.pairwise(errors))
    assert errors[9] < 1e-12 < errors[8]


def test_test_error_falls_and_rises_again(fits):
    errors = [fit.test_error for fit in fits]
    assert min(errors[0], errors[9]) > 5 * min(errors)
    assert 3 <= np.argmin(errors) < 9


def test_coefficients_grow_with_the_degree_and_a_penalty_holds_them(fits):
    (held,) = fit_polynomials(*sine(10, 4), [9], test=sine(100, 100), l2=1e-4)
    of_degree_3, of_degree_9, penalised = (
        np.abs(fit.coefficients).max() for fit in (fits[3], fits[9], held)
    )
    assert penalised < of_degree_3 < of_degree_9 / 1e4
    assert held.test_error < min(fit.test_error for fit in fits)


def test_more_coefficients_than_samples_fit_perfectly_in_many_ways():
    """RG-08: what vanishes at every sample can be added."""
    x, y = sine(4, 4)
    (fit,) = fit_polynomials(x, y, [4])
    other = fit.coefficients + np.polynomial.polynomial.polyfromroots(x)
    np.testing.assert_allclose(fit(x), y, atol=1e-12)
    np.testing.assert_allclose(np.polynomial.polynomial.polyval(x, other), y, atol=1e-12)


def test_fit_agrees_with_numpy(fits):
    x, y = sine(10, 4)
    want = np.polynomial.Polynomial.fit(x, y, 3).convert().coef
    np.testing.assert_allclose(fits[3].coefficients, want, rtol=1e-9)


def test_error_is_the_mean_of_squares_and_nan_without_samples_to_test():
    (constant,) = fit_polynomials([0.0, 1, 2], [0.0, 0, 3], [0])
    assert constant.training_error == pytest.approx(2) and np.isnan(constant.test_error)


# ---- likelihood and log-odds ---------------------------------------------------------------------


def test_w18_w19_table_prints_sums_probabilities_and_likelihoods():
    table = likelihood_table(HAND_SET, BITS, AND)
    assert str(table).splitlines() == [
        "x       y  a     ŷ         likelihood",
        "(0, 0)  0  -1.5  0.182426  0.817574",
        "(0, 1)  0  -0.5  0.377541  0.622459",
        "(1, 0)  0  -0.5  0.377541  0.622459",
        "(1, 1)  1  0.5   0.622459  0.622459",
        "product 0.1971788231, sum of logarithms -1.623644231",
    ]


def test_table_agrees_with_the_metrics():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20, 2)), rng.integers(0, 2, 20)
    table = likelihood_table(HAND_SET, x, y)
    assert table.joint == pytest.approx(cr.metrics.likelihood(y, table.predictions))
    assert table.log_likelihood == pytest.approx(cr.metrics.log_likelihood(y, table.predictions))


def test_certain_models_keep_their_logarithm():
    """1 - σ(1000) is 0, its logarithm -1000."""
    sure = Dense(np.array([[1000.0]]), np.zeros(1))
    table = likelihood_table(sure, np.array([[1.0]]), [0])
    assert (table.joint, table.log_likelihood) == (0.0, -1000.0)


def test_lr04_log_odds_are_linear_in_the_inputs():
    logits = HAND_SET(BITS)
    np.testing.assert_allclose(log_odds(cr.sigmoid(logits)), logits, rtol=1e-14)


def test_log_odds_at_the_ends_are_infinite():
    np.testing.assert_array_equal(log_odds([0.0, 0.5, 1.0]), [-np.inf, 0, np.inf])


@pytest.mark.parametrize("seed", range(5))
def test_lr03_a_probability_above_a_half_is_a_score_above_0(seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=1000) * 10.0 ** rng.integers(-10, 3, 1000)
    np.testing.assert_array_equal(cr.sigmoid(scores) > 0.5, scores > 0)


def test_lr03_rounding_hides_scores_that_are_nearly_0():
    """σ(1e-17) is 0.5: decide by the score."""
    assert cr.sigmoid(1e-17) == 0.5 and cr.step(1e-17) == 1


# ---- logistic regression: maximum likelihood and maximum a posteriori (LK-08, LK-09, W21) --------


ZEROS = Dense(np.zeros((2, 1)), np.zeros(1))


def by_descent(y, epochs, start=ZEROS, **settings):
    return cr.train.fit(
        start, BITS, y, loss="binary_cross_entropy", reduction="sum", batch_size=None,
        optimizer=cr.train.sgd(1.0), order="given", epochs=epochs, **settings,
    ).network  # fmt: skip


def norm(layer):
    return float(np.linalg.norm(np.append(layer.weight, layer.bias)))


def test_w21_weights_of_separable_data_grow_with_every_step():
    """About as much for each tenfold number of steps: like its logarithm."""
    few, more, most = (norm(by_descent(AND, epochs)) for epochs in (10, 100, 1000))
    assert few < more < most
    assert most - more == pytest.approx(more - few, rel=0.4)


def test_w21_a_penalty_lets_them_settle_wherever_they_start():
    far = Dense(np.array([[-3.0], [5.0]]), np.array([2.0]))
    settled = [by_descent(AND, 300, start, penalty="l2(strength=0.1)") for start in (ZEROS, far)]
    np.testing.assert_allclose(settled[0].weight, settled[1].weight, atol=1e-9)
    assert norm(settled[0]) < norm(by_descent(AND, 100))


def test_without_separation_maximum_likelihood_is_finite():
    """XOR: zero weights, every probability a half."""
    assert norm(by_descent(XOR, 100)) == 0


# ---- an instance at a time (PC-17, LR-13) --------------------------------------------------------


def one_at_a_time(y, epochs):
    layer = Dense(np.zeros((2, y.shape[1])), np.zeros(y.shape[1]))
    return cr.train.fit(
        layer, BITS, y, loss="binary_cross_entropy", batch_size=1, order="given",
        optimizer=cr.train.sgd(0.1), epochs=epochs,
    ).network  # fmt: skip


def test_pc17_every_neuron_moves_by_its_own_error_times_the_input():
    """w_ij ← w_ij - η ∂J(w_j)/∂w_ij, and the derivative is (ŷ_j - y_j) x_i (D9)."""
    y = np.column_stack([OR, AND, NAND])
    weights = np.zeros((3, 3))
    for row in [*range(4)] * 5:
        x = np.append(BITS[row], 1)
        for j in range(3):
            prediction = 1 / (1 + np.exp(-x @ weights[:, j]))
            weights[:, j] -= 0.1 * (prediction - y[row, j]) * x
    found = one_at_a_time(y, 5)
    np.testing.assert_allclose(np.vstack([found.weight, found.bias]), weights, atol=1e-14)


def test_lr13_outputs_learn_side_by_side_as_each_alone():
    y = np.column_stack([OR, AND, NAND])
    together = one_at_a_time(y, 20)
    for j in range(3):
        alone = one_at_a_time(y[:, [j]], 20)
        np.testing.assert_allclose(together.weight[:, [j]], alone.weight, atol=1e-14)


# ---- softmax regression (LR-12) ------------------------------------------------------------------


EXACTLY = "lbfgs(iterations=300, tolerance=1e-10)"


def softmax_regression(x, labels, start):
    return cr.train.fit(
        start, x, labels, loss="cross_entropy", batch_size=None, optimizer=EXACTLY,
    ).network  # fmt: skip


@pytest.fixture(scope="module")
def overlapping():
    rng = np.random.default_rng(4)
    labels = np.arange(60) % 3
    return rng.normal(size=(60, 2)) + np.array([[0, 0], [1, 0], [0, 1]])[labels], labels


def test_lr12_errors_of_the_best_softmax_model_are_orthogonal_to_the_inputs(overlapping):
    x, labels = overlapping
    layer = softmax_regression(x, labels, Dense(np.zeros((2, 3)), np.zeros(3)))
    errors = cr.softmax(layer(x)) - np.eye(3)[labels]
    np.testing.assert_allclose(np.column_stack([x, np.ones(60)]).T @ errors, 0, atol=1e-7)


def test_lr12_softmax_of_two_classes_is_logistic_regression_of_their_difference(overlapping):
    x, labels = overlapping
    start = Dense.init(2, 2, rng=0, dtype="float64")
    rng = np.random.default_rng(5)
    y = (labels > 0).astype(int)
    layer = softmax_regression(x, y, start)
    logistic = cr.train.fit(
        Dense(rng.normal(size=(2, 1)), np.zeros(1)), x, y.astype(float),
        loss="binary_cross_entropy", batch_size=None, optimizer=EXACTLY,
    ).network  # fmt: skip
    difference = layer.weight[:, 1] - layer.weight[:, 0]
    np.testing.assert_allclose(difference, logistic.weight[:, 0], atol=1e-7)


# ---- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_squares(BITS, OR[:3]), r"least_squares: x \[4,2\] and y \[3\]"),
        (lambda: least_squares(BITS * np.nan, OR), "expected finite numbers"),
        (lambda: least_squares(BITS, OR, l2=-1), "l2 -1; expected a number from 0"),
        (lambda: polynomial_features([1.0], -1), "degree -1; expected a whole number from 0"),
        (lambda: polynomial_features(1.0, 1), r"x has shape \[\]"),
        (lambda: fit_polynomials([1.0, 2], [1.0], [1]), r"fit_polynomials: x \[2\] and y \[1\]"),
        (lambda: fit_polynomials([1.0], [1.0], [1], ([1.0], [])), "fit_polynomials: test: x"),
        (lambda: likelihood_table(HAND_SET, BITS, 2 * OR), "0 or 1 for each sample"),
        (
            lambda: likelihood_table(Dense(np.ones((2, 2)), np.zeros(2)), BITS, OR),
            "expected a network with one output",
        ),
        (lambda: log_odds([0.5, 1.5]), "outside 0 .. 1"),
        (lambda: log_odds(np.nan), "outside 0 .. 1"),
    ],
)
def test_argument_that_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

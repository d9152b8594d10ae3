"""Likelihood, its logarithm, its gradient, and what maximises it (W18 to W22, W50)."""

import numpy as np
import pytest

import chainrule as cr


# AND, with the 1 appended that the bias multiplies.
X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
Y = np.array([0.0, 0, 0, 1])
W = np.array([1.0, 1.0, -1.5])


def log_likelihoods(w):
    """log ŷ where y is 1, log(1 - ŷ) where it is 0, one a sample."""
    return -cr.nn.binary_cross_entropy(cr.reshape(X @ w, (4, 1)), Y)


def negative(w):
    return -cr.sum(log_likelihoods(w))


# ---- W18: AND with a sigmoid ---------------------------------------------------------------------


def test_sigmoid_of_and_is_right_but_unsure():
    np.testing.assert_allclose(
        cr.sigmoid(X @ W), [0.1824255238, 0.3775406688, 0.3775406688, 0.6224593312], rtol=1e-9
    )
    np.testing.assert_allclose(cr.sigmoid(X @ W), [0.182, 0.378, 0.378, 0.622], atol=5e-4)


def test_class_follows_from_the_sign_of_the_sum():
    """LR-03: ŷ > 0.5 just where w·x > 0."""
    assert ((cr.sigmoid(X @ W) > 0.5) == (X @ W > 0)).all()


# ---- W19: the likelihood of W18 ------------------------------------------------------------------


def test_likelihoods_of_the_samples():
    found = np.exp(log_likelihoods(W))
    np.testing.assert_allclose(
        found, [0.8175744762, 0.6224593312, 0.6224593312, 0.6224593312], rtol=1e-9
    )
    np.testing.assert_allclose(found, [0.818, 0.622, 0.622, 0.622], atol=5e-4)


def test_joint_likelihood_and_its_logarithm():
    probabilities = cr.sigmoid(X @ W)
    assert cr.metrics.likelihood(Y, probabilities) == pytest.approx(0.1971788231, abs=1e-10)
    assert cr.metrics.log_likelihood(Y, probabilities) == pytest.approx(-1.6236442305, abs=1e-10)
    assert cr.metrics.log_loss(Y, probabilities) == pytest.approx(0.4059110576, abs=1e-10)
    assert negative(W) == pytest.approx(1.6236442305, abs=1e-10)


def test_product_of_2000_halves_underflows_and_the_sum_of_logarithms_does_not():
    """LK-04."""
    labels, halves = np.ones(2000), np.full(2000, 0.5)
    assert cr.metrics.likelihood(labels, halves) == 0
    assert cr.metrics.log_likelihood(labels, halves) == pytest.approx(-1386.29, abs=0.005)


# ---- W20: the gradient ---------------------------------------------------------------------------


def test_gradient_of_the_loss_is_the_error_times_the_input():
    """-(y - ŷ) x for each sample; in all only the bias wants to move."""
    each = cr.jacobian(lambda w: -log_likelihoods(w))(W)
    low, middle = 0.1824255238, 0.3775406688
    want = [[0, 0, low], [0, middle, middle], [middle, 0, middle], [-middle] * 3]
    np.testing.assert_allclose(each, want, atol=1e-10)
    np.testing.assert_allclose(cr.grad(negative)(W), [0, 0, 0.5599661926], atol=1e-10)


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_chain_of_the_gradient(y):
    """∂ℓ/∂ŷ = (y - ŷ) / (ŷ (1 - ŷ)), and ŷ (1 - ŷ) cancels against the slope of σ."""
    p = 0.3775406688

    def likelihood(p):
        return y * cr.log(p) + (1 - y) * cr.log(1 - p)

    np.testing.assert_allclose(cr.grad(likelihood)(p), (y - p) / (p * (1 - p)), rtol=1e-12)
    slope = cr.grad(cr.sigmoid)(-0.5)
    np.testing.assert_allclose(slope * (y - p) / (p * (1 - p)), y - p, rtol=1e-9)


# ---- W21: maximum likelihood and maximum a posteriori --------------------------------------------


@pytest.mark.parametrize(
    ("k", "loss"),
    [(1, 1.6236442305), (2, 0.9883724141), (5, 0.2372221344), (10, 0.0201463514),
     (20, 0.0001361967)],
)  # fmt: skip
def test_likelihood_of_separable_data_grows_with_the_weights_for_ever(k, loss):
    assert negative(k * W) == pytest.approx(loss, abs=1e-10)


@pytest.mark.parametrize(
    ("strength", "weights", "objective"),
    [
        (1.0, (0.06436620, 0.06436620, -0.35551738), 2.5949995511),
        (0.1, (0.83136944, 0.83136944, -1.59727394), 2.0022649635),
        (0.01, (3.06298120, 3.06298120, -4.80383356), 0.9860477866),
        (0.001, (6.44004849, 6.44004849, -9.83371711), 0.2922068605),
    ],
)
def test_penalty_of_the_weights_has_a_finite_minimum(strength, weights, objective):
    """Found by `fit` with L-BFGS: the penalty takes the bias, which is a weight like the others."""
    layer = cr.nn.Dense(np.zeros((3, 1)), None)
    result = cr.train.fit(
        layer,
        X,
        Y,
        loss="binary_cross_entropy",
        reduction="sum",
        penalty=f"l2(strength={strength})",
        optimizer="lbfgs(iterations=200, tolerance=1e-10)",
        epochs=2,
    )
    np.testing.assert_allclose(result.network.weight[:, 0], weights, atol=1e-6)
    assert result.history["loss"][-1] == pytest.approx(objective, abs=1e-9)


# ---- W22: one step -------------------------------------------------------------------------------


def test_one_step_for_the_sample_11():
    """w + η (y - ŷ) x: x is added, scaled by 1 - ŷ."""
    layer = cr.nn.Dense(W[:, None], None)
    result = cr.train.fit(
        layer, X[3:], Y[3:], loss="binary_cross_entropy", optimizer=cr.train.sgd(1.0), epochs=1
    )
    np.testing.assert_allclose(
        result.network.weight[:, 0], [1.3775406688, 1.3775406688, -1.1224593312], rtol=1e-9
    )


# ---- W50: the mean minimises the squared error ---------------------------------------------------


@pytest.mark.parametrize(("c", "loss"), [(2, 2.8333333333), (3, 2.3333333333), (4, 2.8333333333)])
def test_mean_of_the_targets_minimises_half_the_squared_error(c, loss):
    targets = np.array([[1.0], [2.0], [6.0]])
    found = cr.mean(cr.nn.half_squared_error(np.full((3, 1), float(c)), targets))
    assert found == pytest.approx(loss, abs=1e-10)

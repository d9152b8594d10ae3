"""W16, W27, W41, W48: single layers and small networks, trained on the truth tables."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.evaluate import program
from chainrule.nn import Dense, Sequential


TENTH = 1e-9  # what is worked out has ten digits

BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
OR, AND = np.array([0.0, 1, 1, 1]), np.array([0.0, 0, 0, 1])
NAND, XOR = np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 1, 0])


def negative_log_likelihood(a, y):
    """-Σ y log ŷ + (1-y) log(1-ŷ) with ŷ = σ(a): log(1-ŷ) = -softplus(a), and log ŷ is a more."""
    return cr.sum(cr.softplus(a) - y * a)


def descend(objective, parameters, rate, steps):
    """Gradient descent: one step is traced once and evaluated many times."""

    def step(old):
        return cr.tree.map(lambda w, slope: w - rate * slope, old, cr.grad(objective)(old))

    one_step = program(cr.trace(step, parameters))
    for _ in range(steps):
        parameters = one_step(parameters)
    return parameters


def fitted(network, x, y, rate, epochs, **settings):
    """The same by `fit`: all samples at once, in their order."""
    return cr.train.fit(network, x, y, optimizer=cr.train.sgd(rate), epochs=epochs,
                        batch_size=None, order="given", **settings)  # fmt: skip


SUM_OF_ENTROPIES = {"loss": "binary_cross_entropy", "reduction": "sum"}

# ---- W16: a sigmoid unit learns NAND ------------------------------------------------------------

WITH_ONE = np.column_stack([BITS, np.ones(4)])  # the last weight is the bias

W16 = {
    0.5: ((-4.2567644306, -4.2567644306, 6.5768488840),
          (0.9986097061, 0.9105268211, 0.9105268211, 0.1260130493)),
    1.0: ((-5.5950434586, -5.5950434586, 8.5720606833),
          (0.9998107137, 0.9515249753, 0.9515249753, 0.0679872546)),
}  # fmt: skip


def loss_on_nand(w):
    return negative_log_likelihood(WITH_ONE @ w, NAND)


@pytest.mark.parametrize("w", [(0.0, 0.0, 0.0), (-4.0, 2.0, 0.5)])
def test_w16_gradient_is_the_inputs_times_the_errors(w):
    w = np.array(w)
    by_hand = WITH_ONE.T @ (cr.sigmoid(WITH_ONE @ w) - NAND)
    np.testing.assert_allclose(cr.grad(loss_on_nand)(w), by_hand, atol=1e-14)


@pytest.mark.parametrize(
    ("steps", "want"), [(1, (0, 0, 0.5)), (2, (-0.1224593312, -0.1224593312, 0.7550813376))]
)
def test_w16_first_steps(steps, want):
    found = descend(loss_on_nand, np.zeros(3), 0.5, steps)
    np.testing.assert_allclose(found, want, atol=TENTH, rtol=0)


@pytest.mark.parametrize("rate", W16)
def test_w16_weights_and_outputs_after_100_steps(rate):
    weights, outputs = W16[rate]
    found = descend(loss_on_nand, np.zeros(3), rate, 100)
    np.testing.assert_allclose(found, weights, atol=TENTH, rtol=0)
    np.testing.assert_allclose(cr.sigmoid(WITH_ONE @ found), outputs, atol=TENTH, rtol=0)


@pytest.mark.parametrize("rate", W16)
def test_w16_by_fit(rate):
    weights, _ = W16[rate]
    unit = Dense(np.zeros((3, 1)), None)
    found = fitted(unit, WITH_ONE, NAND, rate, 100, **SUM_OF_ENTROPIES).network
    np.testing.assert_allclose(found.weight[:, 0], weights, atol=TENTH, rtol=0)


# ---- W27: the same from random weights, and XOR with a hidden layer -----------------------------


@pytest.mark.parametrize("seed", range(3))
def test_w27_a_unit_learns_nand_from_random_weights(seed):
    start = np.random.default_rng(seed).normal(size=3)
    outputs = cr.sigmoid(WITH_ONE @ descend(loss_on_nand, start, 0.5, 100))
    apart = np.abs(outputs - (0.9986, 0.911, 0.911, 0.125))
    assert np.all(apart <= (0.0003, 0.004, 0.004, 0.006))


def random_network(seed):
    """2-2-1 with sigmoids; weights and biases are N(0, 1)."""
    rng = np.random.default_rng(seed)
    sigmoid = cr.nn.activation("sigmoid")
    return Sequential(
        (
            Dense(rng.normal(size=(2, 2)), rng.normal(size=2), sigmoid),
            Dense(rng.normal(size=(2, 1)), rng.normal(size=1)),
        )
    )


def outputs_after_fit(seed):
    found = fitted(random_network(seed), BITS, XOR, 0.5, 1000, **SUM_OF_ENTROPIES).network
    return cr.sigmoid(found(BITS))[:, 0]


@pytest.fixture(scope="module")
def outputs_of_40():
    """`(40, 4)`: networks side by side. They share no weight, so each learns as if alone."""
    leaves = zip(*(cr.tree.leaves(random_network(seed)) for seed in range(40)), strict=True)
    w1, b1, w2, b2 = map(np.stack, leaves)
    start = (w1, b1[:, None], w2, b2[:, None])

    def logits(networks):
        w1, b1, w2, b2 = networks
        return (cr.sigmoid(BITS @ w1 + b1) @ w2 + b2)[:, :, 0]

    def objective(networks):
        return negative_log_likelihood(logits(networks), XOR)

    return cr.sigmoid(logits(descend(objective, start, 0.5, 1000)))


@pytest.mark.parametrize("seed", [2, 12, 16])
def test_w27_a_network_learns_xor(seed):
    """Typical ends; other starts that succeed end a little nearer to 0 and 1, or farther off."""
    outputs = outputs_after_fit(seed)
    assert np.all(outputs >= (0.006, 0.987, 0.987, 0.005))
    assert np.all(outputs <= (0.010, 0.994, 0.995, 0.009))


def test_w27_another_start_gets_stuck():
    assert np.max(np.abs(outputs_after_fit(6) - XOR)) == pytest.approx(0.50, abs=0.005)


@pytest.mark.parametrize("seed", [2, 6])
def test_w27_networks_side_by_side_learn_as_one_alone(outputs_of_40, seed):
    np.testing.assert_allclose(outputs_of_40[seed], outputs_after_fit(seed), atol=TENTH, rtol=0)


@pytest.fixture(scope="module")
def errors_of_40(outputs_of_40):
    """The largest error of each network, from the smallest to the largest `(40,)`."""
    return np.sort(np.max(np.abs(outputs_of_40 - XOR), axis=1))


def test_w27_of_40_networks_26_are_right_everywhere(errors_of_40):
    assert np.sum(errors_of_40 < 0.5) == 26


def test_w27_the_slowest_of_them_are_0_015_off_but_for_one(errors_of_40):
    assert errors_of_40[24:26] == pytest.approx([0.0150, 0.1343], abs=5e-5)


def test_w27_the_other_14_are_all_stuck_alike(errors_of_40):
    np.testing.assert_allclose(errors_of_40[26:], 0.50, atol=0.01)


# ---- W41: a linear model of XOR -----------------------------------------------------------------


def squared_error(w):
    """J(w) = ¼ Σ (ŷ - y)² with ŷ = w₁x₁ + w₂x₂ + b."""
    return cr.mean((WITH_ONE @ w - XOR) ** 2)


BEST = np.array([0, 0, 0.5])


def test_w41_normal_equations():
    """Xᵀ X w = Xᵀ y."""
    found = np.linalg.solve(WITH_ONE.T @ WITH_ONE, WITH_ONE.T @ XOR)
    np.testing.assert_allclose(found, BEST, atol=1e-15)


def test_w41_gradient_descent_ends_there():
    found = descend(squared_error, np.array([1.0, -2, 3]), 0.5, 200)
    np.testing.assert_allclose(found, BEST, atol=1e-12)


def test_w41_fit_ends_there():
    layer = Dense.init(2, 1, rng=0, dtype="float64")
    found = fitted(layer, BITS, XOR, 0.5, 200, loss="squared_error").network
    np.testing.assert_allclose(found(BITS)[:, 0], np.full(4, 0.5), atol=1e-12)


def test_w41_error_there():
    assert squared_error(BEST) == 0.25


def error_of_a_step(w):
    return np.mean((cr.step(WITH_ONE @ w) - XOR) ** 2)


def test_w41_with_a_step_those_weights_give_1_everywhere():
    """D7: what holds for ŷ = z does not hold for ŷ = step(z)."""
    assert error_of_a_step(BEST) == 0.5


def test_w41_best_model_with_a_step_is_wrong_once():
    grid = itertools.product(np.arange(-2, 2.1, 0.5), repeat=3)
    assert min(error_of_a_step(np.array(w)) for w in grid) == 0.25


def logistic_loss(w):
    return negative_log_likelihood(WITH_ONE @ w, XOR)


def test_w41_logistic_loss_of_zero_weights():
    """4 ln 2."""
    assert logistic_loss(np.zeros(3)) == pytest.approx(2.7725887222, abs=TENTH, rel=0)


def test_w41_zero_weights_are_the_logistic_minimum():
    """The loss is convex, so that a gradient of 0 is enough."""
    np.testing.assert_array_equal(cr.grad(logistic_loss)(np.zeros(3)), np.zeros(3))


# ---- W48: three sigmoid units learn OR, AND and NAND --------------------------------------------

OR_AND_NAND = np.column_stack([OR, AND, NAND])
ZEROS = Dense(np.zeros((2, 3)), np.zeros(3))
MEAN_OF_ENTROPIES = "binary_cross_entropy(outputs=mean)"


def one_term(logits, target):
    """-y log ŷ alone, as a function of one's own (D8): it lacks the term of the targets 0."""
    return cr.mean(target * cr.softplus(-logits), axis=-1)


def objective(loss):
    per_sample = cr.nn.loss(loss).function
    return lambda layer: cr.mean(per_sample(layer(BITS), OR_AND_NAND))


W48 = {
    MEAN_OF_ENTROPIES: (
        0.6931471806,
        (-0.0833333333, 0, 0),
        (-0.0833333333, 0.0833333333, -0.0833333333),
    ),
    one_term: (
        0.4043358553,
        (-0.0833333333, -0.0416666667, -0.0416666667),
        (-0.125, -0.0416666667, -0.125),
    ),
}


@pytest.mark.parametrize("loss", W48)
def test_w48_cost_of_zeros(loss):
    cost, _, _ = W48[loss]
    (found,) = fitted(ZEROS, BITS, OR_AND_NAND, 0.1, 1, loss=loss).history["loss"]
    assert found == pytest.approx(cost, abs=TENTH, rel=0)


@pytest.mark.parametrize("loss", W48)
def test_w48_gradient_of_zeros(loss):
    _, row, bias = W48[loss]
    found = cr.grad(objective(loss))(ZEROS)
    np.testing.assert_allclose(found.weight, [row, row], atol=TENTH, rtol=0)
    np.testing.assert_allclose(found.bias, bias, atol=TENTH, rtol=0)


def trained(epochs):
    return fitted(ZEROS, BITS, OR_AND_NAND, 0.1, epochs, loss=MEAN_OF_ENTROPIES).network


@pytest.mark.parametrize(
    ("epochs", "row", "bias"),
    [
        (1, (0.0083333333, 0, 0), (0.0083333333, -0.0083333333, 0.0083333333)),
        (100, (0.5557165933, 0.1102975517, -0.1102975517),
         (0.3914004765, -0.5966230687, 0.5966230687)),
    ],
)  # fmt: skip
def test_w48_layer_after_epochs(epochs, row, bias):
    found = trained(epochs)
    np.testing.assert_allclose(found.weight, [row, row], atol=TENTH, rtol=0)
    np.testing.assert_allclose(found.bias, bias, atol=TENTH, rtol=0)


def test_w48_cost_after_100_epochs():
    cost = objective(MEAN_OF_ENTROPIES)(trained(100))
    assert cost == pytest.approx(0.5296815611, abs=TENTH, rel=0)


def test_w48_accuracy_after_100_epochs():
    """Of the twelve outputs nine are on the side of their target."""
    assert np.mean((trained(100)(BITS) > 0) == OR_AND_NAND) == 0.75


@pytest.mark.parametrize("seed", range(3))
def test_w48_one_term_only_pushes_outputs_up(seed):
    """No entry of its gradient is positive, and no input is negative."""
    layer = Dense.init(2, 3, rng=seed, initializer="normal", dtype="float64")
    found = cr.grad(objective(one_term))(layer)
    assert np.max(found.weight) < 0
    assert np.max(found.bias) < 0


def test_w48_one_term_drives_every_output_to_1_whatever_its_target():
    layer = descend(objective(one_term), ZEROS, 0.1, 20_000)
    assert np.min(cr.sigmoid(layer(BITS))) == pytest.approx(0.888, abs=5e-4)

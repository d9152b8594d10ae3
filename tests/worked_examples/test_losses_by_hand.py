"""W30, W32, W37, W38: models and losses of one or a few samples, worked out."""

import numpy as np
import pytest

import chainrule as cr


TENTH = 1e-9  # what is worked out has ten digits

# ---- W30: a network with linear outputs -------------------------------------------------------

PARAMS = {
    "w1": np.array([[0.15, 0.20], [0.25, 0.30]]),
    "b1": np.array([0.35, 0.35]),
    "w2": np.array([[0.40, 0.45], [0.50, 0.55]]),
    "b2": np.array([0.6, 0.6]),
}
X, T = np.array([0.05, 0.10]), np.array([0.01, 0.99])


def hidden(p):
    return p["w1"] @ X + p["b1"]


def outputs(p):
    return p["w2"] @ cr.sigmoid(hidden(p)) + p["b2"]


def loss(p):
    return 0.5 * cr.sum((outputs(p) - T) ** 2)


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda: hidden(PARAMS), (0.3775, 0.3925)),
        (lambda: cr.sigmoid(hidden(PARAMS)), (0.5932699921, 0.5968843783)),
        (lambda: outputs(PARAMS), (1.1059059671, 1.2249214041)),
        (lambda: loss(PARAMS), 0.6280989774),
    ],
    ids=["z", "h", "y", "L"],
)
def test_w30_forward(found, want):
    np.testing.assert_allclose(found(), want, atol=TENTH, rtol=0)


W30_GRADIENT = {
    "w2": [[0.6501681244, 0.6541291518], [0.1393718196, 0.1402209162]],
    "b2": [1.0959059671, 0.2349214041],
    "w1": [[0.0067060253, 0.0134120505], [0.0074874619, 0.0149749239]],
    "b1": [0.1341205052, 0.1497492389],
}


@pytest.mark.parametrize("name", W30_GRADIENT)
def test_w30_gradient(name):
    np.testing.assert_allclose(cr.grad(loss)(PARAMS)[name], W30_GRADIENT[name], atol=TENTH, rtol=0)


def test_w30_error_signal_of_the_hidden_outputs():
    def from_hidden(h):
        return 0.5 * cr.sum((PARAMS["w2"] @ h + PARAMS["b2"] - T) ** 2)

    found = cr.grad(from_hidden)(cr.sigmoid(hidden(PARAMS)))
    np.testing.assert_allclose(found, (0.5558230889, 0.6223644574), atol=TENTH, rtol=0)


# ---- W32: softmax regression ------------------------------------------------------------------

WEIGHT = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
BIAS = np.array([0.1, 0.0, -0.1])
INPUT, TARGET = np.array([0.5, -1.0]), np.array([0.0, 1.0, 0.0])
SIGNAL = [0.4948958248, -0.9000822562, 0.4051864314]


def softmax_loss(weight, bias):
    return cr.nn.cross_entropy(weight @ INPUT + bias, TARGET)


def test_w32_probabilities():
    np.testing.assert_allclose(
        cr.softmax(WEIGHT @ INPUT + BIAS),
        [0.4948958248, 0.0999177438, 0.4051864314],
        atol=TENTH,
        rtol=0,
    )


def test_w32_loss():
    assert softmax_loss(WEIGHT, BIAS) == pytest.approx(2.3034079934, abs=TENTH, rel=0)


def test_w32_loss_of_a_label():
    found = cr.nn.cross_entropy((WEIGHT @ INPUT + BIAS)[None], np.array([1]))
    np.testing.assert_allclose(found, [2.3034079934], atol=TENTH, rtol=0)


def test_w32_error_signal_is_prediction_minus_target():
    np.testing.assert_allclose(
        cr.grad(softmax_loss, argnums=1)(WEIGHT, BIAS), SIGNAL, atol=TENTH, rtol=0
    )


def test_w32_weight_gradient_is_an_outer_product():
    np.testing.assert_allclose(
        cr.grad(softmax_loss)(WEIGHT, BIAS), np.outer(SIGNAL, INPUT), atol=TENTH, rtol=0
    )


# ---- W37: the losses of one digit -------------------------------------------------------------

DIGIT = np.array([0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0])
TWO = np.eye(10)[2]


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda: cr.nn.half_squared_error(DIGIT, TWO), 0.0975),
        (lambda: cr.nn.squared_error(DIGIT, TWO), 0.195),
        (lambda: cr.mean((DIGIT - TWO) ** 2), 0.0195),
    ],
    ids=["half", "sum", "mean"],
)
def test_w37_squared_error(found, want):
    assert found() == pytest.approx(want, rel=1e-12)


def test_w37_cross_entropy():
    """From probabilities with zeros among them: 0 · log 0 counts as 0 (LO-15)."""
    is_hit = TWO > 0
    found = -cr.sum(TWO * cr.log(cr.where(is_hit, DIGIT, 1.0)))
    assert found == pytest.approx(0.5108256238, abs=TENTH, rel=0)


# ---- W38: two networks of equal error, one better ---------------------------------------------

NETWORKS = {
    "NN1": [[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]],
    "NN2": [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]],
}
PARTIES = np.array([2, 1, 0])
W38_ENTROPY = {
    "NN1": [0.9162907319, 0.9162907319, 2.3025850930],
    "NN2": [0.3566749439, 0.3566749439, 1.2039728043],
}
W38_SQUARED = {"NN1": [0.54, 0.54, 1.34], "NN2": [0.14, 0.14, 0.74]}


def probabilities(name):
    return np.array(NETWORKS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_w38_both_are_right_on_two_samples_of_three(name):
    assert cr.nn.is_correct(probabilities(name), PARTIES).tolist() == [1, 1, 0]


@pytest.mark.parametrize("name", NETWORKS)
def test_w38_cross_entropy_of_each_sample(name):
    """log p are logits of p."""
    found = cr.nn.cross_entropy(cr.log(probabilities(name)), PARTIES)
    np.testing.assert_allclose(found, W38_ENTROPY[name], atol=TENTH, rtol=0)


@pytest.mark.parametrize(("name", "want"), [("NN1", 1.3783888522), ("NN2", 0.6391075641)])
def test_w38_average_cross_entropy(name, want):
    found = cr.mean(cr.nn.cross_entropy(cr.log(probabilities(name)), PARTIES))
    assert found == pytest.approx(want, abs=TENTH, rel=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_w38_squared_error_of_each_sample(name):
    found = cr.nn.squared_error(probabilities(name), np.eye(3)[PARTIES])
    np.testing.assert_allclose(found, W38_SQUARED[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "whole", "half"), [("NN1", 0.8066666667, 0.4033333333), ("NN2", 0.34, 0.17)]
)
def test_w38_mean_squared_error_with_and_without_the_half(name, whole, half):
    target = np.eye(3)[PARTIES]
    means = [
        cr.mean(loss(probabilities(name), target))
        for loss in (cr.nn.squared_error, cr.nn.half_squared_error)
    ]
    assert means == pytest.approx([whole, half], abs=TENTH, rel=0)

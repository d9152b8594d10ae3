"""W33, W35, W51, W53: activations and batch normalisation, worked out."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import BatchNorm, Dense, Sequential, activation


LAST_DIGIT = 5e-11  # what is worked out has ten digits


def assert_digits(found, want):
    np.testing.assert_allclose(found, want, atol=LAST_DIGIT, rtol=0)


# ---- W33: values and slopes at -2, -1, 0, 1, 2 --------------------------------------------------

POINTS = np.array([-2.0, -1, 0, 1, 2])
W33_VALUES = {
    "step": (0, 0, 0, 1, 1),
    "sigmoid": (0.1192029220, 0.2689414214, 0.5, 0.7310585786, 0.8807970780),
    "tanh": (-0.9640275801, -0.7615941560, 0, 0.7615941560, 0.9640275801),
    "relu": (0, 0, 0, 1, 2),
    "softplus": (0.1269280110, 0.3132616875, 0.6931471806, 1.3132616875, 2.1269280110),
    "leaky_relu": (-0.02, -0.01, 0, 1, 2),
    "elu": (-0.8646647168, -0.6321205588, 0, 1, 2),
    "identity": (-2, -1, 0, 1, 2),
    "signum": (-1, -1, 0, 1, 1),
}
W33_SLOPES = {
    "step": (0, 0, 0, 0, 0),
    "sigmoid": (0.1049935854, 0.1966119332, 0.25, 0.1966119332, 0.1049935854),
    "tanh": (0.0706508249, 0.4199743416, 1, 0.4199743416, 0.0706508249),
    "relu": (0, 0, 0, 1, 1),
    "softplus": W33_VALUES["sigmoid"],  # AC-09
    "leaky_relu": (0.01, 0.01, 0.01, 1, 1),
    "elu": (0.1353352832, 0.3678794412, 1, 1, 1),
    "identity": (1, 1, 1, 1, 1),
    "signum": (0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "values"), W33_VALUES.items())
def test_w33_values(name, values, dtype):
    found = activation(name)(POINTS.astype(dtype))
    np.testing.assert_allclose(found, values, atol={"float32": 2e-7, "float64": 5e-11}[dtype])


@pytest.mark.parametrize(("name", "slopes"), W33_SLOPES.items())
def test_w33_slopes(name, slopes):
    assert_digits(cr.grad(lambda x: cr.sum(activation(name)(x)))(POINTS), slopes)


def test_w33_slope_of_the_logistic_is_largest_at_0():  # AC-05
    slopes = cr.grad(lambda x: cr.sum(cr.sigmoid(x)))(np.linspace(-1, 1, 201))
    assert slopes.argmax() == 100 and slopes.max() == 0.25


def test_w33_tanh_is_a_logistic_scaled_and_shifted():  # AC-07
    assert_digits(2 * cr.sigmoid(2 * POINTS) - 1, W33_VALUES["tanh"])


# ---- W35: the logistic, scaled, is nearly a step ------------------------------------------------

NEAR = np.array([-1, -0.5, -0.1, 0, 0.1, 0.5, 1])
W35 = {
    1: (0.2689414214, 0.3775406688, 0.4750208125, 0.5, 0.5249791875, 0.6224593312, 0.7310585786),
    5: (0.0066928509, 0.0758581800, 0.3775406688, 0.5, 0.6224593312, 0.9241418200, 0.9933071491),
}
BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
SOFT_XOR = {
    1: (0.4243637762, 0.4365732065),
    5: (0.1068362169, 0.8508671136),
    10: (0.0071527882, 0.9923558642),
    20: (0.0000454391, 0.9999545196),
}
XOR = {  # weight and bias of the hidden layer, of the output
    "w06a": ([[1.0, -1], [1, -1]], [-0.5, 1.5], [[1.0], [1]], [-1.5]),
    "w06b": ([[1.0, 1], [1, 1]], [-0.5, -1.5], [[1.0], [-1]], [-0.5]),
}


def xor(form, name, factor=1.0):
    w1, b1, w2, b2 = (factor * np.array(part) for part in XOR[form])
    return Sequential((Dense(w1, b1, activation(name)), Dense(w2, b2, activation(name))))


@pytest.mark.parametrize("factor", W35)
def test_w35_scaled_logistic(factor):
    assert_digits(cr.sigmoid(factor * NEAR), W35[factor])


@pytest.mark.parametrize("factor", SOFT_XOR)
@pytest.mark.parametrize("form", XOR)
def test_w35_soft_xor(form, factor):
    same, different = SOFT_XOR[factor]
    found = xor(form, "sigmoid", factor)(BITS)
    assert_digits(found[:, 0], (same, different, different, same))


@pytest.mark.parametrize("form", XOR)
def test_w35_xor_of_steps_is_the_limit(form):
    assert xor(form, "step")(BITS)[:, 0].tolist() == [0, 1, 1, 0]


# ---- W51: the gradient vanishes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "want"), [(5, 9.765625e-4), (10, 9.5367431640625e-7), (20, 9.094947017729282e-13)]
)
def test_w51_slopes_of_logistics_multiply(depth, want):
    """AC-16: a chain of units, each of them at 0, where the logistic is steepest."""
    biases = [0.0] + [-0.5] * (depth - 1)
    chain = Sequential(
        tuple(Dense(np.ones((1, 1)), np.array([b]), activation("sigmoid")) for b in biases)
    )
    assert cr.grad(lambda x: cr.sum(chain(x)))(np.zeros((1, 1))).item() == want


# ---- W53: batch normalisation -------------------------------------------------------------------

COLUMN = np.array([[1.0], [2], [3], [4]])
W53 = {  # scale, shift, epsilon: the output
    (1, 0, 1e-300): (-1.3416407865, -0.4472135955, 0.4472135955, 1.3416407865),
    (2, 0.5, 1e-300): (-2.1832815730, -0.3944271910, 1.3944271910, 3.1832815730),
    (1, 0, 1e-5): (-1.3416354200, -0.4472118067, 0.4472118067, 1.3416354200),
}


@pytest.mark.parametrize(("setting", "want"), W53.items())
def test_w53_batch_norm(setting, want):
    scale, shift, epsilon = setting
    start = BatchNorm.init(1, epsilon=epsilon, dtype="float64")
    layer = BatchNorm(start.scale * scale, start.shift + shift, start.mean, start.variance,
                      epsilon=epsilon)  # fmt: skip
    output, _ = layer.train(COLUMN, cr.key(0))
    assert_digits(output[:, 0], want)


def test_w53_running_statistics_after_one_batch():
    """Mean 2.5 and biased variance 1.25, a tenth of the way."""
    _, after = BatchNorm.init(1, dtype="float64").train(COLUMN, cr.key(0))
    assert_digits((after.mean.item(), after.variance.item()), (0.25, 0.9 + 0.125))

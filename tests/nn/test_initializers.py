"""Initial weights: moments, distributions, orthogonality, seeds, and what is refused."""

import numpy as np
import pytest
import scipy.stats

import chainrule as cr
from chainrule.nn import INITIALIZERS, Dense, initializer


FAN_IN, FAN_OUT = 200, 300
MOMENTS = {  # text: (distribution, standard deviation)
    "glorot": ("uniform", (2 / 500) ** 0.5),
    "glorot(distribution=normal)": ("norm", (2 / 500) ** 0.5),
    "he": ("norm", (2 / 200) ** 0.5),
    "he(distribution=uniform)": ("uniform", (2 / 200) ** 0.5),
    "lecun": ("norm", (1 / 200) ** 0.5),
    "lecun(distribution=uniform)": ("uniform", (1 / 200) ** 0.5),
    "normal": ("norm", 1.0),
    "normal(std=0.05)": ("norm", 0.05),
    "uniform": ("uniform", 1 / 3**0.5),
    "uniform(limit=0.3)": ("uniform", 0.3 / 3**0.5),
}
CONSTANTS = {"zeros": 0.0, "constant": 0.0, "constant(value=-2.5)": -2.5}
each_text = pytest.mark.parametrize("text", [*MOMENTS, *CONSTANTS, "orthogonal"])


def weights(text, seed=0, shape=(FAN_IN, FAN_OUT)):
    return initializer(text)(np.random.default_rng(seed), *shape)


def test_every_initialiser_is_tested_here():
    texts = {*MOMENTS, *CONSTANTS, "orthogonal"}
    assert {text for text in texts if "(" not in text} == set(INITIALIZERS)


@pytest.mark.parametrize(("text", "claim"), MOMENTS.items())
def test_moments_are_those_that_are_claimed(text, claim):
    found = weights(text)
    _, std = claim
    assert abs(found.mean()) < 4 * std / found.size**0.5
    np.testing.assert_allclose(found.std(), std, rtol=0.02)


@pytest.mark.parametrize(("text", "claim"), MOMENTS.items())
def test_distribution_is_the_one_that_is_claimed(text, claim):
    """Kolmogorov-Smirnov: of 60,000 draws, no share is off by more than 0.8 %."""
    distribution, std = claim
    place = (-(3**0.5), 2 * 3**0.5) if distribution == "uniform" else (0, 1)
    claimed = getattr(scipy.stats, distribution)(*place).cdf
    assert scipy.stats.kstest(weights(text).ravel() / std, claimed).statistic < 0.008


@pytest.mark.parametrize(("text", "value"), CONSTANTS.items())
def test_constants(text, value):
    assert np.all(weights(text) == value)


@each_text
def test_shape_is_that_of_the_layer(text):
    assert weights(text, shape=(5, 2)).shape == (5, 2)


@each_text
def test_same_seed_gives_the_same_weights(text):
    np.testing.assert_array_equal(weights(text, 7), weights(text, 7))


@pytest.mark.parametrize("text", [*MOMENTS, "orthogonal"])
def test_other_seeds_give_other_weights(text):
    assert np.all(weights(text, 7) != weights(text, 8))


# ---- orthogonal ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (1, 5), (5, 1)])
def test_orthogonal_weights_keep_lengths_in_the_smaller_space(shape):
    found = weights("orthogonal", shape=shape)
    gram = found.T @ found if shape[0] >= shape[1] else found @ found.T
    np.testing.assert_allclose(gram, np.eye(min(shape)), atol=1e-14)


def test_gain_scales_orthogonal_weights():
    np.testing.assert_allclose(weights("orthogonal(gain=1.5)"), 1.5 * weights("orthogonal"))


def test_orthogonal_weights_favour_no_direction():
    """Without the correction of signs the trace of a 2×2 one would be far from 0 on average."""
    rng = np.random.default_rng(0)
    traces = [np.trace(INITIALIZERS["orthogonal"](rng, 2, 2)) for _ in range(4000)]
    assert abs(np.mean(traces)) < 4 / len(traces) ** 0.5


# ---- in layers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "name"),
    [("relu", "he"), ("tanh", "glorot"), ("selu", "lecun"), ("prelu", "he")],
)
def test_layer_takes_the_initialiser_that_suits_its_activation(activation, name):
    layer = Dense.init(4, 3, activation, rng=5, dtype="float64")
    np.testing.assert_array_equal(layer.weight, weights(name, 5, (4, 3)))


def test_selu_with_its_initialiser_keeps_mean_and_variance():
    net = cr.nn.mlp([100] * 10, "selu", output="selu", rng=0, dtype="float64")
    found = net(np.random.default_rng(1).normal(size=(2000, 100)))
    assert abs(found.mean()) < 0.1 and abs(found.std() - 1) < 0.1


def test_he_keeps_what_glorot_loses_in_a_deep_relu_network():  # IN-07
    x = np.random.default_rng(1).normal(size=(50, 100))
    sizes = {
        name: cr.nn.mlp([100] * 20, "relu", rng=0, initializer=name, dtype="float64")(x).std()
        for name in ("he", "glorot")
    }
    assert 0.1 < sizes["he"] < 10 and sizes["glorot"] < 0.01


def test_function_of_ones_own_initialises():
    def identity(rng, fan_in, fan_out):
        return np.eye(fan_in, fan_out)

    net = cr.nn.mlp([3, 3, 2], rng=0, initializer=identity)
    np.testing.assert_array_equal(net.layers[1].weight, np.eye(3, 2, dtype="f4"))


def shaped_wrongly(rng, fan_in, fan_out):
    return np.zeros((fan_out, fan_in))


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ("hee", ValueError, "unknown initializer 'hee'; did you mean 'he'"),
        ("normal(sigma=1)", ValueError, "unknown setting of initializer normal: 'sigma'"),
        ("normal(std=-1)", ValueError, "normal: std is -1; expected a finite number from 0 on"),
        ("normal(std=wide)", ValueError, "normal: std is 'wide'; expected a finite number"),
        ("uniform(limit=-0.1)", ValueError, "uniform: limit is -0.1"),
        ("orthogonal(gain=-1)", ValueError, "orthogonal: gain is -1"),
        ("constant(value=True)", ValueError, "constant: value is True; expected a finite number"),
        ("he(distribution=gauss)", ValueError, "he: distribution is 'gauss'; .*'normal' or"),
        (3, TypeError, "initializer: 3 is neither a name nor a function"),
        (shaped_wrongly, ValueError, r"gave weights \[2,4\]; expected \[4,2\]"),
    ],
)
def test_bad_initialiser_is_named(chosen, error, message):
    with pytest.raises(error, match=message):
        Dense.init(4, 2, rng=0, initializer=chosen)

"""Activation functions against their definitions, far out, and by name."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import ACTIVATIONS


X = np.linspace(-3, 3, 12).reshape(4, 3)  # without 0, where relu and step have no derivative
FAR = np.array([[-1e4, 1e4, 3.0]])
ERF = np.vectorize(math.erf)
DEFINITIONS = {
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "gelu": lambda x: x * (1 + ERF(x / np.sqrt(2))) / 2,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, x / 100),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "signum": np.sign,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "identity": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "tanh": lambda x: 1 - 2 / (np.exp(2 * x) + 1),
}


def test_every_activation_has_its_definition_here():
    assert set(DEFINITIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_is_that_of_the_definition(name):
    np.testing.assert_allclose(ACTIVATIONS[name](X), DEFINITIONS[name](X), rtol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_is_that_of_the_value(name):
    assert cr.check_derivatives(ACTIVATIONS[name].function, X).max_error < 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_slope_are_finite_far_from_0(name, dtype):
    x = FAR.astype(dtype)
    value, pull = cr.vjp(ACTIVATIONS[name].function, x)
    assert value.dtype == dtype
    assert np.isfinite(value).all() and np.isfinite(pull(np.ones_like(x))[0]).all()


W33 = {
    "step": (0, 0, 0, 1, 1),
    "sigmoid": (0.1192029220, 0.2689414214, 0.5, 0.7310585786, 0.8807970780),
    "tanh": (-0.9640275801, -0.7615941560, 0, 0.7615941560, 0.9640275801),
    "relu": (0, 0, 0, 1, 2),
    "softplus": (0.1269280110, 0.3132616875, 0.6931471806, 1.3132616875, 2.1269280110),
    "leaky_relu": (-0.02, -0.01, 0, 1, 2),
    "elu": (-0.8646647168, -0.6321205588, 0, 1, 2),
}


@pytest.mark.parametrize(("name", "values"), W33.items())
def test_w33_values(name, values):
    found = ACTIVATIONS[name](np.array([-2.0, -1, 0, 1, 2]))
    np.testing.assert_allclose(found, values, atol=5e-11)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
def test_activation_that_saturates_is_flat_on_both_sides(name):
    slopes = [cr.grad(ACTIVATIONS[name].function)(x) for x in (-50.0, 50.0)]
    assert ACTIVATIONS[name].saturates == all(abs(slope) < 1e-9 for slope in slopes)


def test_elu_is_smooth_at_0():
    assert cr.grad(ACTIVATIONS["elu"].function)(0.0) == 1


def test_function_of_ones_own_is_an_activation():
    def bump(x):
        return cr.exp(-x * x)

    chosen = cr.nn.activation(bump)
    assert chosen.name == "bump" and not chosen.saturates
    np.testing.assert_allclose(chosen(X), np.exp(-(X**2)))


def test_unknown_name_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown activation 'sigmoyd'; did you mean 'sigmoid'"):
        cr.nn.activation("sigmoyd")


def test_what_is_neither_name_nor_function_is_named():
    with pytest.raises(TypeError, match="activation: None is neither a name nor a function"):
        cr.nn.mlp([2, 3, 1], None, rng=0)

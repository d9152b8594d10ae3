"""Activation functions against their definitions, far out, at their kinks, and by text."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import ACTIVATIONS, Activation, PReLU, activation


X = np.linspace(-3, 3, 12).reshape(4, 3)  # without 0, where relu and step have no derivative
FAR = np.array([[-1e4, 1e4, 3.0]])
ERF = np.vectorize(math.erf)
DEFINITIONS = {
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "elu(alpha=0.5)": lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1)),
    "gelu": lambda x: x * (1 + ERF(x / np.sqrt(2))) / 2,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, x / 100),
    "leaky_relu(slope=0.2)": lambda x: np.where(x > 0, x, x / 5),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "prelu": lambda x: np.where(x > 0, x, x / 4),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "signum": np.sign,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "swish(beta=2)": lambda x: x / (1 + np.exp(-2 * x)),
    "identity": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "tanh": lambda x: 1 - 2 / (np.exp(2 * x) + 1),
}
each_text = pytest.mark.parametrize("text", DEFINITIONS)


def made(text, dtype="float64"):
    return activation(text, 3, dtype)


def test_every_activation_has_its_definition_here():
    assert {text for text in DEFINITIONS if "(" not in text} == {*ACTIVATIONS, "prelu"}


@each_text
def test_value_is_that_of_the_definition(text):
    np.testing.assert_allclose(made(text)(X), DEFINITIONS[text](X), rtol=1e-13)


@each_text
def test_derivative_is_that_of_the_value(text):
    assert cr.check_derivatives(made(text), X).max_error < 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_text
def test_value_and_slope_are_finite_far_from_0(text, dtype):
    x = FAR.astype(dtype)
    value, pull = cr.vjp(made(text, dtype), x)
    assert value.dtype == dtype
    assert np.isfinite(value).all() and np.isfinite(pull(np.ones_like(x))[0]).all()


# ---- kinks and slopes ----------------------------------------------------------------------------

KINKS = {  # text: (where, value, slope)
    "relu": (0.0, 0.0, 0.0),
    "leaky_relu(slope=0.2)": (0.0, 0.0, 0.2),
    "elu": (0.0, 0.0, 1.0),
    "elu(alpha=0.5)": (0.0, 0.0, 0.5),
    "selu": (0.0, 0.0, 1.0507009873554805 * 1.6732632423543772),
    "hard_tanh": (1.0, 1.0, 0.5),
    "step": (0.0, 0.0, 0.0),
    "step(at_zero=1)": (0.0, 1.0, 0.0),
    "signum": (0.0, 0.0, 0.0),
    "signum(at_zero=-1)": (0.0, -1.0, 0.0),
}


@pytest.mark.parametrize(("text", "kink"), KINKS.items())
def test_value_and_slope_at_a_kink(text, kink):
    x, *want = kink
    assert [activation(text)(x), cr.grad(activation(text))(x)] == want


def test_prelu_at_0_has_its_slope_and_learns_nothing_there():
    slopes, x = np.array([0.25, 0.5]), np.zeros(2)
    by_slope, by_x = cr.grad(lambda layer, x: cr.sum(layer(x)), (0, 1))(PReLU(slopes), x)
    assert by_slope.slope.tolist() == [0, 0] and by_x.tolist() == [0.25, 0.5]


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
def test_activation_that_saturates_is_flat_on_both_sides(name):  # AC-13
    slopes = [cr.grad(ACTIVATIONS[name])(x) for x in (-50.0, 50.0)]
    assert ACTIVATIONS[name].saturates == all(abs(slope) < 1e-9 for slope in slopes)


def test_prelu_does_not_saturate():
    assert not PReLU.init(3).saturates


def test_step_gives_backpropagation_nothing():  # AC-14
    net = cr.nn.mlp([2, 3, 1], "step", rng=0)
    gradient = cr.grad(lambda net: cr.sum(net(np.ones((4, 2)))))(net)
    assert not gradient.layers[0].weight.any() and not gradient.layers[0].bias.any()


# ---- by text, by function ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("leaky-relu(slope=0.2)", "leaky_relu(slope=0.2)"),
        ("hard-tanh", "hard_tanh"),
        ("step(at_zero=1)", "step(at_zero=1)"),
        ("elu( alpha = 1e-30 )", "elu(alpha=1e-30)"),
        ("signum(at_zero=-1)", "signum(at_zero=-1)"),
    ],
)
def test_what_is_printed_chooses_the_same_again(text, printed):
    assert str(activation(text)) == printed
    assert activation(printed) == activation(text)


def test_settings_tell_activations_apart():
    texts = ("elu", "elu(alpha=0.5)", "elu(alpha=2)")
    assert len({activation(text) for text in texts}) == 3


def test_function_of_ones_own_is_an_activation():
    def bump(x):
        return cr.exp(-x * x)

    chosen = activation(bump)
    assert chosen.name == "bump" and not chosen.saturates
    np.testing.assert_allclose(chosen(X), np.exp(-(X**2)))


def test_row_of_ones_own_says_itself_whether_it_saturates():
    row = Activation("squash", lambda x, by=1.0: cr.tanh(by * x), True, "glorot", (("by", 0.5),))
    layer = cr.nn.Dense.init(3, 2, row, rng=0, dtype="float64")
    assert layer.activation is row and layer.activation.saturates
    np.testing.assert_allclose(row(X), np.tanh(X / 2))


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ("sigmoyd", ValueError, "unknown activation 'sigmoyd'; did you mean 'sigmoid'"),
        ("preluu", ValueError, "did you mean 'prelu'"),
        ("elu(alfa=1)", ValueError, "unknown setting of activation elu: 'alfa'; .* 'alpha'"),
        ("elu(alpha=big)", ValueError, "elu: alpha is 'big'; expected a finite number"),
        ("elu(alpha=1e999)", ValueError, "elu: alpha is inf; expected a finite number"),
        ("step(at_zero=True)", ValueError, "step: at_zero is True; expected a finite number"),
        ("softmax(axis=0)", ValueError, r"unknown setting .* 'axis' \(there are: none\)"),
        ("relu(0.1)", ValueError, "expected a name, or a name with settings"),
        ("", ValueError, "expected a name, or a name with settings"),
        ("prelu", ValueError, "it learns one slope a unit; name it where a layer is made"),
        ("prelu(slope=1)", ValueError, "unknown setting of activation prelu: 'slope'"),
        (None, TypeError, "activation: None is neither a name nor a function"),
    ],
)
def test_bad_choice_is_named(chosen, error, message):
    with pytest.raises(error, match=message):
        activation(chosen)

"""Layers, activations, initial weights, networks."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import ACTIVATIONS, BatchNorm, Dense, Dropout, PReLU, Sequential
from chainrule.tree import Array


def test_mlp_as_in_the_readme():
    net = cr.nn.mlp([64, 100, 10], activation="relu", rng=0)
    assert [tuple(leaf.shape) for leaf in cr.tree.leaves(net)] == [
        (64, 100), (100,), (100, 10), (10,),
    ]  # fmt: skip
    assert net(np.ones((3, 64))).shape == (3, 10)
    assert cr.nn.parameter_count(net) == 7510
    assert (
        repr(net) == "Sequential, 7510 parameters\n  Dense[64,100] relu\n  Dense[100,10] identity"
    )


def test_same_seed_gives_the_same_weights():
    for a, b in zip(*(cr.tree.leaves(cr.nn.mlp([3, 4, 2], rng=7)) for _ in range(2)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_layers_of_one_network_are_not_equal():
    net = cr.nn.mlp([4, 4, 4], rng=0)
    assert np.any(net.layers[0].weight != net.layers[1].weight)


def test_network_computes_what_its_formula_says():
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = (
        rng.normal(size=(3, 4)),
        rng.normal(size=4),
        rng.normal(size=(4, 2)),
        np.ones(2),
    )
    net = Sequential([Dense(w1, b1, ACTIVATIONS["tanh"]), Dense(w2, b2)])
    x = rng.normal(size=(5, 3))
    np.testing.assert_allclose(net(x), np.tanh(x @ w1 + b1) @ w2 + b2, rtol=1e-12)


def test_one_sample_gives_one_row():
    net = cr.nn.mlp([3, 4, 2], rng=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(net(x[2]), net(x)[2], rtol=1e-12)


def test_input_is_taken_in_the_dtype_of_the_weights():
    net = cr.nn.mlp([3, 2], rng=0)
    assert net(np.ones((1, 3))).dtype == "float32"
    assert net(np.ones((1, 3), int)).dtype == "float32"


def test_network_can_be_traced_with_any_number_of_rows():
    net = cr.nn.mlp([3, 4, 2], rng=0)
    graph = cr.trace(net, cr.ArrayType((cr.BATCH, 3), "float32"))
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("f4")
    np.testing.assert_allclose(graph(x), net(x), rtol=1e-6)


def test_any_function_of_arrays_is_a_layer():
    """A residual block is plain composition."""

    @dataclass(frozen=True)
    class Residual:
        inner: Dense
        scale: Array

        def __call__(self, x):
            return x + self.scale * self.inner(x)

    block = Residual(Dense.init(3, 3, "tanh", rng=0, dtype="float64"), np.array(0.5))
    net = Sequential([block, cr.tanh, Dense.init(3, 1, rng=1, dtype="float64")])
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert cr.check_derivatives(lambda net, x: cr.sum(net(x)), net, x).max_error < 1e-7


def test_plain_function_is_a_layer_without_parameters():
    net = Sequential([Dense.init(3, 2, rng=0), lambda x: x * 2])
    assert cr.nn.parameter_count(net) == 8
    np.testing.assert_array_equal(net(np.ones((1, 3))), 2 * net.layers[0](np.ones((1, 3))))


@pytest.mark.parametrize("name", [*ACTIVATIONS, "prelu"])
def test_every_activation_can_be_trained_through(name):
    net = cr.nn.mlp([3, 5, 2], name, rng=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert cr.check_derivatives(lambda net: cr.sum(net(x) ** 2), net).max_error < 1e-6


# ---- layers --------------------------------------------------------------------------------------


def test_layer_without_bias_is_a_product():
    layer = Dense.init(3, 2, rng=0, dtype="float64", bias=False)
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert layer.bias is None and cr.nn.parameter_count(layer) == 6
    np.testing.assert_array_equal(layer(x), x @ layer.weight)


def test_layer_without_bias_packs_and_learns_as_any_other():
    net = cr.nn.mlp([3, 4, 2], "tanh", rng=0, dtype="float64", bias=False)
    vector, packing = cr.tree.pack(net)
    assert vector.shape == (20,) and packing.unpack(vector).layers[1].bias is None
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert cr.check_derivatives(lambda net: net(x), net).max_error < 1e-6


def test_biases_start_from_the_number_that_is_given():  # IN-04
    net = cr.nn.mlp([3, 4, 2], rng=0, bias=0.1)
    assert all(np.all(layer.bias == np.float32(0.1)) for layer in net.layers)


@pytest.mark.parametrize("bias", [True, 0])
def test_biases_start_from_0(bias):
    assert Dense.init(3, 2, rng=0, bias=bias).bias.tolist() == [0, 0]


def test_layer_of_given_weights_is_exactly_that():  # IN-09
    weight, bias = np.array([[0.15, 0.25], [0.20, 0.30]]), np.array([0.35, 0.35])
    layer = Dense(weight, bias, ACTIVATIONS["sigmoid"])
    layer.check()
    np.testing.assert_allclose(layer(np.array([0.05, 0.1])), [0.5932699921, 0.5968843783])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_prelu_is_one_slope_a_unit_in_every_hidden_layer(dtype):  # K. He et al., 2015
    net = cr.nn.mlp([3, 5, 4, 2], "prelu", rng=0, dtype=dtype)
    slopes = [layer.activation.slope for layer in net.layers[:2]]
    assert [slope.tolist() for slope in slopes] == [[0.25] * 5, [0.25] * 4]
    assert slopes[0].dtype == dtype
    assert cr.nn.parameter_count(net) == 3 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2 + 5 + 4


def test_slopes_of_prelu_have_a_gradient():
    net = cr.nn.mlp([3, 5, 2], "prelu", rng=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(6, 3))
    assert cr.check_derivatives(lambda net: net(x), net).max_error < 1e-6
    assert cr.grad(lambda net: cr.sum(net(x)))(net).layers[0].activation.slope.any()


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (Dense(np.ones((3, 2)), np.ones(3)), ValueError, r"weight \[3,2\] and bias \[3\] do not"),
        (Dense(np.ones(3), None), ValueError, r"weight \[3\] and bias \[\] do not fit"),
        (Dense(np.ones((3, 2)), None, "relu"), TypeError, "the activation is 'relu'"),
        (
            Dense(np.ones((3, 2)), None, PReLU.init(3)),
            ValueError,
            r"weight \[3,2\] and the slopes of prelu \[3\] do not fit",
        ),
        (PReLU(np.ones((2, 2))), ValueError, r"PReLU: slope \[2,2\]; expected \[units\]"),
    ],
)
def test_fields_that_make_no_layer_are_named(layer, error, message):
    with pytest.raises(error, match=message):
        layer.check()


# ---- mlp -----------------------------------------------------------------------------------------


def test_each_hidden_layer_may_have_its_own_activation():  # AC-18
    net = cr.nn.mlp([3, 4, 5, 2], ["tanh", "elu(alpha=0.5)"], output="sigmoid", rng=0)
    assert [str(layer.activation) for layer in net.layers] == ["tanh", "elu(alpha=0.5)", "sigmoid"]


def test_normalised_network_has_layers_in_the_order_of_the_literature():  # BN-03
    net = cr.nn.mlp([3, 4, 2], "relu", rng=0, batch_norm=True, dropout=0.5)
    kinds = [type(layer).__name__ for layer in net.layers]
    assert kinds == ["Dense", "BatchNorm", "Activation", "Dropout", "Dense"]
    assert net.layers[0].bias is None and net.layers[4].bias is not None


def test_dropout_follows_each_hidden_activation():
    net = cr.nn.mlp([3, 4, 4, 2], rng=0, dropout=0.5)
    kinds = [type(layer).__name__ for layer in net.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]


@pytest.mark.parametrize("settings", [{"dropout": 0.5}, {"batch_norm": True}])
def test_weights_of_a_seed_are_the_same_with_training_layers(settings):
    plain = cr.nn.mlp([3, 4, 2], rng=7)
    other = cr.nn.mlp([3, 4, 2], rng=7, **settings)
    np.testing.assert_array_equal(plain.layers[0].weight, other.layers[0].weight)
    np.testing.assert_array_equal(plain.layers[-1].weight, other.layers[-1].weight)


def test_running_statistics_are_no_parameters():
    net = cr.nn.mlp([3, 4, 2], rng=0, batch_norm=True)
    assert cr.nn.parameter_count(net) == 3 * 4 + 2 * 4 + 4 * 2 + 2


@pytest.mark.parametrize("name", ["relu", "prelu", "leaky_relu(slope=0.2)"])
def test_network_says_what_it_is_made_of(name):
    net = cr.nn.mlp([3, 4, 2], name, rng=0, batch_norm=True, dropout=0.5)
    assert repr(net).splitlines()[1:] == [
        "  Dense[3,4] identity without bias",
        "  BatchNorm[4]",
        f"  {name}",
        "  Dropout(0.5)",
        "  Dense[4,2] identity",
    ]


def dense(fan_in, fan_out):
    return Dense.init(fan_in, fan_out, rng=0)


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ((dense(3, 4), dense(5, 2)), ValueError, r"Dense\[3,4\] .* before Dense\[5,2\] .*4 != 5"),
        (
            (dense(3, 4), ACTIVATIONS["relu"], Dropout(0.5), dense(5, 2)),
            ValueError,
            r"Dense\[3,4\] identity before Dense\[5,2\] identity: 4 != 5",
        ),
        ((dense(3, 4), BatchNorm.init(5)), ValueError, r"before BatchNorm\[5\]: 4 != 5"),
        ((BatchNorm.init(5), dense(4, 2)), ValueError, r"BatchNorm\[5\] before Dense\[4,2\]"),
        ((dense(3, 4), PReLU.init(5)), ValueError, "before prelu: 4 != 5"),
        ((dense(3, 4), 3), TypeError, "3 is no layer: it cannot be called"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers, error, message):
    with pytest.raises(error, match=message):
        Sequential(layers).check()


def test_layers_that_fit_pass():
    cr.nn.mlp([3, 4, 5, 2], "prelu", rng=0, batch_norm=True, dropout=0.5).check()


def test_function_of_ones_own_may_make_any_number_of_features():
    Sequential((dense(3, 4), lambda x: x[:, :2], dense(2, 1))).check()


# ---- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.nn.mlp([3, 2], activation="rely", rng=0), "did you mean 'relu'"),
        (lambda: cr.nn.mlp([3, 2], output="rely", rng=0), "did you mean 'relu'"),
        (lambda: cr.nn.mlp([3, 2], initializer="hee", rng=0), "did you mean 'he'"),
        (lambda: cr.nn.mlp([3, 4, 2], ["relu"] * 2, rng=0), "2 activations for 1 hidden layers"),
        (lambda: cr.nn.mlp([3, 4, 2], dropout=1, rng=0), r"rate is 1; expected .* \[0, 1\)"),
        (lambda: cr.nn.mlp([3, 2], bias=np.nan, rng=0), "a parameter is nan; expected a finite"),
        (lambda: cr.nn.mlp([3, 4, 2], PReLU.init(3), rng=0), "slopes of prelu .* do not fit"),
        (lambda: cr.nn.Scale(np.inf), "factor is inf; expected a finite number"),
        (lambda: cr.nn.mlp([3], rng=0), r"sizes \[3\]; expected at least inputs and outputs"),
        (lambda: cr.nn.mlp([3, 0, 2], rng=0), "a size is 0; expected a whole number from 1"),
        (lambda: cr.nn.mlp([3, 2.5], rng=0), "a size is 2.5; expected a whole number from 1"),
        (lambda: cr.nn.mlp([3, 2], rng=0, dtype="int64"), "expected float32 or float64"),
        (lambda: cr.nn.mlp([3, 2], rng=0)(np.ones((5, 4))), r"x has shape \[5,4\], .* 3 features"),
        (
            lambda: cr.nn.mlp([3, 2], rng=0)(1.0),
            r"x has shape \[\], but the layer takes 3 features",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Layers, activations, initial weights, networks."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import ACTIVATIONS, INITIALIZERS, Dense
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
    net = cr.nn.Sequential([Dense(w1, b1, ACTIVATIONS["tanh"]), Dense(w2, b2)])
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
    net = cr.nn.Sequential([block, cr.tanh, Dense.init(3, 1, rng=1, dtype="float64")])
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert cr.check_derivatives(lambda net, x: cr.sum(net(x)), net, x).max_error < 1e-7


def test_plain_function_is_a_layer_without_parameters():
    net = cr.nn.Sequential([Dense.init(3, 2, rng=0), lambda x: x * 2])
    assert cr.nn.parameter_count(net) == 8
    np.testing.assert_array_equal(net(np.ones((1, 3))), 2 * net.layers[0](np.ones((1, 3))))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_trained_through(name):
    net = cr.nn.mlp([3, 5, 2], name, rng=0, dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert cr.check_derivatives(lambda net: cr.sum(net(x) ** 2), net).max_error < 1e-6


@pytest.mark.parametrize(("name", "std"), [("he", (2 / 200) ** 0.5), ("glorot", (2 / 500) ** 0.5),
                                           ("normal", 1.0), ("zeros", 0.0)])  # fmt: skip
def test_initialiser_has_the_moments_it_claims(name, std):
    weight = INITIALIZERS[name](np.random.default_rng(0), 200, 300)
    assert weight.shape == (200, 300) and abs(weight.mean()) < 0.01 + std / 50
    np.testing.assert_allclose(weight.std(), std, rtol=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.nn.mlp([3, 2], activation="rely", rng=0), "did you mean 'relu'"),
        (lambda: cr.nn.mlp([3, 2], output="rely", rng=0), "did you mean 'relu'"),
        (lambda: cr.nn.mlp([3, 2], initializer="hee", rng=0), "did you mean 'he'"),
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

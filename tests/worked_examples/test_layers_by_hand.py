"""W11, W12, W47, W49: what layers are, and what they are not without activations or chance."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Dense, Sequential


# ---- W11 and W12: without a non-linearity layers collapse ---------------------------------------

HIDDEN = Dense(np.array([[0.5, -1], [1.5, 2]]).T, np.array([0.1, -0.2]))
OUTPUT = Dense(np.array([[2.0], [-1]]), np.array([0.3]))
POINT = np.array([1.0, 2])


def test_w11_two_layers():
    np.testing.assert_allclose(Sequential((HIDDEN, OUTPUT))(POINT), [-7.8], rtol=1e-14)


def test_w11_one_layer_in_their_place():
    one = Dense(HIDDEN.weight @ OUTPUT.weight, HIDDEN.bias @ OUTPUT.weight + OUTPUT.bias)
    np.testing.assert_allclose(one.weight[:, 0], [-0.5, -4], rtol=1e-14)
    np.testing.assert_allclose(one.bias, [0.7], rtol=1e-14)
    np.testing.assert_allclose(one(POINT), [-7.8], rtol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_w12_deep_linear_network_is_one_product(seed):
    deep = cr.nn.mlp([2, 3, 4, 1], "identity", rng=seed, dtype="float64", bias=False)
    product = np.linalg.multi_dot([layer.weight for layer in deep.layers])
    x = np.random.default_rng(seed).normal(size=(5, 2))
    np.testing.assert_allclose(deep(x), x @ product, atol=1e-12)


# ---- W47: shapes of 2-3-2-1 ---------------------------------------------------------------------


def test_w47_shapes_and_parameters():
    net = cr.nn.mlp([2, 3, 2, 1], rng=0)
    assert [layer.weight.shape for layer in net.layers] == [(2, 3), (3, 2), (2, 1)]
    assert [layer.bias.shape for layer in net.layers] == [(3,), (2,), (1,)]
    assert sum(layer.weight.size for layer in net.layers) == 14
    assert sum(layer.bias.size for layer in net.layers) == 6
    assert cr.nn.parameter_count(net) == 20


# ---- W49: from zeros a hidden layer learns nothing ----------------------------------------------

BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
OR_AND_NAND = np.array([[0.0, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 0]])


def w49_gradient(network):
    """Of the mean binary cross-entropy, from the logits."""

    def objective(network):
        logits = network(BITS)
        return cr.mean(cr.softplus(logits) - OR_AND_NAND * logits)

    return cr.grad(objective)(network)


def w49_network(initializer):
    return cr.nn.mlp([2, 4, 3], "sigmoid", rng=0, initializer=initializer, dtype="float64")


def test_w49_gradient_of_zeros():
    hidden, output = w49_gradient(w49_network("zeros")).layers
    np.testing.assert_array_equal(hidden.weight, np.zeros((2, 4)))
    row = (-0.0416666667, 0.0416666667, -0.0416666667)
    np.testing.assert_allclose(output.weight, [row] * 4, atol=5e-11)


def test_w49_symmetry_never_breaks():
    network = w49_network("zeros")
    for _ in range(20):
        network = cr.tree.map(lambda w, g: w - 0.5 * g, network, w49_gradient(network))
    hidden, output = network.layers
    assert np.ptp(hidden.weight, axis=1).max() == np.ptp(output.weight, axis=0).max() == 0
    assert hidden.weight.any()


def test_w49_random_weights_break_it():
    hidden, _ = w49_gradient(w49_network("glorot")).layers
    assert np.ptp(hidden.weight, axis=1).min() > 1e-3

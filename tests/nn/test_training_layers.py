"""Dropout and batch normalisation: in use, in training, and inside any network."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import BatchNorm, Dense, Dropout, Sequential
from chainrule.nn.training import forward, statistics
from chainrule.tree import Array


rng = np.random.default_rng(0)
X = rng.normal(3, 2, (8, 5))
KEY = cr.key(0)


def norm(features=5, **settings):
    return BatchNorm.init(features, dtype="float64", **settings)


def drawn_norm():
    scale, shift, mean, variance = (rng.uniform(0.5, 2, 5) for _ in range(4))
    return BatchNorm(scale, shift, mean, variance)


# ---- dropout -------------------------------------------------------------------------------------


def test_dropout_in_use_does_nothing():
    assert Dropout(0.5)(X) is X


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_scales_what_it_keeps(rate, dtype):  # A14
    output, _ = Dropout(rate).train(np.ones((50, 40), dtype), KEY)
    assert output.dtype == dtype
    kept = output[output != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_the_share_that_is_asked_for(rate):
    """Within 4 standard deviations of the binomial distribution."""
    output, _ = Dropout(rate).train(np.ones((1000, 100)), KEY)
    assert abs(np.mean(output == 0) - rate) < 4 * (rate * (1 - rate) / output.size) ** 0.5


def test_dropout_keeps_exactly_where_the_uniform_number_reaches_the_rate():
    output, _ = Dropout(0.3).train(np.ones((20, 10)), KEY)
    np.testing.assert_array_equal(output != 0, cr.uniform(KEY, (20, 10)) >= 0.3)


def test_dropout_keeps_the_mean():
    """Each output is 0 or 2 with equal chance: 10,000 of them, within 4 standard deviations."""
    output, _ = Dropout(0.5).train(np.ones((10_000, 3)), KEY)
    np.testing.assert_allclose(output.mean(axis=0), 1, atol=0.04)


def test_dropout_at_rate_0_does_nothing_in_training():
    assert Dropout(0).train(X, KEY)[0] is X


def test_dropout_passes_gradients_only_through_what_it_kept():
    dropped, _ = Dropout(0.5).train(X, KEY)
    gradient = cr.grad(lambda x: cr.sum(Dropout(0.5).train(x, KEY)[0]))(X)
    np.testing.assert_array_equal(gradient, np.where(dropped != 0, 2, 0))


def test_each_dropout_layer_step_and_call_draws_anew():
    twice = Sequential((Dropout(0.5), Dropout(0.5)))
    ones = np.ones((1, 10_000))
    by_two, _ = forward(twice, ones, KEY)
    assert 0.2 < np.mean(by_two != 0) < 0.3  # the same mask twice would keep half
    assert np.any(by_two != forward(twice, ones, cr.key(1))[0])


@pytest.mark.parametrize("rate", [1, 1.5, -0.1, np.nan, "0.5", True])
def test_rate_that_is_no_share_is_named(rate):
    with pytest.raises(ValueError, match=r"Dropout: rate is .*; expected a number in \[0, 1\)"):
        Dropout(rate)


# ---- batch normalisation -------------------------------------------------------------------------


def test_batch_norm_makes_mean_0_and_variance_1():
    output, _ = norm(epsilon=1e-300).train(X, KEY)
    np.testing.assert_allclose(output.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(output.var(axis=0), 1, rtol=1e-12)


def test_batch_norm_scales_and_shifts():
    layer = drawn_norm()
    plain, _ = norm().train(X, KEY)
    output, _ = layer.train(X, KEY)
    np.testing.assert_allclose(output, plain * layer.scale + layer.shift, rtol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99])
def test_running_statistics_move_towards_those_of_the_batch(momentum):  # A9
    layer = norm(momentum=momentum)
    _, after = layer.train(X, KEY)
    np.testing.assert_allclose(after.mean, (1 - momentum) * X.mean(axis=0), rtol=1e-12)
    want = momentum + (1 - momentum) * X.var(axis=0)
    np.testing.assert_allclose(after.variance, want, rtol=1e-12)
    assert after.scale is layer.scale and after.momentum == momentum


def test_after_many_batches_use_is_what_training_was():
    layer = norm()
    for _ in range(300):
        output, layer = layer.train(X, KEY)
    np.testing.assert_allclose(layer(X), output, rtol=1e-9)


def test_batch_norm_in_use_does_not_depend_on_the_batch():
    layer = drawn_norm()
    np.testing.assert_array_equal(layer(X)[2:3], layer(X[2:3]))
    np.testing.assert_array_equal(layer(X)[2], layer(X[2]))


def test_batch_of_one_row_gives_the_shift():
    layer = drawn_norm()
    output, after = layer.train(X[:1], KEY)
    np.testing.assert_array_equal(output, layer.shift[None])
    np.testing.assert_allclose(after.variance, 0.9 * layer.variance, rtol=1e-14)
    _, pull = cr.vjp(lambda x: layer.train(x, KEY)[0], X[:1])
    np.testing.assert_array_equal(pull(np.ones((1, 5)))[0], np.zeros((1, 5)))


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_batch_norm_in_training(order):  # BN-04
    def function(layer, x):
        return cr.sum(cr.tanh(layer.train(x, KEY)[0]))

    assert cr.check_derivatives(function, drawn_norm(), X, order=order).max_error < 1e-6


def test_derivatives_of_batch_norm_in_use():
    assert cr.check_derivatives(lambda layer, x: layer(x), drawn_norm(), X).max_error < 1e-6


def test_batch_norm_takes_its_input_in_its_own_dtype():
    output, after = BatchNorm.init(5).train(X, KEY)
    assert output.dtype == after.mean.dtype == "float32"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: norm()(X[:, :4]), r"x has shape \[8,4\], but the layer takes 5 features"),
        (lambda: norm().train(X[:, :4], KEY), r"x has shape \[8,4\], but the layer takes 5"),
        (lambda: norm().train(X[0], KEY), r"x has shape \[5\]; expected \[batch,features\]"),
        (lambda: norm(momentum=1), r"momentum is 1; expected a number in \[0, 1\)"),
        (lambda: norm(epsilon=0), "epsilon is 0; expected a positive number"),
        (lambda: norm(0), "BatchNorm: a size is 0"),
        (lambda: BatchNorm.init(3, dtype="int64"), "expected float32 or float64"),
        (lambda: BatchNorm(X[0], X[0], X[0], X[0, :4]).check(), r"\[5\], \[4\] do not fit"),
    ],
)
def test_bad_batch_norm_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- inside networks -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Residual:
    """x + gate · dense(drop(relu(norm(x)))): a graph that is no chain."""

    norm: BatchNorm
    drop: Dropout
    dense: Dense
    gate: Array

    def __call__(self, x):
        return x + self.gate * self.dense(self.drop(cr.relu(self.norm(x))))


def residual_network(rate=0.5):
    block = Residual(norm(), Dropout(rate), Dense.init(5, 5, rng=1, dtype="float64"), np.array(0.7))
    return Sequential((Dense.init(5, 5, "tanh", rng=0, dtype="float64"), block))


def test_residual_block_in_training_is_what_its_formula_says():
    net = residual_network()
    output, after = forward(net, X, KEY)
    first, block = net.layers
    h = first(X)
    normalised, moved = block.norm.train(h, KEY)
    key = cr.fold_in(cr.fold_in(KEY, 3), 0)  # of the part of number 3, in its first call
    dropped, _ = block.drop.train(cr.relu(normalised), key)
    np.testing.assert_allclose(output, h + 0.7 * block.dense(dropped), rtol=1e-12)
    np.testing.assert_allclose(after.layers[1].norm.mean, moved.mean, rtol=1e-12)


def test_residual_block_in_use_is_deterministic():
    net = residual_network()
    np.testing.assert_array_equal(net(X), residual_network(0.1)(X))


def test_training_changes_nothing_but_the_statistics():
    net = residual_network()
    _, after = forward(net, X, KEY)
    paths = cr.tree.paths(net)
    pairs = zip(paths, cr.tree.leaves(net), cr.tree.leaves(after), strict=True)
    changed = {path for path, a, b in pairs if np.any(a != b)}
    assert changed == statistics(net) == {"layers[1].norm.mean", "layers[1].norm.variance"}


def test_training_of_any_number_of_rows_is_one_graph():
    net = residual_network()
    graph = cr.trace(forward, net, cr.ArrayType((cr.BATCH, 5)), KEY)
    for rows in (8, 3, 1):
        output, after = graph(net, X[:rows], KEY)
        want, wanted = forward(net, X[:rows], KEY)
        np.testing.assert_allclose(output, want, rtol=1e-12)
        np.testing.assert_allclose(after.layers[1].norm.mean, wanted.layers[1].norm.mean)


def test_derivatives_of_a_residual_network_in_training():
    report = cr.check_derivatives(lambda net, x: forward(net, x, KEY)[0], residual_network(), X)
    assert report.max_error < 1e-5


def test_mlp_with_both_learns_xor():
    """Plain descent on the whole objective, statistics carried along."""
    bits = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    x, target = np.tile(bits, (8, 1)), np.tile([[0.0], [1], [1], [0]], (8, 1))
    net = cr.nn.mlp([2, 16, 1], rng=0, dtype="float64", batch_norm=True, dropout=0.1)

    def step(net, key):
        def objective(net):
            logits, after = forward(net, x, key)
            return cr.mean(cr.softplus(logits) - target * logits), after

        gradient, after = cr.grad(objective, has_aux=True)(net)
        return cr.tree.map(lambda w, g: w - 0.5 * g, after, gradient)

    graph = cr.trace(step, net, KEY)
    for number in range(150):
        net = graph(net, cr.fold_in(KEY, number))
    assert ((net(bits) > 0) == target[:4]).all()


# ---- drawn ---------------------------------------------------------------------------------------


def texts(drawing):
    return [text for text in drawing.svg.replace("<", ">").split(">") if text.strip()]


@pytest.mark.parametrize("settings", [{"batch_norm": True}, {"bias": False}, {"dropout": 0.5}])
@pytest.mark.parametrize("activation", ["relu", "prelu", "elu(alpha=0.5)"])
def test_drawing_shows_the_output_of_the_network_in_use(activation, settings):
    net = cr.nn.mlp([2, 3, 1], activation, rng=0, dtype="float64", **settings)
    sample = np.array([0.5, -1.5])
    shown = texts(cr.draw.network(net, values=sample, digits=6))
    assert f"{net(sample)[0]:.6g}".replace("-", "−") in shown

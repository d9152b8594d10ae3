"""Layers of the networks for tables: what they compute, in NumPy and in machine code."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import (
    ACTIVATIONS,
    Embedding,
    Ensemble,
    FadingDropout,
    Gain,
    Heads,
    Members,
    NtpDense,
    ParametricActivation,
    PeriodicEmbedding,
    Sequential,
    cross_entropy,
    quantile,
    squared_error,
    summary,
)
from chainrule.nn.ensembles import each_member
from chainrule.nn.training import forward
from chainrule.nn.training_layers import flat_cosine
from chainrule.testing import check_compiled, check_derivatives


rng = np.random.default_rng(0)
X = rng.normal(size=(7, 4)).astype(np.float32)
CODES = np.array([[0, 2], [3, 1], [1, 1]], np.float32)
KEY = cr.key(0)


def shared(outputs=2, average="logits"):
    """TabM-mini of three members."""
    return Sequential(
        (
            Members.init(3, [1, 3], rng=0),
            NtpDense.init(4, 5, rng=1),
            ACTIVATIONS["tanh"],
            Heads.init(3, 5, outputs, average, rng=2),
        )
    )


LAYERS = {
    "NtpDense": NtpDense.init(4, 3, rng=0),
    "Gain": Gain(rng.normal(size=4).astype(np.float32)),
    "ParametricActivation": ParametricActivation(
        rng.uniform(0, 1, 4).astype(np.float32), ACTIVATIONS["mish"]
    ),
    "PeriodicEmbedding": PeriodicEmbedding.init(4, 5, 3, rng=0, sigma=1.0),
    "Heads": shared(),
    "Heads of numbers": shared(1, "numbers"),
    "Ensemble": Ensemble((NtpDense.init(4, 3, rng=0), NtpDense.init(4, 3, rng=1)), "logits"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_compiled_is_evaluated(name):
    check_compiled(lambda layer, x: layer(x), LAYERS[name], X)


@pytest.mark.parametrize("name", LAYERS)
def test_derivatives(name):
    check_derivatives(lambda layer, x: layer(x), LAYERS[name], X)


@pytest.mark.parametrize("name", LAYERS)
def test_a_single_sample_is_a_row_of_a_batch(name):
    np.testing.assert_allclose(LAYERS[name](X[2]), LAYERS[name](X)[2], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_saved_and_loaded_it_computes_the_same_bits(name, tmp_path):
    cr.save(LAYERS[name], tmp_path / "m.cr", x=X)
    np.testing.assert_array_equal(cr.load(tmp_path / "m.cr")(X), LAYERS[name](X))


@pytest.mark.parametrize("name", ["Gain", "NtpDense", "ParametricActivation", "PeriodicEmbedding"])
def test_another_number_of_columns_is_refused(name):
    with pytest.raises(ValueError, match=rf"{name}: x has shape \[7,3\], .* takes 4 features"):
        LAYERS[name](X[:, :3])


# ---- one by one ----------------------------------------------------------------------------------


def test_ntp_divides_sums_by_the_root_of_their_length():
    layer = LAYERS["NtpDense"]
    np.testing.assert_allclose(layer(X), X @ layer.weight / 2 + layer.bias, rtol=1e-5)


def test_ntp_weights_have_variance_1_whatever_the_width():
    layer = NtpDense.init(100, 400, rng=0)
    assert abs(np.std(layer.weight) - 1) < 0.02
    assert abs(np.std(layer.bias) - 1) < 0.15
    assert not np.any(NtpDense.zeros(4, 2)(X))


def test_a_share_of_0_is_the_identity_and_of_1_the_activation():
    share = np.array([0, 1, 0, 1], np.float32)
    found = ParametricActivation(share, ACTIVATIONS["selu"])(X)
    np.testing.assert_allclose(found[:, ::2], X[:, ::2])
    np.testing.assert_allclose(found[:, 1::2], ACTIVATIONS["selu"](X)[:, 1::2], rtol=1e-6)


def test_a_periodic_embedding_is_each_number_and_sums_of_waves_of_it():
    layer = LAYERS["PeriodicEmbedding"]
    waves = np.cos(2 * np.pi * X[:, :, None] * layer.frequency + layer.phase)
    sums = np.einsum("bfw,fwo->bfo", waves, layer.weight) + layer.bias
    found = layer(X)
    np.testing.assert_array_equal(found[:, :4], X)
    np.testing.assert_allclose(found[:, 4:].reshape(7, 3, 4), sums.transpose(0, 2, 1), atol=2e-6)
    assert layer.features == (4, 16)


def test_an_embedding_is_the_row_of_a_table():
    layer = Embedding.init(4, 3, rng=0, column=0)
    np.testing.assert_array_equal(layer(CODES), layer.table[[0, 3, 1]])
    np.testing.assert_array_equal(Embedding(layer.table)(np.array([2, 2])), layer.table[[2, 2]])
    check_compiled(lambda layer, x: layer(x), layer, CODES)
    check_derivatives(lambda layer: layer(CODES), layer)


def test_a_code_without_a_row_is_refused():
    with pytest.raises(IndexError):
        Embedding.init(3, 2, rng=0, column=0)(CODES)


def test_columns_of_one_chunk_have_one_sign():
    factor = Members.init(50, [1, 3], rng=0).factor
    assert set(np.unique(factor)) == {-1, 1}
    np.testing.assert_array_equal(factor[:, 1:2] * np.ones(3), factor[:, 1:])
    assert np.any(factor[:, 0] != factor[:, 1])


def each_of(network, x):
    """What each member says, one network after the other."""
    members, dense, act, heads = network.layers
    found = [
        act(dense(x * factor)) @ weight + bias
        for factor, weight, bias in zip(members.factor, heads.weight, heads.bias, strict=True)
    ]
    return np.stack(found, axis=1)


def test_heads_in_use_average_probabilities_or_numbers():
    each = each_of(shared(), X)
    wanted = cr.softmax(each).mean(axis=1)
    np.testing.assert_allclose(np.exp(shared()(X)), wanted, rtol=1e-5)
    numbers = shared(1, "numbers")
    np.testing.assert_allclose(numbers(X), each_of(numbers, X).mean(axis=1), rtol=1e-4, atol=1e-6)


def test_heads_in_training_give_what_each_member_says():
    found, _ = forward(shared(), X, KEY)
    np.testing.assert_allclose(found, each_of(shared(), X), rtol=1e-4, atol=1e-6)
    check_compiled(lambda network, x: forward(network, x, KEY)[0], shared(), X)


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (cross_entropy, np.array([0, 1, 1, 0, 1, 0, 0])),
        (squared_error, rng.normal(size=(7, 2)).astype(np.float32)),
        (
            lambda z, y: quantile(z, y, level=(0.1, 0.9)),
            rng.normal(size=(7, 1)).astype(np.float32),
        ),
    ],
)
def test_the_loss_in_training_is_the_mean_of_the_losses_of_the_members(loss, target):
    each = each_of(shared(), X)
    wanted = np.mean([loss(each[:, member], target) for member in range(3)], axis=0)
    np.testing.assert_allclose(each_member(loss)(each, target), wanted, rtol=1e-5)
    np.testing.assert_array_equal(each_member(loss)(each[:, 0], target), loss(each[:, 0], target))


def test_an_ensemble_averages_probabilities():
    first, second = LAYERS["Ensemble"].members
    wanted = (cr.softmax(first(X)) + cr.softmax(second(X))) / 2
    np.testing.assert_allclose(np.exp(LAYERS["Ensemble"](X)), wanted, rtol=1e-5)
    numbers = Ensemble((first, second), "numbers")
    np.testing.assert_allclose(numbers(X), (first(X) + second(X)) / 2, rtol=1e-5)


# ---- dropout that fades --------------------------------------------------------------------------


def test_flat_cosine_is_1_for_half_of_the_run_then_falls_to_0():
    found = flat_cosine(np.array([0, 0.3, 0.5, 0.75, 1]))
    np.testing.assert_allclose(found, [1, 1, 1, 0.5, 0], atol=1e-15)


@pytest.mark.parametrize(("step", "rate"), [(0, 0.4), (50, 0.4), (75, 0.2), (100, 0)])
def test_the_rate_of_fading_dropout_follows_the_step(step, rate):
    layer = FadingDropout(0.4, 100, np.array(step, np.float32))
    found, after = layer.train(np.ones((100, 100), np.float32), KEY)
    assert after.step == step + 1
    assert abs(np.mean(found == 0) - rate) < 0.02
    np.testing.assert_allclose(found[found > 0], 1 / (1 - rate), rtol=1e-5)


def test_training_moves_the_step_and_use_drops_nothing():
    network = Sequential((Gain.init(4), FadingDropout.init(0.4, 100), NtpDense.init(4, 1, rng=0)))
    y = X[:, :1]
    result = cr.train.fit(network, X, y, loss="squared_error", epochs=3, batch_size=2)
    assert result.network.layers[1].step == 12
    np.testing.assert_array_equal(network.layers[1](X), X)
    assert summary(network).statistics == 1


# ---- refusals ------------------------------------------------------------------------------------

ZEROS = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: NtpDense.init(0, 3, rng=0), "NtpDense"),
        (lambda: NtpDense(ZEROS, ZEROS).check(), "do not fit"),
        (lambda: Gain(ZEROS).check(), "one number a feature"),
        (lambda: ParametricActivation.init(3, "nothing"), "unknown activation"),
        (lambda: PeriodicEmbedding.init(2, 0, rng=0), "whole number from 1"),
        (lambda: PeriodicEmbedding(ZEROS, ZEROS, ZEROS, ZEROS).check(), "do not fit"),
        (lambda: Embedding(ZEROS[0]).check(), r"expected \[codes,size\]"),
        (lambda: Members(ZEROS[0]).check(), r"expected \[members,features\]"),
        (lambda: Heads(ZEROS, ZEROS, "logits").check(), "do not fit"),
        (lambda: Heads(ZEROS, ZEROS, "votes"), "average 'votes'"),
        (lambda: Ensemble((), "logits"), "no members"),
        (lambda: FadingDropout.init(1.0, 10), "rate"),
        (lambda: FadingDropout.init(0.1, 0), "whole number from 1"),
    ],
)
def test_what_does_not_fit_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_an_activation_that_learns_itself_has_no_share():
    with pytest.raises(TypeError, match="learnt numbers of its own"):
        ParametricActivation.init(3, "prelu")

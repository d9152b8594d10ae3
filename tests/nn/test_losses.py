"""Losses against their definitions, their gradients, and what they refuse."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import LOSSES, cross_entropy, squared_error


rng = np.random.default_rng(0)
LOGITS, LABELS = rng.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
SOFT = rng.dirichlet(np.ones(4), size=6)
TARGETS = {"cross_entropy": SOFT, "squared_error": LOGITS[::-1], "half_squared_error": LOGITS[::-1]}


def test_cross_entropy_is_minus_the_log_of_the_probability():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    want = -np.log(p[np.arange(6), LABELS])
    np.testing.assert_allclose(cross_entropy(LOGITS, LABELS), want, rtol=1e-12)


def test_cross_entropy_weighs_by_the_probabilities_of_a_soft_target():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    want = -np.sum(SOFT * np.log(p), axis=1)
    np.testing.assert_allclose(cross_entropy(LOGITS, SOFT), want, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bool"])
def test_labels_and_one_hot_targets_give_the_same(dtype):
    one_hot = np.eye(4)[LABELS].astype(dtype)
    want = cross_entropy(LOGITS, LABELS)
    np.testing.assert_allclose(cross_entropy(LOGITS, one_hot), want, rtol=1e-12)


@pytest.mark.parametrize("target", [np.array([0, 0]), np.array([[1.0, 0.0]] * 2)], ids=["i", "f"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_is_exact_where_a_class_is_certain(dtype, target):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    np.testing.assert_array_equal(cross_entropy(logits, target), [0, 2e4])
    gradient = cr.grad(lambda z: cr.sum(cross_entropy(z, target)))(logits)
    np.testing.assert_array_equal(gradient, [[0, 0], [-1, 1]])


def test_gradient_of_cross_entropy_is_prediction_minus_target():
    gradient = cr.grad(lambda z: cr.sum(cross_entropy(z, SOFT)))(LOGITS)
    np.testing.assert_allclose(gradient, cr.softmax(LOGITS) - SOFT, atol=1e-14)


def test_squared_errors_sum_over_the_outputs():
    want = np.sum((LOGITS - SOFT) ** 2, axis=1)
    np.testing.assert_allclose(squared_error(LOGITS, SOFT), want, rtol=1e-13)
    np.testing.assert_allclose(cr.nn.half_squared_error(LOGITS, SOFT), want / 2, rtol=1e-13)


def test_one_output_takes_a_flat_target():
    """(batch, 1) - (batch,) would broadcast to (batch, batch)."""
    found = squared_error(LOGITS[:, :1], LOGITS[:, 1])
    np.testing.assert_allclose(found, (LOGITS[:, 0] - LOGITS[:, 1]) ** 2)


def test_flat_prediction_refuses_a_column_as_target():
    """The trap the other way round: (batch,) - (batch, 1) would broadcast too."""
    with pytest.raises(ValueError, match=r"prediction \[6\] and target \[6,1\] differ in shape"):
        squared_error(LOGITS[:, 0], LOGITS[:, :1])


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_and_shape(name):
    function, target = LOSSES[name].function, TARGETS[name]
    assert function(LOGITS, target).shape == (6,)
    assert cr.check_derivatives(lambda z: function(z, target), LOGITS, order=2).max_error < 1e-7


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32_even_with_a_float64_target(name):
    types = cr.ArrayType((cr.BATCH, 3), "float32"), cr.ArrayType((cr.BATCH, 3), "float64")
    assert cr.trace(LOSSES[name].function, *types).outputs[0].type.dtype == "float32"


def test_is_correct_counts_the_largest_score():
    assert cr.nn.is_correct(LOGITS, LOGITS.argmax(1)).tolist() == [1] * 6
    assert cr.nn.is_correct(LOGITS, SOFT).mean() == np.mean(LOGITS.argmax(1) == SOFT.argmax(1))


def test_function_of_the_table_is_its_row():
    assert cr.nn.loss(cross_entropy) is LOSSES["cross_entropy"]


def test_function_of_ones_own_is_a_loss():
    assert cr.nn.loss(cr.maximum).function is cr.maximum


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cross_entropy(LOGITS, LABELS[:5]), ValueError, r"labels of shape \[5\] for .*6,4"),
        (lambda: cross_entropy(LOGITS, SOFT[:, :3]), ValueError, r"\[6,4\] and target \[6,3\]"),
        (lambda: cross_entropy(LOGITS, LABELS * 1.0), ValueError, "labels are float64; convert"),
        (lambda: squared_error(LOGITS, LABELS), ValueError, r"\[6,4\] and target \[6\] differ"),
        (lambda: cr.nn.loss("crossentropy"), ValueError, "did you mean 'cross_entropy'"),
        (lambda: cr.nn.loss(3), TypeError, "3 is neither a name nor a function"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

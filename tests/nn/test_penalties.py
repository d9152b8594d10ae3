"""Penalties against their definitions, their gradients, and what they take."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import BatchNorm, Dense, Sequential, penalty


rng = np.random.default_rng(0)
NETWORK = Sequential(
    (
        Dense(rng.normal(size=(3, 2)), rng.normal(size=2)),
        BatchNorm(*rng.uniform(1, 2, (4, 2))),
        Dense(rng.normal(size=(2, 1)), rng.normal(size=1)),
    )
)
FIRST, NORM, LAST = NETWORK.layers
WEIGHTS = np.concatenate([FIRST.weight.ravel(), LAST.weight.ravel()])
LEARNT = np.concatenate([WEIGHTS, FIRST.bias, LAST.bias, NORM.scale, NORM.shift])

CASES = [
    ("l1(strength=0.3)", lambda w: 0.3 * np.sum(np.abs(w))),
    ("l2(strength=0.3)", lambda w: 0.3 * np.sum(w**2)),
    ("l2(strength=0.3, half=True)", lambda w: 0.15 * np.sum(w**2)),
    ("lp(strength=0.3, p=1.5)", lambda w: 0.3 * np.sum(np.abs(w) ** 1.5)),
    ("lp(strength=0.3, p=1)", lambda w: 0.3 * np.sum(np.abs(w))),
    ("elastic(strength=0.3)", lambda w: 0.15 * np.sum(np.abs(w)) + 0.075 * np.sum(w**2)),
    ("elastic(strength=0.3, ratio=1)", lambda w: 0.3 * np.sum(np.abs(w))),
]
each_case = pytest.mark.parametrize(("text", "definition"), CASES, ids=[text for text, _ in CASES])


@each_case
def test_penalty_takes_the_weights(text, definition):
    np.testing.assert_allclose(penalty(text)(NETWORK), definition(WEIGHTS), rtol=1e-12)


@each_case
def test_penalty_of_biases_takes_all_that_is_learnt_and_no_running_statistics(text, definition):
    found = penalty(text.replace(")", ", biases=True)"))(NETWORK)
    np.testing.assert_allclose(found, definition(LEARNT), rtol=1e-12)


@each_case
def test_gradient_agrees_with_differences(text, definition):
    vector, packing = cr.tree.pack(NETWORK)
    report = cr.check_derivatives(lambda v: penalty(text)(packing.unpack(v)), vector)
    assert report.max_error < 1e-7


@each_case
def test_gradient_at_0_is_0(text, definition):
    zero = Dense(np.zeros((2, 2)), np.zeros(2))
    gradient = cr.grad(penalty(text))(zero)
    np.testing.assert_array_equal(gradient.weight, np.zeros((2, 2)))


def test_function_of_ones_own_is_a_penalty():
    def largest(network):
        return cr.max(cr.abs(network.layers[0].weight))

    assert penalty(largest)(NETWORK) == np.max(np.abs(FIRST.weight))


def test_float32_stays_float32():
    network = cr.nn.mlp([2, 2], rng=0)
    for name in cr.nn.PENALTIES:
        assert penalty(name)(network).dtype == np.float32


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("l3", ValueError, "unknown penalty 'l3'; did you mean"),
        ("l2(weight=1)", ValueError, "unknown setting of penalty l2: 'weight'"),
        ("l2(strength=-1)", ValueError, "l2: strength -1; expected 0 or more"),
        ("lp(p=0.5)", ValueError, "lp: p 0.5; expected a number from 1"),
        ("elastic(ratio=2)", ValueError, "elastic: ratio 2; expected a number from 0 to 1"),
        (3, TypeError, "penalty: 3; expected a name"),
        (cr.nn.l2, TypeError, "expected a name, l2"),
    ],
)
def test_bad_input_is_named(text, error, message):
    with pytest.raises(error, match=message):
        penalty(text)


def test_network_without_weights_is_refused():
    with pytest.raises(ValueError, match="penalty l2: no parameter has two axes or more; biases"):
        penalty("l2")(NORM)

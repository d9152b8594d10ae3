"""The recursions of BP-02 to BP-07, written out by hand, give what `cr.grad` gives."""

import itertools

import numpy as np
import pytest

import chainrule as cr


rng = np.random.default_rng(0)
SIZES = (4, 5, 3, 2)
NET = [(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in itertools.pairwise(SIZES)]
SAMPLE, GOAL = rng.normal(size=4), rng.normal(size=2)


def deep(params):
    """½‖y - t‖² of a network with weights `(fan_out, fan_in)`: tanh inside, linear at the end."""
    h = SAMPLE
    for weight, bias in params[:-1]:
        h = cr.tanh(weight @ h + bias)
    weight, bias = params[-1]
    return 0.5 * cr.sum((weight @ h + bias - GOAL) ** 2)


def by_recursion(params):
    """BP-02: δ_j = g'(a_j) Σ_k w_kj δ_k, index by index; BP-03: ∂E/∂w_ij = δ_i h_j."""
    outputs = [SAMPLE]
    for weight, bias in params[:-1]:
        outputs.append(np.tanh(weight @ outputs[-1] + bias))
    delta = params[-1][0] @ outputs[-1] + params[-1][1] - GOAL
    found = []
    for place in reversed(range(len(params))):
        weight, h = params[place][0], outputs[place]
        rows, columns = range(weight.shape[0]), range(weight.shape[1])
        found.append((np.array([[delta[i] * h[j] for j in columns] for i in rows]), delta))
        slope = 1 - h**2
        delta = np.array([slope[j] * sum(weight[k, j] * delta[k] for k in rows) for j in columns])
    return found[::-1]


@pytest.mark.parametrize("place", range(3))
def test_bp02_bp03_recursion_over_layers(place):
    found, want = cr.grad(deep)(NET)[place], by_recursion(NET)[place]
    np.testing.assert_allclose(found[0], want[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], want[1], rtol=1e-12)


def two_layers(w1, b1, w2, b2):
    return 0.5 * cr.sum((w2 @ cr.sigmoid(w1 @ SAMPLE + b1) + b2 - GOAL) ** 2)


def test_bp05_vectorised():
    """ȳ = y - t, W̄2 = ȳ hᵀ, h̄ = W2ᵀ ȳ, z̄ = h̄ ∘ σ'(z), W̄1 = z̄ xᵀ, b̄ = ȳ and z̄."""
    w1, b1 = NET[0]
    w2, b2 = rng.normal(size=(2, 5)), rng.normal(size=2)
    h = cr.sigmoid(w1 @ SAMPLE + b1)
    y_bar = w2 @ h + b2 - GOAL
    z_bar = (w2.T @ y_bar) * h * (1 - h)
    want = (np.outer(z_bar, SAMPLE), z_bar, np.outer(y_bar, h), y_bar)
    found = cr.grad(two_layers, argnums=range(4))(w1, b1, w2, b2)
    for one, other in zip(found, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


INPUTS, TARGETS = rng.normal(size=(7, 4)), rng.normal(size=(7, 2))


def batch_loss(w1, b1, w2, b2):
    """1/(2n) Σ_i ‖ŷ_i - y_i‖², rows are samples."""
    predicted = cr.sigmoid(INPUTS @ w1.T + b1) @ w2.T + b2
    return 0.5 * cr.mean(cr.sum((predicted - TARGETS) ** 2, axis=1))


def by_samples(w1, b1, w2, b2):
    """BP-06 and BP-07: sums over samples of ε_i hᵀ, δ_i xᵀ, ε_i and δ_i."""
    sums = [np.zeros_like(p) for p in (w1, b1, w2, b2)]
    for x, y in zip(INPUTS, TARGETS, strict=True):
        h = cr.sigmoid(w1 @ x + b1)
        epsilon = (w2 @ h + b2 - y) / len(INPUTS)
        delta = h * (1 - h) * (w2.T @ epsilon)
        terms = (np.outer(delta, x), delta, np.outer(epsilon, h), epsilon)
        sums = [total + term for total, term in zip(sums, terms, strict=True)]
    return sums


@pytest.mark.parametrize("place", range(4), ids=["w1", "b1", "w2", "b2"])
def test_bp06_bp07_batch_form(place):
    params = (*NET[0], rng.normal(size=(2, 5)), rng.normal(size=2))
    found = cr.grad(batch_loss, argnums=place)(*params)
    np.testing.assert_allclose(found, by_samples(*params)[place], rtol=1e-11, atol=1e-14)

"""W11, W12, W30 and W32: layers as matrices, and the gradients of one and of two of them."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.nn import Dense, Sequential
from chainrule.worked.example import Example, Line, derived


# ---- W11 and W12: without an activation, layers collapse -----------------------------------------


def _w11() -> list[Line | str]:
    hidden = Dense(np.array([[0.5, -1.0], [1.5, 2.0]]).T, np.array([0.1, -0.2]))
    output = Dense(np.array([[2.0], [-1.0]]), np.array([0.3]))
    one = Dense(hidden.weight @ output.weight, output(hidden.bias))
    point = np.array([1.0, 2.0])
    return [
        "Layer after layer:",
        derived("hidden values", hidden(point), "(-1.4, 5.3)"),
        derived("output", Sequential((hidden, output))(point), "-7.8"),
        "One layer in their place, w W and w · b_h + b:",
        derived("weights", one.weight[:, 0], "(-0.5, -4.0)"),
        derived("bias", one.bias, "0.7"),
        derived("output", one(point), "-7.8"),
    ]


def _w12() -> list[Line | str]:
    x = np.random.default_rng(0).normal(size=(5, 2))
    deep = cr.nn.mlp([2, 3, 4, 1], "identity", rng=0, dtype="float64", bias=False)
    w1, w2, w3 = (layer.weight for layer in deep.layers)
    product = cr.matmul(cr.matmul(w1, w2), w3)
    apart = float(cr.max(cr.abs(deep(x) - cr.matmul(x, product))))
    return [
        Line("the one matrix", product[:, 0]),
        derived("its shape", product.shape, "(2, 1)"),
        Line("largest difference at five points", apart, digits=2),
        derived("it is below 1e-12", apart < 1e-12, "yes"),
    ]


# ---- W30: two layers, linear outputs -------------------------------------------------------------

_X, _T = np.array([0.05, 0.10]), np.array([0.01, 0.99])
_PARAMETERS = {
    "W1": np.array([[0.15, 0.20], [0.25, 0.30]]),
    "b1": np.array([0.35, 0.35]),
    "W2": np.array([[0.40, 0.45], [0.50, 0.55]]),
    "b2": np.array([0.6, 0.6]),
}


def _two_layers(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = cr.label(cr.matmul(W1, _X) + b1, "z")
    y = cr.label(cr.matmul(W2, cr.label(cr.sigmoid(z), "h")) + b2, "y")
    return cr.label(0.5 * cr.sum((y - _T) ** 2), "L")


def _w30() -> list[Line | str]:
    found = cr.explain(_two_layers, *_PARAMETERS.values())
    return [
        "Forward:",
        derived("z = W1 x + b1", found["z"], "(0.3775, 0.3925)"),
        derived("h = σ(z)", found["h"], "(0.5932699921, 0.5968843783)"),
        derived("y = W2 h + b2", found["y"], "(1.1059059671, 1.2249214041)"),
        derived("L = ½‖y - t‖²", found["L"], "0.6280989774"),
        "Backward:",
        derived("ȳ = y - t", found["∂L/∂y"], "(1.0959059671, 0.2349214041)"),
        derived(
            "W̄2 = ȳhᵀ",
            found["∂L/∂W2"],
            "[0.6501681244, 0.6541291518; 0.1393718196, 0.1402209162]",
        ),
        derived("b̄2 = ȳ", found["∂L/∂b2"], "(1.0959059671, 0.2349214041)"),
        derived("h̄ = W2ᵀȳ", found["∂L/∂h"], "(0.5558230889, 0.6223644574)"),
        derived("z̄ = h̄ ∘ σ'(z)", found["∂L/∂z"], "(0.1341205052, 0.1497492389)"),
        derived(
            "W̄1 = z̄xᵀ",
            found["∂L/∂W1"],
            "[0.0067060253, 0.0134120505; 0.0074874619, 0.0149749239]",
        ),
        derived("b̄1 = z̄", found["∂L/∂b1"], "(0.1341205052, 0.1497492389)"),
    ]


# ---- W32: softmax regression ---------------------------------------------------------------------

_WEIGHT = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
_BIAS, _INPUT, _TARGET = np.array([0.1, 0, -0.1]), np.array([0.5, -1.0]), np.array([0.0, 1, 0])


def _softmax_loss(weight: Any, z_at_0: Any) -> Any:
    return cr.nn.cross_entropy(cr.matmul(weight, _INPUT) + z_at_0, _TARGET)


def _w32() -> list[Line | str]:
    z = cr.matmul(_WEIGHT, _INPUT) + _BIAS
    by_weight, by_z = cr.grad(_softmax_loss, (0, 1))(_WEIGHT, _BIAS)
    large = np.array([1000.0, 1001.0, 1002.0])
    return [
        derived("z = Wx + b", z, "(0.6, -1.0, 0.4)"),
        derived("y = softmax(z)", cr.softmax(z), "(0.4948958248, 0.0999177438, 0.4051864314)"),
        derived("L = -Σ t log y", _softmax_loss(_WEIGHT, _BIAS), "2.3034079934"),
        derived("z̄ = y - t = b̄", by_z, "(0.4948958248, -0.9000822562, 0.4051864314)"),
        derived(
            "W̄ = z̄xᵀ",
            by_weight,
            "[0.2474479124, -0.4948958248; -0.4500411281, 0.9000822562; "
            "0.2025932157, -0.4051864314]",
        ),
        "The exponentials of large numbers overflow; the softmax does not:",
        derived(
            "softmax(1000, 1001, 1002)",
            cr.softmax(large),
            "(0.0900305732, 0.2447284711, 0.6652409558)",
        ),
    ]


EXAMPLES = (
    Example(
        "W11",
        "Two layers without a step are one",
        "Okazaki, item 17; numbers derived",
        "W = [0.5, -1; 1.5, 2], b_h = (0.1, -0.2), then w = (2, -1), b = 0.3, at x = (1, 2).",
        _w11,
    ),
    Example(
        "W12",
        "A deep linear network is one matrix",
        "CSC311 lecture 4, slide 17",
        "Random weights of a 2-3-4-1 network without biases and activations.",
        _w12,
    ),
    Example(
        "W30",
        "A two-layer network with linear outputs",
        "CSC311 lecture 4, slides 39-42; numbers derived from W43's network",
        "x = (0.05, 0.10), t = (0.01, 0.99), the weights of W43, logistic hidden units.",
        _w30,
    ),
    Example(
        "W32",
        "Softmax regression",
        "CSC311 lecture 4, slide 33; numbers derived",
        "W = [1, 0; 0, 1; -1, -1], b = (0.1, 0, -0.1), x = (0.5, -1), t = (0, 1, 0).",
        _w32,
    ),
)

"""Pictures of computation graphs and of networks, by chainrule's own drawings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import draw, label, nn, ops
from chainrule.gallery.thresholds import network


def negative_log_likelihood(w1: Any, w2: Any, w3: Any) -> Any:
    """-log σ(w·x) for x = (1, 1, 1), from single operations (W24)."""
    return -ops.log(1 / (1 + ops.exp(-(w1 * 1.0 + w2 * 1.0 + w3 * 1.0))))


def regularised_square(w: Any, b: Any, x: Any, t: Any) -> Any:
    """½(σ(wx + b) - t)² + λ ½w² with λ = 0.1 (W28)."""
    y = label(ops.sigmoid(label(w * x + b, "z")), "y")
    loss = label(0.5 * ops.square(y - t), "L")
    penalty = label(0.5 * ops.square(w), "R")
    return loss + 0.1 * penalty


def example_network() -> nn.Sequential:
    """The 2-2-2 network whose backpropagation is worked out by hand (W43)."""
    return network(
        ([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35]),
        ([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60]),
        activation="sigmoid",
    )


def product_of_sum(path: Path) -> None:
    """(x + y)z at -2, 5, -4: values above the arrows, gradients below."""

    def function(x: Any, y: Any, z: Any) -> Any:
        return label(x + y, "q") * z

    draw.graph(function, (-2.0, 5.0, -4.0), path)


def logistic_graph(path: Path) -> None:
    """-log σ(w·x) at w = (1, 1, -1.5)."""
    draw.graph(negative_log_likelihood, (1.0, 1.0, -1.5), path)


def regularised_graph(path: Path) -> None:
    """A logistic unit with squared error and a penalty: w has two readers."""
    draw.graph(regularised_square, (0.7, -0.3, 1.5, 1.0), path)


def chain_graph(path: Path) -> None:
    """y + exp(xy) with x = cos t, y = t² at t = 1: t reaches f along three ways."""

    def function(t: Any) -> Any:
        x, y = label(ops.cos(t), "x"), label(ops.square(t), "y")
        return y + ops.exp(x * y)

    draw.graph(function, (1.0,), path)


def softmax_graph(path: Path) -> None:
    """Softmax regression of three classes: each score is read by every output through the sum."""

    def function(z1: Any, z2: Any, z3: Any) -> Any:
        e1, e2, e3 = ops.exp(z1), label(ops.exp(z2), "of the class"), ops.exp(z3)
        return -ops.log(e2 / (e1 + e2 + e3))

    draw.graph(function, (0.6, -1.0, 0.4), path)


def example_diagram(path: Path) -> None:
    """The 2-2-2 network at work on 0.05, 0.10."""
    draw.network(
        example_network(), path, values=[0.05, 0.10], outputs=["o₁", "o₂"], digits=4,
        bias_units=True,
    )  # fmt: skip


def layers_diagram(path: Path) -> None:
    """A network of the sizes 2-3-2-1 with the values of one sample."""
    net = nn.mlp([2, 3, 2, 1], "sigmoid", output="sigmoid", rng=1, dtype="float64")
    draw.network(net, path, values=[0.5, -1.0], digits=2)


def dropout_diagram(path: Path) -> None:
    """A network of which a step of training sees a part: units that are dropped weigh nothing."""
    net = nn.mlp([3, 4, 4, 1], "relu", rng=2, dtype="float64")
    first, second, last = net.layers
    kept, kept_too = np.array([1.0, 0, 1, 0]), np.array([0.0, 1, 1, 0])
    thinned = nn.Sequential(
        (
            replace(first, weight=first.weight * kept),
            replace(second, weight=second.weight * kept[:, None] * kept_too),
            replace(last, weight=last.weight * kept_too[:, None]),
        )
    )
    draw.network(thinned, path, digits=2)


def bias_diagram(path: Path) -> None:
    """Two layers whose biases are the weights of units that are always 1."""
    net = nn.mlp([2, 3, 1], "sigmoid", rng=3, dtype="float64", bias=0.5)
    draw.network(net, path, bias_units=True, digits=2)

"""Animations of a network with one hidden layer as vectors that add up to its output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import grad, nn, trace, tree, universal
from chainrule.draw.plots.corrections import Pass, chained_corrections, one_sample_descent


def passed(network: nn.Sequential, x: Any, y: Any) -> Pass:
    """What a network of two layers does with one sample `(2,)`."""
    hidden, output = network.layers
    sums = x @ hidden.weight + (0.0 if hidden.bias is None else hidden.bias)
    h = np.asarray(hidden(x))
    return Pass(x, y, output(h), sums, h, hidden.weight.T, output.weight, output.bias)


def first_network() -> nn.Sequential:
    """Five sigmoids with random weights, drawn as for F36."""
    rng = np.random.default_rng(3)
    rows = 0.5 * rng.normal(size=(5, 2)) + (0.5, 0.0)
    vectors = 0.5 * rng.normal(size=(5, 2)) + (0.32, 0.0)
    bias = 0.5 * rng.normal(size=2) + (-0.32, 1.5)
    hidden = nn.Dense(rows.T, None, nn.activation("sigmoid"))
    return nn.Sequential((hidden, nn.Dense(vectors, bias)))


def descended(network: nn.Sequential, x: Any, y: Any, rate: float, steps: int) -> list[Any]:
    """The network before and after each step of gradient descent on ½‖ŷ - y‖² of one sample."""

    def error(net: Any) -> Any:
        return nn.half_squared_error(net(x), y)

    def update(net: Any) -> Any:
        return tree.map(lambda w, slope: w - rate * slope, net, grad(error)(net))

    one_update, found = trace(update, network), [network]
    for _ in range(steps):
        found.append(one_update(found[-1]))
    return found


def semicircle(path: Path) -> None:
    """The tokens of the half circle one after the other, each with its corrections."""
    angles, arc = universal.token_angles(9), universal.token_angles(200)
    samples = zip(universal.semicircle(angles), universal.parabola(angles), strict=True)
    passes = [passed(universal.semicircle_to_parabola(), x, y) for x, y in samples]
    title = "A half circle becomes a parabola"
    chained_corrections(passes, (universal.semicircle(arc), universal.parabola(arc)), path, title)


def one_token(path: Path) -> None:
    """Backpropagation of one sample as arrows that move."""
    angle = np.array([np.pi / 4])
    x, y = universal.semicircle(angle)[0], universal.parabola(angle)[0]
    found = [passed(net, x, y) for net in descended(first_network(), x, y, 0.1, 20)]
    one_sample_descent(found, path, "Backpropagation of one sample")

"""Animations of a network with one hidden layer as vectors that add up to its output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import grad, nn, trace, tree
from chainrule.draw.plots.corrections import Pass, chained_corrections, one_sample_descent


def parabola_network(units: int = 8) -> nn.Sequential:
    """Turns the right half of the circle into a parabola, exact at `units + 1` tokens (W44, UN-08).

    Each unit switches on halfway between two tokens and adds the way from one to the next.
    """
    angles = token_angles(units + 1)
    thresholds = (angles[:-1] + angles[1:]) / 2
    rows = np.stack([-np.sin(thresholds), np.cos(thresholds)])
    targets = on_parabola(angles)
    hidden = nn.Dense(rows, None, nn.activation("step"))
    return nn.Sequential((hidden, nn.Dense(np.diff(targets, axis=0), targets[0])))


def token_angles(tokens: int) -> Any:
    """Angles `(tokens,)` from -π/2 to π/2."""
    return np.linspace(-np.pi / 2, np.pi / 2, tokens)


def on_circle(angle: Any) -> Any:
    """`(n, 2)` on the right half of the unit circle."""
    return np.column_stack([np.cos(angle), np.sin(angle)])


def on_parabola(angle: Any) -> Any:
    """`(n, 2)`: the angle and its square (A2)."""
    return np.column_stack([angle, angle**2])


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
    angles, arc = token_angles(9), token_angles(200)
    samples = zip(on_circle(angles), on_parabola(angles), strict=True)
    passes = [passed(parabola_network(), x, y) for x, y in samples]
    title = "A half circle becomes a parabola"
    chained_corrections(passes, (on_circle(arc), on_parabola(arc)), path, title)


def one_token(path: Path) -> None:
    """Backpropagation of one sample as arrows that move."""
    angle = np.array([np.pi / 4])
    x, y = on_circle(angle)[0], on_parabola(angle)[0]
    found = [passed(net, x, y) for net in descended(first_network(), x, y, 0.1, 20)]
    one_sample_descent(found, path, "Backpropagation of one sample")

"""Two networks of a lecture whose weights are thought out, not learnt (UN-07, UN-08)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.nn import Dense, Sequential, activation, squared_error
from chainrule.nn.activations import Chosen


def two_tanh_units() -> Sequential:
    """0.5 + tanh(3 (x₁ + x₂ - 0.3)) + tanh(3 (-x₁ + x₂ - 0.3)): a surface on [-1, 1]² (UN-07).

    Takes `(batch, 2)`, gives `(batch, 1)`.
    """
    weight, bias = np.array([[3.0, -3], [3, 3]]), np.array([-0.9, -0.9])
    return Sequential(
        (Dense(weight, bias, activation("tanh")), Dense(np.ones((2, 1)), np.array([0.5])))
    )


def semicircle(angle: Any) -> Any:
    """The points (cos θ, sin θ) of angles θ `(n,)`: `(n, 2)`."""
    return np.column_stack([np.cos(angle), np.sin(angle)])


def parabola(angle: Any) -> Any:
    """The points (θ, θ²) of angles θ `(n,)`: `(n, 2)`."""
    return np.column_stack([angle, np.square(angle)])


def token_angles(tokens: int) -> Any:
    """Angles from -π/2 to π/2, ends included: `(tokens,)`."""
    return np.linspace(-np.pi / 2, np.pi / 2, tokens)


def semicircle_to_parabola(
    units: int = 8, activate: Chosen = "step", factor: float = 1.0
) -> Sequential:
    """A series of decisions that leads along a semicircle and adds up a parabola (UN-08).

    From each of `units + 1` tokens to the next, one hidden unit switches on, halfway between: its
    row of weights (-sin τ, cos τ) makes of (cos θ, sin θ) the excitation sin(θ - τ). Its weights of
    the output are the step from a token of the parabola to the next.
    activate  of the hidden units; factor  what their excitations are multiplied by
    return    takes points of the semicircle `(batch, 2)`, gives points `(batch, 2)`
    ValueError for fewer than one unit.
    """
    if units < 1:
        raise ValueError(f"semicircle_to_parabola: {units} units; expected a whole number from 1")
    tokens = token_angles(units + 1)
    thresholds = (tokens[:-1] + tokens[1:]) / 2
    rows = np.stack([-np.sin(thresholds), np.cos(thresholds)])
    targets = parabola(tokens)
    hidden = Dense(factor * rows, None, activation(activate))
    return Sequential((hidden, Dense(np.diff(targets, axis=0), targets[0])))


def error_on_arc(network: Sequential, points: int = 20_000) -> float:
    """The mean of the squared distance from the parabola, over the angle of the semicircle.

    Over the midpoints of `points` equal parts, that is without the ends.
    """
    angle = -np.pi / 2 + (np.arange(points) + 0.5) * np.pi / points
    return float(np.mean(squared_error(network(semicircle(angle)), parabola(angle))))

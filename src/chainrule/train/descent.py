"""What an optimiser is, and those that follow the gradient, its velocity or its sign.

The vectors have shape `(parameters,)`. Learning rate and step number are inputs of the step, never
constants in it, so one compiled step serves a whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule import ops
from chainrule.train.bounds import BELOW_1, NOT_NEGATIVE, POSITIVE


State: TypeAlias = dict[str, Any]

#: (gradient, state, step) -> (direction d, state): what the learning rate multiplies.
Direction: TypeAlias = Callable[[Any, State, Any], tuple[Any, State]]


@dataclass(frozen=True)
class Optimizer:
    """How parameters follow the gradient.

    init          parameters `(parameters,)` -> state, a dictionary of vectors and float64 scalars
    update        (parameters, gradient, state, rate, step) -> (parameters, state)
                  rate  float64, a scalar or one for each parameter; step  a float64 scalar, the
                  first being number 1
    weight_decay  η · weight_decay of each weight is taken from it before the update, by the
                  training step

    ValueError for a learning rate that is not above 0 or a negative weight decay.
    """

    name: str
    learning_rate: float
    init: Callable[[Any], State]
    update: Callable[[Any, Any, State, Any, Any], tuple[Any, State]]
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        POSITIVE.check(f"{self.name}: learning rate", self.learning_rate)
        NOT_NEGATIVE.check(f"{self.name}: weight_decay", self.weight_decay)


def zeros(*names: str) -> Callable[[Any], State]:
    """The function that makes the state of these names: a vector of zeros each."""
    return lambda parameters: {name: np.zeros_like(parameters) for name in names}


def along(
    name: str,
    learning_rate: float,
    init: Callable[[Any], State],
    direction: Direction,
    weight_decay: float = 0.0,
) -> Optimizer:
    """The optimiser w ← w - η d for a direction d that does not depend on the rate η."""

    def update(
        parameters: Any, gradient: Any, state: State, rate: Any, step: Any
    ) -> tuple[Any, State]:
        toward, state = direction(gradient, state, step)
        return parameters - ops.cast(rate, gradient.dtype) * toward, state

    return Optimizer(name, learning_rate, init, update, weight_decay)


def sgd(learning_rate: float = 0.1) -> Optimizer:
    """Gradient descent: w ← w - η g (OP-06)."""
    return along("sgd", learning_rate, zeros(), lambda gradient, state, step: (gradient, state))


def momentum(learning_rate: float = 0.01, momentum: float = 0.9) -> Optimizer:
    """Momentum (OP-07): v ← α v - η g, w ← w + v, α being `momentum`.

    B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """
    return _accelerated("momentum", learning_rate, momentum, looks_ahead=False)


def nesterov(learning_rate: float = 0.01, momentum: float = 0.9) -> Optimizer:
    """Nesterov's momentum: v ← α v - η g, w ← w + α v - η g, α being `momentum`.

    w is the point looked ahead at, where the gradient is taken. Y. Nesterov, "A method for solving
    the convex programming problem with convergence rate O(1/k²)", 1983, in the form of Y. Bengio,
    N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks", 2013.
    """
    return _accelerated("nesterov", learning_rate, momentum, looks_ahead=True)


def _accelerated(name: str, learning_rate: float, momentum: float, looks_ahead: bool) -> Optimizer:
    alpha = BELOW_1.check(f"{name}: momentum", momentum)

    def update(
        parameters: Any, gradient: Any, state: State, rate: Any, step: Any
    ) -> tuple[Any, State]:
        push = ops.cast(rate, gradient.dtype) * gradient
        velocity = alpha * state["velocity"] - push
        change = alpha * velocity - push if looks_ahead else velocity
        return parameters + change, {"velocity": velocity}

    return Optimizer(name, learning_rate, zeros("velocity"), update)


def lion(
    learning_rate: float = 1e-4,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Lion: w ← w - η sign(β₁m + (1-β₁)g), then m ← β₂m + (1-β₂)g.

    X. Chen et al., "Symbolic discovery of optimization algorithms", 2023.
    """
    beta1 = BELOW_1.check("lion: beta1", beta1)
    beta2 = BELOW_1.check("lion: beta2", beta2)

    def direction(gradient: Any, state: State, step: Any) -> tuple[Any, State]:
        m = state["m"]
        toward = ops.sign(beta1 * m + (1 - beta1) * gradient)
        return toward, {"m": beta2 * m + (1 - beta2) * gradient}

    return along("lion", learning_rate, zeros("m"), direction, weight_decay)

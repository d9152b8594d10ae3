"""Optimisers: each is a pair of functions on flat vectors, written as graphs are.

The vectors have shape `(parameters,)`. Learning rate and step number are inputs of the step, never
constants in it, so one compiled step serves a whole run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from chainrule import ops
from chainrule.lookup import find


State: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Optimizer:
    """How parameters follow the gradient.

    init    parameters `(parameters,)` -> state, a dictionary of vectors
    update  (parameters, gradient, state, rate, step) -> (parameters, state); rate and step are
            float64 scalars, and the first step is number 1
    """

    name: str
    learning_rate: float
    init: Callable[[Any], State]
    update: Callable[[Any, Any, State, Any, Any], tuple[Any, State]]


def sgd(learning_rate: float = 0.1) -> Optimizer:
    """Gradient descent: w ← w - η g (OP-06)."""
    _check_rate("sgd", learning_rate)

    def update(
        parameters: Any, gradient: Any, state: State, rate: Any, step: Any
    ) -> tuple[Any, State]:
        return parameters - ops.cast(rate, gradient.dtype) * gradient, state

    return Optimizer("sgd", learning_rate, lambda parameters: {}, update)


def adam(
    learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam (OP-09): m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - η m̂ / (√v̂ + ε).

    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015; ε is added after the
    root of the bias-corrected v̂, as there.
    """
    _check_rate("adam", learning_rate)
    if not (0 <= beta1 < 1 and 0 <= beta2 < 1 and epsilon > 0):
        raise ValueError(
            f"adam: beta1 {beta1}, beta2 {beta2}, epsilon {epsilon}; expected 0 <= beta < 1 and "
            "epsilon > 0"
        )

    def init(parameters: Any) -> State:
        return {"m": np.zeros_like(parameters), "v": np.zeros_like(parameters)}

    def update(
        parameters: Any, gradient: Any, state: State, rate: Any, step: Any
    ) -> tuple[Any, State]:
        dtype = gradient.dtype
        m = beta1 * state["m"] + (1 - beta1) * gradient
        v = beta2 * state["v"] + (1 - beta2) * ops.square(gradient)
        # Powers of β in float64: in float32 1 - β₂ᵗ would keep four digits in the first steps.
        m_scale = ops.cast(rate / (1 - ops.power(np.float64(beta1), step)), dtype)
        v_scale = ops.cast(1 / (1 - ops.power(np.float64(beta2), step)), dtype)
        change = m_scale * m / (ops.sqrt(v_scale * v) + epsilon)
        return parameters - change, {"m": m, "v": v}

    return Optimizer("adam", learning_rate, init, update)


#: Every optimiser, by name: functions of the learning rate (each has a default).
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"adam": adam, "sgd": sgd}


def optimizer(chosen: str | Optimizer) -> Optimizer:
    """The optimiser of this name with its default learning rate, or the one given.

    ValueError, naming the nearest, for an unknown name; TypeError for anything else.
    """
    if isinstance(chosen, str):
        return find(OPTIMIZERS, "optimizer", chosen)()
    if not isinstance(chosen, Optimizer):
        raise TypeError(f"optimizer: {chosen!r}; expected a name, or adam(1e-3) and the like")
    return chosen


def _check_rate(name: str, learning_rate: float) -> None:
    if not isinstance(learning_rate, Real) or not 0 < learning_rate < math.inf:
        raise ValueError(f"{name}: learning rate {learning_rate!r}; expected a number above 0")

"""Gradient descent as a sequence of points, for examples that look at some of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import chainrule as cr


def descent(
    objective: Callable[[Any], Any], start: Any, rate: float
) -> Iterator[tuple[float, Any]]:
    """Without end: the objective before each update w ← w - rate · ∂objective/∂w, and the weights.

    objective  a function of one pytree of arrays; start  the first such pytree
    """

    def update(weights: Any) -> tuple[Any, Any]:
        value, gradient = cr.value_and_grad(objective)(weights)
        following = cr.tree.map(lambda w, slope: w - rate * slope, weights, gradient)
        return value, following

    one_update = cr.compile(update, start)
    weights = start
    while True:
        value, following = one_update(weights)
        yield float(value), weights
        weights = following


def after(
    steps: int, objective: Callable[[Any], Any], start: Any, rate: float
) -> tuple[float, Any]:
    """The objective and the weights after so many steps of gradient descent."""
    return next(itertools.islice(descent(objective, start, rate), steps, None))

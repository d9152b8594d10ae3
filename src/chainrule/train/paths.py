"""The way of an optimiser over a function, without samples or batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.train.optimizers import Optimizer
from chainrule.transforms.functions import grad
from chainrule.transforms.trace import trace


def points_visited(
    optimizer: Optimizer, function: Callable[[Any], Any], start: Any, steps: int
) -> Any:
    """The points `(steps + 1, ...)` that an optimiser visits on a function of one array.

    start  the first of them, a float array `(...)`
    """
    point = np.asarray(start, float)
    slope, state, points = trace(grad(function), point), optimizer.init(point), [point]
    for step in range(1, steps + 1):
        rate = optimizer.learning_rate
        point, state = optimizer.update(point, slope(point), state, rate, np.float64(step))
        points.append(point)
    return np.array(points)

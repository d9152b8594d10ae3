"""Quantiles of weighted numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def quantiles(numbers: Any, levels: Sequence[float], weights: Any = None) -> list[float]:
    """The quantiles of finite numbers `(rows,)` at levels from 0 to 1.

    weights  `(rows,)` from 0 on; they may be scaled, and one of 2 counts like two equal numbers
    The mean of the two numbers between which a level falls exactly: definition 2 of R. Hyndman,
    Y. Fan, "Sample quantiles in statistical packages", 1996.
    """
    if weights is None:
        ordered = np.sort(numbers)
        reached = np.arange(1, len(ordered) + 1)
    else:
        order = np.argsort(numbers, kind="stable")
        order = order[weights[order] > 0]
        ordered, reached = numbers[order], np.cumsum(weights[order], dtype=np.float64)
    wanted = np.multiply(levels, reached[-1])
    near = 1e-12 * reached[-1]  # sums of weights are rounded
    last = len(ordered) - 1
    low = ordered[np.minimum(np.searchsorted(reached, wanted - near, "left"), last)]
    high = ordered[np.minimum(np.searchsorted(reached, wanted + near, "right"), last)]
    # Halved first: the sum of two large numbers may be infinite.
    return [float(value) for value in low.astype(float) / 2 + high.astype(float) / 2]

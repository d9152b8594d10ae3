"""Sigmoids that become steps as their weights and biases are scaled (UN-02)."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from chainrule import ops, tree


Network = TypeVar("Network")


def sharpened(network: Network, factor: float) -> Network:
    """The same network with all weights and biases times `factor`.

    Its sigmoids σ(e) become σ(factor e): near a step where the excitation e is not near 0.
    """
    return tree.map(lambda leaf: factor * leaf, network)


def distance_from_step(factor: Any, delta: float) -> Any:
    """The largest distance of σ(factor x) from the step, over all x with abs(x) ≥ delta.

    It is σ(-factor delta), at x = delta and at -delta. At x = 0 it is ½ whatever the factor.
    factor  a number or an array, each 0 or more; delta  above 0
    ValueError for others.
    """
    factors = np.asarray(factor, np.float64)
    if not (np.all(factors >= 0) and delta > 0):
        raise ValueError(f"distance_from_step: factor {factor}, delta {delta}; expected above 0")
    return ops.sigmoid(-factors * delta)


def factor_for(distance: float, delta: float) -> float:
    """The least factor for which σ(factor x) is so near to the step for abs(x) ≥ delta.

    log(1 / distance - 1) / delta. ValueError unless 0 < distance < ½ and delta > 0.
    """
    if not (0 < distance < 0.5 and delta > 0):
        raise ValueError(
            f"factor_for: distance {distance}, delta {delta}; expected a distance between 0 and "
            "1/2 and a delta above 0"
        )
    return (math.log1p(-distance) - math.log(distance)) / delta

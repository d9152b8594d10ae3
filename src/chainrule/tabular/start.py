"""Weights and biases that start from the data, as those of RealMLP-TD do."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.nn import NtpDense, Sequential


_ROWS = 8_192  # drawn of a larger table: enough for the standard deviation of a sum
_CORNERS = 5  # rows of which a bias is a mean


def from_data(network: Sequential, x: Any, rng: np.random.Generator) -> Sequential:
    """The network with other weights and biases in its dense layers, one after the other.

    x  the training rows `(rows, columns)`
    Each unit's weights are divided by the standard deviation of its sum over the rows; its bias is
    such that the sum is 0 at a random point among 5 random rows: the "he+5" of D. Holzmüller et
    al., 2024, after I. Steinwart, "A sober look at neural network initializations", 2019.
    """
    rows = x if len(x) <= _ROWS else x[np.sort(rng.choice(len(x), _ROWS, replace=False))]
    layers: list[Any] = []
    for layer in network.layers:
        fitted = _fitted(layer, rows, rng) if isinstance(layer, NtpDense) else layer
        rows = fitted(rows)
        layers.append(fitted)
    return replace(network, layers=tuple(layers))


def _fitted(layer: NtpDense, x: Any, rng: np.random.Generator) -> NtpDense:
    fan_in, units = layer.weight.shape
    sums = x @ layer.weight / math.sqrt(fan_in)
    spread = np.std(sums, axis=0)
    spread = np.where(spread > 1e-6, spread, 1).astype(layer.weight.dtype)
    chosen = rng.integers(0, len(x), (_CORNERS, units))
    shares = rng.dirichlet(np.ones(_CORNERS), units).T
    corners = sums[chosen, np.arange(units)] / spread
    bias = -np.sum(shares * corners, axis=0)
    return NtpDense(layer.weight / spread, bias.astype(layer.bias.dtype))

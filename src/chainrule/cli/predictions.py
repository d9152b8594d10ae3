"""What a network says of rows: probabilities of classes, or numbers in the units of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import nn, ops
from chainrule.data import Preprocessing, Quantity
from chainrule.nn.activations import identity


_AT_ONCE = 8_192  # rows

#: Links that need not be kept with a network: the target and the number of outputs tell them.
_KNOWN = (identity, ops.sigmoid, ops.softmax)


def in_use(network: nn.Sequential, loss: nn.Loss) -> nn.Sequential:
    """The network as it is saved: followed by the link of its loss where nothing else tells it."""
    if any(loss.link is known for known in _KNOWN):
        return network
    return nn.Sequential((*network.layers, nn.activation(loss.link)))


def usual_loss(preprocessing: Preprocessing, outputs: int) -> str:
    """The loss whose link is that of such a target."""
    if isinstance(preprocessing.target, Quantity):
        return "half_squared_error"
    return "binary_cross_entropy" if outputs == 1 else "cross_entropy"


def told(network: Any, x: Any, preprocessing: Preprocessing) -> Any:
    """Probabilities `(rows, classes)`, or numbers `(rows, 1)` in the units of the table.

    x  `(rows, features)`, encoded
    """
    parts = [network(x[start : start + _AT_ONCE]) for start in range(0, len(x), _AT_ONCE)]
    outputs = np.concatenate(parts)
    if isinstance(preprocessing.target, Quantity):
        return preprocessing.target.decode(outputs[:, :1])
    outputs = outputs.astype(np.float64)
    if outputs.shape[1] > 1:
        return ops.softmax(outputs)
    yes = ops.sigmoid(outputs)
    return np.hstack([1 - yes, yes])

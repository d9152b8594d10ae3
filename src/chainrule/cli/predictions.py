"""What a network says of rows: probabilities of classes, or numbers in the units of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import nn, ops
from chainrule.data import Preprocessing, Quantity
from chainrule.nn.activations import identity
from chainrule.train.backend import backend
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


_AT_ONCE = 8_192  # rows


def usual_loss(preprocessing: Preprocessing, outputs: int) -> str:
    """The loss that such a target is learnt with where nothing else is said."""
    if isinstance(preprocessing.target, Quantity):
        return "half_squared_error"
    return "binary_cross_entropy" if outputs == 1 else "cross_entropy"


def told(network: Any, x: Any, preprocessing: Preprocessing, loss: str | None) -> Any:
    """Probabilities `(rows, classes)`, or numbers `(rows, 1)` in the units of the table.

    x     `(rows, features)`, encoded
    loss  the text that chooses the loss that was minimised; None: the usual one
    """
    return predictor(network, x.shape[1], x.dtype, preprocessing, loss, len(x))(x)


def predictor(
    network: Any,
    features: int,
    dtype: Any,
    preprocessing: Preprocessing,
    loss: str | None,
    rows: int,
) -> Callable[[Any], Any]:
    """`told` made ready once, for batches of x that have `rows` rows together."""
    graph = trace(network, ArrayType((BATCH, features), np.dtype(dtype).name))
    forward = backend("auto", None, graph, min(rows, _AT_ONCE), -(-rows // _AT_ONCE))
    forward = forward.function(graph)

    def of_rows(x: Any) -> Any:
        parts = [forward(x[start : start + _AT_ONCE]) for start in range(0, len(x), _AT_ONCE)]
        return _as_people_read(np.concatenate(parts), preprocessing, loss)

    return of_rows


def _as_people_read(outputs: Any, preprocessing: Preprocessing, loss: str | None) -> Any:
    """Outputs of a network `(rows, outputs)` as probabilities or in the units of the table."""
    link = nn.loss(loss or usual_loss(preprocessing, outputs.shape[1])).link
    if isinstance(preprocessing.target, Quantity):
        return preprocessing.target.decode(link(outputs))[:, :1]
    outputs = outputs.astype(np.float64)
    if link is identity:  # scores of losses without probabilities: their order is what counts
        link = ops.sigmoid if outputs.shape[1] == 1 else ops.softmax
    found = link(outputs)
    return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

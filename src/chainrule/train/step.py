"""A training step as one graph: objective, gradient and update on flat vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.graph import Graph
from chainrule.nn.losses import Loss
from chainrule.train.optimizers import Optimizer
from chainrule.transforms.functions import value_and_grad
from chainrule.transforms.trace import trace
from chainrule.tree import Packing
from chainrule.types import ArrayType, shape_text


@dataclass(frozen=True)
class Batches:
    """What one batch looks like: types whose first size is `BATCH`."""

    x: ArrayType
    y: ArrayType


def training_step(packing: Packing, loss: Loss, optimizer: Optimizer, batches: Batches) -> Graph:
    """The graph (parameters, state, rate, step, x, y) -> (parameters, state, mean loss).

    parameters  `(parameters,)`, as `packing` lays them out; state  of the optimiser
    rate, step  float64 scalars
    ValueError for a loss that is not one number a sample.
    """

    def objective(network: Any, x: Any, y: Any) -> Any:
        losses = loss.function(network(x), y)
        if losses.shape != x.shape[:1]:
            raise ValueError(
                f"loss {loss.name}: it has shape {shape_text(losses.shape)}, expected one number "
                f"a sample, {shape_text(x.shape[:1])}; do prediction and target have one shape?"
            )
        return ops.mean(losses)

    def step(parameters: Any, state: Any, rate: Any, number: Any, x: Any, y: Any) -> Any:
        value, gradients = value_and_grad(objective)(packing.unpack(parameters), x, y)
        gradient = packing.pack(gradients)
        parameters, state = optimizer.update(parameters, gradient, state, rate, number)
        return parameters, state, value

    vector = np.zeros(packing.size, packing.dtype)
    scalar = ArrayType((), "float64")
    return trace(step, vector, optimizer.init(vector), scalar, scalar, batches.x, batches.y)


def evaluation(
    packing: Packing, functions: Mapping[str, Callable[[Any, Any], Any]], batches: Batches
) -> Graph:
    """The graph (parameters, x, y) -> means over the rows of functions of (prediction, y)."""

    def means(parameters: Any, x: Any, y: Any) -> dict[str, Any]:
        prediction = packing.unpack(parameters)(x)
        return {name: ops.mean(function(prediction, y)) for name, function in functions.items()}

    return trace(means, np.zeros(packing.size, packing.dtype), batches.x, batches.y)

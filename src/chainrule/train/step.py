"""A training step as one graph: objective, gradient and update on flat vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.graph import Graph
from chainrule.nn.losses import Loss, PerSample
from chainrule.nn.training import forward, statistics
from chainrule.train.groups import Multipliers
from chainrule.train.optimizers import Optimizer
from chainrule.train.rows import Batches
from chainrule.transforms.functions import value_and_grad
from chainrule.transforms.trace import trace
from chainrule.tree import Packing
from chainrule.types import ArrayType, shape_text


#: How the losses of a batch become one number.
REDUCTIONS: dict[str, Callable[[Any], Any]] = {"mean": ops.mean, "sum": ops.sum}

_SCALAR = ArrayType((), "float64")
_KEY = ArrayType((2,), "uint32")


@dataclass(frozen=True)
class Objective:
    """What is minimised: the losses of a batch, weighted and reduced, and a penalty.

    reduction  of the losses, times the weights of the samples: a member of `REDUCTIONS`
    penalty    a function of the network, or None
    """

    loss: Loss
    reduction: str = "mean"
    penalty: Callable[[Any], Any] | None = None

    def __call__(self, network: Any, x: Any, y: Any, weights: Any, key: Any) -> tuple[Any, Any]:
        """The objective, and the network with its running statistics moved on.

        ValueError for a loss that is not one number a sample.
        """
        prediction, after = forward(network, x, key)
        losses = self.loss.function(prediction, y)
        if losses.shape != x.shape[:1]:
            raise ValueError(
                f"loss {self.loss.name}: it has shape {shape_text(losses.shape)}, expected one "
                f"number a sample, {shape_text(x.shape[:1])}; do prediction and target have one "
                "shape?"
            )
        if weights is not None:
            losses = losses * weights
        value = REDUCTIONS[self.reduction](losses)
        if self.penalty is not None:
            value = value + self.penalty(network)
        return value, after


@dataclass(frozen=True)
class Update:
    """How parameters follow the gradient of the objective.

    weight_decay  each parameter shrinks by rate · decay of itself, apart from the gradient:
                  I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", 2019. Or a
                  function of the number of the step, from 1, that gives the decay in it
    multipliers   of rate and decay for each parameter, or None
    clip_value    the largest size of an entry of the gradient
    clip_norm     the largest norm of the gradient: R. Pascanu et al., 2013
    average       decay of the exponential moving average of the parameters, kept beside them
    """

    optimizer: Optimizer
    weight_decay: float | Callable[[Any], Any] = 0.0
    multipliers: Multipliers | None = None
    clip_value: float | None = None
    clip_norm: float | None = None
    average: float | None = None

    def init(self, parameters: Any) -> dict[str, Any]:
        """The state before the first step."""
        state = {"optimizer": self.optimizer.init(parameters)}
        return state if self.average is None else {**state, "average": np.array(parameters)}

    def clipped(self, gradient: Any) -> Any:
        """The gradient, first its entries and then its norm cut off."""
        if self.clip_value is not None:
            gradient = ops.clip(gradient, -self.clip_value, self.clip_value)
        if self.clip_norm is not None:
            norm = ops.norm(gradient)
            gradient = gradient * ops.where(norm > self.clip_norm, self.clip_norm / norm, 1)
        return gradient

    def apply(self, parameters: Any, gradient: Any, state: Any, rate: Any, step: Any) -> Any:
        """(parameters, the optimiser's state) after one step."""
        if self.multipliers is not None and self.multipliers.rate is not None:
            rate = rate * self.multipliers.rate
        if self.weight_decay:
            decay = 1.0 if self.multipliers is None else self.multipliers.decay
            size = self.weight_decay(step) if callable(self.weight_decay) else self.weight_decay
            shrink = ops.cast(rate * (size * decay), gradient.dtype)
            parameters = parameters - shrink * parameters
        return self.optimizer.update(parameters, self.clipped(gradient), state, rate, step)


def training_step(
    packing: Packing,
    objective: Objective,
    update: Update,
    batches: Batches,
    metrics: Mapping[str, PerSample] | None = None,
) -> Graph:
    """The graph (parameters, state, rate, step, key, x, y, weights) -> (parameters, state, value).

    metrics      of (prediction, y), each one number a sample: their weighted sums are added up in
                 the state, under "metrics"
    parameters   `(parameters,)`, as `packing` lays them out; state  as `first_state` makes it
    rate, step   float64 scalars, the first step being number 1
    key          uint32 `(2,)`, one for a run
    x, y, weights  a batch; value  of the objective
    """

    def step(
        parameters: Any, state: Any, rate: Any, number: Any, key: Any, x: Any, y: Any, weights: Any
    ) -> Any:
        network = packing.unpack(parameters)
        of_step = ops.fold_in(key, ops.cast(number, "int64"))
        (value, after), gradients = value_and_grad(objective, has_aux=True)(
            network, x, y, weights, of_step
        )
        moved, inner = update.apply(
            parameters, packing.pack(gradients), state["optimizer"], rate, number
        )
        moved = _with_statistics(packing, moved, after)
        new = {"optimizer": inner}
        if update.average is not None:
            new["average"] = update.average * state["average"] + (1 - update.average) * moved
        if metrics:
            prediction, _ = forward(network, x, of_step)  # the nodes that the objective has
            found = _sums(metrics, prediction, y, weights)
            new["metrics"] = {name: state["metrics"][name] + found[name] for name in metrics}
        return moved, new, value

    vector = np.zeros(packing.size, packing.dtype)
    state = first_state(update, vector, metrics)
    types = (batches.x, batches.y, batches.weights)
    return trace(step, vector, state, _SCALAR, _SCALAR, _KEY, *types)


def first_state(
    update: Update, parameters: Any, metrics: Mapping[str, PerSample] | None = None
) -> dict[str, Any]:
    """The state before the first step, with sums of 0 for the metrics."""
    state = update.init(parameters)
    return {**state, "metrics": no_sums(metrics)} if metrics else state


def no_sums(names: Iterable[str]) -> dict[str, Any]:
    """A sum of 0 for each metric: float64 `()`."""
    return {name: np.zeros(()) for name in names}


def objective_and_gradient(packing: Packing, objective: Objective, batches: Batches) -> Graph:
    """The graph (parameters, key, x, y, weights) -> (value, gradient, parameters).

    gradient    `(parameters,)`
    parameters  with the running statistics moved on, and otherwise those that came
    """

    def evaluated(parameters: Any, key: Any, x: Any, y: Any, weights: Any) -> Any:
        network = packing.unpack(parameters)
        (value, after), gradients = value_and_grad(objective, has_aux=True)(
            network, x, y, weights, key
        )
        return value, packing.pack(gradients), _with_statistics(packing, parameters, after)

    vector = np.zeros(packing.size, packing.dtype)
    return trace(evaluated, vector, _KEY, batches.x, batches.y, batches.weights)


def evaluation(packing: Packing, functions: Mapping[str, PerSample], batches: Batches) -> Graph:
    """The graph (parameters, x, y, weights) -> weighted sums over the rows.

    functions  of (prediction, y), each one number a sample
    """

    def sums(parameters: Any, x: Any, y: Any, weights: Any) -> dict[str, Any]:
        return _sums(functions, packing.unpack(parameters)(x), y, weights)

    vector = np.zeros(packing.size, packing.dtype)
    return trace(sums, vector, batches.x, batches.y, batches.weights)


def _sums(
    functions: Mapping[str, PerSample], prediction: Any, y: Any, weights: Any
) -> dict[str, Any]:
    """Of each function over the rows, weighted."""
    found = {name: function(prediction, y) for name, function in functions.items()}
    if weights is not None:
        found = {name: values * weights for name, values in found.items()}
    return {name: ops.sum(values) for name, values in found.items()}


def _with_statistics(packing: Packing, parameters: Any, after: Any) -> Any:
    """`parameters`, but the running statistics of the network `after` a batch."""
    fixed = statistics(after)
    if not fixed:
        return parameters
    moved, structure = tree.flatten(packing.unpack(parameters))
    rows = zip(tree.paths(after), moved, tree.leaves(after), strict=True)
    chosen = [there if path in fixed else here for path, here, there in rows]
    return packing.pack(tree.unflatten(structure, chosen))

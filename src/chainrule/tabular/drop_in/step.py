"""The graphs of a training step and of the objective that L-BFGS minimises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.graph import Graph
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.training import forward
from chainrule.tabular.drop_in.design import Design, moved
from chainrule.train.rows import Batches
from chainrule.transforms.functions import value_and_grad
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


_SCALAR = ArrayType((), "float64")
_KEY = ArrayType((2,), "uint32")

#: (gradient, state, rate, nesterov) -> (what is added to the parameters, vectors of the state)
Rule = Callable[[Any, Any, Any, bool], tuple[Any, dict[str, Any]]]


def _adam(gradient: Any, state: Any, rate: Any, nesterov: bool) -> tuple[Any, dict[str, Any]]:
    """ε is added to the root of v as it is, before what makes m and v unbiased, which is in the
    rate: D. Kingma, J. Ba, 2015, the end of section 2.
    """
    beta_1, beta_2 = state["beta_1"], state["beta_2"]
    m = beta_1 * state["m"] + (1 - beta_1) * gradient
    v = beta_2 * state["v"] + (1 - beta_2) * ops.square(gradient)
    return -rate * m / (ops.sqrt(v) + state["epsilon"]), {"m": m, "v": v}


def _sgd(gradient: Any, state: Any, rate: Any, nesterov: bool) -> tuple[Any, dict[str, Any]]:
    push, momentum = rate * gradient, state["momentum"]
    velocity = momentum * state["velocity"] - push
    return momentum * velocity - push if nesterov else velocity, {"velocity": velocity}


#: Every stochastic solver: its rule, the numbers it is set by, and its vectors.
RULES: dict[str, tuple[Rule, tuple[str, ...], tuple[str, ...]]] = {
    "adam": (_adam, ("alpha", "beta_1", "beta_2", "epsilon"), ("m", "v")),
    "sgd": (_sgd, ("alpha", "momentum"), ("velocity",)),
}


def training_step(design: Design) -> Graph:
    """The graph (parameters, state, rate, step, key, x, y, weights) -> (parameters, state, loss).

    parameters  `(parameters,)`, as the architecture packs them
    state       the solver's vectors, and the numbers that it is set by; as `initial_state`
    rate, step  float64 scalars; key  uint32 `(2,)`
    loss        as scikit-learn reports it, of the batch before the step
    """
    packing, dtype = design.architecture.packing, design.architecture.dtype
    rule, names, _ = RULES[design.solver]

    def step(
        parameters: Any, state: Any, rate: Any, number: Any, key: Any, x: Any, y: Any, weights: Any
    ) -> Any:
        of_step = ops.fold_in(key, ops.cast(number, "int64"))
        settings = ops.cast(state["settings"], dtype)
        numbers = {name: settings[place] for place, name in enumerate(names)}
        (_, (after, reported)), gradients = value_and_grad(_objective(design), has_aux=True)(
            packing.unpack(parameters), numbers["alpha"], x, y, weights, of_step
        )
        change, vectors = rule(
            packing.pack(gradients), {**state, **numbers}, ops.cast(rate, dtype), design.nesterov
        )
        found = packing.unpack(parameters + change)
        return packing.pack(moved(found, after)), {**state, **vectors}, reported

    vector = np.zeros(packing.size, dtype)
    batches = batches_of(design)
    state = initial_state(design, np.zeros(len(names)))
    args = (vector, state, _SCALAR, _SCALAR, _KEY, batches.x, batches.y, batches.weights)
    return trace(step, *args)


def objective_and_gradient(design: Design) -> Graph:
    """The graph (parameters, alpha, x, y, weights) -> (objective, loss, gradient).

    loss  as scikit-learn reports it; of several outputs it is no multiple of the objective
    """
    packing = design.architecture.packing

    def evaluated(parameters: Any, alpha: Any, x: Any, y: Any, weights: Any) -> Any:
        alpha = ops.cast(alpha, design.architecture.dtype)
        (value, (_, reported)), gradients = value_and_grad(_objective(design), has_aux=True)(
            packing.unpack(parameters), alpha, x, y, weights, ops.key(0)
        )
        return value, reported, packing.pack(gradients)

    vector = np.zeros(packing.size, design.architecture.dtype)
    batches = batches_of(design)
    return trace(evaluated, vector, _SCALAR, batches.x, batches.y, batches.weights)


def initial_state(design: Design, settings: Any) -> dict[str, Any]:
    """The state before the first step, with the numbers that the rule is set by, in its order."""
    packing = design.architecture.packing
    vectors = RULES[design.solver][2]
    zeros = {name: np.zeros(packing.size, packing.dtype) for name in vectors}
    return {**zeros, "settings": settings}


def batches_of(design: Design) -> Batches:
    """What a batch looks like: labels `(batch,)` or numbers `(batch, outputs)`."""
    sizes, dtype = design.architecture.sizes, design.architecture.dtype
    y = ArrayType((BATCH, sizes[-1]), dtype)
    if design.labels:
        y = ArrayType((BATCH,), "int64")
    weights = ArrayType((BATCH,), dtype) if design.weighted else None
    return Batches(ArrayType((BATCH, sizes[0]), dtype), y, weights)


def _objective(design: Design) -> Callable[..., Any]:
    """(parameters, alpha, x, y, weights, key) -> (objective, (network after, loss as reported)).

    Both are (Σ wᵢ lossᵢ + ½ alpha Σ w²) / Σ wᵢ.
    """
    architecture, loss = design.architecture, find_loss(design.loss_text).function
    as_reported = _REPORTED.get(design.loss_name, lambda losses, y: losses)

    def objective(
        parameters: Any, alpha: Any, x: Any, y: Any, weights: Any, key: Any
    ) -> tuple[Any, Any]:
        network = architecture.network(parameters, design.dropout)
        outputs, after = forward(network, x, key)
        losses = loss(outputs, y)
        squares = [ops.sum(ops.square(weight)) for weight in parameters["coefs"]]
        penalty = 0.5 * alpha * sum(squares[1:], start=squares[0])

        def averaged(each: Any) -> Any:
            if weights is None:
                count = ops.batch_size(n=BATCH, dtype=architecture.dtype)
                return (ops.sum(each) + penalty) / count
            total = ops.sum(weights)
            # A batch whose weights are all 0 moves nothing but by the penalty.
            return (ops.sum(weights * each) + penalty) / ops.where(total > 0, total, 1)

        return averaged(losses), (after, averaged(as_reported(losses, y)))

    return objective


def _deviance(losses: Any, y: Any) -> Any:
    """Half the Poisson deviance: what `poisson` gives, and y log y - y, which is constant."""
    log = ops.log(ops.where(y > 0, y, 1))
    return losses + ops.sum(y * log - y, axis=-1)


#: (losses, y) -> the losses as scikit-learn reports them, where it minimises others.
_REPORTED: dict[str, Callable[[Any, Any], Any]] = {
    "squared_error": lambda losses, y: losses / float(y.shape[-1]),
    "poisson": _deviance,
}

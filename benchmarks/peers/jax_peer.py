"""JAX: one compiled step at a time, or one compiled scan over the batches of an epoch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import (
    BETAS,
    EPSILON,
    LEARNING_RATE,
    NORM_EPSILON,
    NORM_MOMENTUM,
    Case,
    Data,
    Layer,
)
from benchmarks.peers.trainer import Call, EpochByEpoch


def trainer(case: Case, data: Data, layers: list[Layer], threads: int, style: str) -> EpochByEpoch:
    """See `Trainer`. Threads are fixed by the environment."""
    held = {"carry": _begin(layers, case)}
    x, y = jnp.asarray(data.x), jnp.asarray(data.y.astype(np.int32))
    run = STYLES[style](case)
    rng = np.random.default_rng(0)

    def epoch(shuffled: bool) -> None:
        order = rng.permutation(len(x)) if shuffled else np.arange(len(x))
        held["carry"] = run(held["carry"], x, y, jnp.asarray(order.astype(np.int32)))
        jax.block_until_ready(held["carry"])

    return EpochByEpoch(epoch, lambda: _arrays(held["carry"]["parameters"]))


def predictor(layers: list[Layer], x: Any, threads: int) -> Call:
    """Probabilities from a compiled function, from an array to an array."""
    parameters = [_named(layer) for layer in layers]
    compiled = jax.jit(lambda p, x: jax.nn.softmax(_logits(p, x), axis=1))
    return Call(lambda: np.asarray(compiled(parameters, x)))


def _named(layer: Layer) -> dict[str, Any]:
    names = ("weight", "bias", "scale", "shift")
    fields = zip(names, (layer.weight, layer.bias, layer.scale, layer.shift), strict=True)
    return {name: jnp.array(array) for name, array in fields if array is not None}


def _begin(layers: list[Layer], case: Case) -> dict[str, Any]:
    """Parameters, moments, running statistics, number of steps, and the key of dropout."""
    parameters = [_named(layer) for layer in layers]
    carry = {
        "parameters": parameters,
        "step": jnp.zeros((), jnp.int32),
        "statistics": [
            {"mean": jnp.zeros_like(layer["shift"]), "variance": jnp.ones_like(layer["shift"])}
            for layer in parameters
            if "shift" in layer
        ],
        "key": jax.random.key(0, impl="unsafe_rbg"),  # the fastest generator that JAX has
    }
    if case.optimizer == "adam":
        carry |= {name: jax.tree.map(jnp.zeros_like, parameters) for name in ("m", "v")}
    return carry


def _arrays(parameters: list[dict[str, Any]]) -> list[Layer]:
    names = ("weight", "bias", "scale", "shift")
    return [
        Layer(*(np.asarray(layer[name]) if name in layer else None for name in names))
        for layer in parameters
    ]


def _logits(parameters: list[dict[str, Any]], x: Any) -> Any:
    for layer in parameters[:-1]:
        x = jax.nn.relu(x @ layer["weight"] + layer["bias"])
    return x @ parameters[-1]["weight"] + parameters[-1]["bias"]


def _trained_logits(
    parameters: Any, statistics: Any, x: Any, key: Any, dropout: float
) -> tuple[Any, Any]:
    """Logits in training, and the running statistics moved on."""
    after = []
    for place, layer in enumerate(parameters[:-1]):
        x = x @ layer["weight"]
        if "scale" in layer:
            mean = x.mean(axis=0)
            variance = jnp.square(x - mean).mean(axis=0)
            x = (x - mean) * jax.lax.rsqrt(variance + NORM_EPSILON)
            x = x * layer["scale"] + layer["shift"]
            new = {"mean": mean, "variance": variance}
            after.append(jax.tree.map(_moved, statistics[len(after)], new))
        else:
            x = x + layer["bias"]
        x = jax.nn.relu(x)
        if dropout:
            is_kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - dropout, x.shape)
            x = jnp.where(is_kept, x / (1 - dropout), 0)
    return x @ parameters[-1]["weight"] + parameters[-1]["bias"], after


def _moved(old: Any, new: Any) -> Any:
    return NORM_MOMENTUM * old + (1 - NORM_MOMENTUM) * new


def _step(case: Case, carry: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
    """One training step."""

    def objective(parameters: Any) -> tuple[Any, Any]:
        key = jax.random.fold_in(carry["key"], carry["step"])
        z, after = _trained_logits(parameters, carry["statistics"], x, key, case.dropout)
        if case.is_binary:
            z = z[:, 0]
            return jnp.mean(jnp.logaddexp(0.0, z) - y * z), after
        one_hot = jax.nn.one_hot(y, z.shape[1])  # a gather's gradient, a scatter, is slower
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(z) * one_hot, axis=1)), after

    gradient, after = jax.grad(objective, has_aux=True)(carry["parameters"])
    moved = {**carry, "step": carry["step"] + 1, "statistics": after}
    return UPDATES[case.optimizer](moved, gradient)


def _sgd(carry: dict[str, Any], gradient: Any) -> dict[str, Any]:
    rate = LEARNING_RATE["sgd"]
    moved = jax.tree.map(lambda w, g: w - rate * g, carry["parameters"], gradient)
    return {**carry, "parameters": moved}


def _adam(carry: dict[str, Any], gradient: Any) -> dict[str, Any]:
    beta1, beta2 = BETAS
    t = carry["step"].astype(jnp.float32)
    of_m, of_v = 1 / (1 - beta1**t), 1 / (1 - beta2**t)
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, carry["m"], gradient)
    v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, carry["v"], gradient)
    rate = LEARNING_RATE["adam"]

    def update(w: Any, m: Any, v: Any) -> Any:
        return w - rate * (m * of_m) / (jnp.sqrt(v * of_v) + EPSILON)

    moved = jax.tree.map(update, carry["parameters"], m, v)
    return {**carry, "parameters": moved, "m": m, "v": v}


UPDATES: dict[str, Callable[..., dict[str, Any]]] = {"sgd": _sgd, "adam": _adam}


def _stepwise(case: Case) -> Callable[..., Any]:
    """Batches are cut out of the order inside the compiled step: nothing is done in Python."""

    @functools.partial(jax.jit, donate_argnums=0)
    def step(carry: Any, x: Any, y: Any, order: Any, start: Any) -> Any:
        places = jax.lax.dynamic_slice(order, (start,), (case.batch,))
        return _step(case, carry, x[places], y[places])

    starts = [np.int32(place * case.batch) for place in range(case.steps)]

    def run(carry: Any, x: Any, y: Any, order: Any) -> Any:
        for start in starts:
            carry = step(carry, x, y, order, start)
        return carry

    return run


def _scanned(case: Case) -> Callable[..., Any]:
    @functools.partial(jax.jit, donate_argnums=0)
    def run(carry: Any, x: Any, y: Any, order: Any) -> Any:
        def body(carry: Any, places: Any) -> tuple[Any, None]:
            return _step(case, carry, x[places], y[places]), None

        return jax.lax.scan(body, carry, order.reshape(case.steps, case.batch))[0]

    return run


#: How an epoch is run.
STYLES: dict[str, Callable[[Case], Callable[..., Any]]] = {"step": _stepwise, "scan": _scanned}

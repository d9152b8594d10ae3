"""Plain NumPy as a careful person writes it: every array made once, all arithmetic in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


_BLOCK = 32_768  # parameters that are updated together: what the update reads of them fits a cache


def trainer(case: Case, data: Data, layers: list[Layer], threads: int, style: str) -> EpochByEpoch:
    """See `Trainer`. Threads are the caller's to set."""
    parameters = _Parameters(layers)
    update = UPDATES[case.optimizer](parameters)
    units = [_Hidden(case, here, there) for here, there in parameters.pairs[:-1]]
    last, last_gradient = parameters.pairs[-1]
    x = np.empty((case.batch, case.sizes[0]), np.float32)
    z = np.empty((case.batch, case.sizes[-1]), np.float32)
    targets = data.y.astype(np.float32)[:, None] if case.is_binary else data.y
    delta_of = _sigmoid_delta if case.is_binary else _softmax_delta
    rng = np.random.default_rng(0)

    def step(places: Any) -> None:
        np.take(data.x, places, axis=0, out=x, mode="clip")
        inner = x
        for unit in units:
            inner = unit.forward(inner)
        np.matmul(inner, last["weight"], out=z)
        np.add(z, last["bias"], out=z)
        delta_of(z, targets[places])
        np.matmul(inner.T, z, out=last_gradient["weight"])
        np.sum(z, axis=0, out=last_gradient["bias"])
        delta, weight = z, last["weight"]
        for unit in reversed(units):
            delta = unit.backward(delta, weight)
            weight = unit.here["weight"]
        update()

    def epoch(shuffled: bool) -> None:
        order = rng.permutation(case.samples) if shuffled else np.arange(case.samples)
        for places in order.reshape(case.steps, case.batch):
            step(places)

    return EpochByEpoch(epoch, parameters.arrays)


def predictor(layers: list[Layer], x: Any, threads: int) -> Call:
    """Probabilities. Threads are the caller's to set."""

    def call() -> Any:
        inner = x
        for layer in layers[:-1]:
            inner = inner @ layer.weight
            inner += layer.bias
            np.maximum(inner, 0, out=inner)
        z = inner @ layers[-1].weight
        z += layers[-1].bias
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        return z

    return Call(call)


class _Parameters:
    """All parameters on one vector, gradients on another, and for each layer views of both."""

    def __init__(self, layers: list[Layer]) -> None:
        arrays = [{n: a for n, a in vars(layer).items() if a is not None} for layer in layers]
        size = sum(array.size for layer in arrays for array in layer.values())
        self.vector, self.gradient = np.empty(size, np.float32), np.empty(size, np.float32)
        self.pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
        start = 0
        for layer in arrays:
            here, there = {}, {}
            for name, array in layer.items():
                place = slice(start, start + array.size)
                here[name] = self.vector[place].reshape(array.shape)
                there[name] = self.gradient[place].reshape(array.shape)
                here[name][...] = array
                start += array.size
            self.pairs.append((here, there))

    def arrays(self) -> list[Layer]:
        """Copies, layer by layer."""
        copies = [{name: array.copy() for name, array in here.items()} for here, _ in self.pairs]
        return [Layer(**{"bias": None, **fields}) for fields in copies]


class _Hidden:
    """A hidden layer with its buffers: product, normalisation, ReLU, dropout, and their gradients.

    here, there  the layer's parameters and their gradients, by name
    """

    def __init__(self, case: Case, here: dict[str, Any], there: dict[str, Any]) -> None:
        self.here, self.there, self._dropout = here, there, case.dropout
        shape = (case.batch, here["weight"].shape[1])
        self._out, self._delta, self._work = (np.empty(shape, np.float32) for _ in range(3))
        self._normal = np.empty(shape, np.float32)
        self._mask = np.empty(shape, bool)
        self._mean, self._variance = np.zeros(shape[1], "f4"), np.ones(shape[1], "f4")
        self._inverse: Any = None
        self._rng = np.random.default_rng(1)

    def forward(self, x: Any) -> Any:
        """The layer's output `(batch, units)`, valid until the next call."""
        self._x, out, here = x, self._out, self.here
        np.matmul(x, here["weight"], out=out)
        if "scale" in here:
            self._normalise(out)
        else:
            np.add(out, here["bias"], out=out)
        np.maximum(out, 0, out=out)
        np.greater(out, 0, out=self._mask)
        if self._dropout:
            self._rng.random(out=self._work, dtype=np.float32)
            self._mask &= self._work >= self._dropout
            out *= self._mask
            out *= 1 / (1 - self._dropout)
        return out

    def backward(self, delta: Any, weight: Any) -> Any:
        """From the sums of the next layer, whose `weight` comes, to the sums of this one."""
        out, there = self._delta, self.there
        np.matmul(delta, weight.T, out=out)
        out *= self._mask
        if self._dropout:
            out *= 1 / (1 - self._dropout)
        if "scale" in there:
            self._denormalise(out)
        else:
            np.sum(out, axis=0, out=there["bias"])
        np.matmul(self._x.T, out, out=there["weight"])
        return out

    def _normalise(self, out: Any) -> None:
        mean = out.mean(axis=0)
        out -= mean
        variance = np.einsum("bi,bi->i", out, out) / np.float32(len(out))
        self._inverse = 1 / np.sqrt(variance + np.float32(NORM_EPSILON))
        np.multiply(out, self._inverse, out=self._normal)
        np.multiply(self._normal, self.here["scale"], out=out)
        out += self.here["shift"]
        for old, new in ((self._mean, mean), (self._variance, variance)):
            old *= NORM_MOMENTUM
            old += (1 - NORM_MOMENTUM) * new

    def _denormalise(self, delta: Any) -> None:
        there, rows = self.there, np.float32(len(delta))
        np.einsum("bi,bi->i", delta, self._normal, out=there["scale"])
        np.sum(delta, axis=0, out=there["shift"])
        np.multiply(self._normal, there["scale"] / rows, out=self._work)
        delta -= there["shift"] / rows
        delta -= self._work
        delta *= self.here["scale"] * self._inverse


def _softmax_delta(z: Any, labels: Any) -> None:
    """From logits to the gradient of the mean loss, in place."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    z[np.arange(len(z)), labels] -= 1
    z *= 1 / len(z)


def _sigmoid_delta(z: Any, targets: Any) -> None:
    """From logits to the gradient of the mean loss, in place; tanh does not overflow."""
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5
    z -= targets
    z *= 1 / len(z)


def _sgd(parameters: _Parameters) -> Callable[[], None]:
    def update() -> None:
        parameters.gradient *= LEARNING_RATE["sgd"]
        parameters.vector -= parameters.gradient

    return update


def _adam(parameters: _Parameters) -> Callable[[], None]:
    size = len(parameters.vector)
    m, v = np.zeros(size, np.float32), np.zeros(size, np.float32)
    work = np.empty(min(size, _BLOCK), np.float32)
    starts = range(0, size, _BLOCK)
    vectors = (parameters.vector, parameters.gradient, m, v)
    blocks = [tuple(vector[start : start + _BLOCK] for vector in vectors) for start in starts]
    beta1, beta2 = BETAS
    step = 0

    def update() -> None:
        nonlocal step
        step += 1
        rate = LEARNING_RATE["adam"] / (1 - beta1**step)
        size_factor = 1 / np.sqrt(1 - beta2**step)
        for w, g, m, v in blocks:
            t = work[: len(w)]
            np.subtract(g, m, out=t)
            t *= 1 - beta1
            m += t
            np.multiply(g, g, out=t)
            t -= v
            t *= 1 - beta2
            v += t
            np.sqrt(v, out=t)
            t *= np.float32(size_factor)
            t += EPSILON
            np.divide(m, t, out=t)
            t *= rate
            w -= t

    return update


UPDATES: dict[str, Callable[[_Parameters], Callable[[], None]]] = {"sgd": _sgd, "adam": _adam}

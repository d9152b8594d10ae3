"""chainrule as its users call it: `train.fit`, timed from one callback to the next."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import chainrule as cr
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
from benchmarks.peers.trainer import Call, Watch
from chainrule.types import BATCH, ArrayType


class _Fit:
    """Each `train` is one `fit` from the initial weights; the first epoch includes its set-up."""

    def __init__(self, case: Case, data: Data, layers: list[Layer], threads: int) -> None:
        self._network = network(layers, case.dropout)
        self._x = data.x
        self._y = data.y[:, None].astype(np.float32) if case.is_binary else data.y
        self._settings: dict[str, Any] = {
            "loss": "binary_cross_entropy" if case.is_binary else "cross_entropy",
            "optimizer": optimizer(case.optimizer),
            "batch_size": case.batch,
            "progress": False,
            "backend": "native",
            "threads": threads,
        }
        self._seed = 0

    def train(self, epochs: int, shuffled: bool = True, watch: Watch | None = None) -> list[float]:
        """See `Trainer`."""
        seconds: list[float] = []
        start = time.perf_counter()

        def told(moment: Any) -> bool:
            nonlocal start
            seconds.append(time.perf_counter() - start)
            is_enough = watch is not None and watch(arrays(moment.network))
            start = time.perf_counter()
            return is_enough

        self._seed += 1
        result = cr.train.fit(
            self._network,
            self._x,
            self._y,
            epochs=epochs,
            order="shuffled" if shuffled else "given",
            seed=self._seed,
            callbacks=[told],
            **self._settings,
        )
        self._trained = arrays(result.network)
        return seconds

    def layers(self) -> list[Layer]:
        """See `Trainer`."""
        return self._trained

    def close(self) -> None:
        """Nothing is held."""


def trainer(case: Case, data: Data, layers: list[Layer], threads: int, style: str) -> _Fit:
    """See `Trainer`."""
    return _Fit(case, data, layers, threads)


def predictor(layers: list[Layer], x: Any, threads: int) -> Call:
    """Probabilities from compiled code, which takes any number of rows."""
    net = network(layers, 0.0)
    rows = ArrayType((BATCH, *x.shape[1:]), str(x.dtype))
    compiled = cr.compile(lambda x: cr.softmax(net(x)), rows, threads=threads)
    return Call(lambda: compiled(x))


def network(layers: list[Layer], dropout: float) -> Any:
    """The network of these arrays."""
    made: list[Any] = []
    for place, layer in enumerate(layers):
        made.append(cr.nn.Dense(layer.weight, layer.bias))
        if layer.scale is not None:
            zeros, ones = np.zeros_like(layer.shift), np.ones_like(layer.shift)
            made.append(
                cr.nn.BatchNorm(layer.scale, layer.shift, zeros, ones, NORM_MOMENTUM, NORM_EPSILON)
            )
        if place < len(layers) - 1:
            made.append(cr.relu)
            made += [cr.nn.Dropout(dropout)] if dropout else []
    return cr.nn.Sequential(tuple(made))


def arrays(net: Any) -> list[Layer]:
    """The arrays of a network that `network` made."""
    found: list[Layer] = []
    for layer in net.layers:
        if isinstance(layer, cr.nn.Dense):
            found.append(Layer(layer.weight, layer.bias))
        if isinstance(layer, cr.nn.BatchNorm):
            found[-1] = Layer(found[-1].weight, None, layer.scale, layer.shift)
    return found


def optimizer(name: str) -> Any:
    """The optimiser with the settings that all share."""
    if name == "sgd":
        return cr.train.sgd(LEARNING_RATE[name])
    return cr.train.adam(LEARNING_RATE[name], *BETAS, EPSILON)

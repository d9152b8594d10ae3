"""What is measured: networks, the data that they learn, and the weights that they begin with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


LEARNING_RATE = {"adam": 1e-3, "sgd": 1e-2}
BETAS = (0.9, 0.999)
EPSILON = 1e-8
NORM_EPSILON = 1e-5  # of batch normalisation
NORM_MOMENTUM = 0.9  # the share of a running statistic that is kept


@dataclass(frozen=True)
class Case:
    """One task: a multilayer perceptron with ReLU and how it is trained, in float32.

    sizes  of inputs, hidden layers and outputs; one output takes the sigmoid cross-entropy,
           more the softmax cross-entropy
    steps  in an epoch, so many that an epoch lasts some 50 to 500 ms with most peers
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    steps: int
    optimizer: str = "adam"
    dropout: float = 0.0
    batch_norm: bool = False

    @property
    def samples(self) -> int:
        """In an epoch: every batch is whole."""
        return self.batch * self.steps

    @property
    def is_binary(self) -> bool:
        """Whether there is one output, the logit of the class 1."""
        return self.sizes[-1] == 1

    @property
    def needs(self) -> frozenset[str]:
        """What a peer has to offer besides plain layers."""
        wanted = {"dropout": self.dropout > 0, "batch_norm": self.batch_norm}
        return frozenset(name for name, is_wanted in wanted.items() if is_wanted)


def _plain(text: str, batch: int, steps: int) -> Case:
    return Case(text, tuple(map(int, text.split("-"))), batch, steps)


_MIDDLE = ((784, 128, 10), 64, 200)

#: Every case, by name.
CASES: dict[str, Case] = {
    case.name: case
    for case in (
        _plain("2-2-1", 4, 1000),
        _plain("4-16-3", 32, 500),
        _plain("64-100-10", 64, 300),
        _plain("784-128-10", 64, 200),
        _plain("784-512-512-10", 128, 40),
        _plain("784-2048-2048-2048-10", 256, 8),
        _plain("28-300-300-300-300-300-1", 100, 64),
        Case("784-128-10 sgd", *_MIDDLE, optimizer="sgd"),
        Case("784-128-10 dropout", *_MIDDLE, dropout=0.5),
        Case("784-128-10 batch norm", *_MIDDLE, batch_norm=True),
    )
}


@dataclass(frozen=True)
class Data:
    """Samples: x float32 `(samples, inputs)`, y int64 `(samples,)`, the labels from 0 on."""

    x: Any
    y: Any


@dataclass(frozen=True)
class Layer:
    """The arrays of one layer, float32.

    weight        `(fan_in, fan_out)`
    bias          `(fan_out,)`, or None before a normalisation, whose shift takes its place
    scale, shift  `(fan_out,)` of the normalisation of the batch, or None without
    """

    weight: Any
    bias: Any
    scale: Any = None
    shift: Any = None


def data_of(case: Case, seed: int = 0) -> Data:
    """Normal inputs, and labels from a random linear map, a tenth of them drawn anew.

    The noise keeps gradients away from 0, where numbers become subnormal and slow.
    """
    rng = np.random.default_rng(seed)
    classes = max(case.sizes[-1], 2)
    x = rng.normal(size=(case.samples, case.sizes[0])).astype(np.float32)
    y = np.argmax(x @ rng.normal(size=(case.sizes[0], classes)).astype(np.float32), axis=1)
    is_noise = rng.uniform(size=case.samples) < 0.1
    y = np.where(is_noise, rng.integers(classes, size=case.samples), y)
    y[:classes] = np.arange(classes)  # every class is there
    return Data(x, y.astype(np.int64))


def layers_of(case: Case, seed: int = 0) -> list[Layer]:
    """Initial weights, normal with variance 2 / fan_in; biases 0.1, so that no ReLU starts at 0."""
    rng = np.random.default_rng([seed, 1])
    layers = []
    for place, (fan_in, fan_out) in enumerate(pairwise(case.sizes), start=2):
        weight = rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32)
        is_normalised = case.batch_norm and place < len(case.sizes)
        tenths = np.full(fan_out, 0.1, np.float32)
        ones = np.ones(fan_out, np.float32)
        layers.append(Layer(weight, None, ones, tenths) if is_normalised else Layer(weight, tenths))
    return layers


def logits(layers: list[Layer], x: Any) -> Any:
    """The outputs for `x` `(batch, inputs)`, in float64.

    Normalisation takes the statistics of `x`, so that running ones need not be compared.
    """
    x = np.asarray(x, np.float64)
    for place, layer in enumerate(layers):
        x = x @ layer.weight
        if layer.bias is not None:
            x = x + layer.bias
        if layer.scale is not None:
            centred = x - x.mean(axis=0)
            x = centred / np.sqrt((centred**2).mean(axis=0) + NORM_EPSILON)
            x = x * layer.scale + layer.shift
        if place < len(layers) - 1:
            x = np.maximum(x, 0)
    return x


def mean_loss(layers: list[Layer], data: Data) -> float:
    """The mean cross-entropy over all samples, without dropout."""
    z = logits(layers, data.x)
    if z.shape[1] == 1:
        z = np.concatenate([np.zeros_like(z), z], axis=1)
    z = z - z.max(axis=1, keepdims=True)
    chosen = np.take_along_axis(z, data.y[:, None], axis=1)[:, 0]
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - chosen))


def accuracy(layers: list[Layer], data: Data) -> float:
    """The share of the samples whose largest output is that of their class."""
    return float(np.mean(np.argmax(logits(layers, data.x), axis=1) == data.y))

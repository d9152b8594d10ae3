"""Layers that work otherwise while they are trained: dropout and batch normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule import ops
from chainrule.nn.initializers import check_size, filled
from chainrule.nn.training import TrainingLayer
from chainrule.tree import Array
from chainrule.types import shape_text


@dataclass(frozen=True, repr=False)
class Dropout(TrainingLayer):
    """Sets units to 0 in training, each with probability `rate`, anew for every sample.

    The others are divided by 1 - rate, so that in use nothing is left to do ("inverted" dropout,
    A14). N. Srivastava et al., 2014. ValueError for a rate outside [0, 1).
    """

    rate: float
    name: ClassVar[str] = "drop"

    def __post_init__(self) -> None:
        _check_share("Dropout", "rate", self.rate)

    def __call__(self, x: Any) -> Any:
        """`x` itself."""
        return x

    def train(self, x: Any, key: Any) -> tuple[Any, Dropout]:
        """`x` of any shape with some of its numbers set to 0, and the layer as it is."""
        if self.rate == 0:
            return x, self
        is_kept = ops.uniform(key, x.shape, x.dtype) >= self.rate
        return ops.where(is_kept, x * (1 / (1 - self.rate)), 0), self

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


@dataclass(frozen=True, repr=False)
class FadingDropout(TrainingLayer):
    """Dropout whose rate falls in the second half of a training: rate · flat_cosine(step / steps).

    rate   of the first half; steps  of the whole training
    step   `()`, how many are done: it moves on in training, so a run that is resumed goes on
    D. Holzmüller et al., 2024. ValueError for a rate outside [0, 1) or a number of steps below 1.
    """

    rate: float
    steps: int
    step: Array
    name: ClassVar[str] = "drop"
    statistics: ClassVar[tuple[str, ...]] = ("step",)

    def __post_init__(self) -> None:
        _check_share("FadingDropout", "rate", self.rate)
        check_size("FadingDropout", self.steps)

    @classmethod
    def init(cls, rate: float, steps: int, dtype: str = "float32") -> FadingDropout:
        """The layer before the first step."""
        return cls(rate, steps, np.zeros((), dtype))

    def __call__(self, x: Any) -> Any:
        """`x` itself."""
        return x

    def train(self, x: Any, key: Any) -> tuple[Any, FadingDropout]:
        """`x` of any shape with some of its numbers set to 0, and the layer one step later."""
        rate = ops.cast(self.rate * flat_cosine(self.step / self.steps), x.dtype)
        is_kept = ops.uniform(key, x.shape, x.dtype) >= rate
        after = FadingDropout(self.rate, self.steps, self.step + 1)
        return ops.where(is_kept, x * (1 / (1 - rate)), 0), after

    def __repr__(self) -> str:
        return f"FadingDropout({self.rate})"


@dataclass(frozen=True, repr=False)
class BatchNorm(TrainingLayer):
    """Each feature with mean 0 and variance 1, then scaled and shifted as is learnt (BN-03).

    scale, shift    `(features,)`, learnt
    mean, variance  `(features,)`, running statistics: what is used in place of those of a batch
                    when the layer is not trained
    momentum        how much of a running statistic is kept when a batch comes
    epsilon         added to the variance

    The variance of a batch, and the running one, divide by the number of rows, not by one less:
    so a batch of one row has variance 0, and its output is `shift`. S. Ioffe, C. Szegedy, 2015.
    ValueError for a momentum outside [0, 1) or an epsilon that is not positive.
    """

    scale: Array
    shift: Array
    mean: Array
    variance: Array
    momentum: float = 0.9
    epsilon: float = 1e-5
    name: ClassVar[str] = "norm"
    statistics: ClassVar[tuple[str, ...]] = ("mean", "variance")

    def __post_init__(self) -> None:
        _check_share("BatchNorm", "momentum", self.momentum)
        if not 0 < self.epsilon < math.inf:
            raise ValueError(f"BatchNorm: epsilon is {self.epsilon!r}; expected a positive number")

    @classmethod
    def init(
        cls, features: int, *, momentum: float = 0.9, epsilon: float = 1e-5, dtype: str = "float32"
    ) -> BatchNorm:
        """A layer that leaves its input as it is (but for `epsilon`) until it is trained."""
        ones, zeros = (filled("BatchNorm", features, value, dtype) for value in (1, 0))
        return cls(ones, zeros, zeros, ones, momentum, epsilon)

    def __call__(self, x: Any) -> Any:
        """The output in use for `x` `(batch, features)`, or `(features,)` for a single sample."""
        return self._normalised(self._taken(x) - self.mean, self.variance)

    def train(self, x: Any, key: Any) -> tuple[Any, BatchNorm]:
        """The output for a batch `x` `(batch, features)`, and the layer with statistics moved on.

        ValueError for any other shape.
        """
        x = self._taken(x)
        if len(x.shape) != 2:
            raise ValueError(
                f"BatchNorm: x has shape {shape_text(x.shape)}; expected [batch,features]"
            )
        mean = ops.mean(x, axis=0)
        centred = x - mean
        variance = ops.mean(ops.square(centred), axis=0)
        kept, new = self.momentum, 1 - self.momentum
        after = BatchNorm(
            self.scale,
            self.shift,
            kept * self.mean + new * mean,
            kept * self.variance + new * variance,
            self.momentum,
            self.epsilon,
        )
        return self._normalised(centred, variance), after

    def check(self) -> None:
        """ValueError where the fields do not make a layer."""
        shapes = [np.shape(x) for x in (self.scale, self.shift, self.mean, self.variance)]
        if len(shapes[0]) != 1 or len(set(shapes)) > 1:
            raise ValueError(
                f"BatchNorm: scale, shift, mean, variance {', '.join(map(shape_text, shapes))} "
                "do not fit; expected [features] four times"
            )

    def _taken(self, x: Any) -> Any:
        if x.shape[-1:] != self.scale.shape:
            raise ValueError(
                f"BatchNorm: x has shape {shape_text(x.shape)}, but the layer takes "
                f"{self.scale.shape[0]} features: [batch,{self.scale.shape[0]}]"
            )
        return ops.cast(x, self.scale.dtype)

    def _normalised(self, centred: Any, variance: Any) -> Any:
        factor = self.scale / ops.sqrt(variance + self.epsilon)
        return centred * factor + self.shift

    def __repr__(self) -> str:
        return f"BatchNorm{shape_text(self.scale.shape)}"


def flat_cosine(share: Any) -> Any:
    """1 while `share` of the training is up to ½, then ½ (1 + cos(2π share - π)), down to 0."""
    phase = ops.clip(2 * share - 1, 0, 1)
    return 0.5 + 0.5 * ops.cos(math.pi * phase)


def _check_share(kind: str, name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"{kind}: {name} is {value!r}; expected a number in [0, 1)")

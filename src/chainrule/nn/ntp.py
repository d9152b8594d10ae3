"""Layers of RealMLP: dense in the neural tangent parametrisation, gains, learnt activations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule import ops
from chainrule.nn.activations import Activation
from chainrule.nn.activations import activation as find_activation
from chainrule.nn.initializers import check_size, filled
from chainrule.tree import Array
from chainrule.types import shape_text


@dataclass(frozen=True, repr=False)
class NtpDense:
    """A dense layer in the neural tangent parametrisation: x @ weight / √fan_in + bias.

    weight  `(fan_in, fan_out)`, of size 1 whatever the width, so that one learning rate suits all
    bias    `(fan_out,)`
    A. Jacot, F. Gabriel, C. Hongler, "Neural tangent kernel", 2018.
    """

    weight: Array
    bias: Array

    @classmethod
    def init(
        cls, fan_in: int, fan_out: int, *, rng: int | np.random.Generator, dtype: str = "float32"
    ) -> NtpDense:
        """A layer whose weights and biases are drawn from the standard normal distribution.

        ValueError for a size that is no whole number from 1, or a dtype other than float32 and
        float64.
        """
        check_size("NtpDense", fan_in)
        bias = filled("NtpDense", fan_out, 0.0, dtype)
        generator = np.random.default_rng(rng)
        weight = generator.normal(size=(fan_in, fan_out)).astype(dtype)
        return cls(weight, bias + generator.normal(size=fan_out).astype(dtype))

    @classmethod
    def zeros(cls, fan_in: int, fan_out: int, dtype: str = "float32") -> NtpDense:
        """A layer whose weights and biases are 0: right for the last one only."""
        check_size("NtpDense", fan_in)
        return cls(np.zeros((fan_in, fan_out), dtype), filled("NtpDense", fan_out, 0.0, dtype))

    @property
    def features(self) -> tuple[int, int]:
        """How many features the layer takes and makes."""
        return self.weight.shape

    def __call__(self, x: Any) -> Any:
        """The sums `(batch, fan_out)` of `x` `(batch, fan_in)`, or of one sample `(fan_in,)`.

        ValueError, naming both shapes, where `x` has another number of columns.
        """
        x = taken("NtpDense", x, self.weight.shape[0], self.weight.dtype)
        return ops.matmul(x, self.weight) * (1 / math.sqrt(self.weight.shape[0])) + self.bias

    def check(self) -> None:
        """ValueError where the fields do not make a layer."""
        weight, bias = np.shape(self.weight), np.shape(self.bias)
        if len(weight) != 2 or bias != weight[1:]:
            raise ValueError(
                f"NtpDense: weight {shape_text(weight)} and bias {shape_text(bias)} do not fit; "
                "expected [fan_in,fan_out] and [fan_out]"
            )

    def __repr__(self) -> str:
        return f"NtpDense{shape_text(self.weight.shape)}"


@dataclass(frozen=True, repr=False)
class Gain:
    """Each feature times a number of its own that is learnt: x · factor.

    factor  `(features,)`
    As the first layer of RealMLP it learns, at a high rate, which features matter: D. Holzmüller et
    al., 2024.
    """

    factor: Array

    @classmethod
    def init(cls, features: int, dtype: str = "float32") -> Gain:
        """A layer that leaves its input as it is until it is trained. ValueError as of `filled`."""
        return cls(filled("Gain", features, 1.0, dtype))

    @property
    def features(self) -> tuple[int, int]:
        """How many features the layer takes and makes."""
        return self.factor.shape * 2

    def __call__(self, x: Any) -> Any:
        """Of `x` `(batch, features)`, or of one sample `(features,)`; ValueError for others."""
        return taken("Gain", x, self.factor.shape[0], self.factor.dtype) * self.factor

    def check(self) -> None:
        """ValueError where the field does not make a layer."""
        check_vector("Gain: factor", self.factor)

    def __repr__(self) -> str:
        return f"Gain{shape_text(self.factor.shape)}"


@dataclass(frozen=True, repr=False)
class ParametricActivation:
    """x + share · (f(x) - x): as much of an activation f as is learnt, for each unit.

    share       `(units,)`: 0 is the identity, 1 the activation f
    activation  f, a row of `ACTIVATIONS`
    D. Holzmüller et al., 2024; PReLU is the case of f = ReLU.
    """

    share: Array
    activation: Activation
    name: ClassVar[str] = "parametric"

    @classmethod
    def init(
        cls, units: int, activation: str | Activation, dtype: str = "float32"
    ) -> ParametricActivation:
        """A layer that is the activation until it is trained.

        ValueError for a number of units that is no whole number from 1, an unknown name or dtype;
        TypeError for an activation that learns itself.
        """
        chosen = find_activation(activation, units)
        if not isinstance(chosen, Activation):
            raise TypeError(f"ParametricActivation: {chosen!r} has learnt numbers of its own")
        return cls(filled("ParametricActivation", units, 1.0, dtype), chosen)

    @property
    def features(self) -> tuple[int, int]:
        """How many units the layer takes and makes."""
        return self.share.shape * 2

    def __call__(self, x: Any) -> Any:
        """Of `x` `(batch, units)`, or of one sample `(units,)`; ValueError for others."""
        x = taken("ParametricActivation", x, self.share.shape[0], self.share.dtype)
        return x + self.share * (self.activation(x) - x)

    def check(self) -> None:
        """ValueError where the field does not make a layer."""
        check_vector("ParametricActivation: share", self.share)

    def __repr__(self) -> str:
        return f"ParametricActivation{shape_text(self.share.shape)} {self.activation!r}"


def taken(kind: str, x: Any, features: int, dtype: Any) -> Any:
    """`x` `(..., features)` in the dtype of a layer's parameters.

    ValueError, naming both shapes, where it has another number of columns.
    """
    if x.shape[-1:] != (features,):
        raise ValueError(
            f"{kind}: x has shape {shape_text(x.shape)}, but the layer takes {features} features: "
            f"[batch,{features}]"
        )
    return ops.cast(x, dtype)


def check_vector(name: str, value: Any) -> None:
    """ValueError for what is no vector."""
    if len(np.shape(value)) != 1:
        raise ValueError(f"{name} is {shape_text(np.shape(value))}; expected one number a feature")

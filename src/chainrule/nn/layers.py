"""Layers: frozen dataclasses whose arrays are the leaves of a pytree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn.activations import ACTIVATIONS, Activation, Chosen, PReLU, activation
from chainrule.nn.initializers import FLOATS as FLOATS
from chainrule.nn.initializers import Initializer, check_size, filled
from chainrule.nn.initializers import initializer as find_initializer
from chainrule.tree import Array
from chainrule.types import shape_text


@dataclass(frozen=True)
class Scale:
    """Numbers in another range: `x * factor + shift`, with nothing learnt.

    As the first layer `Scale(1 / 255)` takes bytes: samples of images then stay bytes in memory and
    are converted batch by batch. ValueError for a number that is not finite.
    """

    factor: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("factor", self.factor), ("shift", self.shift)):
            if not math.isfinite(value):
                raise ValueError(f"Scale: {name} is {value}; expected a finite number")

    def __call__(self, x: Any) -> Any:
        """Of `x` of any shape."""
        scaled = x * self.factor
        return scaled + self.shift if self.shift else scaled


@dataclass(frozen=True)
class Clamp:
    """Numbers cut off outside a range, one for each output, with nothing learnt.

    lower, upper  one number for each output: the extremes of the target in training, beyond which
                  nothing is predicted
    ValueError for bounds that do not fit. For a network in use: where it cuts, no gradient passes.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.lower, *self.upper)
        if len(self.lower) != len(self.upper) or not all(map(math.isfinite, numbers)):
            raise ValueError(
                f"Clamp: lower {self.lower} and upper {self.upper}; expected as many finite numbers"
            )
        if any(low > high for low, high in zip(self.lower, self.upper, strict=True)):
            raise ValueError(f"Clamp: lower {self.lower} is above upper {self.upper}")

    @property
    def features(self) -> tuple[int, int]:
        """How many outputs the layer takes and makes."""
        return len(self.lower), len(self.lower)

    def __call__(self, x: Any) -> Any:
        """Of `x` `(batch, outputs)`, or of one sample `(outputs,)`; ValueError for others."""
        if x.shape[-1:] != (len(self.lower),):
            raise ValueError(
                f"Clamp: x has shape {shape_text(x.shape)}; expected {len(self.lower)} outputs"
            )
        return ops.clip(x, np.asarray(self.lower, x.dtype), np.asarray(self.upper, x.dtype))


@dataclass(frozen=True, repr=False)
class Dense:
    """A fully connected layer: `activation(x @ weight + bias)`.

    weight      `(fan_in, fan_out)`
    bias        `(fan_out,)`, or None for none
    activation  by default the identity
    """

    weight: Array
    bias: Array | None
    activation: Activation | PReLU = ACTIVATIONS["identity"]

    @classmethod
    def init(
        cls,
        fan_in: int,
        fan_out: int,
        activate: Chosen = "identity",
        *,
        rng: int | np.random.Generator,
        initializer: str | Initializer | None = None,
        dtype: str = "float32",
        bias: bool | float = True,
    ) -> Dense:
        """A layer with random weights.

        initializer  of the weights; by default the one that suits the activation
        bias         the number that each bias starts from; True means 0, False no biases
        ValueError for a size that is no whole number from 1, for a dtype other than float32 and
        float64, an unknown name or setting, or weights of another shape.
        """
        check_size("Dense", fan_in)
        biases = filled("Dense", fan_out, 0.0 if isinstance(bias, bool) else bias, dtype)
        chosen = activation(activate, fan_out, dtype)
        make = find_initializer(initializer or chosen.initializer)
        weight = np.asarray(make(np.random.default_rng(rng), fan_in, fan_out), dtype)
        if weight.shape != (fan_in, fan_out):
            raise ValueError(
                f"Dense: the initializer gave weights {shape_text(weight.shape)}; "
                f"expected [{fan_in},{fan_out}]"
            )
        layer = cls(weight, None if bias is False else biases, chosen)
        layer.check()
        return layer

    def __call__(self, x: Any) -> Any:
        """The layer's output.

        x       `(batch, fan_in)`, or `(fan_in,)` for a single sample; taken in the weights' dtype
        return  `(batch, fan_out)` or `(fan_out,)`
        ValueError, naming both shapes, where `x` has another number of columns.
        """
        x = ops.cast(x, self.weight.dtype)
        if x.shape[-1:] != self.weight.shape[:1]:
            raise ValueError(
                f"Dense: x has shape {shape_text(x.shape)}, but the layer takes "
                f"{self.weight.shape[0]} features: [batch,{self.weight.shape[0]}]"
            )
        sums = ops.matmul(x, self.weight)
        return self.activation(sums if self.bias is None else sums + self.bias)

    def check(self) -> None:
        """TypeError or ValueError where the fields do not make a layer."""
        if not isinstance(self.activation, (Activation, PReLU)):
            raise TypeError(f"Dense: the activation is {self.activation!r:.60}")
        weight = np.shape(self.weight)
        bias = weight[1:] if self.bias is None else np.shape(self.bias)
        if len(weight) != 2 or bias != weight[1:]:
            raise ValueError(
                f"Dense: weight {shape_text(weight)} and bias {shape_text(bias)} do not fit; "
                "expected [fan_in,fan_out] and [fan_out]"
            )
        if isinstance(self.activation, PReLU) and self.activation.slope.shape != weight[1:]:
            raise ValueError(
                f"Dense: weight {shape_text(weight)} and the slopes of prelu "
                f"{shape_text(self.activation.slope.shape)} do not fit; expected one a unit"
            )

    def __repr__(self) -> str:
        without = " without bias" if self.bias is None else ""
        return f"Dense{shape_text(self.weight.shape)} {self.activation!r}{without}"

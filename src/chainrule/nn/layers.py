"""Layers: frozen dataclasses whose arrays are the leaves of a pytree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.lookup import find
from chainrule.nn.activations import ACTIVATIONS, Activation, activation
from chainrule.nn.initializers import INITIALIZERS
from chainrule.tree import Array
from chainrule.types import dtype_name, shape_text


#: What parameters may be made of.
FLOATS = ("float32", "float64")


@dataclass(frozen=True, repr=False)
class Dense:
    """A fully connected layer: `activation(x @ weight + bias)`.

    weight      `(fan_in, fan_out)`
    bias        `(fan_out,)`
    activation  by default the identity
    """

    weight: Array
    bias: Array
    activation: Activation = ACTIVATIONS["identity"]

    @classmethod
    def init(
        cls,
        fan_in: int,
        fan_out: int,
        activate: str | Activation | Callable[[Any], Any] = "identity",
        *,
        rng: int | np.random.Generator,
        initializer: str | None = None,
        dtype: str = "float32",
    ) -> Dense:
        """A layer with random weights and zero biases.

        `initializer` is by default the one that suits the activation. ValueError for a size that is
        no whole number from 1, for a dtype other than float32 and float64, or an unknown name.
        """
        for size in (fan_in, fan_out):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ValueError(f"Dense: a size is {size!r}; expected a whole number from 1")
        if dtype_name(dtype) not in FLOATS:
            raise ValueError(f"Dense: dtype {dtype!r}; expected {' or '.join(FLOATS)}")
        chosen = activation(activate)
        make = find(INITIALIZERS, "initializer", initializer or chosen.initializer)
        weight = make(np.random.default_rng(rng), fan_in, fan_out).astype(dtype)
        return cls(weight, np.zeros(fan_out, dtype), chosen)

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
        return self.activation(ops.matmul(x, self.weight) + self.bias)

    def check(self) -> None:
        """TypeError or ValueError where the fields do not make a layer."""
        if not isinstance(self.activation, Activation):
            raise TypeError(f"Dense: the activation is {self.activation!r:.60}")
        weight, bias = np.shape(self.weight), np.shape(self.bias)
        if len(weight) != 2 or bias != weight[1:]:
            raise ValueError(
                f"Dense: weight {shape_text(weight)} and bias {shape_text(bias)} do not fit; "
                "expected [fan_in,fan_out] and [fan_out]"
            )

    def __repr__(self) -> str:
        return f"Dense{shape_text(self.weight.shape)} {self.activation.name}"

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
from chainrule.types import shape_text


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

        `initializer` is by default the one that suits the activation. ValueError for a size below
        1 or an unknown name.
        """
        if fan_in < 1 or fan_out < 1:
            raise ValueError(f"Dense: sizes {fan_in} and {fan_out}; a layer has at least one unit")
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
        return self.activation(ops.matmul(x, self.weight) + self.bias)

    def __repr__(self) -> str:
        return f"Dense{shape_text(self.weight.shape)} {self.activation.name}"

"""Networks made of layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn.activations import Activation
from chainrule.nn.layers import Dense
from chainrule.tree import Subtree


@dataclass(frozen=True, repr=False)
class Sequential:
    """Layers applied one after the other. A layer is any function of one array."""

    layers: tuple[Subtree, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))

    def __call__(self, x: Any) -> Any:
        """The last layer's output for `x` `(batch, fan_in)`."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        inside = "".join(f"\n  {layer!r}" for layer in self.layers)
        return f"Sequential, {parameter_count(self)} parameters{inside}"


def mlp(
    sizes: Sequence[int],
    activation: str | Activation | Callable[[Any], Any] = "relu",
    *,
    output: str | Activation | Callable[[Any], Any] = "identity",
    rng: int | np.random.Generator,
    initializer: str | None = None,
    dtype: str = "float32",
) -> Sequential:
    """A multilayer perceptron.

    sizes       the number of inputs, of units of each hidden layer, and of outputs: [64, 100, 10]
    activation  of the hidden layers
    output      activation of the last layer; the identity gives the logits that losses expect
    rng         a seed or a generator; the same seed gives the same weights
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: sizes {list(sizes)}; expected at least inputs and outputs")
    generator = np.random.default_rng(rng)
    last = len(sizes) - 2
    return Sequential(
        tuple(
            Dense.init(
                fan_in,
                fan_out,
                output if place == last else activation,
                rng=generator,
                initializer=initializer,
                dtype=dtype,
            )
            for place, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes))
        )
    )


def parameter_count(network: Any) -> int:
    """The number of learnt numbers in a network."""
    return sum(int(np.prod(leaf.shape)) for leaf in tree.leaves(network))

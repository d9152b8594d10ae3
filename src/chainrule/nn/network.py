"""Networks made of layers."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn.activations import Activation
from chainrule.nn.activations import activation as find_activation
from chainrule.nn.layers import Dense
from chainrule.tree import Subtree


@dataclass(frozen=True, repr=False)
class Sequential:
    """Layers applied one after the other. A layer is any function of one array.

    A plain function becomes an activation: as such it is structure, and no parameter.
    """

    layers: tuple[Subtree, ...]

    def __post_init__(self) -> None:
        layers = tuple(find_activation(x) if inspect.isroutine(x) else x for x in self.layers)
        object.__setattr__(self, "layers", layers)

    def __call__(self, x: Any) -> Any:
        """The last layer's output for `x` `(batch, fan_in)`."""
        for layer in self.layers:
            x = layer(x)
        return x

    def check(self) -> None:
        """TypeError or ValueError where a layer is no function or does not take what comes."""
        for layer in self.layers:
            if not callable(layer):
                raise TypeError(f"Sequential: {layer!r:.60} is no layer: it cannot be called")
        for first, second in itertools.pairwise(self.layers):
            if isinstance(first, Dense) and isinstance(second, Dense):
                made, taken = first.weight.shape[1], second.weight.shape[0]
                if made != taken:
                    raise ValueError(f"Sequential: {first!r} before {second!r}: {made} != {taken}")

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
    ValueError for fewer than two sizes, a size below 1, or an unknown name.
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: sizes {list(sizes)}; expected at least inputs and outputs")
    inner, outer = find_activation(activation), find_activation(output)
    generator = np.random.default_rng(rng)
    last = len(sizes) - 2
    return Sequential(
        tuple(
            Dense.init(
                fan_in,
                fan_out,
                outer if place == last else inner,
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

"""What happens inside a network in use: the output of every layer, however it is composed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn.activations import Activation, PReLU
from chainrule.nn.layers import Dense
from chainrule.nn.network import Sequential
from chainrule.nn.training import TrainingLayer
from chainrule.nn.training_layers import Dropout


#: Layers that are shown also where one of them is the whole network.
LAYERS = (Activation, Dense, PReLU, TrainingLayer)


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer.

    path    of the layer in the network, such as `layers[0]`; "" if it is the network
    number  1 for the first call of this layer
    inputs, output  arrays or nodes
    """

    path: str
    number: int
    layer: Any
    inputs: tuple[Any, ...]
    output: Any

    @property
    def name(self) -> str:
        """The path, and the number where the layer was called before."""
        return self.path if self.number == 1 else f"{self.path}, call {self.number}"


class _Observer:
    """Stands in the place of a layer and writes down its calls."""

    def __init__(self, path: str, layer: Any, calls: list[Call]) -> None:
        self.path = path
        self.layer = layer
        self.calls = calls
        self.count = 0

    def __call__(self, *inputs: Any) -> Any:
        output = self.layer(*inputs)
        self.count += 1
        self.calls.append(Call(self.path, self.count, self.layer, inputs, output))
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


def observed(network: Callable[[Any], Any], x: Any) -> tuple[Any, list[Call]]:
    """`network(x)`, and the calls of its layers in their order.

    A layer is a frozen dataclass that can be called, other than a Sequential and the network
    itself; layers inside a layer are not shown.
    """

    def is_layer(value: Any) -> bool:
        is_whole = value is network or isinstance(value, Sequential)
        can_be_called = callable(value) and tree.is_container_class(type(value))
        return isinstance(value, LAYERS) or (can_be_called and not is_whole)

    calls: list[Call] = []
    parts, structure = tree.flatten(network, is_layer)
    places = tree.paths(network, is_leaf=is_layer)
    observers = [
        _Observer(path, part, calls) if is_layer(part) else part
        for path, part in zip(places, parts, strict=True)
    ]
    return tree.unflatten(structure, observers)(x), calls


def layer_outputs(network: Callable[[Any], Any], x: Any) -> dict[str, Any]:
    """The output of every layer of a network in use, by its path, in the order of the calls.

    x  `(batch, features)`, or one sample `(features,)`
    A layer that is called again has further entries, `"path, call 2"`. The output of a dense layer
    is that after its activation.
    """
    return {call.name: call.output for call in observed(network, np.asarray(x))[1]}


def dead_units(network: Callable[[Any], Any], x: Any) -> dict[str, Any]:
    """The units of hidden layers whose output is 0 for every row of `x` (AC-17).

    x       `(batch, features)`; ValueError where it has no rows
    return  the indices of the dead units, by the path of the layer; only layers that have some
    """
    x = np.asarray(x)
    if not x.size:
        raise ValueError("dead_units: x has no rows; give some samples")
    found: dict[str, Any] = {}
    for call in observed(network, x)[1][:-1]:
        output = np.asarray(call.output)
        is_dead = np.all(output == 0, axis=tuple(range(output.ndim - 1)))
        if np.any(is_dead) and not isinstance(call.layer, Dropout):
            found[call.name] = np.flatnonzero(is_dead)
    return found

"""Layers that work otherwise while they are trained, in any network, however it is composed.

`network(x)` is the network in use. While it is trained, each of its training layers is replaced by
a recorder, which does what the layer does in training and keeps the layer as it is afterwards. A
network is a value, so the replacement is another value: nothing is switched.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from chainrule import ops, tree


class TrainingLayer(ABC):
    """A layer that works otherwise while it is trained. Subclasses are frozen dataclasses.

    statistics  the names of its fields that are not learnt: a training step moves them itself
    """

    statistics: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __call__(self, x: Any) -> Any:
        """The layer's output in use."""

    @abstractmethod
    def train(self, x: Any, key: Any) -> tuple[Any, TrainingLayer]:
        """The layer's output in training for a batch `x`, and the layer as it is after that batch.

        key  uint32 `(2,)`, another one for every step, layer and call
        """


class _Recorder:
    """Stands in the place of a training layer for one forward pass."""

    def __init__(self, layer: TrainingLayer, key: Any) -> None:
        self.layer = layer
        self.key = key
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        output, self.layer = self.layer.train(x, ops.fold_in(self.key, self.calls))
        self.calls += 1
        return output


def is_training_layer(value: Any) -> bool:
    """Whether `value` works otherwise while it is trained."""
    return isinstance(value, TrainingLayer)


def forward(network: Callable[[Any], Any], x: Any, key: Any) -> tuple[Any, Any]:
    """The output in training for a batch `x`, and the network with its running statistics moved on.

    key  uint32 `(2,)`, another one for every step
    """
    parts, structure = tree.flatten(network, is_training_layer)
    recorders = [
        _Recorder(part, ops.fold_in(key, place)) if is_training_layer(part) else part
        for place, part in enumerate(parts)
    ]
    output = tree.unflatten(structure, recorders)(x)
    after = [x.layer if isinstance(x, _Recorder) else x for x in recorders]
    return output, tree.unflatten(structure, after)


def statistics(network: Any) -> set[str]:
    """The paths of the leaves that are running statistics, which no gradient moves."""
    parts, _ = tree.flatten(network, is_training_layer)
    places = tree.paths(network, is_leaf=is_training_layer)
    return {
        f"{path}.{name}" if path else name
        for path, part in zip(places, parts, strict=True)
        if isinstance(part, TrainingLayer)
        for name in part.statistics
    }

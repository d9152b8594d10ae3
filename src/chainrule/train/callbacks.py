"""What is told how training goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from chainrule.tree import Packing


@dataclass(frozen=True)
class EpochEnd:
    """How training stands after an epoch.

    epoch       its number, from 1; epochs  how many there will be at most
    history     what was recorded of every epoch so far, by name: lists that go on growing
    best_epoch  that of the lowest watched loss: validation's, or training's without validation
    parameters  `(parameters,)` of the network as it is now
    """

    epoch: int
    epochs: int
    history: dict[str, list[float]]
    best_epoch: int
    parameters: Any
    packing: Packing

    @property
    def network(self) -> Any:
        """The network as it is now."""
        return self.packing.unpack(self.parameters)


class Callback(Protocol):
    """Told after each epoch. Training ends where one returns True."""

    def __call__(self, moment: EpochEnd, /) -> bool | None:
        """Called once an epoch."""
        ...

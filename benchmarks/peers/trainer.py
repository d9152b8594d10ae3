"""What the harness knows of a peer: it trains epochs, gives its arrays, and makes calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from benchmarks.cases import Layer


#: Looks at the layers after an epoch, untimed; True ends the training.
Watch: TypeAlias = Callable[[list[Layer]], bool]


class Trainer(Protocol):
    """One case in the hands of one peer."""

    def train(self, epochs: int, shuffled: bool = True, watch: Watch | None = None) -> list[float]:
        """Train and give the seconds of each epoch; unshuffled: the samples as they came."""
        ...

    def layers(self) -> list[Layer]:
        """The arrays as they are now."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


@dataclass(frozen=True)
class EpochByEpoch:
    """A trainer out of a function that trains one epoch, shuffled or not, and waits for its end."""

    epoch: Callable[[bool], Any]
    arrays: Callable[[], list[Layer]]

    def train(self, epochs: int, shuffled: bool = True, watch: Watch | None = None) -> list[float]:
        """See `Trainer`."""
        seconds: list[float] = []
        for _ in range(epochs):
            start = time.perf_counter()
            self.epoch(shuffled)
            seconds.append(time.perf_counter() - start)
            if watch is not None and watch(self.arrays()):
                break
        return seconds

    def layers(self) -> list[Layer]:
        """See `Trainer`."""
        return self.arrays()

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Call:
    """A function without arguments, such as one prediction from arrays to arrays."""

    function: Callable[[], Any]

    def output(self) -> Any:
        """What it gives."""
        return self.function()

    def seconds(self, budget: float) -> float:
        """The mean time of a call, over as many calls as fit into `budget` seconds, at least 3."""
        start = time.perf_counter()
        count = 0
        while count < 3 or time.perf_counter() - start < budget:
            self.function()
            count += 1
        return (time.perf_counter() - start) / count

    def close(self) -> None:
        """Nothing is held."""

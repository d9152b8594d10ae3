"""What is told how training goes."""

from __future__ import annotations

from typing import Protocol


class Callback(Protocol):
    """Told after each epoch: its number from 1, how many there will be, the history so far."""

    def __call__(self, epoch: int, epochs: int, history: dict[str, list[float]]) -> None:
        """Called once an epoch."""
        ...

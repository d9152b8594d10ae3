"""One pass over the data, as one unit of work: what a backend has to offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.evaluate import program
from chainrule.graph import Graph


@dataclass(frozen=True)
class Position:
    """Where a run stands between two epochs.

    parameters  `(parameters,)`; state  of the optimiser; step  how many steps have been taken
    """

    parameters: Any
    state: Any
    step: int


#: (position, x, y, order, batch size, learning rate) -> (position, loss of each step `(steps,)`).
Epoch: TypeAlias = Callable[[Position, Any, Any, Any, int, float], tuple[Position, Any]]


def numpy_epoch(step: Graph) -> Epoch:
    """Epochs of the training step `step`, each step evaluated by NumPy."""
    take_step = program(step)

    def epoch(
        position: Position, x: Any, y: Any, order: Any, batch_size: int, rate: float
    ) -> tuple[Position, Any]:
        parameters, state, number = position.parameters, position.state, position.step
        losses: list[float] = []
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            number += 1
            parameters, state, loss = take_step(
                parameters, state, rate, float(number), x[rows], y[rows]
            )
            losses.append(float(loss))
            if not np.isfinite(losses[-1]):
                break
        return Position(parameters, state, number), np.array(losses)

    return epoch

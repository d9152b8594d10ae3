"""One pass over the data, as one unit of work: what a backend has to offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.evaluate import program
from chainrule.graph import Graph
from chainrule.train.rows import Rows


@dataclass(frozen=True)
class Position:
    """Where a run stands between two epochs.

    parameters  `(parameters,)`
    state       {"optimizer": its state} and, where weights are averaged, "average"
    step        how many steps have been taken
    """

    parameters: Any
    state: Any
    step: int

    @property
    def kept(self) -> Any:
        """The parameters that are validated and returned: the average, where there is one."""
        return self.state.get("average", self.parameters)


@dataclass(frozen=True)
class Plan:
    """The steps over a block of samples.

    order       `(taken,)` the places of the samples in the order in which they are taken
    batch_size  of every step; the last of a pass takes what is left
    rates       float64 `(steps,)` the learning rate of each
    key         uint32 `(2,)` the run's key
    passes      how many there are in `order`, one after the other, of the same length
    """

    order: Any
    batch_size: int
    rates: Any
    key: Any
    passes: int = 1

    @property
    def length(self) -> int:
        """How many samples a pass takes."""
        return len(self.order) // self.passes

    @property
    def starts(self) -> Any:
        """Where in `order` each step begins `(steps,)`."""
        inside = np.arange(0, self.length, self.batch_size)
        return np.add.outer(np.arange(self.passes) * self.length, inside).ravel()

    @property
    def sizes(self) -> Any:
        """How many samples each step takes `(steps,)`."""
        steps = -(-self.length // self.batch_size)
        found = np.full(steps * self.passes, self.batch_size)
        found[steps - 1 :: steps] = self.length - (steps - 1) * self.batch_size
        return found


#: (position, samples, plan) -> (position, value of the objective in each step `(steps,)`). It ends
#: early after a value that is not finite.
Epoch: TypeAlias = Callable[[Position, Rows, Plan], tuple[Position, Any]]


def numpy_epoch(step: Graph) -> Epoch:
    """Epochs of the training step `step`, each step evaluated by NumPy."""
    take_step = program(step)

    def epoch(position: Position, rows: Rows, plan: Plan) -> tuple[Position, Any]:
        parameters, state, number = position.parameters, position.state, position.step
        values: list[float] = []
        for start, size, rate in zip(plan.starts, plan.sizes, plan.rates, strict=True):
            number += 1
            batch = rows.take(plan.order[start : start + size])
            parameters, state, value = take_step(
                parameters, state, rate, float(number), plan.key, *batch
            )
            values.append(float(value))
            if not np.isfinite(values[-1]):
                break
        return Position(parameters, state, number), np.array(values)

    return epoch

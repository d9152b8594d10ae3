"""The perceptron on all samples at once, as matrix products (PC-10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.logic.perceptron_rule import key_of, task_of, weights_of
from chainrule.logic.perceptron_text import aligned, numbers
from chainrule.tree import Array


@dataclass(frozen=True, eq=False)
class MatrixRun:
    """What training a perceptron on all samples at once gave. Printed, it is a table of its steps.

    weights    `(features + 1, [outputs])`, the bias last
    converged  whether they get every sample right
    history    `(steps + 1, features + 1, [outputs])` the weights from the start on
    scores     `(steps + 1, samples, [outputs])` what each of them gives
    cycle      how many of the last steps would be repeated for ever; None where none were met again
    """

    weights: Array
    converged: bool
    history: Array
    scores: Array
    cycle: int | None

    @property
    def steps(self) -> int:
        """How often the weights were moved."""
        return len(self.history) - 1

    def __str__(self) -> str:
        rows = [("step", "w", "X w")]
        for step, (weights, scores) in enumerate(zip(self.history, self.scores, strict=True)):
            rows.append((f"{step}", numbers(weights), numbers(scores)))
        verdict = "all right" if self.converged else "not converged"
        if self.cycle is not None:
            verdict = f"the last {self.cycle} steps repeat"
        return "\n".join([*aligned(rows), verdict])


def train_perceptron_matrix(
    x: Any,
    y: Any,
    *,
    learning_rate: float = 1.0,
    weights: Any = None,
    limit: int = 1_000,
    classes: int | None = None,
) -> MatrixRun:
    """w ← w + η Xᵀ (y - step(X w)), until nothing moves, the weights come back, or `limit` steps.

    x, y, learning_rate, weights, classes  as of `train_perceptron`; X is x with a column of ones.
    ValueError for an argument that does not fit.
    """
    if limit < 1:
        raise ValueError(f"perceptron: limit {limit!r}; expected a whole number from 1")
    task = task_of(x, y, learning_rate, classes)
    found = weights_of(task, weights)
    history, seen, cycle = [found], {key_of(found): 0}, None
    while cycle is None and len(history) <= limit and not task.is_right(found).all():
        errors = task.targets - task.predict(task.scores(found))
        found = found + task.learning_rate * (task.inputs.T @ errors)
        first = seen.setdefault(key_of(found), len(history))
        cycle = len(history) - first or None
        history.append(found)
    met = np.stack(history)
    scores = np.stack([task.scores(w) for w in history])
    return MatrixRun(found, bool(task.is_right(found).all()), met, scores, cycle)

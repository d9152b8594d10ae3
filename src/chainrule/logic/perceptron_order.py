"""How many updates a perceptron needs: the fewest of all orders, and the most of any (PC-09)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.logic.perceptron_rule import Task, key_of, task_of, weights_of


#: The weights, and the row, that each weight vector met comes from; None at the start.
_Origins: TypeAlias = dict[bytes, tuple[bytes, int] | None]


@dataclass(frozen=True)
class OrderSearch:
    """What a search over the orders of samples found.

    order    the rows, from 0, whose updates lead to rest in the smallest number; None where no
             order leads there
    reached  how many weight vectors were met; where order is None, all that any order can reach
    """

    order: tuple[int, ...] | None
    reached: int


def shortest_order(
    x: Any,
    y: Any,
    *,
    learning_rate: float = 1.0,
    weights: Any = None,
    limit: int = 100_000,
    classes: int | None = None,
) -> OrderSearch:
    """The order in which a perceptron needs the fewest updates, by breadth-first search (PC-09).

    x, y, learning_rate, weights, classes  as of `train_perceptron`
    limit  weight vectors to look at; where it does not do, ValueError
    Of several such orders it is the one whose row numbers come first.
    """
    task = task_of(x, y, learning_rate, classes)
    start = weights_of(task, weights)
    came_from: _Origins = {key_of(start): None}
    level = [start]
    while level:
        following: list[Any] = []
        for found in level:
            wrong = np.flatnonzero(~task.is_right(found))
            if not len(wrong):
                return OrderSearch(_way_to(key_of(found), came_from), len(came_from))
            following += _unmet(task, found, wrong, came_from)
            if len(came_from) > limit:
                raise ValueError(
                    f"shortest_order: more than {limit:,} weight vectors can be reached; raise "
                    "limit, or take fewer samples"
                )
        level = following
    return OrderSearch(None, len(came_from))


def _unmet(task: Task, weights: Any, wrong: Any, came_from: _Origins) -> list[Any]:
    """The new weights that one update leads to; where they come from is noted."""
    errors = task.targets - task.predict(task.scores(weights))
    found: list[Any] = []
    for row in wrong.tolist():
        after = task.moved(weights, row, errors[row])
        if key_of(after) not in came_from:
            came_from[key_of(after)] = (key_of(weights), row)
            found.append(after)
    return found


def _way_to(key: bytes, came_from: _Origins) -> tuple[int, ...]:
    rows: list[int] = []
    while (origin := came_from[key]) is not None:
        key, row = origin
        rows.append(row)
    return tuple(reversed(rows))


@dataclass(frozen=True)
class UpdateBound:
    """The most updates that a perceptron can need.

    radius   the largest norm of a sample with its 1 for the bias
    margin   the least distance of such a sample from the separating plane through 0
    updates  the bound: (radius / margin)² from weights of 0
    """

    radius: float
    margin: float
    updates: float


def update_bound(
    x: Any, y: Any, separator: Any = None, *, learning_rate: float = 1.0, weights: Any = None
) -> UpdateBound:
    """Novikoff's bound: in whatever order samples come, a perceptron makes no more updates.

    x, y       `(samples, features)`, 0 or 1 `(samples,)`
    separator  weights `(features + 1,)`, the bias last, that tell all samples apart; None: those
               with the largest margin, which give the smallest bound
    weights    that training starts from, `(features + 1,)`; None: zeros, where the learning rate
               does not count
    ValueError where the samples cannot be told apart, or the separator does not; ArithmeticError
    where rounding hides which. A. B. J. Novikoff, "On convergence proofs on perceptrons", 1962.
    """
    task = task_of(x, y, learning_rate)
    if task.targets.ndim != 1:
        raise ValueError("update_bound: y has several outputs; ask for each by itself")
    start = weights_of(task, weights)
    found = _widest(task) if separator is None else weights_of(task, separator)
    unit = found / np.linalg.norm(found)
    signed = np.where(task.targets > 0, 1, -1) * task.scores(unit)
    margin = float(signed.min())
    if not margin > 0:
        raise ValueError(
            f"update_bound: the separator has sample {int(signed.argmin()) + 1} on its wrong side, "
            "or on the plane itself"
        )
    radius = float(np.linalg.norm(task.inputs, axis=1).max())
    return UpdateBound(radius, margin, _bound(radius, margin, start, unit, learning_rate))


def _bound(radius: float, margin: float, start: Any, unit: Any, rate: float) -> float:
    """The largest k with w·u + kηγ <= √(w·w + kη²R²), for the starting weights w."""
    along, square = float(start @ unit), float(start @ start)
    a = (rate * margin) ** 2
    b = 2 * rate * margin * along - (rate * radius) ** 2
    c = min(along**2 - square, 0.0)
    return (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)


def _widest(task: Task) -> Any:
    """The weights through 0 with the largest margin.

    Samples and their mirror images, with the targets exchanged, are separated by a plane through 0.
    """
    from chainrule.logic.separability import separate

    mirrored = np.concatenate([task.inputs, -task.inputs])
    separation = separate(mirrored, np.concatenate([task.targets, 1 - task.targets]))
    if separation.unit is None:
        raise ValueError("update_bound: the samples are not linearly separable: there is no bound")
    return np.asarray(separation.unit.weight)

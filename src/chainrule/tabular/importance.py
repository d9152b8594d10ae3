"""What a model's predictions depend on: columns shuffled, and gradients times inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.graph import Graph
from chainrule.transforms.functions import grad
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


@dataclass(frozen=True)
class Importance:
    """How much worse predictions become when a column is shuffled, for every column.

    names  of the columns; mean, deviation  over the repetitions, `(columns,)` each
    score  with all columns as they are
    """

    names: tuple[str, ...]
    mean: Any
    deviation: Any
    score: float

    def __str__(self) -> str:
        width = max(map(len, self.names))
        order = np.argsort(-self.mean, kind="stable")
        lines = [
            f"{self.names[k]:{width}}  {self.mean[k]:8.4f} ± {self.deviation[k]:.4f}" for k in order
        ]
        return "\n".join(lines)


def groups_of(columns: Sequence[Any]) -> list[tuple[str, list[int]]]:
    """(name, its columns in the matrix) of each column of the table."""
    groups: list[tuple[str, list[int]]] = []
    start = 0
    for column in columns:
        end = start + len(column.names)
        groups.append((column.name, list(range(start, end))))
        start = end
    return groups


def permutation_importance(
    score: Callable[[Any], float],
    x: Any,
    groups: Sequence[tuple[str, Sequence[int]]],
    *,
    repeats: int = 5,
    seed: int = 0,
) -> Importance:
    """The loss of score when the columns of a group are shuffled together among the rows.

    score   of a matrix `(rows, columns)`: higher is better
    groups  (name, its columns in x) of each column of the table
    L. Breiman, "Random forests", 2001. ValueError for fewer than 1 repetition.
    """
    if repeats < 1:
        raise ValueError(f"permutation_importance: {repeats} repetitions; expected at least 1")
    x = np.asarray(x)
    rng = np.random.default_rng(seed)
    whole = score(x)
    losses = np.zeros((len(groups), repeats))
    shuffled = x.copy()
    for place, (_, columns) in enumerate(groups):
        for turn in range(repeats):
            shuffled[:, columns] = x[rng.permutation(len(x))][:, columns]
            losses[place, turn] = whole - score(shuffled)
        shuffled[:, columns] = x[:, columns]
    names = tuple(name for name, _ in groups)
    return Importance(names, losses.mean(axis=1), losses.std(axis=1), whole)


def contributions(
    network: Callable[[Any], Any], x: Any, chosen: Any, sizes: Sequence[int], centre: Any
) -> Any:
    """What each column of a matrix says for a sum of outputs: `(rows, columns)`.

    x       `(rows, columns)`; chosen  `(rows, outputs)` what the outputs are multiplied by
    sizes   of the columns: see `nn.Encode`; centre  `(columns,)` of the numbers
    Of a number the gradient times its distance from the centre, which is what the sum would lose if
    it went there, to first order; of a code what the sum loses where it is missing. K. Simonyan et
    al., "Deep inside convolutional networks", 2013; A. Shrikumar et al., 2016.
    """
    x, chosen = np.asarray(x, np.float32), np.asarray(chosen, np.float32)
    found = gradient_graph(network, x.shape[1])(x, chosen) * (x - centre)
    whole = np.sum(network(x) * chosen, axis=1)
    for column in np.flatnonzero(sizes):
        without = x.copy()
        without[:, column] = 0
        found[:, column] = whole - np.sum(network(without) * chosen, axis=1)
    return found


def gradient_graph(network: Callable[[Any], Any], columns: int) -> Graph:
    """The graph (x `(batch, columns)`, chosen `(batch, outputs)`) -> `(batch, columns)`.

    It gives the gradient of Σ network(x) · chosen with respect to x.
    """
    outputs = trace(network, ArrayType((BATCH, columns))).outputs[0].shape[1]

    def slope(x: Any, chosen: Any) -> Any:
        return grad(lambda rows: ops.sum(network(rows) * chosen))(x)

    return trace(slope, ArrayType((BATCH, columns)), ArrayType((BATCH, outputs)))

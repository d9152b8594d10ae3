"""What a network for a table is learnt from: arrays, or blocks of more rows than memory holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from chainrule.nn.losses import PerSample


_MOST_LOOKED_AT = 200_000  # rows, evenly spaced, that tell centre and scale of features

_MOST_BLOCKS = 16  # of which the same is told

_AT_ONCE = 4_096  # rows that are scored together


@dataclass(frozen=True)
class Arrays:
    """Rows in memory, or mapped there.

    x           `(rows, columns)`; y  `(rows,)` or `(rows, outputs)`; weights  `(rows,)` or None
    validation  rows held out, (x, y) or (x, y, weights); or their places in x; or None
    """

    x: Any
    y: Any
    weights: Any
    validation: Sequence[Any] | np.ndarray | None

    @cached_property
    def learnt(self) -> Any:
        """The places of the rows that are not held out."""
        if not isinstance(self.validation, np.ndarray):
            return np.arange(len(self.x))
        is_learnt = np.ones(len(self.x), bool)
        is_learnt[self.validation] = False
        return np.flatnonzero(is_learnt)

    @property
    def rows(self) -> int:
        """How many rows are learnt from."""
        return len(self.learnt)

    def steps(self, batch: int) -> int:
        """How many full batches an epoch has."""
        return max(self.rows // batch, 1)

    def looked_at(self) -> tuple[Any, Any]:
        """Some of the rows that are learnt from, and their weights or None."""
        some = self.learnt[:: -(-self.rows // _MOST_LOOKED_AT)]
        return self.x[some], None if self.weights is None else np.asarray(self.weights)[some]

    def counted_targets(self) -> Any:
        """The targets that are learnt, of rows whose weight is not 0."""
        if self.weights is None:
            return self.y[self.learnt]
        return self.y[self.learnt[np.asarray(self.weights)[self.learnt] > 0]]

    def score(self, network: Any, error: PerSample) -> float | None:
        """The weighted mean of the errors on the rows held out; None where there are none."""
        if self.validation is None:
            return None
        if isinstance(self.validation, np.ndarray):
            weights = None if self.weights is None else np.asarray(self.weights)[self.validation]
            return _mean_error(network, error, self.x, self.y, weights, self.validation)
        x, y, *given = cast(Sequence[Any], self.validation)
        return _mean_error(network, error, x, y, given[0] if given else None, np.arange(len(x)))


class SizedBlocks(Sequence[Any], ABC):
    """Blocks (x, y) or (x, y, weights) that know how many rows each has."""

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, ...]:
        """The rows of each block."""


@dataclass(frozen=True)
class Blocks:
    """Blocks (x, y) or (x, y, weights), of which one is in memory.

    x           `SizedBlocks`, or any of one size but for the last

    validation  rows held out, (x, y) or (x, y, weights), or None
    ValueError for no blocks, and for places in place of rows held out.
    """

    x: Sequence[Sequence[Any]]
    validation: Sequence[Any] | np.ndarray | None
    y: None = None
    weights: None = None

    def __post_init__(self) -> None:
        if not len(self.x):
            raise ValueError("learn: x gave no blocks")
        if isinstance(self.validation, np.ndarray):
            raise ValueError("learn: places held out of blocks; pass (x, y) of rows held out")

    @cached_property
    def _sizes(self) -> tuple[int, ...]:
        if isinstance(self.x, SizedBlocks):
            return self.x.sizes
        last = len(self.x) - 1
        return (len(self.x[0][1]),) * last + (len(self.x[last][1]),)

    @property
    def rows(self) -> int:
        """How many rows are learnt from."""
        return sum(self._sizes)

    def steps(self, batch: int) -> int:
        """How many batches an epoch has: of each block those that are full, or the whole of it."""
        return sum(max(size // batch, 1) for size in self._sizes)

    def looked_at(self) -> tuple[Any, Any]:
        """Some rows of some blocks, evenly spaced, and their weights or None."""
        numbers = range(0, len(self.x), -(-len(self.x) // _MOST_BLOCKS))
        share = -(-len(numbers) * max(self._sizes) // _MOST_LOOKED_AT)
        # Copies: a view would keep its whole block.
        parts = [[np.array(array[::share]) for array in self.x[number]] for number in numbers]
        weights = [part[2] for part in parts if len(part) > 2]
        return np.concatenate([x for x, *_ in parts]), np.concatenate(weights) if weights else None

    def counted_targets(self) -> None:
        """None: all blocks would have to be gone through."""

    def score(self, network: Any, error: PerSample) -> float | None:
        """The weighted mean of the errors on the rows held out; None where there are none."""
        return Arrays(None, None, None, self.validation).score(network, error)


def _mean_error(network: Any, error: PerSample, x: Any, y: Any, weights: Any, places: Any) -> float:
    parts = [places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE)]
    found = [error(network(x[part]), y[part]) for part in parts]
    return float(np.average(np.concatenate(found), weights=weights))

"""From a table's matrix to features: numbers as they are, codes one-hot, on one robust scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.quantiles import quantiles
from chainrule.types import shape_text


_LIMIT = 3.0  # what the size of a feature tends to
_FAR = 1e6  # a distance from the centre that is as good as infinite: its square is still a float32
_LARGEST = 1e30  # factor


@dataclass(frozen=True, repr=False)
class Encode:
    """The features of a table's matrix, centred, scaled and smoothly clipped, with nothing learnt.

    sizes    of each column of the matrix: 0 for a number; K for a code, 0 where the value is
             missing or was never seen, else 1 .. K. A number gives one feature, a code of size 1
             one that is 0 or 1, of size 2 one that is -1 or 1 (0 where missing), any other code K
             features, of which one is 1 (none where missing)
    centre   of each feature; factor  what its distance from the centre z is multiplied by: after
             that it is z / √(1 + (z/3)²), between -3 and 3
    columns  the columns that are encoded; by default all
    D. Holzmüller et al., "Better by default: strong pre-tuned MLPs and boosted trees on tabular
    data", 2024. ValueError for fields that do not fit.
    """

    sizes: tuple[int, ...]
    centre: tuple[float, ...]
    factor: tuple[float, ...]
    columns: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.sizes or any(not _is_whole(size, 0) for size in self.sizes):
            raise ValueError(f"Encode: sizes {self.sizes!r:.80}; expected whole numbers from 0")
        if not self.chosen or any(not 0 <= column < len(self.sizes) for column in self.chosen):
            raise ValueError(
                f"Encode: columns {self.columns!r:.80} of {len(self.sizes)}; expected some of them"
            )
        expected = sum(feature_counts(self.sizes, self.chosen))
        for name, numbers in (("centre", self.centre), ("factor", self.factor)):
            if len(numbers) != expected or not all(map(math.isfinite, numbers)):
                raise ValueError(
                    f"Encode: {len(numbers)} numbers of {name} for {expected} features; expected "
                    "a finite one each"
                )

    @classmethod
    def fit(
        cls,
        x: Any,
        sizes: Sequence[int],
        weights: Any = None,
        columns: Sequence[int] | None = None,
    ) -> Encode:
        """The layer for these rows: centred on medians, divided by distances of quartiles.

        x        `(rows, columns)`, finite
        weights  `(rows,)` from 0 on: one of 2 counts like two equal rows
        A feature whose quartiles are equal is divided by half the distance of its extremes, one
        that is constant is multiplied by 0. ValueError for an x of another shape or no weight.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(sizes) or not len(x):
            raise ValueError(
                f"Encode.fit: x has shape {shape_text(x.shape)}; expected rows of {len(sizes)}"
            )
        if weights is not None:
            weights = np.asarray(weights, np.float64)
            if weights.shape != x.shape[:1] or weights.min() < 0 or not weights.any():
                raise ValueError("Encode.fit: expected a weight from 0 on for each row, not all 0")
        chosen = range(len(sizes)) if columns is None else columns
        scales: list[tuple[float, float]] = []
        for column in chosen:
            scales += _scales(x[:, column], int(sizes[column]), weights)
        centre, factor = zip(*scales, strict=True) if scales else ((), ())
        kept = None if columns is None else tuple(int(column) for column in columns)
        return cls(tuple(int(size) for size in sizes), centre, factor, kept)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The columns that are encoded."""
        return tuple(range(len(self.sizes))) if self.columns is None else self.columns

    @property
    def features(self) -> tuple[int, int]:
        """How many columns the layer takes, and how many features it makes."""
        return len(self.sizes), len(self.centre)

    def __call__(self, x: Any) -> Any:
        """Features `(batch, features)` of `x` `(batch, columns)`, or of one row `(columns,)`.

        ValueError, naming both shapes, where `x` has another number of columns.
        """
        if x.shape[-1:] != (len(self.sizes),):
            raise ValueError(
                f"Encode: x has shape {shape_text(x.shape)}, but the layer takes "
                f"{len(self.sizes)} columns: [batch,{len(self.sizes)}]"
            )
        x = x if x.dtype.kind in "fc" else ops.cast(x, "float32")
        parts = [
            part
            for is_code, columns in groupby(self.chosen, lambda column: self.sizes[column] > 1)
            for part in (self._codes(x, columns) if is_code else _numbers(x, list(columns)))
        ]
        raw = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
        scaled = (raw - np.asarray(self.centre, x.dtype)) * np.asarray(self.factor, x.dtype)
        near = ops.clip(scaled, -_FAR, _FAR)
        return near / ops.sqrt(1 + ops.square(near * (1 / _LIMIT)))

    def _codes(self, x: Any, columns: Any) -> list[Any]:
        return [_of_code(x[..., column : column + 1], self.sizes[column]) for column in columns]

    def __repr__(self) -> str:
        return f"Encode[{len(self.sizes)},{len(self.centre)}]"


def feature_counts(sizes: Sequence[int], columns: Sequence[int] | None = None) -> list[int]:
    """How many features each of these columns (by default all) is encoded as; see `Encode`."""
    chosen = range(len(sizes)) if columns is None else columns
    return [sizes[column] if sizes[column] > 2 else 1 for column in chosen]


def _numbers(x: Any, columns: list[int]) -> list[Any]:
    """Columns as they are: neighbours in one part."""
    starts = [i for i in range(len(columns)) if not i or columns[i] != columns[i - 1] + 1]
    stops = [*starts[1:], len(columns)]
    return [x[..., columns[a] : columns[b - 1] + 1] for a, b in zip(starts, stops, strict=True)]


def _of_code(x: Any, size: int) -> Any:
    """The features of one column `(..., 1)` of codes."""
    if size == 2:
        return ops.where(x > 0, 2 * x - 3, 0)
    return ops.cast(ops.equal(x, np.arange(1, size + 1, dtype=x.dtype)), x.dtype)


def _scales(values: Any, size: int, weights: Any) -> list[tuple[float, float]]:
    """Centre and factor of each feature that a column `(rows,)` gives."""
    if size < 2:
        return [_scale(values, weights)]
    codes = values.astype(np.int64)
    count = np.bincount(codes, weights, size + 1).astype(np.float64)
    if size == 2:
        return [_scale(np.array([0.0, -1.0, 1.0]), count)]
    total = count.sum()
    return [_scale(np.array([0.0, 1.0]), np.array([total - n, n])) for n in count[1:]]


def _scale(values: Any, weights: Any) -> tuple[float, float]:
    low, centre, high = quantiles(values, (0.25, 0.5, 0.75), weights)
    spread = high - low
    if not spread:
        there = values if weights is None else values[weights > 0]
        spread = (float(there.max()) - float(there.min())) / 2
    return centre, min(1 / spread, _LARGEST) if spread else 0.0


def _is_whole(value: Any, least: int) -> bool:
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return is_whole and int(value) >= least

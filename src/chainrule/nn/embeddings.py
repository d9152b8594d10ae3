"""Embeddings: of numbers by learnt waves, of codes by a learnt vector each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn.initializers import check_size
from chainrule.nn.ntp import taken
from chainrule.tree import Array
from chainrule.types import shape_text


@dataclass(frozen=True, repr=False)
class PeriodicEmbedding:
    """PBLD: each number beside a few learnt combinations of learnt waves of it.

    frequency, phase  `(features, waves)`: the waves are cos(2π · x · frequency + phase)
    weight            `(features, waves, outputs)`
    bias              `(features, outputs)`: the combinations are waves @ weight + bias
    Each feature has its own. Periodic, bias, linear, dense: D. Holzmüller et al., 2024, after
    Y. Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022.
    """

    frequency: Array
    phase: Array
    weight: Array
    bias: Array

    @classmethod
    def init(
        cls,
        features: int,
        waves: int = 16,
        outputs: int = 3,
        *,
        rng: int | np.random.Generator,
        sigma: float = 0.1,
        dtype: str = "float32",
    ) -> PeriodicEmbedding:
        """A random layer: frequencies of standard deviation `sigma`, phases uniform on ±π, weights
        and biases on ±1/√waves. ValueError for a size that is no whole number from 1.
        """
        for size in (features, waves, outputs):
            check_size("PeriodicEmbedding", size)
        generator = np.random.default_rng(rng)
        limit = 1 / math.sqrt(waves)
        drawn = (
            generator.normal(0, sigma, (features, waves)),
            generator.uniform(-math.pi, math.pi, (features, waves)),
            generator.uniform(-limit, limit, (features, waves, outputs)),
            generator.uniform(-limit, limit, (features, outputs)),
        )
        return cls(*(array.astype(dtype) for array in drawn))

    @property
    def features(self) -> tuple[int, int]:
        """How many numbers the layer takes, and how many features it makes."""
        taken, outputs = self.bias.shape
        return taken, taken * (outputs + 1)

    def __call__(self, x: Any) -> Any:
        """First `x` itself, then `outputs` numbers for each of its columns.

        x       `(batch, features)`, or one sample `(features,)`
        return  `(batch, features · (outputs + 1))`
        ValueError, naming both shapes, where `x` has another number of columns.
        """
        count, outputs = self.bias.shape
        x = taken("PeriodicEmbedding", x, count, self.frequency.dtype)
        turns = ops.reshape(x, (*x.shape, 1)) * self.frequency
        waves = ops.cos(2 * math.pi * turns + self.phase)
        sums = [ops.sum(waves * self.weight[..., out], axis=-1) for out in range(outputs)]
        made = [one + self.bias[..., out] for out, one in enumerate(sums)]
        return ops.concatenate([x, *made], axis=-1)

    def check(self) -> None:
        """ValueError where the fields do not make a layer."""
        shapes = [np.shape(x) for x in (self.frequency, self.phase, self.weight, self.bias)]
        first, third = shapes[0], shapes[2]
        if len(third) != 3 or shapes != [third[:2], first, third, (third[0], third[2])]:
            raise ValueError(
                f"PeriodicEmbedding: {', '.join(map(shape_text, shapes))} do not fit; expected "
                "[features,waves] twice, [features,waves,outputs] and [features,outputs]"
            )

    def __repr__(self) -> str:
        return f"PeriodicEmbedding{shape_text(self.weight.shape)}"


@dataclass(frozen=True, repr=False)
class Embedding:
    """A learnt vector for each code: the row of a table.

    table   `(codes, size)`; of a table's column with K values K + 1 rows, row 0 for a missing one
    column  of the input in which the codes stand, or None where the input is the codes alone
    """

    table: Array
    column: int | None = None

    @classmethod
    def init(
        cls,
        codes: int,
        size: int,
        *,
        rng: int | np.random.Generator,
        column: int | None = None,
        dtype: str = "float32",
    ) -> Embedding:
        """Vectors from the standard normal distribution. ValueError for a size below 1."""
        for one in (codes, size):
            check_size("Embedding", one)
        drawn = np.random.default_rng(rng).normal(size=(codes, size))
        return cls(drawn.astype(dtype), column)

    @property
    def features(self) -> tuple[None, int]:
        """Not known, and how many features the layer makes."""
        return None, self.table.shape[1]

    def __call__(self, x: Any) -> Any:
        """The vectors of codes.

        x       `(batch, columns)`, of which one column is read; without a column codes of any shape
        return  `(batch, size)`; without a column the shape of `x` and the size
        Whole numbers, also in a floating dtype; IndexError for a code that has no row.
        """
        codes = x if self.column is None else x[..., self.column]
        return ops.take(self.table, ops.cast(codes, "int64"), axis=0)

    def check(self) -> None:
        """ValueError where the fields do not make a layer."""
        if len(np.shape(self.table)) != 2:
            raise ValueError(
                f"Embedding: table {shape_text(np.shape(self.table))}; expected [codes,size]"
            )

    def __repr__(self) -> str:
        column = "" if self.column is None else f" of column {self.column}"
        return f"Embedding{shape_text(self.table.shape)}{column}"

"""Samples of a Parquet file that is larger than memory: blocks of rows, in any order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.arrays import check_file
from chainrule.data.parquet import lazy
from chainrule.data.preprocess import Preprocessing
from chainrule.data.tables import Table, as_table


@dataclass(frozen=True)
class ParquetBlocks(Sequence[Any]):
    """The rows of a Parquet file as frames of polars, each made anew when it is asked for.

    rows  of a block; the last may have fewer
    ValueError for what is no Parquet file, or fewer than one row a block; ImportError without
    polars.
    """

    path: str | os.PathLike[str]
    rows: int = 65_536

    def __post_init__(self) -> None:
        if not isinstance(self.rows, (int, np.integer)) or self.rows < 1:
            raise ValueError(f"{self.path}: {self.rows!r} rows in a block; expected at least 1")

    @cached_property
    def _file(self) -> tuple[Any, int]:
        return _opened(self.path)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The types of the columns, by name, as polars has them."""
        return self._file[0].collect_schema()

    def __len__(self) -> int:
        return -(-self._file[1] // self.rows)

    def __getitem__(self, number: Any) -> Any:
        """Block `number`, from 0; of the last, -1. IndexError where there is none."""
        frame, _ = self._file
        return frame.slice(range(len(self))[number] * self.rows, self.rows).collect()

    def table(self, number: int) -> Table:
        """Block `number` as a table."""
        return as_table(self[number], self.source(number), strict=False)

    def source(self, number: int) -> str:
        """Where the rows of block `number`, from 0, are found, for messages."""
        return f"{self.path}, from row {number * self.rows + 1} on"


@dataclass(frozen=True)
class TableChunks(Sequence[tuple[Any, ...]]):
    """Blocks `(x, y)` or `(x, y, weights)` of a Parquet file, of which one at a time is in memory.

    preprocessing  what makes x and y of the columns; learnt of `sample_rows`, for example
    weights        the column with the weight of each row, or None
    rows           of a block; the last may have fewer
    It is what `train.fit` takes for x without y, which shuffles the blocks, and the rows of each.
    Errors as of `ParquetBlocks`.
    """

    path: str | os.PathLike[str]
    preprocessing: Preprocessing
    weights: str | None = None
    rows: int = 65_536

    def __post_init__(self) -> None:
        ParquetBlocks(self.path, self.rows)  # refuses a wrong number

    @cached_property
    def _blocks(self) -> ParquetBlocks:
        return ParquetBlocks(self.path, self.rows)

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, number: Any) -> Any:
        """Block `number`, from 0; of the last, -1. IndexError where there is none."""
        table = self._blocks.table(range(len(self))[number])
        block = (self.preprocessing.features(table), self.preprocessing.targets(table))
        if self.weights is None:
            return block
        return *block, np.asarray(table.column(self.weights), np.float64)


def sample_rows(path: str | os.PathLike[str], rows: int = 100_000, seed: int = 0) -> Table:
    """About so many rows of a Parquet file, or all where there are fewer, in their order.

    They are those of 64 blocks that lie anywhere in it: what a preprocessing can be learnt of.
    Errors as of `ParquetBlocks`.
    """
    import polars

    frame, total = _opened(path)
    if total <= rows:
        return as_table(frame.collect(), str(path), strict=False)
    size = -(-rows // 64)
    starts = np.random.default_rng(seed).choice(total // size, min(64, total // size), False) * size
    parts = [frame.slice(int(start), size).collect() for start in np.sort(starts)]
    return as_table(polars.concat(parts), str(path), strict=False)


def _opened(path: str | os.PathLike[str]) -> tuple[Any, int]:
    """A lazy frame, and how many rows it has."""
    file = check_file(path)
    try:
        return lazy(file)
    except ImportError:
        raise ImportError(
            f"{path}: to read a Parquet file by blocks, polars is needed: pip install "
            "'chainrule[tables]'"
        ) from None

"""Samples of a Parquet file that is larger than memory: blocks of rows, in any order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.arrays import check_file
from chainrule.data.preprocess import Preprocessing
from chainrule.data.tables import Table, as_table


@dataclass(frozen=True)
class TableChunks(Sequence[tuple[Any, ...]]):
    """Blocks `(x, y)` or `(x, y, weights)` of a Parquet file, of which one at a time is in memory.

    preprocessing  what makes x and y of the columns; learnt of `sample_rows`, for example
    weights        the column with the weight of each row, or None
    rows           of a block; the last may have fewer
    It is what `train.fit` takes for x without y, which shuffles the blocks, and the rows of each.
    ValueError for what is no Parquet file, or fewer than one row a block; ImportError without
    polars.
    """

    path: str | os.PathLike[str]
    preprocessing: Preprocessing
    weights: str | None = None
    rows: int = 65_536

    def __post_init__(self) -> None:
        if not isinstance(self.rows, (int, np.integer)) or self.rows < 1:
            raise ValueError(f"TableChunks: {self.rows!r} rows in a block; expected at least 1")

    @cached_property
    def _frame(self) -> Any:
        return _opened(self.path)

    @cached_property
    def _total(self) -> int:
        return _count(self._frame)

    def __len__(self) -> int:
        return -(-self._total // self.rows)

    def __getitem__(self, number: Any) -> Any:
        """Block `number`, from 0; of the last, -1. IndexError where there is none."""
        start = range(len(self))[number] * self.rows
        table = _read(self._frame.slice(start, self.rows), f"{self.path}, from row {start + 1} on")
        block = (self.preprocessing.features(table), self.preprocessing.targets(table))
        if self.weights is None:
            return block
        return *block, np.asarray(table.column(self.weights), np.float64)


def sample_rows(path: str | os.PathLike[str], rows: int = 100_000, seed: int = 0) -> Table:
    """About so many rows of a Parquet file, or all where there are fewer, in their order.

    They are those of 64 blocks that lie anywhere in it: what a preprocessing can be learnt of.
    Errors as of `TableChunks`.
    """
    import polars

    frame = _opened(path)
    total = _count(frame)
    if total <= rows:
        return _read(frame, str(path))
    size = -(-rows // 64)
    starts = np.random.default_rng(seed).choice(total // size, min(64, total // size), False) * size
    parts = [frame.slice(int(start), size).collect() for start in np.sort(starts)]
    return as_table(polars.concat(parts), str(path), strict=False)


def _opened(path: str | os.PathLike[str]) -> Any:
    """A lazy frame."""
    try:
        import polars
    except ImportError:
        raise ImportError(
            f"{path}: to read a Parquet file by blocks, polars is needed: pip install "
            "'chainrule[tables]'"
        ) from None
    frame = polars.scan_parquet(check_file(path))
    try:
        frame.collect_schema()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of polars is no Exception
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: no readable Parquet file: {reason}") from None
    return frame


def _count(frame: Any) -> int:
    import polars

    return int(frame.select(polars.len()).collect().item())


def _read(frame: Any, source: str) -> Table:
    return as_table(frame.collect(), source, strict=False)

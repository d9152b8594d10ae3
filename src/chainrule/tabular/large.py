"""Networks for tables that are larger than memory: learnt of a Parquet file, block by block."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.preprocess import Preprocessing
from chainrule.data.table_chunks import TableChunks, sample_rows
from chainrule.tabular.learn import Learnt, learn
from chainrule.tabular.recipes import Recipe


_MOST_HELD_OUT = 200_000  # rows, which are kept in memory


@dataclass(frozen=True)
class Chosen(Sequence[Any]):
    """Some of the blocks of a sequence, in its order."""

    blocks: Sequence[Any]
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, number: Any) -> Any:
        """Block `number` of those chosen, from 0. IndexError where there is none."""
        return self.blocks[self.numbers[number]]


def learn_parquet(
    path: str | os.PathLike[str],
    target: str,
    recipe: str | Recipe = "fast",
    *,
    task: str | None = None,
    drop: Sequence[str] = (),
    rows: int = 65_536,
    validation_fraction: float = 0.1,
    seed: int = 0,
    epochs: int | None = None,
    deadline: float | None = None,
    progress: bool | None = None,
) -> tuple[Preprocessing, Learnt]:
    """Train a network for a Parquet file of which only some blocks are in memory at once.

    target  the column to predict; task, drop  as of `Preprocessing.recognise`, which learns the
            columns of 100,000 rows from everywhere in the file
    rows    of a block. In every epoch blocks are taken in another order, and their rows shuffled
    validation_fraction  of the blocks, at most 200,000 rows, that choose the epoch
    The others are those of `learn`. `save(learnt.network, path, preprocessing=..., loss=...)`
    writes the model. ValueError for a file of fewer than two blocks, and as of `learn`.
    """
    learnt_of = sample_rows(path, seed=seed)
    preprocessing = Preprocessing.recognise(learnt_of, target, task, drop=drop)
    blocks = TableChunks(path, preprocessing, rows=rows)
    if len(blocks) < 2:
        raise ValueError(
            f"{path}: it is one block of {rows} rows; give fewer rows a block, or read it whole "
            "and take an estimator"
        )
    most = max(1, min(len(blocks) - 1, _MOST_HELD_OUT // rows))
    count = min(max(1, round(validation_fraction * len(blocks))), most)
    order = np.random.default_rng(seed).permutation(len(blocks)).tolist()
    held_out, kept = sorted(order[:count]), sorted(order[count:])
    parts = [blocks[number] for number in held_out]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    found = learn(
        Chosen(blocks, tuple(kept)),
        None,
        preprocessing.sizes,
        "classification" if preprocessing.classes else "regression",
        recipe,
        classes=len(preprocessing.classes),
        validation=(x, y),
        seed=seed,
        epochs=epochs,
        deadline=deadline,
        progress=progress,
    )
    return preprocessing, found

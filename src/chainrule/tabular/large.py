"""Networks for tables that are larger than memory: learnt of a Parquet file, block by block."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.data.preprocess import Preprocessing
from chainrule.tabular.division import divide
from chainrule.tabular.learn import Learnt, learn
from chainrule.tabular.recipes import Recipe
from chainrule.train.progress import counting


def learn_parquet(
    path: str | os.PathLike[str],
    target: str,
    recipe: str | Recipe = "fast",
    *,
    task: str | None = None,
    drop: Sequence[str] = (),
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    weights: str | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    rows: int = 65_536,
    validation_fraction: float = 0.1,
    seed: int = 0,
    epochs: int | None = None,
    backend: str = "auto",
    threads: int | None = None,
    deadline: float | None = None,
    progress: bool | None = None,
) -> tuple[Preprocessing, Learnt]:
    """Train a network for a Parquet file of which only some rows are in memory at once.

    target        the column to predict; rows without one are left out
    task, drop, numeric, categorical  as of `Preprocessing.recognise`, which learns the columns of
                  at most 100,000 rows from everywhere in the file
    weights       the column with the weight of each row, or None
    class_weight  "balanced", the weight of each class by its name, or None
    rows          of a block. In every epoch blocks are taken in another order, and their rows
                  shuffled
    validation_fraction  of the rows of every block, at most 100,000 of all, that choose the epoch
    The others are those of `learn`. `save(learnt.network, path, preprocessing=..., loss=...)`
    writes the model. Errors as of `divide` and `learn`.
    """
    with counting("blocks looked through", progress) as tell:
        found = divide(
            path,
            target,
            task,
            drop=drop,
            numeric=numeric,
            categorical=categorical,
            weights=weights,
            class_weight=class_weight,
            rows=rows,
            shares=(0.0, validation_fraction),
            seed=seed,
            tell=tell,
        )
    prepared = found.preprocessing
    learnt = learn(
        found.learnt,
        None,
        prepared.sizes,
        "classification" if prepared.classes else "regression",
        recipe,
        classes=len(prepared.classes),
        validation=None if found.chosen_by is None else found.encode(found.chosen_by),
        seed=seed,
        epochs=epochs,
        backend=backend,
        threads=threads,
        deadline=deadline,
        progress=progress,
    )
    return prepared, learnt

"""The rows that are used and the folds they fall into: the same for every method and every run."""

from __future__ import annotations

from typing import Any

import numpy as np


FOLDS = 5
SEED = 0


def sample(rows: int, most: int, seed: int = SEED) -> Any:
    """The places of at most `most` of so many rows, drawn at random, in ascending order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.argsort(np.random.default_rng(seed).random(rows))[:most])


def fold_of(y: Any, folds: int = FOLDS, seed: int = SEED) -> Any:
    """The fold of each row, int64 `(rows,)`, stratified by labels or numbers alike.

    The rows are put in the order of y, equal ones at random; of each `folds` neighbours in that
    order one falls into each fold, at random.
    """
    rng = np.random.default_rng(seed)
    rows = len(y)
    order = np.lexsort((rng.random(rows), y))
    deals = np.argsort(rng.random((-(-rows // folds), folds)), axis=1)
    found = np.empty(rows, np.int64)
    found[order] = deals.ravel()[:rows]
    return found

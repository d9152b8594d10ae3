"""Samples divided into parts."""

from __future__ import annotations

from typing import Any

import numpy as np


def stratified_split(x: Any, y: Any, share: float, seed: int) -> tuple[Any, Any, Any, Any]:
    """(x, y) kept and (x, y) held out: about `share` of every class is held out.

    x `(samples, ...)`, y labels `(samples,)`. The same seed gives the same parts. ValueError where
    a class has too few samples for both parts, or the seed is not from 0 to 2³² - 1.
    """
    from sklearn.model_selection import train_test_split

    if not 0 < share < 1:
        raise ValueError(f"split: a share of {share} held out; expected a number between 0 and 1")
    if not 0 <= seed < 2**32:
        raise ValueError(f"split: seed {seed}; expected a whole number from 0 to 2³² - 1")
    places = np.arange(len(y))
    try:
        kept, held_out = train_test_split(places, test_size=share, random_state=seed, stratify=y)
    except ValueError as error:
        raise ValueError(f"split: a share of {share} held out of {len(y)}: {error}") from None
    return x[kept], y[kept], x[held_out], y[held_out]

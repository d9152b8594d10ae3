"""Samples divided into parts, and brought to one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def split(
    samples: int, share: float, seed: int, labels: Any = None, name: str = "split"
) -> tuple[Any, Any]:
    """The places of the samples kept, and of about `share` of them held out, both int64 arrays.

    labels  `(samples,)`: of each of them about `share` is held out; None: whichever
    The same seed gives the same parts. ValueError where a part would be empty or a class has too
    few samples for both, or the seed is not from 0 to 2³² - 1.
    """
    from sklearn.model_selection import train_test_split

    if not 0 < share < 1:
        raise ValueError(f"{name}: a share of {share} held out; expected a number between 0 and 1")
    if not 0 <= seed < 2**32:
        raise ValueError(f"{name}: seed {seed}; expected a whole number from 0 to 2³² - 1")
    places = np.arange(samples)
    try:
        kept, held_out = train_test_split(
            places, test_size=share, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise ValueError(f"{name}: a share of {share} held out of {samples}: {error}") from None
    return kept, held_out


def stratified_split(x: Any, y: Any, share: float, seed: int) -> tuple[Any, Any, Any, Any]:
    """(x, y) kept and (x, y) held out: about `share` of every class is held out.

    x `(samples, ...)`, y labels `(samples,)`. Errors as of `split`.
    """
    kept, held_out = split(len(y), share, seed, labels=y)
    return x[kept], y[kept], x[held_out], y[held_out]


@dataclass(frozen=True)
class Standardizer:
    """(x - mean) / scale for each feature (BN-01).

    mean, scale  `(features,)`; the scale of a constant feature is 1
    """

    mean: Any
    scale: Any

    def __call__(self, x: Any) -> Any:
        """x `(samples, features)` with the scale of the samples that this was fitted to."""
        return (x - self.mean) / self.scale

    def inverse(self, x: Any) -> Any:
        """What `self` was called with."""
        return x * self.scale + self.mean


def standardizer(x: Any) -> Standardizer:
    """Fitted to x `(samples, features)`, which should be the training part alone.

    In the dtype of x, or float64 for whole numbers. ValueError where x has no samples or holds
    anything but finite numbers.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "biuf" or not x.ndim or not len(x) or not np.all(np.isfinite(x)):
        raise ValueError(
            f"standardizer: x has shape {x.shape} and dtype {x.dtype}; expected at least one "
            "sample, of finite numbers"
        )
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    mean = np.mean(x, axis=0, dtype=np.float64)
    scale = np.std(x, axis=0, dtype=np.float64)
    scale = np.where(scale > 1e-12 * np.abs(mean), scale, 1.0)
    return Standardizer(mean.astype(dtype), scale.astype(dtype))

"""What `fit` is given, checked and brought into form before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.types import BATCH, ArrayType, dtype_name


@dataclass(frozen=True)
class Rows:
    """Samples: x `(samples, ...)` in the network's dtype, y `(samples, ...)` in it or int64."""

    x: Any
    y: Any

    def batch_types(self) -> tuple[ArrayType, ArrayType]:
        """The types of a batch of x and of y."""
        return (
            ArrayType((BATCH, *self.x.shape[1:]), self.x.dtype.name),
            ArrayType((BATCH, *self.y.shape[1:]), self.y.dtype.name),
        )

    def part(self, places: Any) -> Rows:
        """The samples at these places."""
        return Rows(self.x[places], self.y[places])


def check_settings(epochs: int, batch_size: int, seed: int) -> None:
    """ValueError for a number that cannot be: fewer than one epoch or sample, a negative seed."""
    for name, value, least in (
        ("epochs", epochs, 1),
        ("batch_size", batch_size, 1),
        ("seed", seed, 0),
    ):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"fit: {name} is {value!r}; expected a whole number from {least}")


def prepare(
    dtype: str, x: Any, y: Any, validation: float | tuple[Any, Any] | None, seed: int
) -> tuple[Rows, Rows | None]:
    """The samples to train on and, if any, those held out for validation."""
    rows = _rows("x", "y", x, y, dtype)
    if validation is None or validation == 0:
        return rows, None
    if isinstance(validation, tuple):
        return rows, _rows("validation x", "validation y", *validation, dtype)
    held_out = round(validation * len(rows.x))
    if not 0 < validation < 1 or not 0 < held_out < len(rows.x):
        raise ValueError(
            f"fit: validation = {validation} holds out {held_out} of {len(rows.x)} samples; "
            "expected a share between 0 and 1 that leaves some on both sides, or a pair (x, y)"
        )
    order = np.random.default_rng([seed, 0]).permutation(len(rows.x))
    return rows.part(order[held_out:]), rows.part(order[:held_out])


def _rows(x_name: str, y_name: str, x: Any, y: Any, dtype: str) -> Rows:
    features, targets = _numbers(x_name, x), _numbers(y_name, y)
    if features.ndim < 1 or targets.ndim < 1 or len(features) != len(targets):
        raise ValueError(
            f"fit: {x_name} has shape {features.shape} and {y_name} {targets.shape}; "
            "expected one target for each sample"
        )
    if not len(features):
        raise ValueError(f"fit: {x_name} has no samples")
    is_label = targets.dtype.kind in "iub"
    if is_label and targets.dtype.kind != "b" and targets.min() < 0:
        raise ValueError(f"fit: {y_name} holds the label {targets.min()}; labels count from 0")
    return Rows(features.astype(dtype), targets.astype("int64" if is_label else dtype))


def _numbers(name: str, value: Any) -> Any:
    try:
        array = np.asarray(value)
        dtype_name(array.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(f"fit: {name} is not an array of numbers: {error}") from None
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"fit: {name} holds {array[place]} at {list(place)}; remove or fill such entries"
        )
    return array

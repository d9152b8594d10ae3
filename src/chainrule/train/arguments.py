"""What `fit` is given, checked and brought into form before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn.layers import FLOATS
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


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


def check_network(network: Any) -> tree.Packing:
    """How the parameters of a network pack. TypeError for what cannot be called or learnt."""
    if not callable(network):
        raise TypeError(
            f"fit: the network is {type(network).__name__}, which cannot be called on x; pass a "
            "network of nn or a frozen dataclass with __call__"
        )
    leaves = tree.leaves(network)
    for path, leaf in zip(tree.paths(network, "network"), leaves, strict=True):
        kind = str(getattr(leaf, "dtype", type(leaf).__name__))
        if kind not in FLOATS:
            raise TypeError(
                f"fit: {path} is {kind}, expected an array of {' or '.join(FLOATS)}; parameters "
                "are the fields of a frozen dataclass that are annotated Array"
            )
        if not np.all(np.isfinite(leaf)):
            raise ValueError(f"fit: {path} holds a number that is not finite; train from others")
    if not leaves:
        raise TypeError(
            "fit: the network has no parameters; annotate the fields that hold them with Array"
        )
    return tree.packing(network)


def check_labels(network: Any, x: ArrayType, rows: Rows, held_out: Rows | None) -> None:
    """ValueError for a label that has no output: it would count as no class at all."""
    outputs = trace(network, x).outputs[0].shape[-1]
    for name, part in (("y", rows), ("validation y", held_out)):
        if part is None or part.y.dtype.kind != "i" or not isinstance(outputs, int):
            continue
        label = part.y.min() if part.y.min() < 0 else part.y.max()
        if not 0 <= label < outputs:
            raise ValueError(
                f"fit: {name} holds the label {label}, but the network has {outputs} outputs, "
                f"for labels 0 to {outputs - 1}; number the labels from 0, or add outputs"
            )


def prepare(
    dtype: str, x: Any, y: Any, validation: float | tuple[Any, Any] | None, seed: int
) -> tuple[Rows, Rows | None]:
    """The samples to train on and, if any, those held out for validation."""
    rows = _rows("x", "y", x, y, dtype)
    if validation is None or validation == 0:
        return rows, None
    if isinstance(validation, (tuple, list)):
        if len(validation) != 2:
            raise ValueError(f"fit: validation has {len(validation)} parts; expected (x, y)")
        held_out = _rows("validation x", "validation y", *validation, dtype)
        if held_out.batch_types() != rows.batch_types():
            raise ValueError(
                f"fit: a batch for validation is {_types(held_out)}, and one for training "
                f"{_types(rows)}; they must be alike"
            )
        return rows, held_out
    if not isinstance(validation, Real) or not 0 < validation < 1:
        raise ValueError(
            f"fit: validation is {validation!r}; expected a share between 0 and 1, or (x, y)"
        )
    count = round(float(validation) * len(rows.x))
    if not 0 < count < len(rows.x):
        raise ValueError(
            f"fit: validation = {validation} holds out {count} of {len(rows.x)} samples; "
            "some must be left on both sides"
        )
    order = np.random.default_rng([seed, 0]).permutation(len(rows.x))
    return rows.part(order[count:]), rows.part(order[:count])


def _rows(x_name: str, y_name: str, x: Any, y: Any, dtype: str) -> Rows:
    features, targets = _numbers(x_name, x), _numbers(y_name, y)
    if features.ndim < 1 or targets.ndim < 1 or len(features) != len(targets):
        raise ValueError(
            f"fit: {x_name} has shape {features.shape} and {y_name} {targets.shape}; "
            "expected one target for each sample"
        )
    if not len(features):
        raise ValueError(f"fit: {x_name} has no samples")
    is_whole = targets.dtype.kind in "iub"
    return Rows(
        _converted(x_name, features, dtype),
        _converted(y_name, targets, "int64" if is_whole else dtype),
    )


def _numbers(name: str, value: Any) -> Any:
    """`value` as an array of real numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"fit: {name} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"fit: {name} is not an array of numbers: its dtype is {array.dtype}")
    return array


def _converted(name: str, array: Any, dtype: str) -> Any:
    """`array` in `dtype`. ValueError, naming the place, for a number that is not finite there."""
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    finite = np.isfinite(converted)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"fit: {name} holds {array[place]} at {list(place)}, which is no finite {dtype}; "
            "remove or fill such entries"
        )
    return converted


def _types(rows: Rows) -> str:
    x, y = rows.batch_types()
    return f"x {x}, y {y}"

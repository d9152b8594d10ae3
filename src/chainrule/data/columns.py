"""The columns of a table as they were when they were fitted: plain records of text and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Number:
    """A column of numbers, standardised: (x - mean) / scale (BN-01).

    scale  the standard deviation, which divides by the number of rows; 1 for a constant column
    """

    name: str
    mean: float
    scale: float
    kind: ClassVar[str] = "number"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features that it becomes."""
        return (self.name,)

    def encode(self, column: Any) -> Any:
        """`(rows, 1)` float64."""
        return ((column - self.mean) / self.scale)[:, None]

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` gives."""
        _check_texts(self.name)
        _check_scale(self.name, self.mean, self.scale)

    def describe(self) -> str:
        """How it is encoded, for people."""
        return f"mean {self.mean:.4g}, deviation {self.scale:.4g}"


@dataclass(frozen=True)
class Category:
    """A column of text, one-hot: a feature for each value.

    An entry that is missing or was not seen has 0 in all of them.
    """

    name: str
    values: tuple[str, ...]
    kind: ClassVar[str] = "category"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features that it becomes."""
        return tuple(f"{self.name}={value}" for value in self.values)

    def encode(self, column: Any) -> Any:
        """`(rows, values)` float32."""
        place = {value: number for number, value in enumerate(self.values)}
        places = np.array([place.get(text, -1) for text in column], np.int64)
        found = np.zeros((len(places), len(self.values)), np.float32)
        known = np.flatnonzero(places >= 0)
        found[known, places[known]] = 1
        return found

    def check(self) -> None:
        """TypeError where the fields are not what `fit` gives."""
        _check_texts(self.name, *self.values)

    def describe(self) -> str:
        """How it is encoded, for people."""
        return f"{len(self.values)} values: {_some(self.values)}"


@dataclass(frozen=True)
class Labels:
    """A target of classes: labels from 0, in the order of `values`.

    are_numbers  whether the values were numbers in the table
    """

    name: str
    values: tuple[str, ...]
    are_numbers: bool
    kind: ClassVar[str] = "classes"

    def encode(self, column: Any) -> Any:
        """int64 `(rows,)`. ValueError for a value that was not there when it was fitted."""
        texts = [text_of(value) for value in column]
        place = {value: label for label, value in enumerate(self.values)}
        for row, text in enumerate(texts):
            if text not in place:
                raise ValueError(
                    f"column {self.name!r}: the class {text!r} in row {row + 1} was not among "
                    f"those learnt: {_some(self.values)}"
                )
        return np.array([place[text] for text in texts], np.int64)

    def decode(self, labels: Any) -> Any:
        """The values of some labels `(rows,)`: numbers, or text as object array."""
        values = np.array(self.values, object)[labels]
        return values.astype(np.float64) if self.are_numbers else values

    def check(self) -> None:
        """TypeError where the fields are not what `fit` gives."""
        _check_texts(self.name, *self.values)

    def describe(self) -> str:
        """What it is, for people."""
        return f"{len(self.values)} classes: {_some(self.values)}"


@dataclass(frozen=True)
class Quantity:
    """A target of numbers, standardised while it is learnt."""

    name: str
    mean: float
    scale: float
    kind: ClassVar[str] = "quantity"

    def encode(self, column: Any) -> Any:
        """float32 `(rows, 1)`."""
        return ((column - self.mean) / self.scale).astype(np.float32)[:, None]

    def decode(self, predicted: Any) -> Any:
        """Predictions `(rows, ...)` in the units of the table, float64."""
        return np.asarray(predicted, np.float64) * self.scale + self.mean

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` gives."""
        _check_texts(self.name)
        _check_scale(self.name, self.mean, self.scale)

    def describe(self) -> str:
        """What it is, for people."""
        return f"mean {self.mean:.4g}, deviation {self.scale:.4g}"


def text_of(value: Any) -> str:
    """A value of a target as text: 1 for 1.0."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == math.floor(value) else repr(float(value))


def _some(values: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(values[:most])
    return shown if len(values) <= most else f"{shown}, ..."


def _check_texts(name: Any, *values: Any) -> None:
    if not all(isinstance(text, str) for text in (name, *values)) or len(set(values)) < len(values):
        raise TypeError(f"column {name!r:.60}: name and values are no different texts")


def _check_scale(name: str, mean: Any, scale: Any) -> None:
    if not all(isinstance(x, float) and math.isfinite(x) for x in (mean, scale)) or not scale > 0:
        raise ValueError(f"column {name!r:.60}: no mean and positive scale: {mean!r}, {scale!r}")

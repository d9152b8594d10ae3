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

    @property
    def sizes(self) -> tuple[int, ...]:
        """0 for each of these, which are numbers."""
        return (0,)

    def encode(self, column: Any) -> Any:
        """`(rows, 1)` float64."""
        return ((column - self.mean) / self.scale)[:, None]

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """None: `encode` looks at every entry closely."""
        return None

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` gives."""
        check_texts(self.name)
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

    @property
    def sizes(self) -> tuple[int, ...]:
        """0 for each of these, which are numbers."""
        return (0,) * len(self.values)

    def encode(self, column: Any) -> Any:
        """`(rows, values)` float32."""
        place = {value: number for number, value in enumerate(self.values)}
        places = np.array([place.get(text, -1) for text in column], np.int64)
        found = np.zeros((len(places), len(self.values)), np.float32)
        known = np.flatnonzero(places >= 0)
        found[known, places[known]] = 1
        return found

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """None: `encode` looks at every entry closely."""
        return None

    def check(self) -> None:
        """TypeError where the fields are not what `fit` gives."""
        check_texts(self.name, *self.values)

    def describe(self) -> str:
        """How it is encoded, for people."""
        return f"{len(self.values)} values: {some(self.values)}"


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
        entries = np.asarray(column).tolist()
        place = {value: label for label, value in enumerate(self.values)}
        label_of = {value: place.get(text_of(value), -1) for value in set(entries)}
        labels = np.fromiter(map(label_of.__getitem__, entries), np.int64, len(entries))
        if np.any(labels < 0):
            row = int(np.argmin(labels))
            raise ValueError(
                f"column {self.name!r}: the class {text_of(entries[row])!r} in row {row + 1} was "
                f"not among those learnt: {some(self.values)}"
            )
        return labels

    def decode(self, labels: Any) -> Any:
        """The values of some labels `(rows,)`: numbers, or text as object array."""
        values = np.array(self.values, object)[labels]
        return values.astype(np.float64) if self.are_numbers else values

    def check(self) -> None:
        """TypeError where the fields are not what `fit` gives."""
        check_texts(self.name, *self.values)

    def describe(self) -> str:
        """What it is, for people."""
        return f"{len(self.values)} classes: {some(self.values)}"


@dataclass(frozen=True)
class Quantity:
    """A target of numbers, standardised while it is learnt.

    is_log  whether log(1 + y) is standardised in place of y; of y below 0, -log(1 - y)
    """

    name: str
    mean: float
    scale: float
    is_log: bool = False
    kind: ClassVar[str] = "quantity"

    def encode(self, column: Any) -> Any:
        """float32 `(rows, 1)`."""
        numbers = signed_log(column) if self.is_log else column
        return ((numbers - self.mean) / self.scale).astype(np.float32)[:, None]

    def decode(self, predicted: Any) -> Any:
        """Predictions `(rows, ...)` in the units of the table, float64."""
        numbers = np.asarray(predicted, np.float64) * self.scale + self.mean
        return np.copysign(np.expm1(np.abs(numbers)), numbers) if self.is_log else numbers

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` gives."""
        check_texts(self.name)
        _check_scale(self.name, self.mean, self.scale)
        if not isinstance(self.is_log, bool):
            raise TypeError(f"column {self.name!r:.60}: is_log is {self.is_log!r:.60}")

    def describe(self) -> str:
        """What it is, for people."""
        of_log = " of log(1 + y)" if self.is_log else ""
        return f"mean {self.mean:.4g}, deviation {self.scale:.4g}{of_log}"


def signed_log(numbers: Any) -> Any:
    """log(1 + y) of y from 0 on, -log(1 - y) below."""
    return np.copysign(np.log1p(np.abs(numbers)), numbers)


def text_of(value: Any) -> str:
    """A value of a target as text: 1 for 1.0."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == math.floor(value) else repr(float(value))


def some(values: Sequence[str], most: int = 6) -> str:
    """The first of some texts, for people."""
    shown = ", ".join(values[:most])
    return shown if len(values) <= most else f"{shown}, ..."


def check_texts(name: Any, *values: Any) -> None:
    """TypeError where a name and values are not different texts."""
    if not all(isinstance(text, str) for text in (name, *values)) or len(set(values)) < len(values):
        raise TypeError(f"column {name!r:.60}: name and values are no different texts")


def _check_scale(name: str, mean: Any, scale: Any) -> None:
    if not all(isinstance(x, float) and math.isfinite(x) for x in (mean, scale)) or not scale > 0:
        raise ValueError(f"column {name!r:.60}: no mean and positive scale: {mean!r}, {scale!r}")

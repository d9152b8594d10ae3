"""From a table to the numbers that a network takes, and back: fitted on the training part only.

What is fitted are plain records of text and numbers, which a model file holds as JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.columns import Category, Labels, Number, Quantity, text_of
from chainrule.data.tables import Table, listed


_MOST_VALUES = 1_000  # of a text column; with more it names rows rather than kinds of rows
_MOST_CLASSES = 20  # of a target of whole numbers
_LARGEST_WHOLE = 2.0**53  # from here on different whole numbers are the same float64

#: What kind of target a table has.
TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Preprocessing:
    """How the columns of a table become what a network takes, and its outputs what a table holds.

    columns  of the features, in the order of the table that it was fitted to
    target   the column that is predicted
    """

    columns: tuple[Number | Category, ...]
    target: Labels | Quantity

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` gives."""
        if not self.columns or not isinstance(self.target, (Labels, Quantity)):
            raise TypeError("Preprocessing: no columns, or no target")
        for column in self.columns:
            if not isinstance(column, (Number, Category)):
                raise TypeError(f"Preprocessing: {column!r:.60} is neither Number nor Category")
        for column in (*self.columns, self.target):
            column.check()

    @classmethod
    def fit(cls, table: Table, target: str, task: str | None = None) -> Preprocessing:
        """Learnt from `table`, which should be the training part alone.

        task  "classification" or "regression"; by default the first for a target of text, or of at
              most 20 different whole numbers that repeat 20 times each on average
        ValueError, naming column and row, for what cannot be learnt from.
        """
        table.column(target)
        if len(table) < 2:
            raise ValueError(f"{table.source}: {len(table)} rows; at least 2 are needed")
        _check_complete(table, target)
        chosen = _task(table, target, task)
        names = [name for name in table.columns if name != target]
        if not names:
            raise ValueError(f"{table.source}: only the target {target!r}; no column to learn from")
        found = _labels if chosen == "classification" else _quantity
        return cls(tuple(_column(table, name) for name in names), found(table, target))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of the columns of `features`."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a quantity."""
        return self.target.values if isinstance(self.target, Labels) else ()

    def features(self, table: Table) -> Any:
        """float32 `(rows, features)`. Columns that it does not know are ignored.

        ValueError for a column that is not there, of another kind, or with numbers missing.
        """
        x = np.empty((len(table), len(self.feature_names)), np.float32)
        start = 0
        for column in self.columns:
            values = _as_learnt(table, column)
            end = start + len(column.names)
            with np.errstate(over="ignore"):
                x[:, start:end] = column.encode(values)
            if isinstance(column, Number):
                _check_encoded(table, column, x[:, start:end])
            start = end
        return x

    def targets(self, table: Table) -> Any:
        """Labels int64 `(rows,)`, or standardised numbers float32 `(rows, 1)`."""
        column = table.column(self.target.name)
        _check_complete(table, self.target.name)
        if isinstance(self.target, Quantity) and column.dtype == object:
            raise ValueError(f"{table.source}: the target {self.target.name!r} holds text")
        with np.errstate(over="ignore"):
            encoded = self.target.encode(column)
        if isinstance(self.target, Quantity):
            _check_encoded(table, self.target, encoded)
        return encoded

    def unseen(self, table: Table) -> dict[str, tuple[str, ...]]:
        """Values of text columns that were not there when it was fitted, by column."""
        found: dict[str, tuple[str, ...]] = {}
        for column in self.columns:
            if isinstance(column, Category):
                new = set(_as_learnt(table, column)) - {*column.values, None}
                if new:
                    found[column.name] = tuple(sorted(new))
        return found

    def describe(self) -> list[tuple[str, str, str]]:
        """(name, kind, encoding) of every column, the target last, for people."""
        rows = [(column.name, column.kind, column.describe()) for column in self.columns]
        return [*rows, (self.target.name, f"target, {self.target.kind}", self.target.describe())]


def _as_learnt(table: Table, column: Number | Category) -> Any:
    """The column of a table, of the kind that was learnt. ValueError where it is not.

    A file may hold only those values of a category that look like numbers: they are text then.
    """
    values = table.column(column.name)
    if isinstance(column, Number):
        _check_complete(table, column.name)
    elif values.dtype != object:
        texts = np.array([None if x != x else text_of(x) for x in values], object)
        if not set(column.values).isdisjoint(texts):
            return texts
    if (values.dtype == object) != isinstance(column, Category):
        raise ValueError(
            f"{table.source}: column {column.name!r} holds "
            f"{'text' if values.dtype == object else 'numbers'}, but {column.kind} was learnt"
        )
    return values


def _task(table: Table, target: str, task: str | None) -> str:
    column = table.column(target)
    if task is not None:
        if task not in TASKS:
            raise ValueError(f"task {task!r}; expected {' or '.join(TASKS)}")
        if task == "regression" and column.dtype == object:
            raise ValueError(f"{table.source}: the target {target!r} holds text, no numbers")
        return task
    if column.dtype == object:
        return "classification"
    values = np.unique(column)
    are_whole = bool(np.all(values == np.floor(values)))
    few = len(values) <= min(_MOST_CLASSES, max(2, len(column) // 20))
    return "classification" if are_whole and few else "regression"


def _column(table: Table, name: str) -> Number | Category:
    column = table.column(name)
    if column.dtype == object:
        values = tuple(sorted(set(column) - {None}))
        if not values:
            raise ValueError(f"{table.source}: column {name!r} is empty; leave it out")
        if len(values) > _MOST_VALUES:
            raise ValueError(
                f"{table.source}: column {name!r} has {len(values)} different values, as a name or "
                f"an identifier has; leave it out: --drop {name}, or table.without([{name!r}])"
            )
        return Category(name, values)
    _check_complete(table, name)
    return Number(name, *_mean_and_scale(table, name))


def _labels(table: Table, target: str) -> Labels:
    column = table.column(target)
    are_numbers = column.dtype != object
    if are_numbers and np.any(np.abs(column) >= _LARGEST_WHOLE):
        raise ValueError(
            f"{table.source}: the target {target!r} has classes from 2⁵³ on, numbers that cannot "
            "be told apart; put a letter before them"
        )
    values = tuple([text_of(value) for value in sorted(set(column.tolist()))])
    if len(values) < 2:
        raise ValueError(
            f"{table.source}: the target {target!r} has one class only, {listed(values)}; "
            "there is nothing to learn"
        )
    if len(values) > _MOST_VALUES:
        raise ValueError(
            f"{table.source}: the target {target!r} has {len(values)} different values, too many "
            "for classes; was --task regression meant?"
        )
    return Labels(target, values, are_numbers)


def _quantity(table: Table, target: str) -> Quantity:
    return Quantity(target, *_mean_and_scale(table, target))


def _mean_and_scale(table: Table, name: str) -> tuple[float, float]:
    column = table.column(name)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.mean(column))
        scale = float(np.std(column))
    if not math.isfinite(scale):
        raise ValueError(
            f"{table.source}: column {name!r} holds numbers as large as "
            f"{np.max(np.abs(column)):.3g}; divide them by a power of 10, or leave the column out"
        )
    # The rounding error of a constant column is no deviation.
    return mean, 1.0 if scale <= 1e-12 * abs(mean) else scale


def _check_encoded(table: Table, column: Number | Quantity, encoded: Any) -> None:
    """ValueError, naming the row, for a number so far from those learnt that float32 ends."""
    wrong = ~np.isfinite(encoded).all(axis=1)
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{table.source}: column {column.name!r} has {table.column(column.name)[row]} in row "
            f"{row + 1}, too far from what was learnt, {column.describe()}; correct it"
        )


def _check_complete(table: Table, name: str) -> None:
    """ValueError, naming row and count, for entries that are missing or not finite."""
    column = table.column(name)
    if column.dtype == object:
        wrong = np.array([value is None for value in column])
    else:
        wrong = ~np.isfinite(column)
    if np.any(wrong):
        row = int(np.argmax(wrong))
        found: Any = column[row]
        value = "a missing entry" if found is None or found != found else found
        raise ValueError(
            f"{table.source}: column {name!r} has {value} in row {row + 1} "
            f"({int(wrong.sum())} such of {len(table)}); fill or remove such rows, or leave the "
            "column out"
        )

"""From a table to the numbers that a network takes, and back: fitted on the training part only.

What is fitted are plain records of text and numbers, which a model file holds as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from chainrule.data.codes import Boolean, Code
from chainrule.data.columns import Category, Labels, Number, Quantity, text_of
from chainrule.data.dates import Date
from chainrule.data.matrix import array_matrix, matrix
from chainrule.data.real_numbers import RobustNumber
from chainrule.data.recognition import recognise, target_report
from chainrule.data.report import ColumnReport
from chainrule.data.tables import Table, as_table
from chainrule.data.targets import TASKS as TASKS
from chainrule.data.targets import check_complete, mean_and_scale, target_of
from chainrule.data.words import Words


_MOST_VALUES = 1_000  # of a text column; with more it names rows rather than kinds of rows

#: How one column of a table is encoded: the first two by `fit`, the others by `recognise`.
Column = Number | Category | RobustNumber | Code | Boolean | Date | Words


@dataclass(frozen=True)
class Preprocessing:
    """How the columns of a table become what a network takes, and its outputs what a table holds.

    columns  of the features, in the order of the table that it was fitted to
    target   the column that is predicted
    report   what was recognised, column by column; empty where the columns were taken as they are
    """

    columns: tuple[Column, ...]
    target: Labels | Quantity
    report: tuple[ColumnReport, ...] = ()

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what `fit` or `recognise` gives."""
        if not self.columns or not isinstance(self.target, (Labels, Quantity)):
            raise TypeError("Preprocessing: no columns, or no target")
        for column in self.columns:
            if not isinstance(column, get_args(Column)):
                raise TypeError(
                    f"Preprocessing: {column!r:.60} is neither Number nor Category, nor any other "
                    "record of a column"
                )
        for row in self.report:
            if not isinstance(row, ColumnReport):
                raise TypeError(f"Preprocessing: {row!r:.60} is no report of a column")
        for part in (*self.columns, self.target, *self.report):
            part.check()

    @classmethod
    def fit(cls, table: Table, target: str, task: str | None = None) -> Preprocessing:
        """Complete numbers, standardised, and text, one-hot: learnt from `table`, which should be
        the training part alone.

        task  "classification" or "regression"; by default the first for a target of text, or of at
              most 20 different whole numbers that repeat 20 times each on average
        ValueError, naming column and row, for what cannot be learnt from.
        """
        found = _target(table, target, task)
        names = [name for name in table.columns if name != target]
        if not names:
            raise ValueError(f"{table.source}: only the target {target!r}; no column to learn from")
        return cls(tuple(_column(table, name) for name in names), found)

    @classmethod
    def recognise(
        cls,
        table: Table,
        target: str | Labels | Quantity,
        task: str | None = None,
        *,
        drop: Sequence[str] = (),
        numeric: Sequence[str] = (),
        categorical: Sequence[str] = (),
        weights: Any = None,
        text: str = "hash",
        log: bool = False,
    ) -> Preprocessing:
        """Columns as they are met, learnt from `table`, which should be the training part alone.

        target   the column that is predicted; or what was learnt of it already, which then need
                 not be in the table
        task     as of `fit`
        log      whether it is the logarithm of a quantity that is learnt
        weights  `(rows,)` from 0; a row of weight 0 counts as if it were not there
        the others are those of `data.recognise`. ValueError, naming column and row, for what cannot
        be learnt from.
        """
        if isinstance(target, str):
            target = _target(table, target, task, log=log, weights=weights)
        names = [name for name in (target.name,) if name in table.columns]
        columns, report = recognise(
            table.without(names),
            drop=drop,
            numeric=numeric,
            categorical=categorical,
            weights=weights,
            text=text,
        )
        row = target_report(table, target)
        return cls(columns, target, (*report, row))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of the columns of `features`."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of each column of `features`: 0 for numbers, or the number of codes."""
        return tuple(size for column in self.columns for size in column.sizes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a quantity."""
        return self.target.values if isinstance(self.target, Labels) else ()

    def features(self, table: Any) -> Any:
        """float32 `(rows, features)` of finite numbers: of numbers less their origin, and codes.

        table  a `Table`, whose columns are taken by name, others ignored; or where all columns are
               numbers an array `(rows, columns)` in the order of the columns. An array that is the
               result already is returned as it is.
        ValueError for a column that is not there or of another kind, and for entries that are not
        finite; for what `fit` learnt also for those that are missing.
        """
        if isinstance(table, np.ndarray):
            return array_matrix(self.columns, table)
        return matrix(self.columns, [_as_learnt(table, column) for column in self.columns], table)

    def row(self, entries: Mapping[str, Any]) -> Any:
        """The features of one row, float32 `(1, features)`, from its entries by column.

        The same as of a table of this row, in microseconds. Errors as of `features`.
        """
        encoded: list[float] = []
        for column in self.columns:
            if column.name not in entries:
                Table("the row", dict(entries)).column(column.name)
            value = entries[column.name]
            found = column.entry(value)
            encoded += self._looked_at(column, value) if found is None else found
        return np.array([encoded], np.float32)

    def _looked_at(self, column: Column, value: Any) -> list[float]:
        """One entry as `features` encodes it."""
        entry = np.full((1, 1), value, object)
        table = Table("the row", {column.name: as_table(entry, strict=False).columns["x0"]})
        return matrix([column], [_as_learnt(table, column)], table)[0].tolist()

    def targets(self, table: Table) -> Any:
        """Labels int64 `(rows,)`, or standardised numbers float32 `(rows, 1)`."""
        column = table.column(self.target.name)
        check_complete(table, self.target.name)
        if column.dtype.kind == "M":
            raise ValueError(f"{table.source}: the target {self.target.name!r} holds dates")
        if isinstance(self.target, Quantity) and column.dtype == object:
            raise ValueError(f"{table.source}: the target {self.target.name!r} holds text")
        with np.errstate(over="ignore"):
            encoded = self.target.encode(column)
        if isinstance(self.target, Quantity):
            _check_encoded(table, self.target, encoded)
        return encoded

    def unseen(self, table: Table) -> dict[str, tuple[str, ...]]:
        """Values of categories that were not there when it was fitted, by column."""
        found: dict[str, tuple[str, ...]] = {}
        for column in self.columns:
            new: tuple[str, ...] = ()
            if isinstance(column, Category):
                values = set(_as_learnt(table, column)) - {*column.values, None}
                new = tuple(sorted(values))
            elif isinstance(column, Code):
                new = column.unseen(_as_learnt(table, column))
            if new:
                found[column.name] = new
        return found

    def extra(self, table: Table) -> tuple[str, ...]:
        """The columns of a table that it has never met, and ignores."""
        known = {part.name for part in (*self.columns, self.target, *self.report)}
        return tuple(name for name in table.columns if name not in known)

    def describe(self) -> list[tuple[str, str, str]]:
        """(name, kind, encoding) of every column, the target last, for people."""
        rows = [(column.name, column.kind, column.describe()) for column in self.columns]
        return [*rows, (self.target.name, f"target, {self.target.kind}", self.target.describe())]


#: The classes of which a preprocessing is made, by name.
RECORDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (*get_args(Column), Labels, Quantity, ColumnReport, Preprocessing)
}


def _as_learnt(table: Table, column: Column) -> Any:
    """The column of a table, of the kind that was learnt. ValueError where it is not.

    A file may hold only those values of a category that look like numbers: they are text then.
    """
    values = table.column(column.name)
    if not isinstance(column, (Number, Category)):
        return values
    _refuse_dates(table, column.name)
    if isinstance(column, Number):
        check_complete(table, column.name)
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


def _target(
    table: Table, name: str, task: str | None, log: bool = False, weights: Any = None
) -> Labels | Quantity:
    table.column(name)
    if len(table) < 2:
        raise ValueError(f"{table.source}: {len(table)} rows; at least 2 are needed")
    return target_of(table, name, task, log=log, weights=weights)


def _column(table: Table, name: str) -> Number | Category:
    column = table.column(name)
    _refuse_dates(table, name)
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
    check_complete(table, name)
    return Number(name, *mean_and_scale(table, name))


def _refuse_dates(table: Table, name: str) -> None:
    if table.column(name).dtype.kind == "M":
        raise ValueError(
            f"{table.source}: column {name!r} holds dates; convert it to numbers or text, or leave "
            "it out"
        )


def _check_encoded(table: Table, column: Quantity, encoded: Any) -> None:
    """ValueError, naming the row, for a number so far from those learnt that float32 ends."""
    wrong = ~np.isfinite(encoded).all(axis=1)
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{table.source}: column {column.name!r} has {table.column(column.name)[row]} in row "
            f"{row + 1}, too far from what was learnt, {column.describe()}; correct it"
        )

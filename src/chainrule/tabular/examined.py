"""A table that is being looked at: its columns as codes, worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data import Table


@dataclass(frozen=True)
class Examined:
    """A table with its target.

    file        what commands in findings call it
    is_classes  whether the target is classes, not a quantity
    """

    table: Table
    target: str
    file: str
    is_classes: bool
    _codes: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.table)

    @property
    def features(self) -> list[str]:
        """The columns other than the target."""
        return [name for name in self.table.columns if name != self.target]

    @property
    def known(self) -> Any:
        """The rows whose target is not missing, `(rows,)` of bool."""
        return self.codes(self.target) >= 0

    def codes(self, name: str) -> Any:
        """Equal numbers from 0 on for equal entries, -1 for missing ones: int64 `(rows,)`."""
        if name not in self._codes:
            self._codes[name] = codes_of(self.table.column(name))
        return self._codes[name]

    def distinct(self, name: str) -> int:
        """How many different values a column has, without what is missing."""
        return int(self.codes(name).max(initial=-1)) + 1

    def numbers(self, name: str) -> Any:
        """A column of numbers float64 `(rows,)`, NaN where missing; None for other columns."""
        column = self.table.column(name)
        return column.astype(np.float64) if column.dtype.kind in "iuf" else None

    def train(self, *options: str) -> str:
        """The command that trains with some more options."""
        words = ["chainrule train", quoted(self.file), "--target", quoted(self.target), *options]
        return " ".join(words)

    def drop(self, *names: str) -> str:
        """The command that trains without some columns."""
        return self.train(*[f"--drop {quoted(name)}" for name in names])


def quoted(text: str) -> str:
    """A word as a shell takes it."""
    import shlex

    return shlex.quote(text)


def is_missing(column: Any) -> Any:
    """`(rows,)` of bool."""
    if column.dtype == object:
        return np.fromiter((value is None for value in column), bool, len(column))
    if column.dtype.kind == "M":
        return np.isnat(column)
    return np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), bool)


def codes_of(column: Any) -> Any:
    """The codes of `Examined.codes`, in the order of the values."""
    absent = is_missing(column)
    found = np.full(len(column), -1, np.int64)
    if column.dtype != object:
        found[~absent] = np.unique(column[~absent], return_inverse=True)[1]
        return found
    values = sorted({value for value in column if value is not None})
    place = {value: code for code, value in enumerate(values)}
    found[~absent] = [place[value] for value in column[~absent]]
    return found


def same_rows(columns: list[Any]) -> Any:
    """A number `(rows,)`, equal for rows equal in all columns of codes; a hash of 64 bits."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for codes in columns:
        mixed = (mixed ^ codes.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed

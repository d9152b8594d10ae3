"""The entries of a column as numbers, or refused with their row."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np


#: The letters of numbers, as they are taken.
NUMERIC = frozenset("0123456789+-.eEinfatyINFATY")  # float itself also takes 1_0 and １２


class EntryError(ValueError):
    """An entry that its column cannot have.

    row  its place in the column, from 0
    """

    def __init__(self, name: str, found: str, row: int, remedy: str) -> None:
        super().__init__(f"column {name!r} has {found} in row {row + 1}{remedy}")
        self._parts = (name, found, row, remedy)

    def __reduce__(self) -> tuple[type[EntryError], tuple[str, str, int, str]]:
        return EntryError, self._parts

    @property
    def row(self) -> int:
        """The place of the entry in its column, from 0."""
        return self._parts[2]

    def after(self, rows: int) -> EntryError:
        """The same entry in a column with so many rows before those that were read."""
        name, found, row, remedy = self._parts
        return EntryError(name, found, row + rows, remedy)


def number_in(text: str) -> float | None:
    """The number that a text writes, in plain digits; None for any other text."""
    if not NUMERIC.issuperset(text):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def as_numbers(name: str, column: Any) -> Any:
    """`(rows,)` numbers with NaN for a missing entry; texts that write numbers are taken so.

    EntryError for another text, ValueError for dates.
    """
    kind = column.dtype.kind
    if kind in "iuf":
        return column
    if kind == "b":
        return column.astype(np.float64)
    if kind == "M":
        refuse_dates(name, "numbers were learnt")
    number_of: dict[Any, float | None] = {text: number_in(text) for text in distinct(column)}
    number_of[None] = np.nan
    wrong = {text for text, number in number_of.items() if number is None}
    if wrong:
        row = next(row for row, text in enumerate(column) if text in wrong)
        raise EntryError(name, f"the text {column[row]!r:.60}", row, ", but numbers were learnt")
    return np.fromiter(map(number_of.__getitem__, column.tolist()), np.float64, len(column))


def distinct(texts: Any) -> set[str]:
    """The different texts of a column, without what is missing."""
    found = set(texts.tolist())
    found.discard(None)
    return found


def refuse_dates(name: str, learnt: str) -> NoReturn:
    """ValueError for dates where something else was learnt."""
    raise ValueError(f"column {name!r} holds dates, but {learnt}")


def check_finite(name: str, numbers: Any, encoded: Any) -> None:
    """EntryError for an entry of `numbers` that is not finite in `encoded`, both `(rows,)`."""
    is_finite = np.isfinite(encoded)
    if is_finite.all():
        return
    row = int(np.argmin(is_finite))
    remedy = (
        "; correct it, or make it a missing entry"
        if np.isinf(numbers[row])
        else ", too large for float32; divide the column by a power of 10"
    )
    raise EntryError(name, f"{numbers[row]}", row, remedy)

"""Columns of kinds: categories and booleans, as codes from 1 on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, ClassVar

import numpy as np

from chainrule.data.columns import check_texts, some, text_of
from chainrule.data.entries import EntryError, distinct, number_in, refuse_dates


@dataclass(frozen=True)
class Code:
    """A column of categories: 1 for the first value, 2 for the second; 0 for a missing entry.

    values       the texts, in the order of their codes
    are_numbers  whether they were numbers in the table
    has_other    whether one more code stands for every value that is not among them; otherwise a
                 value that was not seen is 0, as if it were missing
    """

    name: str
    values: tuple[str, ...]
    are_numbers: bool = False
    has_other: bool = False
    kind: ClassVar[str] = "category"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the column that it becomes."""
        return (self.name,)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of codes."""
        return (len(self.values) + self.has_other,)

    def encode(self, column: Any) -> Any:
        """float32 `(rows, 1)`.

        Numbers are taken for the texts that write them. EntryError for a number where no value was
        one, and for text where all values were numbers; ValueError for dates.
        """
        if column.dtype.kind == "M":
            refuse_dates(self.name, "categories were learnt")
        if column.dtype == object:
            return self._of_texts(column)[:, None]
        return self._of_numbers(column)[:, None]

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """What `encode` gives for one entry, at once; None for what it looks at more closely."""
        code = self._codes.get(value) if value is None or type(value) is str else None
        return None if code is None else (code,)

    def unseen(self, column: Any) -> tuple[str, ...]:
        """The values of a column that were not learnt, none where they have a code of their own."""
        if self.has_other:
            return ()
        codes = self.encode(column)[:, 0]
        new = set(column[codes == 0])
        return tuple(sorted(_text(value) for value in new if value is not None and value == value))

    def check(self) -> None:
        """TypeError where the fields are not what is learnt."""
        check_texts(self.name, *self.values)
        if not self.values or not {type(self.are_numbers), type(self.has_other)} <= {bool}:
            raise TypeError(f"column {self.name!r:.60}: no values, or no booleans")

    def describe(self) -> str:
        """How it is encoded, for people."""
        other = ", all others one" if self.has_other else ""
        return f"{len(self.values)} values: {some(self.values)}{other}"

    @property
    def _unseen_code(self) -> int:
        return len(self.values) + 1 if self.has_other else 0

    @cached_property
    def _codes(self) -> dict[str | None, int]:
        codes: dict[str | None, int] = {value: place + 1 for place, value in enumerate(self.values)}
        codes[None] = 0
        return codes

    @cached_property
    def _codes_of_numbers(self) -> tuple[Any, Any]:
        """The numbers among the values, ascending, and their codes."""
        code_of: dict[float, int] = {}
        for place, value in enumerate(self.values):
            number = number_in(value)
            if number is not None and number == number:
                code_of.setdefault(number, place + 1)
        ordered = sorted(code_of.items())
        return np.array([x for x, _ in ordered]), np.array([code for _, code in ordered])

    def _of_texts(self, column: Any) -> Any:
        codes = self._codes
        if self.are_numbers:
            number_of = {text: number_in(text) for text in distinct(column)}
            wrong = {text for text, number in number_of.items() if number is None}
            if wrong:
                row = next(row for row, text in enumerate(column) if text in wrong)
                found = f"the text {column[row]!r:.60}"
                raise EntryError(self.name, found, row, ", but numbers were learnt")
            known = {text: codes.get(_text(number)) for text, number in number_of.items()}
            codes = codes | {text: code for text, code in known.items() if code is not None}
        found = map(codes.get, column.tolist(), repeat(self._unseen_code))
        return np.fromiter(found, np.float32, len(column))

    def _of_numbers(self, column: Any) -> Any:
        numbers, codes = self._codes_of_numbers
        values = column.astype(np.float64, copy=False)
        is_present = values == values
        if not is_present.any():
            return np.zeros(len(values), np.float32)
        if not len(numbers):
            row = int(np.argmax(is_present))
            learnt = f", but text was learnt: {some(self.values)}"
            raise EntryError(self.name, f"the number {_text(values[row])}", row, learnt)
        places = np.minimum(np.searchsorted(numbers, values), len(numbers) - 1)
        found = np.where(numbers[places] == values, codes[places], self._unseen_code)
        return np.where(is_present, found, 0).astype(np.float32)


_TRUTHS = {"false": 1, "true": 2}


@dataclass(frozen=True)
class Boolean:
    """A column of true and false, in any letters: 1 for false, 2 for true, 0 for missing."""

    name: str
    kind: ClassVar[str] = "boolean"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the column that it becomes."""
        return (self.name,)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of codes."""
        return (2,)

    def encode(self, column: Any) -> Any:
        """float32 `(rows, 1)`. The numbers 0 and 1 are taken for false and true.

        EntryError for anything else.
        """
        if column.dtype.kind == "M":
            refuse_dates(self.name, "true and false were learnt")
        if column.dtype == object:
            code_of: dict[Any, int] = {text: _truth(text) for text in distinct(column)}
            code_of[None] = 0
            codes = np.fromiter(map(code_of.__getitem__, column.tolist()), np.float32, len(column))
        else:
            codes = column.astype(np.float32) + 1
            codes[np.isnan(codes)] = 0
            codes[~np.isin(column, (0, 1)) & (codes != 0)] = -1
        wrong = codes < 0
        if wrong.any():
            row = int(np.argmax(wrong))
            learnt = ", but true and false were learnt"
            raise EntryError(self.name, f"{column[row]!s:.60}", row, learnt)
        return codes[:, None]

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """What `encode` gives for one entry, at once; None for what it looks at more closely."""
        if type(value) is bool:
            return (value + 1.0,)
        return (0.0,) if value is None else None

    def check(self) -> None:
        """TypeError where the name is no text."""
        check_texts(self.name)

    def describe(self) -> str:
        """How it is encoded, for people."""
        return "false, true"


def is_truth(text: str) -> bool:
    """Whether a text writes true or false."""
    return text.lower() in _TRUTHS


def _truth(text: str) -> int:
    return _TRUTHS.get(text.lower(), -1)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if np.isinf(value) else text_of(value)

"""Columns of text in words: how often words of each of some groups stand in an entry."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.data.columns import check_texts
from chainrule.data.entries import refuse_dates


#: Columns that a text becomes.
WORD_COLUMNS = 32

_WORD = re.compile(r"\w+")
_MOST_COLUMNS = 4_096


@dataclass(frozen=True)
class Words:
    """A column of text: how many of its words fall to each column, by their CRC-32.

    columns  how many there are; words in small letters fall to them as if by chance, but always
             to the same one
    """

    name: str
    columns: int = WORD_COLUMNS
    kind: ClassVar[str] = "text"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes."""
        return tuple(f"{self.name} words {place}" for place in range(self.columns))

    @property
    def sizes(self) -> tuple[int, ...]:
        """0 for each of these, which are numbers."""
        return (0,) * self.columns

    def encode(self, column: Any) -> Any:
        """float32 `(rows, columns)`; 0 for a missing entry. ValueError for numbers and dates."""
        if column.dtype.kind == "M":
            refuse_dates(self.name, "text was learnt")
        if column.dtype != object:
            if not np.isnan(column).all():
                raise ValueError(f"column {self.name!r} holds numbers, but text was learnt")
            return np.zeros((len(column), self.columns), np.float32)
        words = [_WORD.findall(text.lower()) if text else () for text in column.tolist()]
        place_of = {word: self._place(word) for word in {word for row in words for word in row}}
        rows = np.repeat(np.arange(len(words)), [len(row) for row in words])
        places = np.fromiter((place_of[word] for row in words for word in row), np.int64, len(rows))
        counts = np.bincount(rows * self.columns + places, minlength=len(words) * self.columns)
        return counts.reshape(len(words), self.columns).astype(np.float32)

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """None: `encode` looks at every entry closely."""
        return None

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what is learnt."""
        check_texts(self.name)
        if type(self.columns) is not int or not 0 < self.columns <= _MOST_COLUMNS:
            raise ValueError(f"column {self.name!r:.60}: {self.columns!r:.60} columns of words")

    def describe(self) -> str:
        """How it is encoded, for people."""
        return f"words, counted in {self.columns} columns"

    def _place(self, word: str) -> int:
        return zlib.crc32(word.encode("utf-8", "surrogatepass")) % self.columns

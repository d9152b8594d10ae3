"""What is told of the columns of a table: their kinds, what they become, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chainrule.data.codes import Boolean, Code
from chainrule.data.columns import check_texts
from chainrule.data.dates import Date
from chainrule.data.real_numbers import RobustNumber, check_numbers
from chainrule.data.words import Words


Record = RobustNumber | Code | Boolean | Date | Words


@dataclass(frozen=True)
class ColumnReport:
    """What was recognised of a column, for people.

    missing   the share of entries, from 0 to 1
    distinct  how many different entries there are; of more than 100,000 numbers, of so many rows
    encoding  what it becomes, or "left out"
    note      why, and what to do otherwise; may be empty
    """

    name: str
    kind: str
    missing: float
    distinct: int
    encoding: str
    note: str = ""

    def check(self) -> None:
        """TypeError or ValueError where the fields are of other kinds."""
        check_texts(self.name)
        check_numbers(self.name, self.missing)
        texts = (self.kind, self.encoding, self.note)
        if type(self.distinct) is not int or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"column {self.name!r:.60}: no report: {self!r:.120}")


#: The encoding of a column that is not used.
LEFT_OUT = "left out"

Found = tuple[Record | None, ColumnReport]


@dataclass(frozen=True)
class Asked:
    """What is known of columns by their names.

    drop, numeric, categorical  what the caller wants of them
    mixed  those of numbers and texts, which are all texts now
    text   "hash" or "leave": what becomes of long texts
    """

    drop: frozenset[str]
    numeric: frozenset[str]
    categorical: frozenset[str]
    mixed: frozenset[str]
    text: str


def left_out(row: ColumnReport, kind: str, note: str) -> Found:
    """A column of no use, and why."""
    return None, replace(row, kind=kind, encoding=LEFT_OUT, note=note)


_IDENTIFIER = re.compile(
    r"(?:.*[_ .\-])?(?:id|uuid|guid|index|row[_ ]?(?:id|names?|num(?:ber)?))|unnamed: \d+", re.I
)
_CAMEL_CASE = re.compile(r".*[a-z](?:Id|ID)")


def names_an_identifier(name: str) -> bool:
    """Whether a column is named as columns that tell rows apart are: id, customer_id, rowId."""
    return bool(_IDENTIFIER.fullmatch(name) or _CAMEL_CASE.fullmatch(name))

"""Rows of truth tables from lists and CSV files: every row once, and nothing but 0 and 1."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from chainrule.logic.expression import check_name


Array: TypeAlias = np.ndarray[Any, Any]

#: The most inputs: a table of them has 2**20 rows.
MOST_INPUTS = 20


@dataclass(frozen=True)
class Row:
    """A row as messages name it: `row 3 (a=1, b=0)`, or with the place where it was read.

    number  from 0; its binary digits are the inputs
    """

    inputs: tuple[str, ...]
    number: int
    at: str = ""

    def __str__(self) -> str:
        n = len(self.inputs)
        digits = f"{self.number:0{n}b}" if n else ""
        values = ", ".join(f"{name}={d}" for name, d in zip(self.inputs, digits, strict=True))
        return f"{self.at or f'row {self.number + 1}'} ({values})"


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """ValueError for names that are too many, not those of variables, or not distinct."""
    if isinstance(names, str):
        raise ValueError(f'inputs = "{names}": expected a list of names, such as ["a", "b"]')
    check_count(len(names))
    for name in names:
        check_name(name)
    if len(set(names)) < len(names):
        raise ValueError(f"two inputs have one name: {', '.join(names)}")
    return tuple(names)


def check_count(n: int) -> None:
    """ValueError for more than `MOST_INPUTS`."""
    if n > MOST_INPUTS:
        raise ValueError(
            f"{n} inputs: a truth table would have 2**{n} rows; expected {MOST_INPUTS} or fewer"
        )


def numbered_names(n: int) -> tuple[str, ...]:
    """x1, x2, ... up to n."""
    return tuple(f"x{place}" for place in range(1, n + 1))


def bit(value: Any, row: Row | str) -> bool:
    """A bool from a bool, 0 or 1, or a text of one. ValueError, naming the row, otherwise."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    is_text = isinstance(value, str) and value in ("0", "1")
    is_number = isinstance(value, (bool, int, float, np.bool, np.number)) and value in (0, 1)
    if not is_text and not is_number:
        raise ValueError(f"{row}: {value!r:.60} is no truth value; expected 0 or 1")
    return bool(int(value))


def bits(values: Iterable[Any], inputs: tuple[str, ...]) -> Array:
    """Outputs in the order of a table's rows, bool `(2**n,)`. ValueError as in `bit`."""
    return np.array([bit(value, Row(inputs, r)) for r, value in enumerate(values)], bool)


def of_list(rows: Sequence[Any] | Array, names: Sequence[str] | None) -> tuple[Any, Array]:
    """The names and the outputs from `(inputs, output)` rows in any order.

    ValueError, naming the row, for one that is no such pair, and as in `gathered`.
    """
    for place, row in enumerate(rows):
        is_pair = isinstance(row, (Sequence, np.ndarray)) and len(row) == 2
        if not is_pair or not isinstance(row[0], (Sequence, np.ndarray)):
            raise ValueError(
                f"truth_table: row {place + 1} is {row!r:.60}; "
                "expected (inputs, output), such as ((0, 1), 1)"
            )
    inputs = checked_names(numbered_names(len(rows[0][0])) if names is None else names)
    records = ((f"row {place + 1}", row[0], row[1]) for place, row in enumerate(rows))
    return inputs, gathered(inputs, records)


def of_file(file: Path) -> tuple[tuple[str, ...], Array]:
    """The names and the outputs from a CSV file: a line of names, the output in the last column.

    ValueError for a file that is no such table, naming the line, and as in `gathered`.
    """
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise ValueError(f"{file}: it is empty; expected a line with names of columns")
            inputs = checked_names(header[:-1])
            return inputs, gathered(inputs, _records(file, reader, len(header)))
    except UnicodeDecodeError:
        raise ValueError(f"{file}: it is no text in UTF-8; expected a CSV file") from None
    except csv.Error as error:
        raise ValueError(f"{file}: {error}; expected a CSV file") from None


def _records(file: Path, reader: Any, columns: int) -> Iterator[tuple[str, list[str], str]]:
    for fields in reader:
        if not fields:
            continue
        at = f"{file}:{reader.line_num}"
        if len(fields) != columns:
            raise ValueError(f"{at}: {len(fields)} fields, expected {columns} as in the first line")
        *values, output = (field.strip() for field in fields)
        yield at, values, output


def gathered(inputs: tuple[str, ...], rows: Iterable[tuple[str, Any, Any]]) -> Array:
    """Outputs in order, bool `(2**n,)`, of rows (where it was read, inputs, output) in any order.

    A row may be given twice. ValueError, naming the row, for one that is missing, contradicts
    another, has a wrong length, or holds anything but 0 and 1.
    """
    found: dict[int, tuple[str, bool]] = {}
    for at, values, output in rows:
        if len(values) != len(inputs):
            raise ValueError(f"{at}: {len(values)} inputs, expected {len(inputs)}")
        number = 0
        for name, value in zip(inputs, values, strict=True):
            number = 2 * number + bit(value, f"{at}, input {name}")
        row = Row(inputs, number, at)
        value = bit(output, row)
        before, known = found.setdefault(number, (at, value))
        if known != value:
            raise ValueError(f"{row}: the output {value:d} contradicts the {known:d} of {before}")
    expected = 2 ** len(inputs)
    if len(found) < expected:
        first = next(r for r in range(expected) if r not in found)
        others = expected - len(found) - 1
        more = f" and {others} more" if others else ""
        lacking = Row(inputs, first, "no row for")
        raise ValueError(f"truth_table: {lacking}{more}; expected all {expected} rows")
    return np.array([found[r][1] for r in range(expected)], bool)

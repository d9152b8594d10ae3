"""A CSV file, looked through line by line before any engine reads it.

Engines differ on what a ragged line, a stray quote or an empty line means. Here each is refused,
with its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


_LONGEST = 1 << 26  # characters of a line


def looked_through(file: Path, delimiter: str) -> tuple[int, str]:
    """The number of rows of a CSV file, and its delimiter. ValueError for what is no table."""
    with open(file, encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
        first = lines.readline(_LONGEST)
        if delimiter == "," and "," not in first and ";" in first:
            delimiter = ";"
        lines.seek(0)
        records = _records(file, lines, delimiter)
        names = [name.strip() for name in next(records, (1, []))[1]]
        if not any(names):
            raise ValueError(f"{file}: it is empty; expected a line with the names of columns")
        check_names(str(file), names)
        rows = _count_rows(records, file, len(names))
    if not rows:
        raise ValueError(f"{file}: it has names of columns, but no rows")
    return rows, delimiter


@dataclass
class _Lines:
    """The lines of a file, and the number of quotes in those taken since it was set to 0."""

    file: Path
    lines: TextIO
    number: int = 0
    quotes: int = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.lines.readline(_LONGEST):
            self.number += 1
            self.quotes += line.count('"')
            if fault := _fault(line):
                raise ValueError(f"{self.file}:{self.number}: {fault}")
            yield line


def _fault(line: str) -> str | None:
    """What keeps a line from being one of a table, and what to do."""
    if line.endswith("\r"):
        return "it ends in a carriage return alone; use newlines"
    if len(line) == _LONGEST:
        return f"a line of {_LONGEST} characters or more; is this a table?"
    if "\0" in line:
        return "a zero byte; is this a text file in UTF-8?"
    try:
        line.encode("utf-8")
        return None
    except UnicodeEncodeError as error:
        byte = f"the byte 0x{ord(line[error.start]) & 0xFF:02x} is not UTF-8"
        return f"{byte}; if the file is Latin-1: iconv -f latin1 -t utf-8 OLD > NEW"


def _records(file: Path, lines: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(the line it begins in, fields) of every record. ValueError for quotes that do not match."""
    source = _Lines(file, lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        start, source.quotes = source.number + 1, 0
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = (
                f"a quote that is not closed, or a field of over {csv.field_size_limit()} "
                "characters; close the quote"
                if source.quotes % 2
                else f"{error}; mend this line"
            )
            raise ValueError(f"{file}:{start}: {reason}") from None
        if source.quotes % 2:  # the engines differ on what this means
            raise ValueError(
                f"{file}:{start}: a quote inside a field that is not in quotes; put the field into "
                "quotes and double the quotes inside"
            )
        yield start, fields


def _count_rows(records: Iterator[tuple[int, list[str]]], file: Path, width: int) -> int:
    """How many rows there are. ValueError for one of another width; blank lines may end a file."""
    rows, blank = 0, 0
    for line, fields in records:
        if not fields:
            blank = blank or line
        elif blank:
            raise ValueError(f"{file}:{blank}: an empty line; remove it")
        elif len(fields) != width:
            raise ValueError(
                f"{file}:{line}: {len(fields)} fields, but there are {width} columns; "
                "put a field with the delimiter in it into quotes"
            )
        else:
            rows += 1
    return rows


def check_names(source: str, names: Sequence[str]) -> None:
    """ValueError for a column without a name, and for two of one name."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if not name:
            raise ValueError(f"{source}: column {place + 1} has no name; give it one")
        if name in seen:
            raise ValueError(f"{source}: two columns are named {name!r}; rename one")
        seen.add(name)

"""A table file, a batch of rows after the other: memory does not grow with the file.

A CSV file is read twice: first every line is looked at and each column found to be numbers or text,
then the batches are made. So a batch has the columns that the whole table would have.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import check_file
from chainrule.data.lines import looked_through
from chainrule.data.parquet import lazy
from chainrule.data.tables import Table, as_table, read_table, typed


#: Rows of a batch.
AT_ONCE = 8_192


@dataclass(frozen=True)
class Batch:
    """Some rows that follow each other.

    table  as of the whole file, these rows alone
    texts  every column as text by its name: of a text file as it stands there, blanks around
           entries apart
    """

    table: Table
    texts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Scan:
    """A table file that is read batch by batch.

    names  of its columns; rows  how many there are
    open   () -> its batches in their order, each at most `AT_ONCE` rows
    """

    names: tuple[str, ...]
    rows: int
    open: Callable[[], Iterator[Batch]]


def scan(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, *, strict: bool = True
) -> Scan:
    """A .csv, .tsv or .parquet file, looked through but not yet read.

    columns  those whose kind is needed, as far as they are there; the others of a text file stay
             text. By default all.
    strict   as of `read_table`
    Errors as of `read_table`; of what is wrong with a line, before the first batch.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (".csv", ".tsv", ".parquet"):
        return _of_table(read_table(path))  # refuses it
    check_file(file)
    return _scan_parquet(file, strict) if kind == ".parquet" else _scan_text(file, columns)


def text_of_entry(value: Any) -> str:
    """An entry as it is written: whole numbers without a point, a missing one as nothing."""
    if value is None or value != value:
        return ""
    if isinstance(value, (str, np.datetime64)):
        return str(value)
    is_whole = float(value).is_integer() and abs(value) < 1e15
    return str(int(value)) if is_whole else str(value)


def _of_table(table: Table) -> Scan:
    return Scan(tuple(table.columns), len(table), lambda: batches_of(table))


def batches_of(table: Table) -> Iterator[Batch]:
    """A table that is in memory already, batch by batch."""
    for start in range(0, len(table), AT_ONCE):
        yield _batch(table.take(slice(start, start + AT_ONCE)), table.source, start)


def _batch(part: Table, source: str, start: int) -> Batch:
    texts = {name: [text_of_entry(x) for x in column] for name, column in part.columns.items()}
    return Batch(Table(_place(source, start), part.columns), texts)


def _place(source: str, start: int) -> str:
    """What errors call a batch, whose rows they count from 1."""
    return f"{source}, from row {start + 1:,} on" if start else source


# ---- text ----------------------------------------------------------------------------------------


def _scan_text(file: Path, columns: Sequence[str] | None) -> Scan:
    rows, delimiter = looked_through(file, "\t" if file.suffix.lower() == ".tsv" else ",")
    with _opened(file) as lines:
        names = tuple(name.strip() for name in next(_records(lines, delimiter)))
    wanted = [name for name in names if columns is None or name in columns]
    numeric = _numeric(file, delimiter, names, wanted)

    def open_batches() -> Iterator[Batch]:
        start = 0
        for texts in _texts(file, delimiter, names):
            arrays = {name: typed(texts[name], is_number=name in numeric) for name in names}
            yield Batch(Table(_place(str(file), start), arrays), texts)
            start += len(texts[names[0]])

    return Scan(names, rows, open_batches)


def _numeric(
    file: Path, delimiter: str, names: Sequence[str], wanted: Sequence[str]
) -> frozenset[str]:
    """The columns whose every entry is a number or missing, and one at least a number."""
    may_be, has_some = set(wanted), set()
    for texts in _texts(file, delimiter, names):
        for name in may_be.copy():
            found = typed(texts[name])
            if found.dtype != object:
                has_some.add(name)
            elif any(entry is not None for entry in found):
                may_be.discard(name)
    return frozenset(may_be & has_some)


def _texts(file: Path, delimiter: str, names: Sequence[str]) -> Iterator[dict[str, list[str]]]:
    """The columns of each batch as text."""
    with _opened(file) as lines:
        records = islice(_records(lines, delimiter), 1, None)
        while rows := list(islice(records, AT_ONCE)):
            columns = zip(*rows, strict=True)
            yield {
                name: [field.strip() for field in column]
                for name, column in zip(names, columns, strict=True)
            }


def _opened(file: Path) -> Any:
    return open(file, encoding="utf-8-sig", newline="")


def _records(lines: Any, delimiter: str) -> Iterator[list[str]]:
    return (row for row in csv.reader(lines, delimiter=delimiter) if row)


# ---- Parquet -------------------------------------------------------------------------------------


def _scan_parquet(file: Path, strict: bool) -> Scan:
    """Of polars slices of the file; pandas alone reads all of it."""
    try:
        frame, rows = lazy(file)
    except ImportError:
        return _of_table(read_table(file, strict=strict))
    if not rows:
        return _of_table(read_table(file, strict=strict))  # refuses it

    def open_batches() -> Iterator[Batch]:
        for start in range(0, rows, AT_ONCE):
            part = frame.slice(start, AT_ONCE).collect()
            yield _batch(as_table(part, str(file), strict=strict), str(file), start)

    return Scan(tuple(frame.collect_schema().names()), rows, open_batches)

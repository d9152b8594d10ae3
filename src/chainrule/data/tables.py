"""Tables: CSV, TSV and Parquet files, and frames of pandas, polars or Arrow, as columns of arrays.

A CSV file is first looked through line by line: whatever does not make a table is refused, with its
line. The numbers then do not depend on which engine reads the file.
"""

from __future__ import annotations

import csv
import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


#: How a missing entry is written, in small letters.
MISSING = frozenset({"", "?", "n/a", "na", "nan", "null"})

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"0123456789+-.eE infatyINFATY\0")] = True


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    source   where it came from, for messages
    columns  by name: numbers, float64 `(rows,)` with NaN for a missing entry; or text, object
             `(rows,)` of str with None for a missing one
    """

    source: str
    columns: dict[str, Any]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str) -> Any:
        """The column of this name. ValueError, naming the nearest, where there is none."""
        if name in self.columns:
            return self.columns[name]
        near = difflib.get_close_matches(name, self.columns, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        there_are = ", ".join(list(self.columns)[:20])
        raise ValueError(f"{self.source}: no column {name!r}{meant} (there are: {there_are})")

    def take(self, places: Any) -> Table:
        """The rows at these places `(taken,)`."""
        return Table(self.source, {name: x[places] for name, x in self.columns.items()})

    def without(self, names: Sequence[str]) -> Table:
        """The table without some columns. ValueError where there is no such column."""
        for name in names:
            self.column(name)
        kept = {name: x for name, x in self.columns.items() if name not in names}
        return Table(self.source, kept)


def read_table(path: str | os.PathLike[str]) -> Table:
    """The table in a file: .csv (also with semicolons), .tsv or .parquet.

    ValueError, "FILE:LINE: reason", for what is no table; OSError for what is no file; ImportError
    where neither polars nor pandas is there to read it.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (*_DELIMITERS, ".parquet"):
        raise ValueError(f"{path}: a table is .csv, .tsv or .parquet; this is {kind or 'no kind'}")
    if not file.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not file.is_file():
        raise OSError(f"{path}: it is no ordinary file")
    frames = _engine()
    if kind == ".parquet":
        try:
            return as_table(frames.read_parquet(file), str(path))
        except ValueError:
            raise
        except Exception as error:  # each engine has exceptions of its own
            raise ValueError(f"{path}: no readable Parquet file: {error!s:.200}") from None
    rows, delimiter = _looked_through(file, _DELIMITERS[kind])
    try:
        columns = _read_text(frames, file, delimiter, rows)
    except Exception as error:  # each engine has exceptions of its own
        raise ValueError(f"{path}: {frames.__name__} cannot read it: {error!s:.200}") from None
    if any(len(column) != rows for column in columns.values()):
        raise ValueError(
            f"{path}: it has {rows} rows, but {frames.__name__} reads it otherwise; is there a "
            "quote inside a field that is not in quotes?"
        )
    return Table(str(path), {name: _typed(column) for name, column in columns.items()})


def as_table(frame: Any, source: str = "the table") -> Table:
    """The table in a frame of pandas, polars, Arrow or any that narwhals knows.

    Numbers become numbers, text, categories and booleans text. ValueError for a column that is
    neither, such as dates and lists; TypeError for what is no frame.
    """
    import narwhals as nw

    found: Any = nw.from_native(frame, eager_only=True)
    columns: dict[str, Any] = {}
    for name in found.columns:
        column = found[name]
        if column.dtype.is_numeric():
            columns[str(name)] = column.cast(nw.Float64()).to_numpy().astype(np.float64)
        elif column.dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object):
            columns[str(name)] = _text_column(f"{source}: column {name!r}", column.to_list())
        else:
            raise ValueError(
                f"{source}: column {name!r} holds {column.dtype}; convert it to numbers or text, "
                "or leave it out"
            )
    _check_names(source, list(columns))
    table = Table(source, columns)
    if not len(table):
        raise ValueError(f"{source}: it has no rows")
    return table


def _text_column(where: str, values: Sequence[Any]) -> Any:
    found = np.empty(len(values), object)
    for place, value in enumerate(values):
        if isinstance(value, bool):
            found[place] = str(value).lower()
        elif isinstance(value, str):
            found[place] = None if value.strip().lower() in MISSING else value.strip()
        elif value is not None and value == value:  # NaN stands for missing text in pandas
            raise ValueError(f"{where} holds {type(value).__name__} among text, at row {place + 1}")
    return found


def _engine() -> Any:
    """polars or pandas."""
    try:
        import polars as engine
    except ImportError:
        try:
            import pandas as engine
        except ImportError:
            raise ImportError(
                "to read tables, polars or pandas is needed: pip install 'chainrule[tables]'"
            ) from None
    return engine


def _read_text(engine: Any, file: Path, delimiter: str, rows: int) -> dict[str, Any]:
    """The columns of a CSV file, all as text."""
    import narwhals as nw

    if engine.__name__ == "polars":
        frame = engine.read_csv(file, separator=delimiter, infer_schema=False, n_rows=rows)
    else:
        frame = engine.read_csv(
            file, sep=delimiter, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    found: Any = nw.from_native(frame, eager_only=True)
    names = [name.strip() for name in found.columns]
    return dict(zip(names, (found[name].to_list() for name in found.columns), strict=True))


def _typed(texts: Sequence[str | None]) -> Any:
    """A column of text as numbers, if every entry that is not missing is one."""
    stripped = [(text or "").strip() for text in texts]  # polars reads an empty field as None
    is_missing = np.array([text.lower() in MISSING for text in stripped])
    try:
        digits = np.array([text.encode("ascii") for text in stripped])
        if not _NUMERIC[np.frombuffer(digits.tobytes(), np.uint8)].all():
            raise ValueError
        numbers = np.full(len(stripped), np.nan)
        numbers[~is_missing] = digits[~is_missing].astype(np.float64)
    except ValueError:  # also of an encoding that fails
        found = np.array(stripped, object)
        found[is_missing] = None
        return found
    return np.full(len(stripped), None) if is_missing.all() else numbers


# ---- looking through a file -----------------------------------------------------------------


def _looked_through(file: Path, delimiter: str) -> tuple[int, str]:
    """The number of rows of a CSV file, and its delimiter. ValueError for what is no table."""
    with open(file, encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
        first = lines.readline()
        if delimiter == "," and "," not in first and ";" in first:
            delimiter = ";"
        lines.seek(0)
        reader = csv.reader(_decoded(lines, file), delimiter=delimiter, strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            if not any(names):
                raise ValueError(f"{file}: it is empty; expected a line with the names of columns")
            _check_names(str(file), names)
            rows = _count_rows(reader, file, len(names))
        except csv.Error as error:
            raise ValueError(f"{file}:{reader.line_num}: {error}; mend this line") from None
    if not rows:
        raise ValueError(f"{file}: it has names of columns, but no rows")
    return rows, delimiter


def _decoded(lines: Iterator[str], file: Path) -> Iterator[str]:
    """The lines. ValueError for one that is not UTF-8 or holds a zero byte."""
    for number, line in enumerate(lines, start=1):
        if line.endswith("\r"):
            raise ValueError(f"{file}:{number}: it ends in a carriage return alone; use newlines")
        if "\0" in line:
            raise ValueError(f"{file}:{number}: a zero byte; is this a text file in UTF-8?")
        try:
            line.encode("utf-8")
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) & 0xFF
            raise ValueError(
                f"{file}:{number}: the byte 0x{byte:02x} is not UTF-8; if the file is Latin-1: "
                "iconv -f latin1 -t utf-8 OLD > NEW"
            ) from None
        yield line


def _count_rows(reader: Any, file: Path, width: int) -> int:
    """How many rows there are. ValueError for one of another width; blank lines may end a file."""
    rows, blank = 0, 0
    line = reader.line_num + 1
    for fields in reader:
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
        line = reader.line_num + 1
    return rows


def _check_names(source: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        if not name:
            raise ValueError(f"{source}: column {place + 1} has no name; give it one")
        if name in names[:place]:
            raise ValueError(f"{source}: two columns are named {name!r}; rename one")

"""Tables: CSV, TSV and Parquet files, and frames of pandas, polars or Arrow, as columns of arrays.

A CSV file is first looked through line by line: whatever does not make a table is refused, with its
line. The numbers then do not depend on which engine reads the file.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import check_file
from chainrule.data.entries import NUMERIC
from chainrule.data.frames import MISSING, array_column, loose_column, strict_column
from chainrule.data.lines import check_names, looked_through
from chainrule.data.parquet import in_a_line, refusing_damage


_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    source   where it came from, for messages
    columns  by name: numbers, float64 `(rows,)` with NaN for a missing entry; or text, object
             `(rows,)` of str with None for a missing one. Where it was not read strictly, numbers
             may be of any type, and there are dates, datetime64[us] `(rows,)` with NaT.
    mixed    the columns that held texts beside numbers or booleans, and now hold texts
    """

    source: str
    columns: dict[str, Any]
    mixed: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str) -> Any:
        """The column of this name. ValueError, naming the nearest, where there is none."""
        if name in self.columns:
            return self.columns[name]
        near = difflib.get_close_matches(name, self.columns, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        there_are = listed(list(self.columns)[:20])
        raise ValueError(f"{self.source}: no column {name!r}{meant} (there are: {there_are})")

    def take(self, places: Any) -> Table:
        """The rows at these places `(taken,)`."""
        return replace(self, columns={name: x[places] for name, x in self.columns.items()})

    def without(self, names: Sequence[str]) -> Table:
        """The table without some columns. ValueError where there is no such column."""
        for name in names:
            self.column(name)
        kept = {name: x for name, x in self.columns.items() if name not in names}
        return replace(self, columns=kept)


def listed(texts: Iterable[str]) -> str:
    """Texts with commas, in one line: those with characters of control as Python writes them."""
    return ", ".join(text if text.isprintable() else repr(text) for text in texts)


def read_table(path: str | os.PathLike[str], *, strict: bool = True) -> Table:
    """The table in a file: .csv (also with semicolons), .tsv or .parquet.

    strict  as of `as_table`; of no matter for text files
    ValueError, "FILE:LINE: reason", for what is no table; OSError for what is no file; ImportError
    where neither polars nor pandas is there to read it.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (*_DELIMITERS, ".parquet"):
        raise ValueError(f"{path}: a table is .csv, .tsv or .parquet; this is {kind or 'no kind'}")
    check_file(file)
    frames = _engine()
    if kind == ".parquet":
        return as_table(_read_parquet(frames, file), str(path), strict=strict)
    rows, delimiter = looked_through(file, _DELIMITERS[kind])
    try:
        columns = _read_text(frames, file, delimiter, rows)
    except Exception as error:  # each engine has exceptions of its own
        raise ValueError(f"{path}: {frames.__name__} cannot read it: {in_a_line(error)}") from None
    if any(len(column) != rows for column in columns.values()):
        raise ValueError(f"{path}: it has {rows} rows, but {frames.__name__} reads it otherwise")
    return Table(str(path), {name: typed(column) for name, column in columns.items()})


def as_table(frame: Any, source: str = "the table", *, strict: bool = True) -> Table:
    """The table in a frame of pandas, polars, Arrow or any that narwhals knows.

    strict  whether there may be nothing but numbers, which become float64, and text, categories and
            booleans, which become text. Otherwise there may be dates too, and columns of different
            kinds of entries, which become text; numbers stay as they are, in the memory of the
            frame where they can; and a NumPy array `(rows, columns)` is a table of x0, x1, ...
    ValueError for a column of anything else, such as lists; TypeError for what is no frame.
    """
    import narwhals as nw

    if not strict and isinstance(frame, np.ndarray):
        return array_table(frame, source)
    try:
        found: Any = nw.from_native(frame, eager_only=True)
        names = [str(name) for name in found.columns]
    except nw.exceptions.DuplicateError as error:
        raise ValueError(f"{source}: {in_a_line(error)}; rename one") from None
    check_names(source, names)
    of_any = strict_column if strict else loose_column
    columns: dict[str, Any] = {}
    mixed: set[str] = set()
    for name, column in zip(names, found.iter_columns(), strict=True):
        columns[name], is_mixed = of_any(f"{source}: column {name!r}", column)
        mixed.update([name] if is_mixed else [])
    table = Table(source, columns, frozenset(mixed))
    if not len(table):
        raise ValueError(f"{source}: it has no {'rows' if columns else 'columns'}")
    return table


def array_table(array: Any, source: str) -> Table:
    """The table in a NumPy array `(rows, columns)` of numbers, text or Python objects."""
    if array.ndim != 2:
        raise ValueError(f"{source}: an array of shape {array.shape}; expected [rows,columns]")
    if not array.size:
        raise ValueError(f"{source}: it has no {'columns' if len(array) else 'rows'}")
    columns: dict[str, Any] = {}
    mixed: set[str] = set()
    for place in range(array.shape[1]):
        name = f"x{place}"
        columns[name], is_mixed = array_column(f"{source}: column {name!r}", array[:, place])
        mixed.update([name] if is_mixed else [])
    return Table(source, columns, frozenset(mixed))


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


def _read_parquet(engine: Any, file: Path) -> Any:
    try:
        with refusing_damage(file):
            return engine.read_parquet(file)
    except ImportError:
        raise ImportError(
            f"{file}: to read Parquet, pandas needs pyarrow: pip install 'chainrule[tables]'"
        ) from None


def _read_text(engine: Any, file: Path, delimiter: str, rows: int) -> dict[str, Any]:
    """The columns of a CSV file, all as text."""
    import narwhals as nw

    if engine.__name__ == "polars":
        frame = engine.read_csv(file, separator=delimiter, infer_schema=False, n_rows=rows)
    else:
        frame = engine.read_csv(
            file,
            sep=delimiter,
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            nrows=rows,
        )
    found: Any = nw.from_native(frame, eager_only=True)
    names = [name.strip() for name in found.columns]
    return dict(zip(names, (found[name].to_list() for name in found.columns), strict=True))


def typed(texts: Sequence[str | None], is_number: bool | None = None) -> Any:
    """A column of text as numbers, if every entry that is not missing is one.

    is_number  True or False where a larger part of the file has decided it
    """
    stripped = [(text or "").strip() for text in texts]  # polars reads an empty field as None
    is_missing = np.array([text.lower() in MISSING for text in stripped])
    found = np.array(stripped, object)
    found[is_missing] = None
    present = found[~is_missing]
    if is_number is None:
        is_number = bool(len(present)) and all(map(NUMERIC.issuperset, present))
    if not is_number:
        return found
    try:
        numbers = np.full(len(found), np.nan)
        numbers[~is_missing] = [float(text) for text in present]
    except ValueError:
        return found
    return numbers

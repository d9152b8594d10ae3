"""What kind of column each column of a table is, and how it is to be encoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from chainrule.data.columns import Labels, Quantity
from chainrule.data.entries import EntryError
from chainrule.data.number_kinds import number, of_numbers
from chainrule.data.real_numbers import RobustNumber, spaced
from chainrule.data.report import LEFT_OUT, Asked, ColumnReport, Found, Record, left_out
from chainrule.data.tables import Table
from chainrule.data.targets import weights_of
from chainrule.data.text_kinds import of_dates, of_texts


def recognise(
    table: Table,
    *,
    drop: Sequence[str] = (),
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    weights: Any = None,
    text: str = "hash",
) -> tuple[tuple[Record, ...], tuple[ColumnReport, ...]]:
    """How to encode each column of use, and a report on all, both in the order of the table.

    drop         columns to leave out
    numeric      columns to take as numbers: texts that write them, and identifiers
    categorical  columns to take as categories: numbers, and texts of any length
    weights      `(rows,)` from 0; a row of weight 0 counts as if it were not there
    text         of columns of long texts: "hash" counts their words, "leave" leaves them out
    Left out and reported are columns that are constant, empty, the same as one before them, and
    identifiers. ValueError, naming column and row, for infinities, for names of columns that are
    not there, and where no column is left.
    """
    for name in (*drop, *numeric, *categorical):
        table.column(name)
    if both := sorted(set(numeric) & set(categorical)):
        raise ValueError(f"column {both[0]!r} is named as numeric and as categorical")
    if text not in ("hash", "leave"):
        raise ValueError(f"text {text!r}; expected 'hash' or 'leave'")
    if not len(table):
        raise ValueError(f"{table.source}: it has no rows, or no columns")
    asked = Asked(frozenset(drop), frozenset(numeric), frozenset(categorical), table.mixed, text)
    found = _without_copies(*_of_each(table, weights, partial(_recognised, asked)))
    records = tuple(record for record, _ in found if record is not None)
    if not records:
        reasons = "; ".join(f"{row.name!r} {row.note or row.kind}" for _, row in found[:5])
        raise ValueError(f"{table.source}: no column to learn from: {reasons or 'there is none'}")
    return records, tuple(row for _, row in found)


def recognise_array(
    x: Any, *, weights: Any = None
) -> tuple[tuple[RobustNumber, ...], tuple[ColumnReport, ...]]:
    """The same for an array of numbers `(rows, columns)`, of columns x0, x1, ...

    None is left out. NaN is a missing entry. ValueError, naming the row, for infinities.
    """
    x = np.asarray(x)
    if x.ndim != 2 or not x.size or x.dtype.kind not in "biuf":
        raise ValueError(
            f"recognise_array: shape {x.shape} and dtype {x.dtype}; expected numbers [rows,columns]"
        )
    table = Table("the array", {f"x{place}": x[:, place] for place in range(x.shape[1])})
    _, found = _of_each(table, weights, number)
    return tuple(record for record, _ in found), tuple(row for _, row in found)


_One = TypeVar("_One")


def _of_each(
    table: Table, weights: Any, one: Callable[[str, Any, Any], _One]
) -> tuple[Table, list[_One]]:
    """The rows of weight above 0, and `one` of (name, column, weights or None) of each column."""
    present, places, given = table, None, None
    if weights is not None:
        places = np.flatnonzero(weights_of(table, weights))
        present = table.take(places)
        given = np.asarray(weights, np.float64)[places]
        given = None if (given == given[0]).all() else given
    try:
        return present, [one(name, column, given) for name, column in present.columns.items()]
    except EntryError as error:
        row = error.row if places is None else int(places[error.row])
        raise ValueError(f"{table.source}: {error.after(row - error.row)}") from None
    except ValueError as error:
        raise ValueError(f"{table.source}: {error}") from None


def target_report(table: Table, target: Labels | Quantity) -> ColumnReport:
    """What was learnt of the target, which may be missing in the table."""
    column = table.columns.get(target.name, ())
    values = len(target.values) if isinstance(target, Labels) else len(set(spaced(column)))
    note = ""
    if isinstance(target, Quantity) and not target.is_log and _is_skewed(column):
        note = "skewed; its logarithm may be easier to learn"
    kind = f"target, {target.kind}"
    return ColumnReport(target.name, kind, 0.0, values, target.describe(), note)


def _is_skewed(column: Any) -> bool:
    """Whether numbers from 0 on have a mean far above their median."""
    if not len(column):
        return False
    low, median, high = np.quantile(spaced(column), (0, 0.5, 0.9))
    return bool(low >= 0 and median > 0 and high > 10 * median)


def _recognised(asked: Asked, name: str, column: Any, weights: Any) -> Found:
    if name in asked.drop:
        return None, ColumnReport(name, "any", _missing_share(column), 0, LEFT_OUT, "as asked")
    if column.dtype.kind == "M":
        return of_dates(name, column, asked, weights)
    if column.dtype == object and name not in asked.numeric:
        return of_texts(name, column, asked, weights)
    return of_numbers(name, column, asked, weights)


def _missing_share(column: Any) -> float:
    if column.dtype == object:
        return float(np.mean([entry is None for entry in column]))
    return float(np.mean(column != column))


def _without_copies(table: Table, found: Sequence[Found]) -> list[Found]:
    """Without the columns whose every entry is that of an earlier one."""
    kept: dict[tuple[str, str], list[str]] = {}
    result: list[Found] = []
    for record, row in found:
        if record is None:
            result.append((record, row))
            continue
        column = table.column(row.name)
        alike = kept.setdefault((row.kind, str(column[:100].tolist())), [])
        twin = next((name for name in alike if _are_same(column, table.column(name))), None)
        if twin is None:
            alike.append(row.name)
            result.append((record, row))
        else:
            result.append(left_out(row, "duplicate", f"the same as {twin!r}"))
    return result


def _are_same(one: Any, other: Any) -> bool:
    if one.dtype == object or other.dtype == object:
        return one.dtype == other.dtype and bool(np.all(one == other))
    return np.array_equal(one, other, equal_nan=True)

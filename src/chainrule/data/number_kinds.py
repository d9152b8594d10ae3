"""What kind of numbers a column holds, and which values of a category have a code of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.data.codes import Code
from chainrule.data.columns import text_of
from chainrule.data.entries import as_numbers
from chainrule.data.real_numbers import RobustNumber, robust_number, spaced
from chainrule.data.report import Asked, ColumnReport, Found, left_out, names_an_identifier


#: Values of a category that have a code of their own; of more the rarest share one code.
MOST_VALUES = 1_000

_FEW = 20  # rows: with fewer, different entries say nothing about what a column is
_FEW_WHOLE = 10  # different whole numbers that may be names of kinds


def of_numbers(name: str, entries: Any, asked: Asked, weights: Any) -> Found:
    """A column of numbers, or of texts that write them, `(rows,)`."""
    column = as_numbers(name, entries)
    record, row = number(name, column, weights)
    if row.missing == 1:
        return left_out(row, "empty", "every entry is missing")
    if row.distinct == 1 and not record.flagged and not np.any(column != column[0]):
        return left_out(row, "constant", f"every entry is {text_of(float(column[0]))}")
    if name in asked.categorical:
        return _code_of_numbers(name, column, row, weights)
    if name not in asked.numeric and (reason := _names_rows(name, column, row)):
        return left_out(row, "identifier", f"{reason}; name it numeric to keep it")
    if row.kind == "whole number" and 2 < row.distinct <= _FEW_WHOLE and name not in asked.numeric:
        note = "few whole numbers; if they name kinds: categorical="
        return record, replace(row, note=note)
    return record, row


def number(name: str, column: Any, weights: Any) -> tuple[RobustNumber, ColumnReport]:
    """Numbers `(rows,)` taken as such, whatever they are. EntryError for infinity."""
    numbers = np.ascontiguousarray(column)
    is_missing = numbers != numbers
    has_missing = bool(is_missing.any())
    share = float(np.mean(is_missing)) if has_missing else 0.0
    present = numbers[~is_missing] if has_missing else numbers
    if not len(present):
        record = RobustNumber(name, 0.0, 0.0, flagged=True)
        return record, ColumnReport(name, "number", share, 0, record.describe())
    largest = max(abs(float(present.min())), abs(float(present.max())))
    if largest > float(np.finfo(np.float32).max):
        RobustNumber(name, 0.0, 0.0).encode(numbers)  # names the row
    given = weights[~is_missing] if weights is not None and has_missing else weights
    ordered = np.sort(spaced(present))
    record = robust_number(name, numbers, present, ordered, given)
    kind = "whole number" if np.all(ordered == np.floor(ordered)) else "number"
    distinct = 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
    return record, ColumnReport(name, kind, share, distinct, record.describe())


def _names_rows(name: str, column: Any, row: ColumnReport) -> str:
    """Why numbers seem to tell rows apart and nothing else; empty where they do not."""
    if row.kind != "whole number" or row.missing or row.distinct < min(len(column), 1_000):
        return ""
    if len(column) >= _FEW and column[0] in (0, 1) and np.all(np.diff(column) == 1):
        return "it counts the rows"
    is_named = names_an_identifier(name)
    if is_named and len(np.unique(column)) == len(column):
        return "every row has another, and the name is that of an identifier"
    return ""


def _code_of_numbers(name: str, column: Any, row: ColumnReport, weights: Any) -> Found:
    values, places = np.unique(column, return_inverse=True)
    sums = np.bincount(places, weights=weights)
    is_there = values == values
    weight_of = dict(zip(values[is_there].tolist(), sums[is_there].tolist(), strict=True))
    kept = sorted(most_frequent(weight_of))
    texts = tuple(text_of(value) for value in kept)
    record = Code(name, texts, are_numbers=True, has_other=len(kept) < len(weight_of))
    return record, coded(row, record, len(weight_of), "numbers, taken as asked")


def most_frequent(weight_of: Mapping[Any, float]) -> list[Any]:
    """The values that have a code of their own: all, or the 1,000 of most weight."""
    if len(weight_of) <= MOST_VALUES:
        return list(weight_of)
    return sorted(weight_of, key=lambda value: (-weight_of[value], value))[:MOST_VALUES]


def coded(row: ColumnReport, record: Code, values: int, note: str) -> ColumnReport:
    """The report on a category with so many values."""
    if record.has_other:
        rare = f"{values - len(record.values)} rare values share one code"
        note = f"{note}; {rare}" if note else rare
    return replace(row, kind="category", distinct=values, encoding=record.describe(), note=note)

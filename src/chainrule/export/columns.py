"""The columns of a table as nodes of a graph: one row for each class of record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.data import Boolean, Category, Code, Date, Number, RobustNumber
from chainrule.data.columns import text_of
from chainrule.data.entries import as_numbers, number_in
from chainrule.export.dates import days_of, parts_of_days
from chainrule.node import Node, placeholder
from chainrule.types import BATCH, ArrayType


@dataclass(frozen=True)
class Input:
    """What a model asks of its user.

    node   the input node. Of text: float32 `(batch, 1)`, its code
    name   of the column, or of the argument
    codes  of the known texts; None for numbers
    other  the code of any other text; that of a missing one is 0
    unit   of a number, where it is not that of the table
    """

    node: Node
    name: str
    codes: Mapping[str, int] | None = None
    other: int = 0
    unit: str = ""


@dataclass(frozen=True)
class Conversion:
    """How the columns of one class of record are computed.

    features  (record, input) -> float32 `(batch, features)`, what `record.encode` gives
    given     (record, column of a table) -> what a user gives for it: float64 `(rows,)` with NaN
              where it is missing, or object `(rows,)` of text, empty where it is missing
    codes     record -> the codes of texts; None where the input is a number
    """

    features: Callable[[Any, Any], Any]
    given: Callable[[Any, Any], Any]
    codes: Callable[[Any], Mapping[str, int] | None] = lambda record: None


def input_of(record: Any) -> Input:
    """The input that a column of a table becomes. ValueError for a kind that has no plain form."""
    if type(record) not in COLUMNS:
        raise ValueError(
            f"export: the column {record.name!r} ({record.kind}) has no form in plain operators; "
            "train without it"
        )
    codes = COLUMNS[type(record)].codes(record)
    other = len(record.values) + 1 if isinstance(record, Code) and record.has_other else 0
    node = placeholder(ArrayType((BATCH, 1), "float32" if codes else "float64"), record.name)
    unit = "days since 1970-01-01" if isinstance(record, Date) else ""
    return Input(node, record.name, codes, other, unit)


# ---- features --------------------------------------------------------------------------------


def _number(record: Number, x: Any) -> Any:
    return ops.cast((x - record.mean) / record.scale, "float32")


def _robust_number(record: RobustNumber, x: Any) -> Any:
    is_missing = ops.not_equal(x, x)
    number = ops.where(is_missing, record.median - record.origin, x - record.origin)
    return _flagged(record, [ops.cast(number, "float32")], is_missing)


def _date(record: Date, days: Any) -> Any:
    is_missing = ops.not_equal(days, days)
    found = parts_of_days(ops.where(is_missing, 0.0, days))
    settings = zip(record.parts, record.origins, record.medians, strict=True)
    parts = [
        ops.cast(ops.where(is_missing, median, found[part]) - origin, "float32")
        for part, origin, median in settings
    ]
    return _flagged(record, parts, is_missing)


def _flagged(record: RobustNumber | Date, parts: list[Any], is_missing: Any) -> Any:
    flag = [ops.cast(is_missing, "float32")] if record.flagged else []
    return ops.concatenate([*parts, *flag], axis=1)


def _one_hot(record: Category, code: Any) -> Any:
    codes = np.arange(1, len(record.values) + 1, dtype=np.float32)
    return ops.cast(ops.equal(code, codes), "float32")


def _code(record: Code, x: Any) -> Any:
    """The code itself; of a column that held numbers it is found here."""
    if not record.are_numbers:
        return x
    codes: dict[float, int] = {}
    for place, text in enumerate(record.values):
        number = number_in(text)
        if number is not None:
            codes.setdefault(number, place + 1)
    is_value = ops.cast(ops.equal(x, np.array(list(codes))), "float32")
    code = ops.matmul(is_value, np.array(list(codes.values()), np.float32)[:, None])
    if not record.has_other:
        return code
    is_other = ops.logical_and(ops.equal(code, 0), ops.equal(x, x))
    return ops.where(is_other, np.float32(len(record.values) + 1), code)


# ---- what a user gives -----------------------------------------------------------------------


def _texts(record: Any, column: Any) -> Any:
    if column.dtype == object:
        return np.array(["" if value is None else value for value in column], object)
    return np.array(["" if value != value else text_of(value) for value in column], object)


def _truths(record: Boolean, column: Any) -> Any:
    if column.dtype == object:
        return _texts(record, column)
    return np.array(["" if x != x else "true" if x else "false" for x in column], object)


def _numbers(record: Any, column: Any) -> Any:
    return as_numbers(record.name, column).astype(np.float64)


def _codes(record: Category | Code) -> Mapping[str, int] | None:
    if isinstance(record, Code) and record.are_numbers:
        return None
    return {text: place for place, text in enumerate(record.values, 1)}


def _codes_of_truths(record: Boolean) -> Mapping[str, int]:
    words = {"false": 1, "true": 2}
    spellings = (str.lower, str.capitalize, str.upper)
    return {spell(word): code for word, code in words.items() for spell in spellings}


#: Every class of record that has a form in plain operators; words, which are hashed, have none.
COLUMNS: dict[type, Conversion] = {
    Boolean: Conversion(lambda record, code: code, _truths, _codes_of_truths),
    Category: Conversion(_one_hot, _texts, _codes),
    Code: Conversion(
        _code,
        lambda record, column: (_numbers if record.are_numbers else _texts)(record, column),
        _codes,
    ),
    Date: Conversion(_date, lambda record, column: days_of(record, column)),
    Number: Conversion(_number, _numbers),
    RobustNumber: Conversion(_robust_number, _numbers),
}

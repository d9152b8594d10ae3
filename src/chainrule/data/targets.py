"""Targets: whether a column holds classes or quantities, and how they are learnt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.data.columns import Labels, Quantity, signed_log, text_of
from chainrule.data.tables import Table, as_table, listed


#: Of a target of classes.
MOST_VALUES = 1_000
_MOST_CLASSES = 20  # of a target of whole numbers
_LARGEST_WHOLE = 2.0**53  # from here on different whole numbers are the same float64

#: What kind of target a table has.
TASKS = ("classification", "regression")


def recognise_target(
    y: Any,
    name: str = "y",
    task: str | None = None,
    *,
    log: bool = False,
    weights: Any = None,
    source: str = "the target",
) -> Labels | Quantity:
    """Learnt from a NumPy array `(rows,)` of numbers, text, booleans or Python objects.

    Otherwise as `Preprocessing.recognise`.
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(f"{source}: an array of shape {y.shape}; expected [rows]")
    column = as_table(y[:, None], source, strict=False).columns["x0"]
    return target_of(Table(source, {name: column}), name, task, log=log, weights=weights)


def target_of(
    table: Table, name: str, task: str | None, *, log: bool = False, weights: Any = None
) -> Labels | Quantity:
    """What is learnt of a target.

    task     "classification" or "regression"; by default the first for text, and for at most 20
             different whole numbers that repeat 20 times each on average
    log      whether the logarithm of a quantity is standardised
    weights  `(rows,)` from 0; a row of weight 0 counts as if it were not there
    ValueError, naming column and row, for what cannot be learnt from.
    """
    check_complete(table, name)
    if weights is not None:
        weights = weights_of(table, weights)
        table, weights = table.take(weights > 0), weights[weights > 0]
    if table.column(name).dtype.kind == "M":
        raise ValueError(
            f"{table.source}: the target {name!r} holds dates; convert it to numbers or text"
        )
    if _task(table, name, task) == "regression":
        return _quantity(table, name, log, weights)
    if log:
        raise ValueError(f"{table.source}: the target {name!r} holds classes; there is no log")
    return _labels(table, name)


def weights_of(table: Table, weights: Any) -> Any:
    """Weights float64 `(rows,)` from 0. ValueError for anything else, and where all are 0."""
    found = np.asarray(weights)
    if found.shape != (len(table),) or found.dtype.kind not in "biuf":
        raise ValueError(
            f"{table.source}: weights of shape {found.shape} and dtype {found.dtype}; expected one "
            f"number for each of {len(table)} rows"
        )
    found = found.astype(np.float64)
    wrong = ~np.isfinite(found) | (found < 0)
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{table.source}: the weight {found[row]} in row {row + 1}; expected numbers from 0 on"
        )
    if not np.any(found):
        raise ValueError(f"{table.source}: all weights are 0; there is nothing to learn from")
    return found


def mean_and_scale(
    table: Table, name: str, log: bool = False, weights: Any = None
) -> tuple[float, float]:
    """(mean, deviation) of a column of numbers; the deviation of a constant one is 1."""
    column = table.column(name)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = signed_log(column) if log else column
        mean = float(np.average(numbers, weights=weights))
        scale = float(np.sqrt(np.average(np.square(numbers - mean), weights=weights)))
    if not math.isfinite(scale):
        raise ValueError(
            f"{table.source}: column {name!r} holds numbers as large as "
            f"{np.max(np.abs(column)):.3g}; divide them by a power of 10, or leave the column out"
        )
    # The rounding error of a constant column is no deviation.
    return mean, 1.0 if scale <= 1e-12 * abs(mean) else scale


def check_complete(table: Table, name: str) -> None:
    """ValueError, naming row and count, for entries that are missing or not finite."""
    column = table.column(name)
    if column.dtype == object:
        wrong = np.array([value is None for value in column])
    else:
        wrong = np.isnat(column) if column.dtype.kind == "M" else ~np.isfinite(column)
    if np.any(wrong):
        row = int(np.argmax(wrong))
        found: Any = column[row]
        value = "a missing entry" if found is None or found != found else found
        raise ValueError(
            f"{table.source}: column {name!r} has {value} in row {row + 1} "
            f"({int(wrong.sum())} such of {len(table)}); fill or remove such rows, or leave the "
            "column out"
        )


def _task(table: Table, target: str, task: str | None) -> str:
    column = table.column(target)
    if task is not None:
        if task not in TASKS:
            raise ValueError(f"task {task!r}; expected {' or '.join(TASKS)}")
        if task == "regression" and column.dtype == object:
            raise ValueError(f"{table.source}: the target {target!r} holds text, no numbers")
        return task
    if column.dtype == object:
        return "classification"
    values = np.unique(column)
    are_whole = bool(np.all(values == np.floor(values)))
    few = len(values) <= min(_MOST_CLASSES, max(2, len(column) // 20))
    return "classification" if are_whole and few else "regression"


def _labels(table: Table, target: str) -> Labels:
    column = table.column(target)
    are_numbers = column.dtype != object
    if are_numbers and np.any(np.abs(column) >= _LARGEST_WHOLE):
        raise ValueError(
            f"{table.source}: the target {target!r} has classes from 2⁵³ on, numbers that cannot "
            "be told apart; put a letter before them"
        )
    values = tuple([text_of(value) for value in sorted(set(column.tolist()))])
    if len(values) < 2:
        raise ValueError(
            f"{table.source}: the target {target!r} has one class only, {listed(values)}; "
            "there is nothing to learn"
        )
    if len(values) > MOST_VALUES:
        raise ValueError(
            f"{table.source}: the target {target!r} has {len(values)} different values, too many "
            "for classes; was --task regression meant?"
        )
    return Labels(target, values, are_numbers)


def _quantity(table: Table, target: str, log: bool, weights: Any) -> Quantity:
    mean, scale = mean_and_scale(table, target, log, weights)
    return Quantity(target, mean, scale, log)

"""What may be wrong with single columns of a table, each check a function of what is examined."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from chainrule.tabular.examined import Examined, is_missing
from chainrule.tabular.findings import Finding


_MUCH, _MOST = 0.2, 0.6  # shares of entries that are missing: worth a note, worth a warning
_FEWEST = 20  # rows that say anything about how values repeat
_MANY_VALUES = 1_000
_FAR = 30.0  # interquartile ranges from the median

#: Dates that are not written year-month-day.
_DATE = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}([ T].*)?|\d{1,2}-\d{1,2}-\d{4}([ T].*)?")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def constant(subject: Examined) -> Iterator[Finding]:
    """Columns without any entry, or with one value alone."""
    for name in subject.features:
        distinct = subject.distinct(name)
        if distinct == 0:
            yield Finding("warning", "empty column", name, "every entry is missing",
                          subject.drop(name))  # fmt: skip
        elif distinct == 1 and (subject.codes(name) >= 0).all():
            value = subject.table.column(name)[0]
            yield Finding("warning", "constant column", name, f"it is {value} in every row",
                          subject.drop(name))  # fmt: skip


def equal_columns(subject: Examined) -> Iterator[Finding]:
    """Columns that hold what another one holds."""
    first: dict[bytes, str] = {}
    for name in subject.features:
        if subject.distinct(name) < 2:
            continue
        earlier = first.setdefault(subject.codes(name).tobytes(), name)
        if earlier != name:
            yield Finding("warning", "duplicate column", name,
                          f"its values go with those of {earlier!r} one to one, in their order",
                          subject.drop(name))  # fmt: skip


def missing(subject: Examined) -> Iterator[Finding]:
    """Columns of which much is missing."""
    for name in subject.features:
        share = float(np.mean(is_missing(subject.table.column(name))))
        if _MUCH <= share < 1:
            is_most = share >= _MOST
            fix = subject.drop(name) if is_most else subject.train("--preset default")
            yield Finding("warning" if is_most else "note", "missing entries", name,
                          f"{share:.0%} of its entries are missing", fix)  # fmt: skip


def infinities(subject: Examined) -> Iterator[Finding]:
    """Numbers that are infinite."""
    for name in subject.table.columns:
        numbers = subject.numbers(name)
        count = 0 if numbers is None else int(np.isinf(numbers).sum())
        if numbers is not None and count:
            row = int(np.argmax(np.isinf(numbers)))
            yield Finding("error", "infinities", name,
                          f"{count:,} of {subject.rows:,} entries, the first in row {row + 1}",
                          f"df[{name!r}] = df[{name!r}].replace([inf, -inf], nan)")  # fmt: skip


def identifiers(subject: Examined) -> Iterator[Finding]:
    """Columns that name rows: text that never repeats, whole numbers that count."""
    for name in subject.features:
        distinct, numbers = subject.distinct(name), subject.numbers(name)
        if subject.rows < _FEWEST or distinct < 0.95 * subject.rows:
            continue
        if numbers is None and subject.table.column(name).dtype == object:
            evidence = f"{distinct:,} different texts in {subject.rows:,} rows"
        elif numbers is not None and _counts(numbers):
            evidence = f"whole numbers that count the rows, from {numbers.min():.0f} on"
        else:
            continue
        yield Finding("warning", "identifier", name, evidence, subject.drop(name))


def _counts(numbers: np.ndarray) -> bool:
    """Whether numbers are whole, never repeat, and leave few between them out."""
    if not np.isfinite(numbers).all() or np.any(numbers != np.floor(numbers)):
        return False
    is_dense = np.ptp(numbers) < 1.5 * len(numbers)
    return len(np.unique(numbers)) == len(numbers) and (
        is_dense or bool(np.ptp(np.diff(numbers)) == 0)
    )


def high_cardinality(subject: Examined) -> Iterator[Finding]:
    """Text with very many values, some of which repeat."""
    for name in subject.features:
        distinct = subject.distinct(name)
        is_text = subject.table.column(name).dtype == object
        if is_text and _MANY_VALUES <= distinct < 0.95 * subject.rows:
            yield Finding("note", "many categories", name,
                          f"{distinct:,} different values, {subject.rows / distinct:.1f} rows each",
                          subject.drop(name))  # fmt: skip


def mixed_types(subject: Examined) -> Iterator[Finding]:
    """Text most of whose entries are numbers."""
    for name in subject.features:
        column = subject.table.column(name)
        if column.dtype != object or not subject.distinct(name):
            continue
        present = column[~is_missing(column)]
        is_text = np.array([not _PLAIN_NUMBER.fullmatch(str(value)) for value in present])
        if 0 < is_text.mean() <= 0.5:
            shown = ", ".join(map(repr, sorted({str(x) for x in present[is_text]})[:3]))
            yield Finding("warning", "mixed types", name,
                          f"{is_text.sum():,} of {len(present):,} entries are no number: {shown}",
                          f"df[{name!r}] = pd.to_numeric(df[{name!r}], 'coerce')")  # fmt: skip


def dates_as_text(subject: Examined) -> Iterator[Finding]:
    """Dates that are not written as 2024-12-31: they are read as categories."""
    for name in subject.features:
        column = subject.table.column(name)
        if column.dtype != object or not subject.distinct(name):
            continue
        some = column[~is_missing(column)][:500]
        if all(_DATE.fullmatch(str(value)) for value in some):
            yield Finding("warning", "dates as text", name,
                          f"such as {some[0]!r}; a date is written 2024-12-31",
                          f"df[{name!r}] = pd.to_datetime(df[{name!r}])")  # fmt: skip


def outliers(subject: Examined) -> Iterator[Finding]:
    """Numbers very far from the others."""
    for name in subject.table.columns:
        numbers = subject.numbers(name)
        if numbers is None or (name == subject.target and subject.is_classes):
            continue
        finite = numbers[np.isfinite(numbers)]
        if len(finite) < _FEWEST:
            continue
        low, middle, high = np.quantile(finite, (0.25, 0.5, 0.75))
        far = np.abs(finite - middle) > _FAR * (high - low)
        if high > low and far.any():
            worst = finite[np.argmax(np.abs(finite - middle))]
            is_target = name == subject.target
            fix = subject.train("--loss huber") if is_target else subject.train("--preset default")
            yield Finding("warning" if is_target else "note", "outliers", name,
                          f"{far.sum():,} numbers such as {worst:.6g}; half of all lie between "
                          f"{low:.6g} and {high:.6g}", fix)  # fmt: skip

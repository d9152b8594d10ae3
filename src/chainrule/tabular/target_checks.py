"""What may be wrong with the target of a table, and with its rows as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.data import split
from chainrule.tabular.examined import Examined, same_rows
from chainrule.tabular.findings import Finding


_FEW_ROWS = 50
_RARE = 10  # rows of a class
_UNEQUAL = 10  # times as many rows of one class as of another
_SKEWED = 2.0
_REPEATED = 0.01  # share of rows
_HELD_OUT = 0.2


def missing_target(subject: Examined) -> Iterator[Finding]:
    """Rows without a target."""
    count = int(np.sum(~subject.known))
    if count:
        is_all = count == subject.rows
        yield Finding("error" if is_all else "warning", "missing target", subject.target,
                      f"{count:,} of {subject.rows:,} rows have none",
                      f"df = df.dropna(subset=[{subject.target!r}])")  # fmt: skip


def one_class(subject: Examined) -> Iterator[Finding]:
    """A target that is the same in every row."""
    if subject.distinct(subject.target) == 1:
        yield Finding("error", "constant target", subject.target,
                      "it has one value only: there is nothing to learn",
                      f"chainrule doctor {subject.file} --target OTHER")  # fmt: skip


def names_as_classes(subject: Examined) -> Iterator[Finding]:
    """A target of text that hardly ever repeats."""
    distinct, target = subject.distinct(subject.target), subject.target
    if subject.is_classes and subject.rows >= 20 and distinct > subject.rows / 2:
        yield Finding("error", "identifier as target", target,
                      f"{distinct:,} different values in {subject.rows:,} rows",
                      f"chainrule doctor {subject.file} --target OTHER")  # fmt: skip


def rare_classes(subject: Examined) -> Iterator[Finding]:
    """Classes of so few rows that they cannot be learnt and tested."""
    if not subject.is_classes:
        return
    known = subject.known
    codes = subject.codes(subject.target)[known]
    counts = np.bincount(codes)
    rare = np.flatnonzero(counts < _RARE)
    if not len(rare) or len(counts) > subject.rows / 2 or len(counts) < 2:
        return
    values = subject.table.column(subject.target)[known]
    names = [str(values[np.argmax(codes == code)]) for code in rare]
    shown = ", ".join(f"{x!r} ({counts[k]})" for x, k in zip(names[:5], rare, strict=False))
    sizes = f"df.groupby({subject.target!r})[{subject.target!r}].transform('size')"
    yield Finding("warning", "rare classes", subject.target,
                  f"{len(rare)} classes have fewer than {_RARE} rows: {shown}",
                  f"df = df[{sizes} >= {_RARE}]")  # fmt: skip


def imbalance(subject: Examined) -> Iterator[Finding]:
    """Classes of which one has many times the rows of another."""
    if not subject.is_classes:
        return
    counts = np.bincount(subject.codes(subject.target)[subject.known])
    if 2 <= len(counts) <= subject.rows / 2 and counts.max() >= _UNEQUAL * counts.min():
        yield Finding("warning", "class imbalance", subject.target,
                      f"from {counts.min():,} to {counts.max():,} rows a class; the commonest "
                      f"alone is right in {counts.max() / counts.sum():.1%}",
                      subject.train("--class-weight balanced"))  # fmt: skip


def skewed_target(subject: Examined) -> Iterator[Finding]:
    """A quantity whose large values hide the small ones."""
    if subject.is_classes:
        return
    y = subject.numbers(subject.target)
    y = y[np.isfinite(y)] if y is not None else np.zeros(0)
    if len(y) < 20 or np.std(y) == 0:
        return
    skew = float(np.mean(((y - y.mean()) / y.std()) ** 3))
    if abs(skew) > _SKEWED:
        name = subject.target
        on_log = f"df[{name!r}] = np.log1p(df[{name!r}])"
        fix = on_log if y.min() >= 0 and skew > 0 else subject.train("--loss huber")
        yield Finding("note", "skewed target", name, f"skewness {skew:.1f}", fix)


def few_rows(subject: Examined) -> Iterator[Finding]:
    """Fewer rows than can be learnt from and tested."""
    rows, columns = int(subject.known.sum()), len(subject.features)
    if rows < _FEW_ROWS:
        yield Finding("warning", "few rows", subject.file,
                      f"{rows} rows: a score of some of them says little",
                      subject.train("--held-out 0.3"))  # fmt: skip
    elif rows < 5 * columns:
        yield Finding("warning", "few rows", subject.file,
                      f"{rows:,} rows for {columns:,} columns",
                      subject.train("--preset ensemble"))  # fmt: skip


def repeated_rows(subject: Examined) -> Iterator[Finding]:
    """Rows that are there twice, and how many of them a test would know from training."""
    names = subject.features
    if not names or subject.rows < 20:
        return
    features = same_rows([subject.codes(name) for name in names])
    whole = same_rows([features.view(np.int64), subject.codes(subject.target)])
    values, counts = np.unique(whole, return_counts=True)
    repeated = subject.rows - len(values)
    if repeated >= max(_REPEATED * subject.rows, 2):
        kept, held_out = split(subject.rows, _HELD_OUT, 0)
        seen = float(np.mean(np.isin(whole[held_out], whole[kept])))
        yield Finding("warning", "duplicated rows", subject.file,
                      f"{repeated:,} of {subject.rows:,} rows repeat another, at most "
                      f"{counts.max():,} times; {seen:.0%} of the rows held out would be known "
                      "from training", "df = df.drop_duplicates()")  # fmt: skip
    conflicts = len(values) - len(np.unique(features))
    if subject.is_classes and conflicts >= max(_REPEATED * subject.rows, 2):
        yield Finding("note", "conflicting rows", subject.file,
                      f"{conflicts:,} rows are as another in all columns, but not in "
                      f"{subject.target!r}: nothing can tell them apart",
                      f"df = df.drop_duplicates(subset={names[:3]!r})")  # fmt: skip

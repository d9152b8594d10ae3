"""The samples of a run: rows divided, then encoded by what the part to learn from says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.cli.options import TrainOptions
from chainrule.cli.sources import Source, check_kept, source_of, target_of, truth_of
from chainrule.data import Labels, Number, Preprocessing, Quantity, Table
from chainrule.types import BATCH, ArrayType


#: Fewer rows are too few to hold some out, unless it is asked for.
FEW = 50

_HELD_OUT, _VALIDATION = 0.2, 0.1
_SHOWN = 30  # columns of a table that are listed


@dataclass(frozen=True)
class Samples:
    """Samples to learn from and samples held out.

    x, x_test          `(samples, features)` as the network takes them
    y                  labels `(samples,)`, or standardised numbers `(samples, 1)`
    truth, truth_test  labels `(samples,)`, or numbers `(samples, 1)` in their own units
    weights            `(samples,)` of those to learn from, or None
    validation         the share of those to learn from that finds the best epoch, or None
    is_held_out        False where there is nothing held out, and x_test is x
    """

    name: str
    x: Any
    y: Any
    truth: Any
    weights: Any
    x_test: Any
    truth_test: Any
    validation: float | None
    is_held_out: bool
    image_shape: tuple[int, int] | None
    preprocessing: Preprocessing

    @property
    def classes(self) -> tuple[str, ...]:
        """What the labels stand for; empty for numbers."""
        return self.preprocessing.classes

    @property
    def told(self) -> str:
        """How much there is, in a sentence."""
        classes = f"{len(self.classes)} classes"
        of = classes if self.classes else f"{self.preprocessing.target.name!r} is a number"
        held_out = f"{len(self.x_test):,} held out" if self.is_held_out else "none held out"
        features = self.x.shape[1]
        return f"{len(self.x):,} samples to learn from, {held_out}, {features} features, {of}"

    @property
    def columns(self) -> list[tuple[str, str, str]]:
        """Every column with its kind and how it is encoded; none of an image."""
        return [] if self.image_shape else columns_of(self.preprocessing)

    def input(self, dtype: str) -> ArrayType:
        """The type of a batch of samples."""
        return ArrayType((BATCH, self.x.shape[1]), dtype)


#: What the columns of `columns_of` are.
COLUMNS = ("column", "kind", "encoded by")


def columns_of(preprocessing: Preprocessing) -> list[tuple[str, str, str]]:
    """The columns of `describe`; of very many the first, and the target."""
    return shortened(preprocessing.describe())


def shortened(rows: list[Any]) -> list[Any]:
    """The rows of a table of columns; of very many the first, and the last."""
    if len(rows) <= _SHOWN:
        return rows
    empty = [""] * (len(rows[0]) - 1)
    return [*rows[: _SHOWN - 2], (f"{len(rows) - _SHOWN + 1} more", *empty), rows[-1]]


def samples_of(options: TrainOptions) -> Samples:
    """The samples that the options ask for, divided and encoded.

    ValueError or OSError, in one line, for data that cannot be learnt from.
    """
    source = source_of(options.data)
    target = target_of(source, options.data, options.target)
    weights = _weights(source.table, options.weight_column)
    left_out = [*(options.drop or ()), *([options.weight_column] if options.weight_column else ())]
    check_kept(target, left_out)
    table = source.table.without(left_out)
    # All rows say what kind of target there is and whether they can be learnt from; nothing else.
    whole = _fitted(source, table, target, options.task, options)
    kept, held_out = _parts(source, whole, table, options)
    task = "classification" if whole.classes else "regression"
    first = table.take(kept)
    test = source.test.without(left_out) if source.test is not None else table.take(held_out)
    preprocessing = _fitted(source, first, target, task, options)
    is_held_out = len(held_out) > 0 or source.test is not None
    test = test if is_held_out else first
    validation = _share(options.validation, _VALIDATION, len(first))
    x, y = preprocessing.features(first), preprocessing.targets(first)
    return Samples(
        name=source.name,
        x=x,
        y=y,
        truth=truth_of(preprocessing, first, y),
        weights=None if weights is None else weights[kept],
        x_test=preprocessing.features(test),
        truth_test=truth_of(preprocessing, test, preprocessing.targets(test)),
        validation=validation or None,
        is_held_out=is_held_out,
        image_shape=source.image_shape,
        preprocessing=preprocessing,
    )


def _fitted(
    source: Source, table: Table, target: str, task: str | None, options: TrainOptions
) -> Preprocessing:
    """How these rows are encoded."""
    found = Preprocessing.fit(table, target, task)
    if source.image_shape is not None:  # pixels keep their shades: one scale for all
        names = [column.name for column in found.columns]
        scale = max(float(np.max(np.abs(table.column(name)))) for name in names) or 1.0
        found = replace(found, columns=tuple(Number(name, 0.0, scale) for name in names))
    if source.classes and found.classes and target == source.target:
        return replace(found, target=Labels(target, source.classes, are_numbers=False))
    if (options.loss or "").startswith("poisson") and not found.classes:
        return replace(found, target=Quantity(target, 0.0, 1.0))  # counts stay counts
    return found


def _parts(
    source: Source, whole: Preprocessing, table: Table, options: TrainOptions
) -> tuple[Any, Any]:
    """The places of the rows to learn from, and of those held out; of each class a share."""
    from chainrule.data import split

    share = _share(options.held_out, _HELD_OUT, len(table))
    if source.test is not None or share == 0:
        return np.arange(len(table)), np.arange(0)
    labels = whole.targets(table) if whole.classes else None
    return split(len(table), share, options.seed, labels, source.name)


def _share(asked: float | None, usual: float, rows: int) -> float:
    if asked is not None:
        return asked
    return usual if rows >= FEW else 0.0


def _weights(table: Table, name: str | None) -> Any:
    """The column of weights, or None."""
    if name is None:
        return None
    column = table.column(name)
    if column.dtype == object:
        raise ValueError(f"--weight-column {name}: it holds text; expected numbers from 0 on")
    return column

"""A model file and rows for it, as commands are given them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.predictions import told
from chainrule.cli.sources import Source, source_of
from chainrule.cli.terminal import warn
from chainrule.data import Preprocessing, Quantity
from chainrule.save import ModelFile, read


@dataclass(frozen=True)
class Rows:
    """Rows for a model.

    source  the table as it came
    x       `(rows, features)`, encoded
    """

    source: Source
    x: Any


def opened(path: Path) -> tuple[ModelFile, Preprocessing]:
    """A model and how its rows are encoded. ValueError where its file does not say."""
    found = read(path)
    if not isinstance(found.preprocessing, Preprocessing):
        raise ValueError(
            f"{path}: the file does not say how rows are encoded; train with chainrule train, or "
            "save with preprocessing="
        )
    return found, found.preprocessing


def rows_for(preprocessing: Preprocessing, data: str) -> Rows:
    """The rows of a file or a built-in set, encoded. Values never seen are told as warnings."""
    source = source_of(data)
    for column, values in preprocessing.unseen(source.table).items():
        shown = ", ".join(map(repr, values[:3]))
        warn(f"column {column!r}: {len(values)} values not seen in training, such as {shown}")
    return Rows(source, preprocessing.features(source.table))


def truth_of(preprocessing: Preprocessing, rows: Rows) -> Any:
    """Labels `(rows,)`, or numbers `(rows, 1)` in the units of the table."""
    encoded = preprocessing.targets(rows.source.table)
    if not isinstance(preprocessing.target, Quantity):
        return encoded
    return np.asarray(rows.source.table.column(preprocessing.target.name), np.float64)[:, None]


def predicted(model: ModelFile, preprocessing: Preprocessing, rows: Rows) -> Any:
    """Probabilities `(rows, classes)`, or numbers `(rows, 1)` in the units of the table."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return told(model.network, rows.x, preprocessing, model.loss)

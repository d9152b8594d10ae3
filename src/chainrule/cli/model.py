"""A model file and rows for it, as commands are given them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.predictions import told
from chainrule.cli.sources import Source, source_of, truth_of
from chainrule.cli.terminal import warn
from chainrule.data import Preprocessing, Table
from chainrule.data.scan import Scan, batches_of, scan
from chainrule.save import ModelFile, read


_REMEMBERED = 1_000  # values of a column that were not seen in training


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
    source = source_of(data, strict=_is_strict(preprocessing))
    unseen = Unseen(preprocessing)
    unseen.look_at(source.table)
    unseen.tell()
    return Rows(source, preprocessing.features(source.table))


def scanned(preprocessing: Preprocessing, data: str) -> Scan:
    """The rows of a file or a built-in set, batch by batch."""
    if Path(data).suffix.lower() in (".csv", ".tsv", ".parquet"):
        names = [column.name for column in preprocessing.columns]
        return scan(data, names, strict=_is_strict(preprocessing))
    table = source_of(data).table
    return Scan(tuple(table.columns), len(table), lambda: batches_of(table))


def _is_strict(preprocessing: Preprocessing) -> bool:
    """Whether rows may hold nothing but numbers and text: of a recipe's models anything."""
    return not preprocessing.report


class Unseen:
    """Values that were not there when the model was trained, of one batch after the other."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        self.values: dict[str, dict[str, None]] = {}

    def look_at(self, table: Table) -> None:
        """Remember what is new in a batch, of a column `_REMEMBERED` values at most."""
        for column, values in self.preprocessing.unseen(table).items():
            known = self.values.setdefault(column, {})
            known.update(dict.fromkeys(values[: _REMEMBERED - len(known)]))

    def tell(self) -> None:
        """One warning for each column."""
        for column, values in self.values.items():
            least = "at least " if len(values) >= _REMEMBERED else ""
            shown = ", ".join(map(repr, sorted(values)[:3]))
            warn(
                f"column {column!r}: {least}{len(values)} values not seen in training, such as "
                f"{shown}"
            )


def truth_for(preprocessing: Preprocessing, rows: Rows) -> Any:
    """Labels `(rows,)`, or numbers `(rows, 1)` in the units of the table."""
    table = rows.source.table
    return truth_of(preprocessing, table, preprocessing.targets(table))


def predicted(model: ModelFile, preprocessing: Preprocessing, rows: Rows) -> Any:
    """Probabilities `(rows, classes)`, or numbers `(rows, 1)` in the units of the table."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return told(model.network, rows.x, preprocessing, model.loss)

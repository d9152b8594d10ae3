"""The rows of a table divided into those to learn from, choose by and test on, and encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli.learn import class_weight
from chainrule.cli.samples import FEW, Samples
from chainrule.cli.sources import Source, check_kept, source_of, target_of, truth_of
from chainrule.cli.terminal import warn
from chainrule.data import Labels, Preprocessing, Table, split
from chainrule.data import targets as data
from chainrule.train.weights import balanced


if TYPE_CHECKING:
    from chainrule.tabular.sources import SizedBlocks


#: Held out, and of the rest for validation, where nothing else is asked for.
SHARE = 0.2

#: What the columns of `Lesson.columns` are.
COLUMNS = ("column", "kind", "missing", "values", "encoded as", "note")


@dataclass(frozen=True)
class Request:
    """What is to be learnt of what; the fields are the options of these names."""

    data: str
    target: str | None = None
    task: str | None = None
    drop: Sequence[str] = ()
    numeric: Sequence[str] = ()
    categorical: Sequence[str] = ()
    weight_column: str | None = None
    class_weight: str | None = None
    held_out: float | None = None
    validation: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """Some of the rows.

    x        `(rows, columns)` as `Preprocessing.features` makes it
    y        labels `(rows,)`, or standardised numbers `(rows, 1)`
    truth    labels `(rows,)`, or numbers `(rows, 1)` in their own units
    weights  `(rows,)`, or None
    """

    x: Any
    y: Any
    truth: Any
    weights: Any


@dataclass(frozen=True)
class Lesson:
    """A table as a recipe learns it.

    validation   what the best epoch is chosen by, or None
    test         rows for the final score; `learnt` where none were held out
    blocks       of a file larger than memory what is learnt from, of which `learnt` are some rows
    """

    name: str
    preprocessing: Preprocessing
    learnt: Part
    validation: Part | None
    test: Part
    is_held_out: bool
    blocks: SizedBlocks | None = None

    @property
    def rows(self) -> int:
        """How many rows are learnt from."""
        return len(self.learnt.x) if self.blocks is None else sum(self.blocks.sizes)

    @property
    def classes(self) -> tuple[str, ...]:
        """What the labels stand for; empty for numbers."""
        return self.preprocessing.classes

    @property
    def task(self) -> str:
        """What is learnt: classification or regression."""
        return "classification" if self.classes else "regression"

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """A row of `COLUMNS` for each column of the table, the target last."""
        return [
            (row.name, row.kind, f"{row.missing:.1%}" if row.missing else "", f"{row.distinct:,}",
             row.encoding, row.note)
            for row in self.preprocessing.report
        ]  # fmt: skip

    @property
    def samples(self) -> Samples:
        """The same as the plain network has it, for what is said and drawn of a run."""
        learnt, test = self.learnt, self.test
        return Samples(
            name=self.name,
            x=learnt.x,
            y=learnt.y,
            truth=learnt.truth,
            weights=learnt.weights,
            x_test=test.x,
            truth_test=test.truth,
            validation=None,
            is_held_out=self.is_held_out,
            image_shape=None,
            preprocessing=self.preprocessing,
        )


def lesson_of(request: Request) -> Lesson:
    """The rows that are asked for, divided and encoded by what the part to learn from says.

    ValueError or OSError, in one line, for data that cannot be learnt from.
    """
    source = source_of(request.data, strict=False)
    name = target_of(source, request.data, request.target)
    check_kept(name, (*request.drop, request.weight_column))
    _refuse_infinities(source.table.without(request.drop))
    table = _with_target(source.table, name)
    weights = _weights(table, request.weight_column)
    table = table.without([request.weight_column] if request.weight_column else [])
    target = data.target_of(table, name, request.task)
    classes = target.values if isinstance(target, Labels) else ()
    labels = target.encode(table.column(name)) if classes else None
    chosen = class_weight(request.class_weight, classes)
    weights = _weighted(weights, labels, chosen)
    learnt, validation, test = _division(request, source, len(table), labels)
    preprocessing = Preprocessing.recognise(
        table.take(learnt),
        target if classes else name,
        None if classes else "regression",
        drop=[x for x in request.drop if x != request.weight_column],
        numeric=request.numeric,
        categorical=request.categorical,
        weights=_taken(weights, learnt),
    )

    def part(places: Any) -> Part:
        return _part(preprocessing, table.take(places), _taken(weights, places))

    held_out = part(test)
    if source.test is not None:
        held_out = _part(preprocessing, _with_target(source.test, name), None)
    is_held_out = len(held_out.x) > 0
    return Lesson(
        source.name,
        preprocessing,
        part(learnt),
        part(validation) if len(validation) else None,
        held_out if is_held_out else part(learnt),
        is_held_out,
    )


def _refuse_infinities(table: Table) -> None:
    """ValueError, with the row as it is in the file: parts of it count otherwise."""
    for name, column in table.columns.items():
        is_infinite = np.isinf(column) if column.dtype.kind == "f" else np.zeros(0, bool)
        if is_infinite.any():
            row = int(np.argmax(is_infinite))
            raise ValueError(
                f"{table.source}: column {name!r} has {column[row]} in row {row + 1}; correct it, "
                "or make it a missing entry"
            )


def _taken(weights: Any, places: Any) -> Any:
    return None if weights is None else weights[places]


def _with_target(table: Table, target: str) -> Table:
    """The rows that have a target. ValueError where none has."""
    column = table.column(target)
    is_missing = (
        np.array([x is None for x in column]) if column.dtype == object else column != column
    )
    count = int(np.sum(is_missing))
    if count == len(table):
        raise ValueError(f"{table.source}: the target {target!r} is missing in every row")
    if not count:
        return table
    warn(f"{count:,} of {len(table):,} rows have no {target!r}; they are left out")
    return table.take(np.flatnonzero(~is_missing))


def _division(request: Request, source: Source, rows: int, labels: Any) -> tuple[Any, Any, Any]:
    """The places to learn from, to choose by, and to test on; the last two may be none."""
    if labels is not None:
        _tell_rare(request, labels)
    share = _share(request.held_out, rows)
    places, none = np.arange(rows), np.arange(0)
    test = none
    if source.test is None and share:
        places, test = _divided(places, share, request.seed, labels, source.name)
    share = _share(request.validation, len(places))
    if not share:
        return places, none, test
    learnt, validation = _divided(places, share, request.seed, labels, source.name)
    return learnt, validation, test


def _share(asked: float | None, rows: int) -> float:
    if asked is not None:
        return asked
    return SHARE if rows >= FEW else 0.0


def _tell_rare(request: Request, labels: Any) -> None:
    counts = np.bincount(labels)
    alone = int(np.sum(counts == 1))
    if alone and len(labels) >= FEW:
        what = "1 class has" if alone == 1 else f"{alone} classes have"
        warn(f"{request.data}: {what} one row only, which is learnt from and never tested")


def _divided(places: Any, share: float, seed: int, labels: Any, name: str) -> tuple[Any, Any]:
    """Of each class about `share` held out; of a class with one row none."""
    if labels is None:
        kept, held_out = split(len(places), share, seed, None, name)
        return places[kept], places[held_out]
    counts = np.bincount(labels[places])
    alone = places[counts[labels[places]] == 1]
    rest = places[counts[labels[places]] > 1]
    classes = len(np.unique(labels[rest]))
    is_even = min(share, 1 - share) * len(rest) >= classes
    kept, held_out = split(len(rest), share, seed, labels[rest] if is_even else None, name)
    return np.concatenate([rest[kept], alone]), rest[held_out]


def _weights(table: Table, name: str | None) -> Any:
    """The column of weights `(rows,)`, or None. ValueError for what is no weight."""
    if name is None:
        return None
    column = table.column(name)
    if column.dtype.kind not in "biuf":
        raise ValueError(f"--weight-column {name}: it holds text; expected numbers from 0 on")
    found = column.astype(np.float64)
    if not np.isfinite(found).all() or found.min() < 0 or not found.any():
        raise ValueError(f"--weight-column {name}: expected numbers from 0 on, not all of them 0")
    return found


def _weighted(weights: Any, labels: Any, chosen: Any) -> Any:
    """The weights with those of the classes: "balanced" makes all classes weigh the same."""
    if chosen is None or labels is None:
        return weights
    counts = np.bincount(labels)
    of_class = balanced(counts)
    if chosen != "balanced":
        of_class = np.array([chosen.get(label, 1.0) for label in range(len(counts))])
    return of_class[labels] * (1.0 if weights is None else weights)


def _part(preprocessing: Preprocessing, table: Table, weights: Any) -> Part:
    if not len(table):
        return Part(np.zeros((0, len(preprocessing.sizes)), np.float32), None, None, None)
    y = preprocessing.targets(table)
    return Part(preprocessing.features(table), y, truth_of(preprocessing, table, y), weights)

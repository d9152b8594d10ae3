"""A Parquet file larger than memory, divided: rows to test on, to choose by, and to learn from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.data.columns import Labels, Quantity, some, text_of
from chainrule.data.preprocess import Preprocessing
from chainrule.data.table_chunks import ParquetBlocks
from chainrule.data.tables import Table, as_table, listed
from chainrule.data.targets import MOST_VALUES, target_of
from chainrule.tabular.sources import SizedBlocks
from chainrule.train.weights import balanced


#: Rows that are kept in memory, at most, of each part; fewer of very many columns.
_MOST_ROWS, _MOST_ENTRIES = 100_000, 10_000_000


@dataclass(frozen=True)
class Parts:
    """Which rows of each block are for what; the same whenever it is asked.

    target  rows without one are for nothing
    shares  of the rows that are tested on, and that the epoch is chosen by; most  of a block, each
    """

    target: str
    shares: tuple[float, float]
    most: int
    seed: int

    def places(self, number: int, frame: Any) -> list[Any]:
        """Rows of block `number` to test on, to choose by, and to learn from, each ascending."""
        there = np.flatnonzero(_is_there(frame[self.target]).to_numpy())
        drawn = np.random.default_rng((self.seed, number)).permutation(there)
        counts = [min(int(np.ceil(share * len(there))), self.most) for share in self.shares]
        return [np.sort(part) for part in np.split(drawn, np.cumsum(counts))]


@dataclass(frozen=True)
class Encoder:
    """Makes (x, y) or (x, y, weights) of a table, as `learn` takes them.

    weights   the column with the weight of each row, or None
    of_class  the weight of each class, or None
    """

    preprocessing: Preprocessing
    weights: str | None
    of_class: tuple[float, ...] | None

    def __call__(self, table: Table) -> tuple[Any, ...]:
        """ValueError for entries that cannot be encoded."""
        x, y = self.preprocessing.features(table), self.preprocessing.targets(table)
        weights = self.weights_of(table, y)
        return (x, y) if weights is None else (x, y, weights)

    def weights_of(self, table: Table, labels: Any) -> Any:
        """float64 `(rows,)`, or None."""
        found = None if self.weights is None else np.asarray(table.column(self.weights), np.float64)
        if self.of_class is None:
            return found
        of_class = np.array(self.of_class)[labels]
        return of_class if found is None else of_class * found


@dataclass(frozen=True)
class LearntRows(SizedBlocks):
    """The rows to learn from, block by block, each read and encoded when it is asked for.

    numbers  of the blocks of the file that have such rows; sizes  how many they have
    """

    blocks: ParquetBlocks
    parts: Parts
    encode: Encoder
    numbers: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The rows of each block."""
        return self.rows

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: Any) -> tuple[Any, ...]:
        """Block `place`, from 0. IndexError where there is none."""
        number = self.numbers[place]
        frame = self.blocks[number]
        chosen = frame[self.parts.places(number, frame)[-1]]
        return self.encode(as_table(chosen, self.blocks.source(number), strict=False))


@dataclass(frozen=True)
class Division:
    """A file that was gone through once.

    learnt           what `learn` takes for x
    sample           some of its rows, from every block; what the preprocessing was learnt of
    chosen_by, test  the other parts, or None
    missing          how many rows have no target, and are in none of them
    """

    encode: Encoder
    learnt: LearntRows
    sample: Table
    chosen_by: Table | None
    test: Table | None
    missing: int

    @property
    def preprocessing(self) -> Preprocessing:
        """How columns and target are encoded."""
        return self.encode.preprocessing


def divide(
    path: str | os.PathLike[str],
    target: str,
    task: str | None = None,
    *,
    drop: Sequence[str] = (),
    numeric: Sequence[str] = (),
    categorical: Sequence[str] = (),
    weights: str | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    rows: int = 65_536,
    shares: tuple[float, float] = (0.0, 0.1),
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Division:
    """Go through a Parquet file once, and see how it can be learnt from, block by block.

    target        the column to predict; task, drop, numeric, categorical  as of
                  `Preprocessing.recognise`, which learns of at most 100,000 rows
    weights       the column with the weight of each row, from 0 on, or None
    class_weight  "balanced", weights of classes by their names, others weighing 1, or None
    rows          of a block
    shares        of the rows of each block to test on, and to choose the epoch by, at most 100,000
                  rows each
    tell          called with how many of how many blocks were gone through
    ValueError for what cannot be learnt from; errors of `ParquetBlocks`.
    """
    blocks = ParquetBlocks(path, rows)
    apart = () if weights is None else (weights,)
    Table(str(path), dict.fromkeys(blocks.schema)).without([target, *drop, *apart])
    most = min(_MOST_ROWS, _MOST_ENTRIES // len(blocks.schema)) // max(len(blocks), 1)
    found = _Found(blocks, Parts(target, shares, max(1, most), seed))
    for number in range(len(blocks)):
        found.look_at(number, weights)
        tell(number + 1, len(blocks))
    test, chosen_by, sample = map(found.table, found.kept)
    if sample is None:
        raise ValueError(f"{path}: there is no row to learn from that has a {target!r}")
    known = found.target_of(sample, task)
    preprocessing = Preprocessing.recognise(
        sample.without(apart),
        known,
        drop=[name for name in drop if name != weights],
        numeric=numeric,
        categorical=categorical,
        weights=None if weights is None else sample.column(weights),
    )
    of_class = found.weights_of_classes(known, class_weight)
    encode = Encoder(preprocessing, weights, of_class)
    numbers, sizes = tuple(found.sizes), tuple(found.sizes.values())
    learnt = LearntRows(blocks, found.parts, encode, numbers, sizes)
    return Division(encode, learnt, sample, chosen_by, test, found.missing)


@dataclass
class _Found:
    """What is found while the blocks are gone through.

    kept    frames of rows to test on, to choose by, and of some to learn from
    sizes   of each block that has rows to learn from, by its number, how many
    counts  how often each value of the target is there; of very many values not all
    """

    blocks: ParquetBlocks
    parts: Parts
    kept: tuple[list[Any], list[Any], list[Any]] = field(default_factory=lambda: ([], [], []))
    sizes: dict[int, int] = field(default_factory=dict)
    counts: Counter[Any] = field(default_factory=Counter)
    missing: int = 0

    def look_at(self, number: int, weights: str | None) -> None:
        """ValueError for weights that are none, and a target that is infinite."""
        frame = self.blocks[number]
        _check_target(frame[self.parts.target], self.blocks.source(number))
        if weights is not None:
            _check_weights(frame.select(weights), self.blocks.source(number))
        test, chosen_by, learnt = self.parts.places(number, frame)
        self.missing += len(frame) - len(test) - len(chosen_by) - len(learnt)
        sample = learnt[:: max(-(-len(learnt) // self.parts.most), 1)]
        for frames, places in zip(self.kept, (test, chosen_by, sample), strict=True):
            if len(places):
                frames.append(frame[places])
        if len(learnt):
            self.sizes[number] = len(learnt)
        if len(self.counts) <= MOST_VALUES:
            column = frame[self.parts.target]
            self.counts.update(column.filter(_is_there(column)).to_list())

    def table(self, frames: list[Any]) -> Table | None:
        """Frames as one table, or None where there are none."""
        import polars

        if not frames:
            return None
        return as_table(polars.concat(frames), str(self.blocks.path), strict=False)

    @property
    def values(self) -> Any:
        """The values of `counts`, as a table has them `(values,)`."""
        import polars

        name = self.parts.target
        frame = polars.DataFrame({name: [*self.counts]}, schema={name: self.blocks.schema[name]})
        return as_table(frame, str(self.blocks.path), strict=False).column(name)

    def target_of(self, sample: Table, task: str | None) -> Labels | Quantity:
        """What is learnt of the target: all its values are classes, not those of some rows."""
        name = self.parts.target
        column = sample.column(name)
        whole = replace(sample, columns={name: np.concatenate([column, self.values])})
        known = target_of(whole, name, task)
        return known if isinstance(known, Labels) else target_of(sample, name, "regression")

    def weights_of_classes(
        self, known: Labels | Quantity, asked: str | Mapping[Any, float] | None
    ) -> tuple[float, ...] | None:
        """The weight of each class, or None. ValueError for classes that there are not."""
        if asked is None:
            return None
        if not isinstance(known, Labels):
            raise ValueError("weights of classes: the target is a number, which has no classes")
        classes = known.values
        if not isinstance(asked, str):
            weights = {text_of(name): float(weight) for name, weight in asked.items()}
            if strange := listed(name for name in weights if name not in classes):
                raise ValueError(
                    f"weights of classes: there is no class {strange} (there are: {some(classes)})"
                )
            return tuple(weights.get(name, 1.0) for name in classes)
        if asked != "balanced":
            raise ValueError(f"weights of classes {asked!r}; expected balanced, or CLASS: WEIGHT")
        of_label = np.bincount(known.encode(self.values), list(self.counts.values()), len(classes))
        return tuple(balanced(of_label).tolist())


def _is_there(column: Any) -> Any:
    """Which entries of a column of polars are not missing."""
    found = column.is_not_null()
    return found & column.is_not_nan() if column.dtype.is_float() else found


def _check_target(column: Any, source: str) -> None:
    if column.dtype.is_float() and column.is_infinite().any():
        row = int(np.argmax(column.is_infinite().fill_null(False).to_numpy()))
        raise ValueError(
            f"{source}: the target {column.name!r} has {column[row]} in row {row + 1} of these; "
            "correct it, or make it a missing entry"
        )


def _check_weights(frame: Any, source: str) -> None:
    (column,) = as_table(frame, source, strict=False).columns.values()
    is_wrong = np.ones(len(column), bool)
    if column.dtype.kind in "biuf":
        is_wrong = ~np.isfinite(column.astype(np.float64)) | (column < 0)
    if is_wrong.any():
        row = int(np.argmax(is_wrong))
        raise ValueError(
            f"{source}: the weight {column[row]} in row {row + 1} of these; expected a number from "
            "0 on"
        )

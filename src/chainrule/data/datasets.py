"""Built-in data sets, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.lookup import find


@dataclass(frozen=True)
class Dataset:
    """Samples with labels.

    x            `(samples, features)` float32, scaled to about 0 .. 1
    y            `(samples,)` int64, labels from 0
    classes      the name of each label
    image_shape  (rows, columns) if the features are the pixels of an image
    """

    name: str
    x: Any
    y: Any
    classes: tuple[str, ...]
    image_shape: tuple[int, int] | None
    source: str


def digits() -> Dataset:
    """1,797 handwritten digits, 8 x 8 pixels of 17 grey levels, from 13 people.

    E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", 1998, test part; shipped
    with scikit-learn.
    """
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    return Dataset(
        "digits",
        (found.data / 16).astype("float32"),
        found.target.astype("int64"),
        tuple(str(digit) for digit in range(10)),
        (8, 8),
        "Optical recognition of handwritten digits, shipped with scikit-learn",
    )


#: Every built-in set, by name.
DATASETS: dict[str, Callable[[], Dataset]] = {"digits": digits}


def dataset(name: str) -> Dataset:
    """The built-in set of this name; ValueError, naming the nearest, if there is none."""
    return find(DATASETS, "data set", name)()

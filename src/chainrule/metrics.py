"""Metrics of predictions, on plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def accuracy(labels: Any, predicted: Any) -> float:
    """The share of samples that are right: labels and predicted labels `(samples,)` (ME-02)."""
    labels, predicted = _pair("accuracy", labels, predicted)
    return float(np.mean(labels == predicted))


def confusion_matrix(labels: Any, predicted: Any, classes: int) -> Any:
    """How many samples of each class (row) were taken for each class (column).

    labels, predicted  whole numbers `(samples,)` below `classes`; returns `(classes, classes)`
    ValueError for any other number.
    """
    labels, predicted = _pair("confusion_matrix", labels, predicted)
    for name, numbers in (("labels", labels), ("predictions", predicted)):
        if numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() >= classes:
            raise ValueError(
                f"confusion_matrix: {name} of {numbers.dtype} from {numbers.min()} to "
                f"{numbers.max()}; expected whole numbers from 0 to {classes - 1}"
            )
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def _pair(name: str, labels: Any, predicted: Any) -> tuple[Any, Any]:
    a, b = np.asarray(labels), np.asarray(predicted)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(
            f"{name}: labels {a.shape} and predictions {b.shape}; expected equal (samples,)"
        )
    return a, b

"""How much each sample counts: weights of samples, weights of classes, and both together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.train.rows import Rows, Source, Stream
from chainrule.types import BATCH, ArrayType


_AT_ONCE = 1 << 20  # labels that are looked at together

#: "balanced": as if each class had equally many samples. Or the weight of each label.
ClassWeight: TypeAlias = str | Mapping[int, float]


@dataclass(frozen=True)
class Weighing:
    """Gives samples their final weights.

    classes  `(classes,)` the weight of each label, or None
    scale    what all weights are multiplied by
    """

    classes: Any
    scale: float

    def __call__(self, rows: Rows) -> Rows:
        """The samples with weights `(samples,)`; a memory-mapped array of labels is read."""
        dtype = rows.types.x.dtype
        if rows.places is not None:
            rows = Rows(rows.x, rows.y, self._of(rows, dtype), rows.types, rows.places)
        else:
            rows = replace(rows, weights=self._of(rows, dtype))
        return replace(rows, types=replace(rows.types, weights=ArrayType((BATCH,), dtype)))

    def _of(self, rows: Rows, dtype: str) -> Any:
        found = np.ones(len(rows.x)) if rows.weights is None else rows.weights.astype(np.float64)
        if self.classes is not None:
            found = found * self.classes[np.asarray(rows.y)]
        return (self.scale * found).astype(dtype)


def weighed(source: Source, class_weight: ClassWeight | None, reduction: str) -> Source:
    """The samples with their final weights; as they are where nothing weighs them.

    Under the reduction "mean" the weights are scaled to a mean of 1 over all samples, so that the
    mean over a batch is an unbiased estimate of the weighted mean over all of them. ValueError for
    classes that cannot be weighed.
    """
    if class_weight is None and source.types.weights is None:
        return source
    classes = None if class_weight is None else _class_weights(source, class_weight)
    scale = 1.0
    if reduction == "mean":
        raw = Weighing(classes, 1.0)
        total = sum(_total(raw(block)) for block in source.blocks())
        if not total > 0:
            raise ValueError("fit: all weights of samples and classes together are 0")
        scale = len(source) / total
    weigh = Weighing(classes, scale)
    if isinstance(source, Rows):
        return weigh(source)
    assert isinstance(source, Stream)
    types = replace(source.types, weights=ArrayType((BATCH,), source.types.x.dtype))
    return replace(source, types=types, weigh=weigh)


def balanced(counts: Any) -> Any:
    """The weight of each class `(classes,)` with which all that have samples weigh the same.

    counts  samples of each class `(classes,)`, whose weights add up to their number
    """
    return np.sum(counts) / (np.count_nonzero(counts) * np.maximum(counts, 1))


def _total(rows: Rows) -> float:
    weights = rows.weights if rows.places is None else rows.weights[rows.places]
    return float(np.sum(weights, dtype=np.float64))


def _class_weights(source: Source, class_weight: ClassWeight) -> Any:
    """The weight of each label `(classes,)`."""
    if source.types.y.dtype != "int64" or source.types.y.ndim != 1:
        raise ValueError(
            f"fit: class_weight with targets {source.types.y}; expected labels, whole numbers "
            "(samples,)"
        )
    counts = np.zeros(0, np.int64)
    for block in source.blocks():
        for labels in block.targets_in_turn(_AT_ONCE):
            if labels.min() < 0:
                raise ValueError(f"fit: y holds the label {labels.min()}; number labels from 0")
            found = np.bincount(labels, minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
    if class_weight == "balanced":
        return balanced(counts)
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"fit: class_weight is {class_weight!r}; expected 'balanced' or the weight of each "
            "label, such as {0: 1.0, 1: 5.0}"
        )
    weights = np.ones(len(counts))
    for label, weight in class_weight.items():
        if label not in range(len(counts)) or not 0 <= weight < np.inf:
            raise ValueError(
                f"fit: class_weight {label!r}: {weight!r}; expected a label from 0 to "
                f"{len(counts) - 1} with a weight from 0 on"
            )
        weights[label] = weight
    return weights

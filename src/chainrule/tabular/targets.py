"""Targets of estimators: labels of classes, or numbers on one scale, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.columns import Labels, Quantity, text_of
from chainrule.data.targets import recognise_target


@dataclass(frozen=True)
class Classes:
    """The classes of a target.

    values  `(classes,)` sorted, as they came
    """

    values: Any

    def labels(self, y: Any) -> Any:
        """int64 `(rows,)`, from 0. ValueError for a class that is not there."""
        y = np.asarray(y)
        places = np.minimum(np.searchsorted(self.values, y), len(self.values) - 1)
        is_wrong = self.values[places] != y
        if np.any(is_wrong):
            raise ValueError(
                f"y holds the class {y[int(np.argmax(is_wrong))]!r}, which was not learnt; there "
                f"are: {', '.join(map(repr, self.values[:6].tolist()))}"
            )
        return places.astype(np.int64)

    def record(self, name: str) -> Labels:
        """As a model file holds them: texts, in this order."""
        are_numbers = self.values.dtype.kind in "iuf"
        texts = [text_of(value) if are_numbers else str(value) for value in self.values.tolist()]
        return Labels(name, tuple(texts), are_numbers)


@dataclass(frozen=True)
class Quantities:
    """Numbers while they are learnt: each output with mean 0 and deviation 1.

    records  one for each output
    """

    records: tuple[Quantity, ...]

    @classmethod
    def fit(cls, y: Any, names: tuple[str, ...], weights: Any, log: bool) -> Quantities:
        """Learnt from y `(rows, outputs)`; log: whether logarithms are learnt.

        ValueError for numbers that are not finite.
        """
        records: list[Quantity] = []
        for column, name in zip(y.T, names, strict=True):
            found = recognise_target(column, name, "regression", log=log, weights=weights)
            assert isinstance(found, Quantity)
            records.append(found)
        return cls(tuple(records))

    def learnt(self, y: Any) -> Any:
        """float32 `(rows, outputs)` of y `(rows, outputs)`."""
        pairs = zip(self.records, y.T, strict=True)
        return np.hstack([record.encode(column) for record, column in pairs])

    @cached_property
    def _line(self) -> tuple[Any, Any] | None:
        """The factors and shifts of all outputs, where none is learnt by its logarithm."""
        if any(record.is_log for record in self.records):
            return None
        records = self.records
        return np.array([[x.scale for x in records]]), np.array([[x.mean for x in records]])

    def decoded(self, outputs: Any) -> Any:
        """Outputs `(rows, outputs)` in the units of y: float64."""
        if self._line is not None:
            factor, shift = self._line
            return outputs * factor + shift
        pairs = zip(self.records, np.moveaxis(outputs, 1, 0), strict=True)
        return np.stack([record.decode(column) for record, column in pairs], axis=1)

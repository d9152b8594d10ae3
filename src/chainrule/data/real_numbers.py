"""Columns of numbers with gaps: robust statistics of them, and how they are encoded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.data.columns import check_texts
from chainrule.data.entries import as_numbers, check_finite
from chainrule.quantiles import quantiles


# float32 rounds a number by 6e-8 of itself; so it loses at most 4e-6 of the spread.
_LARGEST_OFFSET = 64.0

_LARGEST = 3.4e38  # of float32, rounded down

_MOST_SORTED = 100_000  # rows: beyond, quartiles and distinct values are those of so many


@dataclass(frozen=True)
class RobustNumber:
    """A column of numbers: value - origin, with the median where an entry is missing.

    origin   is subtracted in float64, so that float32 keeps the differences of large numbers
    median   of the entries that were there, in the units of the table
    flagged  whether entries were missing; a second column, 0 or 1, then says where
    """

    name: str
    origin: float
    median: float
    flagged: bool = False
    kind: ClassVar[str] = "number"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes."""
        return (self.name, f"{self.name} missing") if self.flagged else (self.name,)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of each of these, the number of codes; 0 for numbers."""
        return (0, 1) if self.flagged else (0,)

    def encode(self, column: Any) -> Any:
        """float32 `(rows, 1)`, or `(rows, 2)` with the flag.

        EntryError for text that writes no number, infinity, and what float32 cannot hold.
        """
        numbers = as_numbers(self.name, column)
        encoded = np.empty((len(numbers), len(self.sizes)), np.float32)
        with np.errstate(over="ignore"):
            encoded[:, 0] = numbers - self.origin if self.origin else numbers
        is_missing = np.isnan(numbers)
        encoded[is_missing, 0] = self.median - self.origin
        if self.flagged:
            encoded[:, 1] = is_missing
        check_finite(self.name, numbers, encoded[:, 0])
        return encoded

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """What `encode` gives for one entry, at once; None for what it looks at more closely."""
        if value is None or (isinstance(value, float) and value != value):
            return (self.median - self.origin, 1.0)[: 1 + self.flagged]
        if isinstance(value, (float, int)) and type(value) is not bool:
            number = value - self.origin
            if -_LARGEST < number < _LARGEST:
                return (number, 0.0) if self.flagged else (number,)
        return None

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what is learnt."""
        check_texts(self.name)
        check_numbers(self.name, self.origin, self.median)
        if not isinstance(self.flagged, bool):
            raise TypeError(f"column {self.name!r:.60}: flagged is {self.flagged!r:.60}")

    def describe(self) -> str:
        """How it is encoded, for people."""
        origin = f", from {self.origin:.6g}" if self.origin else ""
        return f"median {self.median:.4g}{origin}{', flag' if self.flagged else ''}"


def check_numbers(name: str, *numbers: Any) -> None:
    """ValueError for fields that are no finite numbers."""
    if not all(isinstance(x, float) and math.isfinite(x) for x in numbers):
        raise ValueError(f"column {name!r:.60}: no finite numbers: {numbers!r:.80}")


def spaced(column: Any) -> Any:
    """At most 100,000 entries of a column, evenly spaced."""
    return column[:: -(-len(column) // _MOST_SORTED)] if len(column) > _MOST_SORTED else column


def robust_number(
    name: str, numbers: Any, present: Any, ordered: Any, weights: Any = None
) -> RobustNumber:
    """Learnt from numbers `(rows,)`, of which at least one is present.

    present  the entries that are not missing; ordered: `spaced` ones of them, ascending
    weights  of those present, above 0; None for equal ones
    """
    if weights is not None:
        median, low, high = quantiles(present, (0.5, 0.25, 0.75), weights)
    else:
        median, low, high = quantiles(ordered, (0.5, 0.25, 0.75))
        if len(ordered) < len(present):
            median = float(np.median(present))
    spread = (high - low) or float(ordered[-1]) - float(ordered[0])
    is_exact = numbers.dtype.kind == "f" and numbers.dtype.itemsize <= 4
    is_far = abs(median) > _LARGEST_OFFSET * spread and spread > 0
    origin = median if is_far and not is_exact else 0.0
    return RobustNumber(name, origin, median, flagged=len(present) < len(numbers))

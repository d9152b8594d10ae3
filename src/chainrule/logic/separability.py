"""Linear separability, decided exactly: a separating unit, or a certificate that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chainrule.logic.certificate import (
    Certificate,
    adds_up,
    contradiction_text,
    exact_certificate,
    exact_row,
    pair_certificate,
)
from chainrule.logic.margin import largest_margin_unit
from chainrule.logic.units import ThresholdUnit, linear_text
from chainrule.types import shape_text


_MOST_PAIRED = 256  # rows among which a short certificate is looked for


@dataclass(frozen=True, eq=False)
class Separation:
    """Whether one threshold unit separates the rows of two classes.

    is_separable   proven: by exact arithmetic on the unit, or on the certificate
    unit           of all that separate the one with the largest margin, scaled so that its sum is
                   1 or -1 on the rows nearest to its border; None where there is none
    margin         the distance of those rows from the border; 0 where there is no unit
    is_largest     whether there is no larger margin, to one part in a million; only columns of very
                   different sizes prevent that: then the unit separates, but another may do better
    support        the numbers of those rows, from 0
    certificate    where there is no unit
    x, y           the rows `(n, d)`, and whether each is to be 1 `(n,)`
    """

    is_separable: bool
    unit: ThresholdUnit | None
    margin: float
    is_largest: bool
    support: tuple[int, ...]
    certificate: Certificate | None
    x: np.ndarray
    y: np.ndarray

    def explain(self, names: Sequence[str] | None = None, rows: Sequence[str] | None = None) -> str:
        """The reason in words, a few lines.

        names  of the inputs, by default x1, x2, ...
        rows   names of the rows, by default their numbers from 1
        ValueError for another number of names.
        """
        names = names or [f"x{number}" for number in range(1, self.x.shape[1] + 1)]
        rows = rows or [str(number) for number in range(1, len(self.x) + 1)]
        if (len(names), len(rows)) != (self.x.shape[1], len(self.x)):
            raise ValueError(
                f"explain: {len(names)} names of inputs and {len(rows)} of rows; expected "
                f"{self.x.shape[1]} and {len(self.x)}"
            )
        if self.certificate is None:
            return self._unit_text(names, rows)
        return contradiction_text(self.certificate, self.x, self.y, names, rows)

    def _unit_text(self, names: Sequence[str], rows: Sequence[str]) -> str:
        assert self.unit is not None
        lines = [f"linearly separable: 1 where {self.unit.inequality(names)}"]
        if self.unit.fan_in == 2 and self.unit.weight[1]:
            slope, intercept = self.unit.line()
            side = "above" if self.unit.weight[1] > 0 else "below"
            right = linear_text([slope, intercept], [names[0], ""])
            lines.append(f"{side} the line {names[1]} = {right}")
        nearest = ", ".join(rows[row] for row in self.support)
        which = "the largest there is" if self.is_largest else "maybe not the largest"
        lines.append(f"margin {self.margin:.6g}, {which}; nearest rows: {nearest}")
        return "\n".join(lines)


def separate(x: Any, y: Any) -> Separation:
    """Whether `w·x + b` can be positive exactly on the rows of one class, and how or why not.

    x  `(n, d)` finite numbers
    y  `(n,)` labels of two kinds; the unit is 1 on the larger
    The numbers are taken as the exact rationals that they are in float64. ValueError for other
    shapes, NaN, or labels of one kind or more than two; ArithmeticError where the classes are so
    close together that no unit in float64 keeps them apart.
    """
    x, y = _checked(x, y)
    certificate = exact_certificate(x, y, _meeting_rows(x, y))
    found = None if certificate else _separating_unit(x, y)
    if certificate is None and found is None:
        # Rounding hides the answer: all rows are asked, however long that takes.
        certificate = exact_certificate(x, y, np.arange(len(x)))
    if certificate is not None:
        short = pair_certificate(x, y) if len(x) <= _MOST_PAIRED else None
        return Separation(False, None, 0.0, False, (), short or certificate, x, y)
    if found is None:
        raise ArithmeticError(
            "separate: the classes are separable, but lie so close together that rounding breaks "
            "every unit found; shift or scale the columns of x"
        )
    unit, is_largest = found
    sums = np.abs(unit.weighted_sum(x))
    support = tuple(map(int, np.flatnonzero(sums <= sums.min() * (1 + 1e-7))))
    margin = float(sums.min() / np.linalg.norm(unit.weight))
    return Separation(True, unit, margin, is_largest, support, None, x, y)


def is_certificate(certificate: Certificate, x: Any, y: Any) -> bool:
    """Whether a certificate holds for rows `(n, d)` and labels `(n,)`, in exact arithmetic.

    ValueError as for `separate`.
    """
    return adds_up(certificate, *_checked(x, y))


def _checked(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, np.float64), np.asarray(y)
    if x.ndim != 2 or y.shape != x.shape[:1] or x.shape[1] == 0:
        raise ValueError(
            f"separate: x {shape_text(x.shape)} and y {shape_text(y.shape)}; expected [n,d] and [n]"
        )
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(
            f"separate: x[{row},{column}] is {x[row, column]}, expected finite numbers"
        )
    labels = set(y.tolist())
    if len(labels) != 2 or any(label != label for label in labels):
        shown = ", ".join(map(str, sorted(labels, key=str)[:4])) or "none"
        raise ValueError(f"separate: the labels are {shown}; expected two kinds, such as 0 and 1")
    return x, y == max(labels)


def _separates(unit: ThresholdUnit, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a unit is right on all rows, in exact arithmetic and in that of float64."""
    if not np.array_equal(unit(x) == 1, y):
        return False
    weight = [*map(Fraction, unit.weight.tolist()), Fraction(float(unit.bias))]
    for row, wanted in zip(x, y, strict=True):
        total = sum(w * v for w, v in zip(weight, exact_row(row), strict=True))
        if (total > 0) != wanted:
            return False
    return True


def _separating_unit(x: np.ndarray, y: np.ndarray) -> tuple[ThresholdUnit, bool] | None:
    """A unit that is right on all rows, and whether its margin is surely the largest.

    The margin is at most half the distance of the hulls, which is that of a row where the sum is 1.
    """
    ones = np.ones(x.shape[1])
    for scale in (ones, _spread(x)):
        scaled = largest_margin_unit(x / scale, y)
        if scaled is None:
            continue
        unit = ThresholdUnit(scaled.weight / scale, scaled.bias)
        if _separates(unit, x, y):
            nearest = np.abs(unit.weighted_sum(x)).min()
            return unit, scale is ones and bool(nearest >= 1 - 1e-6)
    return None


def _spread(x: np.ndarray) -> np.ndarray:
    """From the smallest to the largest number of each column; 1 where they are equal."""
    spread = np.ptp(x, axis=0)
    return np.where(spread == 0, 1.0, spread)


# ---- no: the hulls of the two classes meet -------------------------------------------------------


def _meeting_rows(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows whose hulls meet, as a linear program finds them up to rounding; else none.

    Two finite sets are separable if and only if their convex hulls are disjoint. At a vertex of
    the shares that make one point of both hulls at most d + 2 are positive.
    """
    from scipy.optimize import linprog

    scaled = (x - x.mean(axis=0)) / _spread(x)
    differences = (np.where(y, 1.0, -1.0)[:, None] * scaled).T
    found = linprog(
        np.zeros(len(x)),
        A_eq=np.concatenate([differences, [y, ~y]]),
        b_eq=np.append(np.zeros(x.shape[1]), [1.0, 1.0]),
        method="highs-ds",
    )
    return np.flatnonzero(found.x > 0) if found.status == 0 else np.array([], int)

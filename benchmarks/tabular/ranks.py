"""Methods compared over data sets: mean ranks, normalised scores, Friedman's test and Nemenyi's.

After J. Demšar, "Statistical comparisons of classifiers over multiple data sets", 2006.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


Result = dict[str, Any]
#: Scores of which more is better.
RISING = frozenset({"accuracy", "auc", "r2"})
#: What methods are compared by, for each task.
MEASURES: dict[str, dict[str, str]] = {
    "errors": {"classification": "accuracy", "regression": "rmse"},
    "probabilities": {"classification": "log_loss", "regression": "rmse"},
}


@dataclass(frozen=True)
class Comparison:
    """What methods reach on data sets.

    losses  float64 `(sets, methods)`, less is better; infinite where a method failed
    """

    sets: tuple[str, ...]
    methods: tuple[str, ...]
    losses: Any

    @property
    def mean_ranks(self) -> Any:
        """Of each method, 1 being the best: float64 `(methods,)`."""
        return ranks(self.losses).mean(axis=0)

    @property
    def mean_normalised(self) -> Any:
        """Of each method, 1 being the best: float64 `(methods,)`."""
        return normalised(self.losses).mean(axis=0)


def compared(
    rows: Sequence[Result], methods: Sequence[str], measure: Mapping[str, str]
) -> Comparison:
    """The methods on every set that all of them have a result of, means over their common folds
    and seeds.

    A method that failed on one of them failed on the set.
    """
    sets = tuple(dict.fromkeys(row["set"] for row in rows))
    losses = {name: _losses([row for row in rows if row["set"] == name], methods, measure)
              for name in sets}  # fmt: skip
    there = tuple(name for name in sets if losses[name] is not None)
    matrix = np.array([losses[name] for name in there]).reshape(len(there), len(methods))
    return Comparison(there, tuple(methods), matrix)


def _losses(
    rows: Sequence[Result], methods: Sequence[str], measure: Mapping[str, str]
) -> list[float] | None:
    """Of each method on one set; None where there is no fold and seed of all."""
    found = {(row["method"], row["fold"], row["seed"]): row for row in rows}
    draws = sorted({(row["fold"], row["seed"]) for row in rows})
    common = [draw for draw in draws if all((name, *draw) in found for name in methods)]
    if not common:
        return None
    return [
        float(np.mean([_loss(found[name, *draw], measure) for draw in common])) for name in methods
    ]


def _loss(row: Result, measure: Mapping[str, str]) -> float:
    if "error" in row:
        return math.inf
    score = measure[row["task"]]
    return -row["scores"][score] if score in RISING else row["scores"][score]


def ranks(losses: Any) -> Any:
    """The rank of each method on each set, 1 for the least loss; equal ones share their ranks.

    Float64 `(sets, methods)`, as the losses.
    """
    from scipy.stats import rankdata

    return rankdata(losses, axis=1)


def normalised(losses: Any) -> Any:
    """The place between the worst method of each set, 0, and the best, 1; `(sets, methods)`.

    0 where a method failed; 1 for all where all are equal.
    """
    is_there = np.isfinite(losses)
    best = np.min(losses, axis=1, keepdims=True)
    worst = np.max(losses, axis=1, keepdims=True, where=is_there, initial=-np.inf)
    span = np.where(worst > best, worst - best, 1.0)
    with np.errstate(invalid="ignore"):
        shares = 1 - (losses - best) / span
    return np.where(is_there, shares, 0.0)


def friedman(mean_ranks: Any, sets: int) -> tuple[float, float, float]:
    """Friedman's χ², Iman and Davenport's F made of it, and the probability of so large an F
    where all methods are alike.

    mean_ranks  `(methods,)`, at least two, over so many sets, at least two
    """
    from scipy.stats import f

    k = len(mean_ranks)
    squares = float(np.sum(np.square(mean_ranks)))
    chi_square = 12 * sets / (k * (k + 1)) * (squares - k * (k + 1) ** 2 / 4)
    rest = sets * (k - 1) - chi_square
    ratio = (sets - 1) * chi_square / rest if rest > 1e-9 else math.inf
    return chi_square, ratio, float(f.sf(ratio, k - 1, (k - 1) * (sets - 1)))


def critical_difference(methods: int, sets: int, alpha: float = 0.05) -> float:
    """How far apart two mean ranks must be to differ, by the test of P. Nemenyi, 1963."""
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - alpha, methods, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(methods * (methods + 1) / (6 * sets)))


def alike(mean_ranks: Any, difference: float) -> list[tuple[int, int]]:
    """The longest groups, of two or more, whose mean ranks do not differ.

    As first and last place in ascending order of the mean ranks.
    """
    ordered = np.sort(mean_ranks)
    ends = [int(np.searchsorted(ordered, rank + difference, "right")) - 1 for rank in ordered]
    return [
        (first, last)
        for first, last in enumerate(ends)
        if last > first and (first == 0 or ends[first - 1] < last)
    ]

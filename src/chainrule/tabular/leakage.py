"""How well one column alone tells the target, and columns that tell it too well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.tabular.examined import Examined
from chainrule.tabular.findings import Finding


_MOST_ROWS = 10_000  # that are looked at
_FEWEST_ROWS = 40  # of which a share means something
_FOLDS = 3

#: From which share on a column is suspicious, and from which on it is the target itself.
_OF_CLASSES = (0.95, 0.99)
_OF_NUMBERS = (0.99, 0.999)


def leakage(subject: Examined) -> Iterator[Finding]:
    """Columns that are the target in other words, or tell it almost perfectly."""
    if subject.is_classes:
        renamed = [name for name in subject.features if _is_renamed_target(subject, name)]
    else:
        renamed = []
    for name in renamed:
        yield Finding(
            "error",
            "leakage",
            name,
            f"each of its values goes with one value of {subject.target!r}: it is the target under "
            "another name",
            subject.drop(name),
        )
    suspicious, certain = _OF_CLASSES if subject.is_classes else _OF_NUMBERS
    for name, share in told_by_each(subject).items():
        if name in renamed or share < suspicious:
            continue
        what = "of the mistakes of the simplest guess" if subject.is_classes else "of the variance"
        yield Finding(
            "error" if share >= certain else "warning",
            "leakage",
            name,
            f"alone it removes {share:.1%} {what}; is it known before {subject.target!r} is?",
            subject.drop(name),
        )


def told_by_each(subject: Examined) -> dict[str, float]:
    """How much each column alone tells of the target, from 0 to 1; {} for too few rows of
    a class.

    Of classes the share of the mistakes of the commonest class that a decision tree on this column
    avoids; of numbers the share of the variance that such a tree, a line or an order explains. Of
    rows that the tree has not seen, 10,000 at most.
    """
    places = np.flatnonzero(subject.known)
    if len(places) > _MOST_ROWS:
        places = np.random.default_rng(0).choice(places, _MOST_ROWS, replace=False)
    are_names = subject.is_classes and subject.distinct(subject.target) > len(places) / 2
    if len(places) < _FEWEST_ROWS or are_names:
        return {}
    y = subject.codes(subject.target)[places]
    if not subject.is_classes:
        y = subject.table.column(subject.target)[places].astype(np.float64)
    told = _classes_told if subject.is_classes else _variance_told
    found: dict[str, float] = {}
    for name in subject.features:
        x = subject.numbers(name)
        if x is None:
            codes = subject.codes(name)
            x = np.where(codes < 0, np.nan, codes)
        x = np.where(np.isinf(x), np.nan, x)[places]
        found[name] = told(x, y) if subject.distinct(name) > 1 else 0.0
    return found


def _is_renamed_target(subject: Examined, name: str) -> bool:
    """Whether values of a column and classes go with each other one to one."""
    known = subject.known
    column, y = subject.codes(name)[known], subject.codes(subject.target)[known]
    classes = len(np.unique(y))
    if len(np.unique(column)) != classes or not 2 <= classes <= len(y) // 2:
        return False
    return len(np.unique(np.stack([column, y], axis=1), axis=0)) == classes


def _classes_told(x: Any, y: Any) -> float:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    wrong = int(np.sum(_out_of_fold(tree, x, y) != y))
    guessed = len(y) - int(np.bincount(y).max())
    return 1 - wrong / guessed if guessed >= _FOLDS and wrong < guessed else 0.0


def _variance_told(x: Any, y: Any) -> float:
    from scipy.stats import rankdata
    from sklearn.tree import DecisionTreeRegressor

    spread = float(np.sum(np.square(y - y.mean())))
    if not np.isfinite(spread) or spread == 0:
        return 0.0
    tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=0)
    by_tree = 1 - float(np.sum(np.square(_out_of_fold(tree, x, y) - y))) / spread
    there = ~np.isnan(x)
    if there.sum() < len(x) or np.ptp(x[there]) == 0:
        return max(by_tree, 0.0)
    line = np.corrcoef(x, y)[0, 1] ** 2
    order = np.corrcoef(rankdata(x), rankdata(y))[0, 1] ** 2
    return float(max(by_tree, line, order))


def _out_of_fold(tree: Any, x: Any, y: Any) -> Any:
    """What a tree says of each row that it learnt from the other folds."""
    fold = np.random.default_rng(0).permutation(len(y)) % _FOLDS
    told = np.empty_like(y)
    for number in range(_FOLDS):
        out = fold == number
        told[out] = tree.fit(x[~out, None], y[~out]).predict(x[out, None])
    return told

"""What predictions are worth, in more than a number: calibration, mistakes, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import metrics
from chainrule.cli.terminal import say, table


_MOST = 20  # classes whose confusion matrix fits a terminal
_SURE = 0.02  # how far confidence and accuracy may be apart without a word

#: Shares of the residuals that lie below what is shown.
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def say_quality(truth: Any, told: Any, classes: Sequence[str]) -> None:
    """Print what there is to know beside the metrics.

    truth  labels `(rows,)`, or numbers `(rows, 1)`; told  probabilities `(rows, classes)`, or
           numbers `(rows, 1)`
    """
    say()
    if not classes:
        say(residuals(truth, told))
        return
    say(calibration(truth, told))
    say()
    _say_mistakes(truth, told.argmax(axis=1), classes)


def calibration(labels: Any, told: Any) -> str:
    """Whether probabilities are what they say, in a sentence."""
    confidence = float(np.mean(told.max(axis=1)))
    right = metrics.accuracy(labels, told.argmax(axis=1))
    gap = confidence - right
    judged = "as sure as it is right" if abs(gap) <= _SURE else "too sure"
    judged = "not sure enough" if gap < -_SURE else judged
    return (
        f"calibration: error {metrics.calibration_error(labels, told):.1%}, Brier score "
        f"{metrics.brier_score(labels, told):.4g}; {confidence:.1%} sure on average and "
        f"{right:.1%} right: {judged}"
    )


def reliability(labels: Any, told: Any, bins: int = 10) -> list[tuple[float, float, int]]:
    """(how sure, how often right, of how many rows), for each tenth of how sure; none for none."""
    confidence = told.max(axis=1)
    is_right = told.argmax(axis=1) == labels
    place = metrics.bin_of_confidence(confidence, bins)
    return [
        (float(confidence[place == k].mean()), float(is_right[place == k].mean()), int(count))
        for k, count in enumerate(np.bincount(place, minlength=bins))
        if count
    ]


def residuals(truth: Any, told: Any) -> str:
    """How far predictions lie from what was true, in a sentence."""
    found = np.quantile(truth - told, _QUANTILES)
    parts = [f"{value:.4g} ({share:.0%})" for share, value in zip(_QUANTILES, found, strict=True)]
    return f"residuals, true - predicted, and the share below: {', '.join(parts)}"


def _say_mistakes(truth: Any, labels: Any, classes: Sequence[str]) -> None:
    """The confusion matrix; of many classes the commonest mistakes."""
    counts = metrics.confusion_matrix(truth, labels, len(classes))
    if len(classes) <= _MOST:
        rows = [(name, *line) for name, line in zip(classes, counts.tolist(), strict=True)]
        table(("true \\ predicted", *classes), rows, numbers=classes)
        return
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST]
    places = [np.unravel_index(place, wrong.shape) for place in order]
    rows = [(classes[i], classes[j], wrong[i, j]) for i, j in places if wrong[i, j]]
    table(("true", "predicted", "times"), rows, numbers=("times",))

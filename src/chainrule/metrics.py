"""Metrics of predictions, on plain arrays."""

from __future__ import annotations

import math
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


def error_rate(labels: Any, predicted: Any) -> float:
    """The share of samples that are wrong (ME-01)."""
    return 1 - accuracy(labels, predicted)


def likelihood(labels: Any, probabilities: Any) -> float:
    """The product over the samples of the probability of what came (LK-02); it may underflow.

    labels, probabilities  as of `log_likelihood`
    """
    return float(np.prod(_of_what_came("likelihood", labels, probabilities)))


def log_likelihood(labels: Any, probabilities: Any) -> float:
    """The sum over the samples of the logarithm of the probability of what came (LK-04, ME-05).

    labels         whole numbers `(samples,)`
    probabilities  of every class `(samples, classes)`; or `(samples,)` of label 1 against 0
    -∞ where what came had probability 0. ValueError for anything else than labels with their
    probabilities.
    """
    with np.errstate(divide="ignore"):
        return float(np.sum(np.log(_of_what_came("log_likelihood", labels, probabilities))))


def log_loss(labels: Any, probabilities: Any) -> float:
    """The mean cross-entropy (ME-03): minus the log-likelihood, divided by the samples."""
    return -log_likelihood(labels, probabilities) / len(labels)


def mean_squared_error(targets: Any, predicted: Any) -> float:
    """The mean over samples and outputs of (predicted - target)² (ME-04).

    targets, predicted  `(samples,)` or `(samples, outputs)`. The literature also sums over the
    outputs (LO-06), which is this times their number.
    """
    targets, predicted = _alike("mean_squared_error", targets, predicted)
    return float(np.mean(np.square(predicted - targets)))


def root_mean_squared_error(targets: Any, predicted: Any) -> float:
    """The root of `mean_squared_error`, in the units of the targets."""
    return math.sqrt(mean_squared_error(targets, predicted))


def mean_absolute_error(targets: Any, predicted: Any) -> float:
    """The mean over samples and outputs of |predicted - target|."""
    targets, predicted = _alike("mean_absolute_error", targets, predicted)
    return float(np.mean(np.abs(predicted - targets)))


def r2(targets: Any, predicted: Any) -> float:
    """1 - Σ (predicted - target)² / Σ (target - mean)²: 1 is right, 0 as good as the mean.

    Of several outputs the mean. An output whose targets are all equal has 1 where it is right, else
    0.
    """
    targets, predicted = _alike("r2", targets, predicted)
    shape = (len(targets), -1)
    targets, predicted = targets.reshape(shape), predicted.reshape(shape)
    errors = np.sum(np.square(predicted - targets), axis=0)
    spread = np.sum(np.square(targets - targets.mean(axis=0)), axis=0)
    found = 1 - errors / np.where(spread > 0, spread, 1)
    return float(np.mean(np.where(spread > 0, found, errors == 0)))


def _of_what_came(name: str, labels: Any, probabilities: Any) -> Any:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if probabilities.ndim == 1:
        probabilities = np.stack([1 - probabilities, probabilities], axis=1)
    if labels.ndim != 1 or probabilities.shape[:1] != labels.shape or not len(labels):
        raise ValueError(
            f"{name}: labels {labels.shape} and probabilities {probabilities.shape}; expected "
            "(samples,) and (samples, classes)"
        )
    numbers = labels.astype(np.int64)
    if np.any((numbers != labels) | (numbers < 0) | (numbers >= probabilities.shape[1])):
        raise ValueError(
            f"{name}: labels from {labels.min()} to {labels.max()}; expected whole numbers from 0 "
            f"to {probabilities.shape[1] - 1}"
        )
    return probabilities[np.arange(len(labels)), numbers]


def _alike(name: str, targets: Any, predicted: Any) -> tuple[Any, Any]:
    a, b = np.asarray(targets, np.float64), np.asarray(predicted, np.float64)
    if a.shape != b.shape or a.ndim not in (1, 2) or not len(a):
        raise ValueError(
            f"{name}: targets {a.shape} and predictions {b.shape}; expected equal (samples,) or "
            "(samples, outputs)"
        )
    return a, b


def _pair(name: str, labels: Any, predicted: Any) -> tuple[Any, Any]:
    a, b = np.asarray(labels), np.asarray(predicted)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(
            f"{name}: labels {a.shape} and predictions {b.shape}; expected equal (samples,)"
        )
    return a, b

"""Metrics of predictions, on plain arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


_ROUNDING = 1e-6  # how far float32 may take a probability out of 0 .. 1


def accuracy(labels: Any, predicted: Any) -> float:
    """The share of samples that are right: labels and predicted labels `(samples,)` (ME-02)."""
    labels, predicted = _pair("accuracy", labels, predicted)
    return float(np.mean(labels == predicted))


def balanced_accuracy(labels: Any, predicted: Any) -> float:
    """The mean over the classes that occur of the share of theirs that is right.

    labels, predicted  `(samples,)`
    """
    labels, predicted = _pair("balanced_accuracy", labels, predicted)
    is_right = labels == predicted
    return float(np.mean([np.mean(is_right[labels == label]) for label in np.unique(labels)]))


def brier_score(labels: Any, probabilities: Any) -> float:
    """The mean over the samples of Σ (probability - 1 of what came, 0 of the others)².

    labels, probabilities  as of `log_likelihood`; 0 is right, 2 is sure of what did not come.
    G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    _of_what_came("brier_score", labels, probabilities)  # refuses what does not belong together
    told = _of_every_class(_probabilities("brier_score", probabilities))
    came = np.eye(told.shape[1])[np.asarray(labels).astype(np.int64)]
    return float(np.mean(np.sum(np.square(told - came), axis=1)))


def calibration_error(labels: Any, probabilities: Any, bins: int = 15) -> float:
    """The expected calibration error: how far confidence and accuracy are apart on average.

    labels, probabilities  as of `log_likelihood`. The samples are divided by the probability of
    their most probable class into `bins` of equal width; each bin counts by its samples.
    C. Guo et al., "On calibration of modern neural networks", 2017.
    """
    _of_what_came("calibration_error", labels, probabilities)
    told = _of_every_class(_probabilities("calibration_error", probabilities))
    confidence = told.max(axis=1)
    gap = (told.argmax(axis=1) == np.asarray(labels)) - confidence
    places = bin_of_confidence(confidence, bins)
    return float(np.sum(np.abs(np.bincount(places, gap, bins))) / len(gap))


def bin_of_confidence(confidence: Any, bins: int) -> Any:
    """Which of `bins` intervals of one width, closed above, holds each probability `(samples,)`."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


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
    labels, predicted = _pair("error_rate", labels, predicted)
    return float(np.mean(labels != predicted))


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
    return float(np.sum(_logarithms("log_likelihood", labels, probabilities)))


def log_loss(labels: Any, probabilities: Any) -> float:
    """The mean cross-entropy (ME-03): minus the log-likelihood, divided by the samples.

    labels, probabilities  as of `log_likelihood`; ∞ where what came had probability 0
    """
    # abs, as no logarithm of a probability is above 0: of a certain one, minus would give -0.0.
    return float(abs(np.mean(_logarithms("log_loss", labels, probabilities))))


def mean_squared_error(targets: Any, predicted: Any) -> float:
    """The mean over samples and outputs of (predicted - target)² (ME-04).

    targets, predicted  `(samples,)` or `(samples, outputs)`. The literature also sums over the
    outputs (LO-06), which is this times their number.
    """
    return float(np.mean(np.square(_errors("mean_squared_error", targets, predicted))))


def root_mean_squared_error(targets: Any, predicted: Any) -> float:
    """The root of `mean_squared_error`, in the units of the targets."""
    errors = _errors("root_mean_squared_error", targets, predicted)
    return math.sqrt(np.mean(np.square(errors)))


def mean_absolute_error(targets: Any, predicted: Any) -> float:
    """The mean over samples and outputs of |predicted - target|."""
    return float(np.mean(np.abs(_errors("mean_absolute_error", targets, predicted))))


def roc_auc(labels: Any, probabilities: Any) -> float:
    """How likely a sample of a class has a higher probability of it than a sample of another.

    labels, probabilities  as of `log_likelihood`. Ties count half. Of several classes the mean over
    those that occur, each against the others; NaN where there is one class only.
    """
    _of_what_came("roc_auc", labels, probabilities)
    labels = np.asarray(labels)
    told = _of_every_class(_probabilities("roc_auc", probabilities))
    there_are = np.unique(labels).astype(np.int64)
    if len(there_are) < 2:
        return math.nan
    which = [1] if told.shape[1] == 2 else there_are
    return float(np.mean([_share_in_order(told[:, k], labels == k) for k in which]))


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
    """The probability of each sample's label, `(samples,)`."""
    labels = np.asarray(labels)
    probabilities = _of_every_class(_probabilities(name, probabilities))
    shape = probabilities.shape
    if labels.ndim != 1 or len(shape) != 2 or shape[0] != len(labels) or not len(labels):
        raise ValueError(
            f"{name}: labels {labels.shape} and probabilities {probabilities.shape}; expected "
            "(samples,) and (samples, classes)"
        )
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"{name}: labels are {labels.dtype}; number the classes from 0")
    is_label = np.isin(labels, np.arange(shape[1]))
    if not is_label.all():
        raise ValueError(
            f"{name}: labels hold {labels[~is_label][0]}; expected whole numbers from 0 to "
            f"{shape[1] - 1}"
        )
    return probabilities[np.arange(len(labels)), labels.astype(np.int64)]


def _of_every_class(probabilities: Any) -> Any:
    """`(samples, classes)`; `(samples,)` are those of label 1."""
    if probabilities.ndim == 2:
        return probabilities
    return np.stack([1 - probabilities, probabilities], axis=1)


def _share_in_order(scores: Any, is_positive: Any) -> float:
    """The share of pairs of a positive and a negative sample whose scores are in this order."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives = int(np.sum(is_positive))
    below = np.sum(rank[is_positive]) - positives * (positives + 1) / 2
    return float(below / (positives * (len(scores) - positives)))


def _probabilities(name: str, numbers: Any) -> Any:
    found = np.asarray(numbers, np.float64)
    is_right = (found >= -_ROUNDING) & (found <= 1 + _ROUNDING)
    if not is_right.all():
        raise ValueError(
            f"{name}: probabilities hold {found[~is_right][0]}; expected numbers from 0 to 1, as "
            "softmax or sigmoid makes of logits"
        )
    return np.clip(found, 0, 1)


def _logarithms(name: str, labels: Any, probabilities: Any) -> Any:
    """Those of `_of_what_came`; -∞ of 0."""
    with np.errstate(divide="ignore"):
        return np.log(_of_what_came(name, labels, probabilities))


def _errors(name: str, targets: Any, predicted: Any) -> Any:
    targets, predicted = _alike(name, targets, predicted)
    return predicted - targets


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

"""Losses of classes: each takes `(scores, target)` and gives one number a sample, `(batch,)`.

Scores are what a network without an output activation gives: logits. With one output there are two
classes, of which the score's sign tells; else a class has an output.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn.regression import aligned, over_outputs
from chainrule.types import shape_text


def cross_entropy(logits: Any, target: Any, label_smoothing: float = 0.0) -> Any:
    """-log of the probability that softmax(logits) gives the target (LO-08), from the logits.

    logits  `(batch, classes)`
    target  labels `(batch,)`, whole numbers from 0; or probabilities `(batch, classes)`
    label_smoothing  the share of each target that is spread evenly over the classes: C. Szegedy et
            al., "Rethinking the Inception architecture for computer vision", 2016
    return  `(batch,)`
    Kept whole because softmax followed by a logarithm loses all digits where a class is certain.
    """
    _check_smoothing("cross_entropy", label_smoothing)
    if target.dtype.kind in "iu" and target.shape != logits.shape:
        hits = ops.one_hot(_labels("cross_entropy", target, logits), logits.shape[-1], logits.dtype)
        expected = ops.sum(hits * logits, axis=-1)
        if label_smoothing:
            even = ops.mean(logits, axis=-1)
            expected = (1 - label_smoothing) * expected + label_smoothing * even
        return ops.logsumexp(logits, axis=-1) - expected
    if len(target.shape) < len(logits.shape):
        raise ValueError(
            f"cross_entropy: the labels are {target.dtype}; convert them to whole numbers "
            "with .astype(int)"
        )
    target = aligned("cross_entropy", logits, target)
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / logits.shape[-1]
    return -ops.sum(target * ops.log_softmax(logits), axis=-1)


def binary_cross_entropy(
    logits: Any, target: Any, label_smoothing: float = 0.0, outputs: str = "sum"
) -> Any:
    """-y log σ(z) - (1 - y) log(1 - σ(z)) over the outputs (LO-07), from the logits z (LO-11).

    logits  `(batch, outputs)`, each output a yes or no of its own
    target  `(batch, outputs)` of 0, 1 or probabilities; `(batch,)` fits one output
    label_smoothing  the share of each target that is split between 0 and 1
    return  `(batch,)`, by the sum over the outputs or, with outputs="mean", the mean (LO-10)
    """
    _check_smoothing("binary_cross_entropy", label_smoothing)
    target = aligned("binary_cross_entropy", logits, target)
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing / 2
    # log(1 + exp z) - y z: its derivative is σ(z) - y, at z = 0 too.
    losses = ops.softplus(logits) - target * logits
    return over_outputs("binary_cross_entropy", losses, outputs)


def perceptron(scores: Any, target: Any) -> Any:
    """How wrong the class with the largest score is. Its gradient is Rosenblatt's rule (PC-04).

    One output, or a yes or no for each: Σ (step(z) - y) z, with y 0 or 1. Labels `(batch,)`: the
    largest score minus that of the label. F. Rosenblatt, "The perceptron", 1958.
    """
    if not _is_multiclass(scores, target):
        target = aligned("perceptron", scores, target)
        return ops.sum((ops.step(scores) - target) * scores, axis=-1)
    labels = _labels("perceptron", target, scores)
    chosen = ops.one_hot(ops.argmax(scores, axis=-1), scores.shape[-1], scores.dtype)
    hits = ops.one_hot(labels, scores.shape[-1], scores.dtype)
    return ops.sum((chosen - hits) * scores, axis=-1)


def hinge(scores: Any, target: Any, margin: float = 1.0) -> Any:
    """How far the right class is from leading by `margin`.

    One output, or a yes or no for each: Σ max(0, margin - t z), where t is 1 for y = 1 and -1 for
    y = 0. Labels `(batch,)`: max(0, margin + the largest other score - that of the label), of
    K. Crammer, Y. Singer, 2001. ValueError for a margin not above 0.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"hinge: margin {margin!r}; expected a number above 0")
    if not _is_multiclass(scores, target):
        sign = 2 * aligned("hinge", scores, target) - 1
        return ops.sum(ops.relu(margin - sign * scores), axis=-1)
    labels = _labels("hinge", target, scores)
    hits = ops.one_hot(labels, scores.shape[-1], scores.dtype)
    others = ops.max(ops.where(hits > 0, -np.inf, scores), axis=-1)
    return ops.relu(margin + others - ops.sum(hits * scores, axis=-1))


def zero_one(scores: Any, target: Any) -> Any:
    """1 where the class is wrong, else 0 (LO-12). Its gradient is 0: it cannot be learnt.

    Scores and target as for `is_correct`.
    """
    return 1 - is_correct(scores, target)


def is_correct(scores: Any, target: Any) -> Any:
    """1 where the class is right, else 0: its mean is the accuracy (ME-02).

    scores `(batch, classes)`: the largest score is at the label, the first if there are several
    (A12). One output: it is above 0 just where the target is 1. Target labels `(batch,)` or
    probabilities `(batch, outputs)`; returns `(batch,)`.
    """
    if scores.shape[-1] == 1:
        return share_correct(scores, target)
    labels = target
    if target.dtype.kind not in "iu" or target.shape == scores.shape:
        labels = ops.argmax(ops.cast(target, scores.dtype), axis=-1)
    return ops.cast(ops.equal(ops.argmax(scores, axis=-1), labels), scores.dtype)


def share_correct(scores: Any, target: Any) -> Any:
    """The share of the outputs, each a yes or no, that are right: above 0 where the target is 1.

    scores `(batch, outputs)`, target likewise or, for one output, `(batch,)`; returns `(batch,)`.
    """
    is_yes = aligned("accuracy", scores, target) > 0.5
    return ops.mean(ops.cast(ops.equal(scores > 0, is_yes), scores.dtype), axis=-1)


def is_correct_or_share(scores: Any, target: Any) -> Any:
    """`is_correct` for labels of several outputs, else `share_correct`: `(batch,)`.

    The accuracy beside `perceptron` and `hinge`, which read their targets in this way.
    """
    judge = is_correct if _is_multiclass(scores, target) else share_correct
    return judge(scores, target)


def check_labels(target: Any, outputs: int) -> None:
    """ValueError for a label that has no output, or rows that are no probabilities."""
    if target.ndim == 1 and target.dtype.kind in "iu":
        label = target.min() if target.min() < 0 else target.max()
        if not 0 <= label < outputs:
            raise ValueError(
                f"holds the label {label}, but the network has {outputs} outputs, for labels 0 to "
                f"{outputs - 1}; number the labels from 0, or add outputs"
            )
    if target.ndim == 2 and target.shape[1] == outputs:
        sums, least = target.sum(axis=1), target.min(axis=1)
        wrong = np.flatnonzero(~((np.abs(sums - 1) <= 1e-3) & (least >= 0)))
        if len(wrong):
            row = wrong[0]
            what = f"holds {least[row]}" if least[row] < 0 else f"sums to {sums[row]:g}"
            raise ValueError(
                f"{what} in row {row}; expected the probabilities of the classes, from 0 on and "
                "with the sum 1"
            )


def check_yes_or_no(target: Any, outputs: int) -> None:
    """ValueError for a target that lies outside 0 .. 1."""
    least, largest = target.min(), target.max()
    if not (least >= 0 and largest <= 1):  # NaN is neither
        wrong = largest if least >= 0 else least
        raise ValueError(f"holds {wrong}; expected 0, 1 or a probability between them")


def check_either(target: Any, outputs: int) -> None:
    """As `check_labels` for labels of several outputs, else as `check_yes_or_no`."""
    check = check_labels if target.ndim == 1 and outputs > 1 else check_yes_or_no
    check(target, outputs)


def check_class(target: Any, outputs: int) -> None:
    """As `check_labels` for several outputs, else as `check_yes_or_no`."""
    check = check_labels if outputs > 1 else check_yes_or_no
    check(target, outputs)


def _is_multiclass(scores: Any, target: Any) -> bool:
    return len(target.shape) < len(scores.shape) and scores.shape[-1] != 1


def _labels(name: str, target: Any, scores: Any) -> Any:
    if target.dtype.kind not in "iu" or target.shape != scores.shape[:-1]:
        raise ValueError(
            f"{name}: {target.dtype} labels of shape {shape_text(target.shape)} for logits of "
            f"shape {shape_text(scores.shape)}; expected one whole number for each row"
        )
    return target


def _check_smoothing(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name}: label_smoothing {value!r}; expected a number from 0 to below 1")

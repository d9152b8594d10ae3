"""Rosenblatt's rule on samples: what weights score, what they predict, how a sample moves them.

F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
the brain", 1958. Weights have the bias as their last row, whose input is 1 throughout (PC-02).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.tree import Array
from chainrule.types import shape_text


_LARGEST = 1e75  # of inputs, weights and learning rates: nothing made of them then overflows


@dataclass(frozen=True, eq=False)
class Task:
    """Samples to be told apart, and the rule.

    inputs         `(samples, features + 1)`, the last column 1
    targets        0 or 1, `(samples,)` or `(samples, outputs)`
    predict        scores `(..., [outputs])` -> 0 or 1, of the same shape
    learning_rate  what a sample is multiplied by before it is added or subtracted
    """

    inputs: Array
    targets: Array
    predict: Callable[[Any], Any]
    learning_rate: float

    def scores(self, weights: Any) -> Any:
        """w·x of every sample, `(samples, [outputs])`."""
        return self.inputs[:, :-1] @ weights[:-1] + weights[-1]

    def is_right(self, weights: Any) -> Any:
        """Whether each sample gets its target, bool `(samples,)`."""
        is_hit = self.predict(self.scores(weights)) == self.targets
        return is_hit.reshape(len(is_hit), -1).all(axis=1)

    def moved(self, weights: Any, row: int, error: Any) -> Any:
        """The weights after an update for one sample: w + η (y - ŷ) x, of each output its own."""
        return weights + self.learning_rate * np.multiply.outer(self.inputs[row], error)

    @property
    def zeros(self) -> Any:
        """Weights of 0, `(features + 1, [outputs])`."""
        return np.zeros((self.inputs.shape[1], *self.targets.shape[1:]))


def task_of(x: Any, y: Any, learning_rate: float = 1.0, classes: int | None = None) -> Task:
    """The task of telling samples apart.

    x        numbers `(samples, features)`
    y        0 or 1, `(samples,)` or, each output a yes or no of its own, `(samples, outputs)`
    classes  then y are labels `(samples,)` from 0 on, and a class has an output: the prediction
             is the class with the largest score, the first if there are several (A12)
    ValueError for anything else.
    """
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(
            f"perceptron: x has shape {shape_text(x.shape)}; expected numbers [samples,features]"
        )
    _check_size("x", x)
    if not 0 < learning_rate <= _LARGEST:
        raise ValueError(f"perceptron: learning rate {learning_rate}; expected a number above 0")
    y = np.asarray(y)
    if len(y.shape) not in (1, 2) or len(y) != len(x):
        raise ValueError(
            f"perceptron: y has shape {shape_text(y.shape)} for {len(x)} samples; expected "
            "[samples] or [samples,outputs]"
        )
    inputs = np.column_stack([x, np.ones(len(x))])
    if classes is None:
        return Task(inputs, _yes_or_no(y), above_zero, float(learning_rate))
    return Task(inputs, _one_hot(y, classes), first_largest, float(learning_rate))


def weights_of(task: Task, weights: Any) -> Any:
    """Starting weights as float64 `(features + 1, [outputs])`; None: zeros (IN-01)."""
    if weights is None:
        return task.zeros
    found = np.array(weights, np.float64)
    if found.shape != task.zeros.shape:
        raise ValueError(
            f"perceptron: starting weights of shape {shape_text(found.shape)}; expected "
            f"{shape_text(task.zeros.shape)}, the bias last"
        )
    _check_size("starting weights", found)
    return found


def above_zero(scores: Any) -> Any:
    """1 where a score is above 0, else 0: at 0 it is 0 (A1)."""
    return np.where(scores > 0, 1.0, 0.0)


def first_largest(scores: Any) -> Any:
    """1 for the class with the largest score, the first of several, else 0 (A12)."""
    return np.eye(scores.shape[-1])[scores.argmax(axis=-1)]


def key_of(weights: Any) -> bytes:
    """The same bytes for equal weights: 0 is one of them, whatever its sign."""
    return (weights + 0.0).tobytes()


def _check_size(name: str, array: Any) -> None:
    if not (np.abs(array) <= _LARGEST).all():  # NaN is not
        raise ValueError(
            f"perceptron: {name} hold a number that is not finite or above {_LARGEST:g}; scale "
            "inputs to about ±1"
        )


def _yes_or_no(y: Any) -> Any:
    if y.dtype.kind not in "biuf":
        raise ValueError(f"perceptron: y holds {y.dtype}; expected the numbers 0 and 1")
    wrong = y[(y != 0) & (y != 1)]
    if wrong.size:
        raise ValueError(f"perceptron: y holds {wrong[0]}; expected 0 and 1, or labels and classes")
    return y.astype(np.float64)


def _one_hot(labels: Any, classes: int) -> Any:
    is_label = labels.ndim == 1 and labels.dtype.kind in "iu"
    if not is_label or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"perceptron: y {shape_text(labels.shape)} of {labels.dtype} for {classes} classes; "
            f"expected whole numbers [samples] from 0 to {classes - 1}"
        )
    return np.eye(classes)[labels]

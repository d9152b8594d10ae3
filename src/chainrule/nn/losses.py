"""Losses: each takes `(prediction, target)` and gives one number a sample, `(batch,)`.

Weighting and averaging are done in one place, by the training step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chainrule import ops
from chainrule.lookup import find


PerSample: TypeAlias = Callable[[Any, Any], Any]


def cross_entropy(logits: Any, target: Any) -> Any:
    """-log of the probability that softmax(logits) gives the target (LO-08), from the logits.

    logits  `(batch, classes)`
    target  labels `(batch,)`, whole numbers from 0; or probabilities `(batch, classes)`
    return  `(batch,)`
    Kept whole because softmax followed by a logarithm loses all digits where a class is certain.
    """
    if target.dtype.kind not in "iu":
        _check_shapes("cross_entropy", logits, target)
        return -ops.sum(target * ops.log_softmax(logits), axis=-1)
    if target.shape != logits.shape[:-1]:
        raise ValueError(
            f"cross_entropy: labels of shape {target.shape} for logits of shape {logits.shape}; "
            "expected one whole number for each row"
        )
    hits = ops.one_hot(target, logits.shape[-1], logits.dtype)
    return ops.logsumexp(logits, axis=-1) - ops.sum(hits * logits, axis=-1)


def squared_error(prediction: Any, target: Any) -> Any:
    """Σ (prediction - target)² over the outputs (LO-06).

    prediction, target  `(batch, outputs)`; a target `(batch,)` fits one output
    return              `(batch,)`
    """
    target = ops.cast(target, prediction.dtype)
    if len(target.shape) == len(prediction.shape) - 1 and prediction.shape[-1] == 1:
        target = ops.reshape(target, prediction.shape)
    _check_shapes("squared_error", prediction, target)
    return ops.sum(ops.square(prediction - target), axis=-1)


def half_squared_error(prediction: Any, target: Any) -> Any:
    """½ Σ (prediction - target)² over the outputs (LO-02): its gradient is prediction - target."""
    return 0.5 * squared_error(prediction, target)


def is_correct(scores: Any, target: Any) -> Any:
    """1 where the largest score is at the label, else 0: its mean is the accuracy (ME-02).

    scores `(batch, classes)`, target labels `(batch,)` or `(batch, classes)`; returns `(batch,)`.
    """
    labels = target if target.dtype.kind in "iu" else ops.argmax(target, axis=-1)
    return ops.cast(ops.equal(ops.argmax(scores, axis=-1), labels), scores.dtype)


@dataclass(frozen=True)
class Loss:
    """A loss, and the metrics that are reported beside it."""

    name: str
    function: PerSample
    metrics: Mapping[str, PerSample] = field(default_factory=dict[str, PerSample])


#: Every loss, by name.
LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("cross_entropy", cross_entropy, {"accuracy": is_correct}),
        Loss("half_squared_error", half_squared_error),
        Loss("squared_error", squared_error),
    )
}


def loss(chosen: str | Loss | PerSample) -> Loss:
    """The loss of this name; a function `(prediction, target) -> (batch,)` is taken as it is."""
    if isinstance(chosen, Loss):
        return chosen
    if isinstance(chosen, str):
        return find(LOSSES, "loss", chosen)
    return Loss(getattr(chosen, "__name__", "loss"), chosen)


def _check_shapes(name: str, prediction: Any, target: Any) -> None:
    if tuple(prediction.shape) != tuple(target.shape):
        raise ValueError(
            f"{name}: prediction {tuple(prediction.shape)} and target {tuple(target.shape)} "
            "differ in shape; reshape the target"
        )

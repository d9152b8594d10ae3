"""Losses: each takes `(prediction, target)` and gives one number a sample, `(batch,)`.

Weighting and averaging are done in one place, by the training step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chainrule import ops
from chainrule.lookup import find
from chainrule.types import shape_text


PerSample: TypeAlias = Callable[[Any, Any], Any]


def cross_entropy(logits: Any, target: Any) -> Any:
    """-log of the probability that softmax(logits) gives the target (LO-08), from the logits.

    logits  `(batch, classes)`
    target  labels `(batch,)`, whole numbers from 0; or probabilities `(batch, classes)`
    return  `(batch,)`
    Kept whole because softmax followed by a logarithm loses all digits where a class is certain.
    """
    if target.dtype.kind not in "iu":
        if len(target.shape) < len(logits.shape):
            raise ValueError(
                f"cross_entropy: the labels are {target.dtype}; convert them to whole numbers "
                "with .astype(int)"
            )
        target = ops.cast(target, logits.dtype)
        _check_shapes("cross_entropy", logits, target)
        return -ops.sum(target * ops.log_softmax(logits), axis=-1)
    if target.shape != logits.shape[:-1]:
        raise ValueError(
            f"cross_entropy: labels of shape {shape_text(target.shape)} for logits of shape "
            f"{shape_text(logits.shape)}; expected one whole number for each row"
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
    """A loss.

    takes_labels  whether a target may be labels, which count the outputs from 0
    metrics       what is reported beside it: functions (prediction, target) -> `(batch,)`
    """

    name: str
    function: PerSample
    takes_labels: bool = False
    metrics: Mapping[str, PerSample] = field(default_factory=dict[str, PerSample])


#: Every loss, by name.
LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("cross_entropy", cross_entropy, True, {"accuracy": is_correct}),
        Loss("half_squared_error", half_squared_error),
        Loss("squared_error", squared_error),
    )
}


def loss(chosen: str | Loss | PerSample) -> Loss:
    """The loss of this name; a function `(prediction, target) -> (batch,)` is taken as it is.

    ValueError, naming the nearest, for an unknown name; TypeError for neither name nor function.
    """
    if isinstance(chosen, Loss):
        return chosen
    if isinstance(chosen, str):
        return find(LOSSES, "loss", chosen)
    if not callable(chosen):
        raise TypeError(
            f"loss: {chosen!r} is neither a name nor a function (prediction, target) -> (batch,)"
        )
    for row in LOSSES.values():
        if row.function is chosen:
            return row
    return Loss(getattr(chosen, "__name__", "loss"), chosen)


def _check_shapes(name: str, prediction: Any, target: Any) -> None:
    if tuple(prediction.shape) != tuple(target.shape):
        raise ValueError(
            f"{name}: prediction {shape_text(prediction.shape)} and target "
            f"{shape_text(target.shape)} differ in shape; reshape the target"
        )

"""Every loss by name, with what has to be known of it, and the choice of one.

A loss takes `(prediction, target)` and gives one number a sample, `(batch,)`. Weighting and
averaging are done in one place, by the training step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from chainrule import ops
from chainrule.lookup import check_kinds, find, parse
from chainrule.nn.activations import identity
from chainrule.nn.classification import (
    binary_cross_entropy,
    check_class,
    check_either,
    check_labels,
    check_yes_or_no,
    cross_entropy,
    hinge,
    is_correct,
    is_correct_or_share,
    perceptron,
    share_correct,
    zero_one,
)
from chainrule.nn.regression import (
    absolute_error,
    check_counts,
    first_half,
    gaussian_nll,
    half_squared_error,
    huber,
    poisson,
    quantile,
    squared_error,
)


PerSample: TypeAlias = Callable[..., Any]


def _anything(target: Any, outputs: int) -> None:
    """Takes every target."""


@dataclass(frozen=True)
class Loss:
    """A loss.

    name          what chooses it, with its settings
    function      (prediction, target) -> `(batch,)`
    link          turns the network's outputs into what is predicted (OU-05): numbers, or the
                  probabilities of classes
    metrics       what is reported beside it: functions (prediction, target) -> `(batch,)`
    check_target  (target array, outputs): ValueError for a target that has no meaning for it
    """

    name: str
    function: PerSample
    link: Callable[[Any], Any] = identity
    metrics: Mapping[str, PerSample] = field(default_factory=dict[str, PerSample])
    check_target: Callable[[Any, int], None] = _anything


_OF_CLASSES: dict[str, PerSample] = {"accuracy": is_correct}
_OF_EITHER: dict[str, PerSample] = {"accuracy": is_correct_or_share}
_OF_YES_OR_NO: dict[str, PerSample] = {"accuracy": share_correct}
_OF_NUMBERS: dict[str, PerSample] = {
    "mean_absolute_error": functools.partial(absolute_error, outputs="mean")
}

#: Every loss, by name.
LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("absolute_error", absolute_error, metrics=_OF_NUMBERS),
        Loss(
            "binary_cross_entropy",
            binary_cross_entropy,
            ops.sigmoid,
            _OF_YES_OR_NO,
            check_yes_or_no,
        ),
        Loss("cross_entropy", cross_entropy, ops.softmax, _OF_CLASSES, check_labels),
        Loss("gaussian_nll", gaussian_nll, first_half),
        Loss("half_squared_error", half_squared_error, metrics=_OF_NUMBERS),
        Loss("hinge", hinge, identity, _OF_EITHER, check_either),
        Loss("huber", huber, metrics=_OF_NUMBERS),
        Loss("perceptron", perceptron, identity, _OF_EITHER, check_either),
        Loss("poisson", poisson, ops.exp, check_target=check_counts),
        Loss("quantile", quantile),
        Loss("squared_error", squared_error, metrics=_OF_NUMBERS),
        Loss("zero_one", zero_one, identity, _OF_CLASSES, check_class),
    )
}


def loss(chosen: str | Loss | PerSample) -> Loss:
    """The loss of this name, with settings or without: `"huber(delta=0.5)"`.

    A function `(prediction, target) -> (batch,)` is taken as it is. ValueError, naming the
    nearest, for an unknown name or setting; TypeError for neither name nor function.
    """
    if isinstance(chosen, Loss):
        return chosen
    if isinstance(chosen, str):
        name, settings = parse("loss", chosen)
        row = find(LOSSES, "loss", name)
        check_kinds("loss", name, row.function, settings)
        if not settings:
            return row
        return replace(row, name=chosen, function=functools.partial(row.function, **settings))
    if not callable(chosen):
        raise TypeError(
            f"loss: {chosen!r} is neither a name nor a function (prediction, target) -> (batch,)"
        )
    for row in LOSSES.values():
        if row.function is chosen:
            return row
    return Loss(getattr(chosen, "__name__", "loss"), chosen)

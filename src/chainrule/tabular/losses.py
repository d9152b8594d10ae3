"""What a regressor may minimise: losses whose outputs are the numbers themselves, or quantiles."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.entries import number_in
from chainrule.nn.losses import Loss
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.regression import quantile
from chainrule.tabular import inputs


_OF_NUMBERS = ("squared_error", "half_squared_error", "absolute_error", "huber")


def plain_loss(chosen: str) -> Loss | None:
    """The loss of this name, or None for the squared error. ValueError for any other."""
    name = chosen.partition("(")[0] if isinstance(chosen, str) else chosen
    if name not in _OF_NUMBERS:
        raise ValueError(
            f"loss is {chosen!r}; expected one of {', '.join(_OF_NUMBERS)}, or quantiles=(...)"
        )
    return None if name == "squared_error" else find_loss(chosen)


def quantile_loss(levels: Sequence[float] | None, outputs: int) -> Loss | None:
    """The loss whose outputs are these quantiles, or None without any.

    ValueError for levels that do not rise between 0 and 1, and for several targets.
    """
    if levels is None:
        return None
    found = np.asarray(levels, np.float64)
    if found.ndim != 1 or not len(found) or np.any(np.diff([0.0, *found, 1.0]) <= 0):
        raise ValueError(
            f"quantiles is {levels!r}; expected shares that rise, between 0 and 1: (0.05, 0.5, "
            "0.95)"
        )
    if outputs > 1:
        raise ValueError(f"quantiles with {outputs} targets; fit one regressor for each target")
    return Loss("quantile", functools.partial(quantile, level=found))


def quantities_of(y: Any) -> tuple[Any, tuple[str, ...], bool]:
    """Targets float64 `(rows, outputs)`, their names, and whether y was `(rows,)`.

    ValueError for what are no numbers.
    """
    from sklearn.utils.validation import check_array

    found, name = inputs.target(y)
    texts = [x for x in found.ravel() if isinstance(x, str)] if found.dtype.kind in "OU" else []
    if any(number_in(text) is None for text in texts):
        raise ValueError(
            f"y holds the text {str(texts[0])!r:.60}; expected numbers. TabularClassifier learns "
            "classes"
        )
    numbers: Any = check_array(
        found, ensure_2d=False, dtype="float64", input_name="y", ensure_min_samples=0
    )
    if numbers.ndim < 2:
        return numbers[:, None], (name,), True
    names = [str(x) for x in getattr(y, "columns", range(numbers.shape[1]))]
    return numbers, tuple(f"y{name}" if name.isdigit() else name for name in names), False

"""How fast the error falls with the number of hidden units (UN-06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.nn import Dense, Sequential, activation
from chainrule.universal.approximation import (
    Bounds,
    Function,
    as_function,
    name_of,
    place_text,
    values,
)


_LEAST_NORM = 1e-10  # of a unit, relative: what is left of it when the others are taken out


@dataclass(frozen=True)
class Rate:
    """Errors of networks of one hidden layer, by their number of hidden units.

    units    as asked for
    errors   the mean squared error of each, over points that it was not fitted to
    slope    of log(error) over log(units); A. Barron's theorem (1993) promises -1 or less
    network  the largest, `(batch, coordinates)` to `(batch, 1)`; it has fewer units than asked for
             where no candidate is left that is not a sum of those chosen
    """

    units: tuple[int, ...]
    errors: tuple[float, ...]
    slope: float
    network: Sequential


def fitted_slope(units: Sequence[int], errors: Sequence[float]) -> float:
    """The slope of the straight line through log(error) over log(units), by least squares.

    ValueError for fewer than two numbers of units, and for an error that is not above 0.
    """
    if len(set(units)) < 2 or len(units) != len(errors) or not min(errors) > 0:
        raise ValueError(
            f"fitted_slope: units {tuple(units)}, errors {tuple(errors)}; expected two or more "
            "numbers of units, and as many errors above 0"
        )
    return float(np.polyfit(np.log(units), np.log(errors), 1)[0])


def barron_rate(
    function: Function,
    bounds: Bounds,
    *,
    units: Sequence[int] = (4, 8, 16, 32, 64),
    activate: str = "sigmoid",
    steepest: float = 10.0,
    candidates: int = 1000,
    samples: int = 1000,
    seed: int = 0,
) -> Rate:
    """Barron's rate as an experiment: error against the number of units, with the fitted slope.

    The hidden units are chosen one after the other from random candidates, each time the one that
    takes most of the error that is left; the weights of the output are fitted by least squares.
    Greedy choice among all units reaches the rate 1 / N of the theorem (Barron, Cohen, Dahmen,
    DeVore, 2008); among few candidates in many dimensions it may fall behind.
    function    of one array for each coordinate, or a text of x, and y
    bounds      the ends of the interval of each coordinate, as many as there are
    units       numbers of hidden units
    activate    of the hidden units, by name
    steepest    the largest weight of a candidate, over half of the width of the box
    candidates  random units to choose from; samples  random points to fit and as many to measure
    seed        of all that is random: the same seed gives the same numbers
    ValueError where the function is not finite, or there are more units than half the candidates
    or samples.
    """
    largest = max(units)
    if not 1 <= min(units) <= largest <= min(candidates, samples) // 2:
        raise ValueError(
            f"barron_rate: units {tuple(units)} of {candidates} candidates and {samples} samples; "
            "expected from 1 to half of either"
        )
    unit, rng = activation(activate), np.random.default_rng(seed)
    ends = np.array(bounds, np.float64)
    if ends.ndim != 2 or ends.shape[1] != 2 or not np.all(ends[:, 0] < ends[:, 1]):
        raise ValueError(f"barron_rate: bounds {bounds}; expected pairs such as ((-1, 1), (0, 2))")
    called, (low, high) = as_function(function, bounds), ends.T
    inputs = [rng.uniform(low, high, (samples, len(bounds))) for _ in range(2)]
    (x, y), (new_x, new_y) = ((part, _finite(called, part)) for part in inputs)
    directions = rng.normal(size=(len(bounds), candidates))
    lengths = rng.uniform(0, steepest, candidates) / np.linalg.norm(directions, axis=0)
    weight = directions * lengths / ((high - low)[:, None] / 2)
    bias = -np.sum(weight * rng.uniform(low, high, (candidates, len(bounds))).T, axis=0)
    chosen = _greedy(unit(x @ weight + bias), y, largest)
    layers = [Dense(weight[:, chosen[:n]], bias[chosen[:n]], unit) for n in units]
    networks = [_fitted(layer, x, y) for layer in layers]
    errors = [float(np.mean((network(new_x)[:, 0] - new_y) ** 2)) for network in networks]
    network = networks[int(np.argmax(units))]
    return Rate(tuple(units), tuple(errors), fitted_slope(units, errors), network)


def _finite(function: Callable[..., Any], x: Any) -> Any:
    found = values(function, x)
    if not np.all(np.isfinite(found)):
        place = place_text(x[int(np.argmin(np.isfinite(found)))])
        raise ValueError(f"{name_of(function)} is not finite at {place}")
    return found


def _greedy(features: Any, y: Any, count: int) -> list[int]:
    """The columns that one after the other take the most from what is left of `y`."""
    features, residual = features - features.mean(axis=0), y - y.mean()
    least = _LEAST_NORM * np.linalg.norm(features, axis=0)
    chosen: list[int] = []
    for _ in range(count):
        norms = np.linalg.norm(features, axis=0)
        is_new = norms > np.maximum(least, np.finfo(float).tiny)
        if not np.any(is_new):
            break
        gains = np.where(is_new, np.abs(residual @ features) / np.where(is_new, norms, 1), -1)
        best = int(np.argmax(gains))
        chosen.append(best)
        direction = features[:, best] / norms[best]
        residual = residual - direction * (direction @ residual)
        features = features - np.outer(direction, direction @ features)
        features[:, best] = 0
    return chosen


def _fitted(hidden: Dense, x: Any, y: Any) -> Sequential:
    """A network of these hidden units, its weights of the output by least squares."""
    columns = np.column_stack([np.ones(len(x)), hidden(x)])
    fitted = np.linalg.lstsq(columns, y, rcond=1e-10)[0]
    return Sequential((hidden, Dense(fitted[1:, None], fitted[:1])))

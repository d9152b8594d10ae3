"""The separating unit with the largest margin: the hard-margin support vector machine.

The nearest points of two hulls differ by the shortest vector between them; P. Wolfe, "Finding the
nearest point in a polytope", Mathematical Programming 11, 1976.
"""

from __future__ import annotations

import numpy as np

from chainrule.logic.units import ThresholdUnit


def largest_margin_unit(x: np.ndarray, y: np.ndarray) -> ThresholdUnit | None:
    """The unit whose border is farthest from rows `(n, d)` of two classes, `y` `(n,)` bool.

    Half-way between the nearest points of the hulls of the classes, scaled so that its sum is 1 or
    -1 on the rows nearest to its border. None where the hulls meet but for rounding; where they
    nearly do, the unit may be wrong on some rows.
    """
    center = (x[y].mean(axis=0) + x[~y].mean(axis=0)) / 2
    ones, zeros = x[y] - center, x[~y] - center
    shortest = _shortest_difference(ones, zeros)
    square = shortest @ shortest
    if square == 0:
        return None
    weight = 2 * shortest / square
    bias = -((ones @ weight).min() + (zeros @ weight).max()) / 2
    return _rounded(ThresholdUnit(weight, bias - center @ weight))


def _rounded(unit: ThresholdUnit) -> ThresholdUnit:
    """The unit with numbers that are whole but for rounding made whole."""
    numbers = np.append(unit.weight, unit.bias)
    near = np.round(numbers)
    is_whole = np.abs(numbers - near) <= 1e-12 * np.abs(numbers).max()
    numbers = np.where(is_whole, near, numbers) + 0.0
    return ThresholdUnit(numbers[:-1], numbers[-1])


def _shortest_difference(ones: np.ndarray, zeros: np.ndarray) -> np.ndarray:
    """The shortest vector to the hull of `ones` `(m, d)` from the hull of `zeros` `(k, d)`."""
    scale = np.abs(np.concatenate([ones, zeros])).max()
    ones, zeros = ones / scale, zeros / scale
    points, shares = ones[:1] - zeros[:1], np.ones(1)
    shortest = points[0]
    while True:
        new = ones[np.argmin(ones @ shortest)] - zeros[np.argmax(zeros @ shortest)]
        points, shares = _nearest_in(np.vstack([points, new]), np.append(shares, 0.0))
        nearer = shares @ points
        if np.linalg.norm(nearer) >= np.linalg.norm(shortest) * (1 - 1e-15):
            return shortest * scale
        shortest = nearer


def _nearest_in(points: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points `(k, d)` in whose hull lies the one nearest to 0, and their shares in it."""
    while len(points) > 1:
        first, *others = points
        steps = np.linalg.lstsq(np.transpose(others - first), -first, rcond=1e-15)[0]
        affine = np.append(1 - steps.sum(), steps)
        is_left = affine <= 1e-12
        if not is_left.any():
            return points, affine
        drops = np.maximum(shares[is_left] - affine[is_left], 1e-300)
        step = min((shares[is_left] / drops).min(), 1.0)
        shares = step * affine + (1 - step) * shares
        keep = shares > 1e-12
        points, shares = points[keep], shares[keep] / shares[keep].sum()
    return points, np.ones(1)

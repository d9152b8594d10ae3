"""Networks of one input, built of steps, steep sigmoids and hats (UN-04, UN-05).

One hidden layer is enough: each unit adds something where x has passed its threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.nn import Dense, Sequential, activation
from chainrule.nn.activations import Chosen
from chainrule.universal.approximation import Bounds, grid, values


#: Steepness of the sigmoids of a staircase, over the width of a cell. Steeper ones leave steps,
#: flatter ones round the function off.
STEEPNESS = 4.0


def spikes(
    left: Any, right: Any, height: Any, activate: Chosen = "step", steepness: float = 1.0
) -> Sequential:
    """A sum of spikes, each of two units: one raises the output by the height, one lowers it.

    left, right, height  `(spikes,)`: a spike is `height` for left < x ≤ right, else 0
    activate             of the hidden units, one that rises from 0 to 1
    steepness            what x is multiplied by: of sigmoids, 4 times the slope of an edge
    return               takes `(batch, 1)`, gives `(batch, 1)`
    ValueError where the three have different lengths.
    """
    ends = [np.atleast_1d(np.asarray(part, np.float64)) for part in (left, right, height)]
    if len({part.shape for part in ends}) > 1 or ends[0].ndim != 1:
        raise ValueError(
            f"spikes: shapes {', '.join(str(part.shape) for part in ends)} of left, right and "
            "height; expected one number a spike in each"
        )
    edges, heights = np.concatenate(ends[:2]), np.concatenate([ends[2], -ends[2]])
    hidden = _thresholds(edges, activate, steepness)
    return Sequential((hidden, Dense(heights[:, None], np.zeros(1))))


def staircase(
    edges: Any, heights: Any, activate: Chosen = "step", steepness: Any = 1.0
) -> Sequential:
    """Spikes side by side, whose edges are shared: one unit for each edge.

    edges      `(units,)`, rising
    heights    `(units + 1,)`: left of the first edge, between two, right of the last
    activate   of the hidden units, one that rises from 0 to 1
    steepness  what x is multiplied by: a number, or `(units,)`
    ValueError where there is not one height more than edges.
    """
    edges, heights = np.asarray(edges, np.float64), np.asarray(heights, np.float64)
    _check_knots("staircase", edges, heights, 1)
    hidden = _thresholds(edges, activate, steepness)
    return Sequential((hidden, Dense(np.diff(heights)[:, None], heights[:1])))


def piecewise_linear(knots: Any, heights: Any) -> Sequential:
    """Straight lines through points: the sum of hat functions, each `height` at its own knot.

    A hat is three ReLUs; side by side they share them: one unit for each knot but the last. Left of
    the first knot the output is constant, right of the last one it goes on as before.
    knots, heights  `(units + 1,)`, the knots rising
    ValueError where they have different lengths, or fewer than two knots.
    """
    knots, heights = np.asarray(knots, np.float64), np.asarray(heights, np.float64)
    _check_knots("piecewise_linear", knots, heights, 0)
    slopes = np.diff(heights) / np.diff(knots)
    hidden = _thresholds(knots[:-1], "relu", 1.0)
    return Sequential((hidden, Dense(np.diff(slopes, prepend=0)[:, None], heights[:1])))


def _thresholds(edges: Any, activate: Chosen, steepness: Any) -> Dense:
    """One unit for each edge: activate(steepness (x - edge))."""
    weight = np.broadcast_to(np.asarray(steepness, np.float64), edges.shape)
    return Dense(weight[None].copy(), -weight * edges, activation(activate))


def _check_knots(name: str, places: Any, heights: Any, more: int) -> None:
    enough = places.ndim == heights.ndim == 1 and len(places) >= 2 - more
    if not enough or len(heights) != len(places) + more or np.any(np.diff(places) <= 0):
        raise ValueError(
            f"{name}: {places.shape} places and {heights.shape} heights; expected rising places "
            f"and {'one height more' if more else 'as many heights'}"
        )


# ---- of a function, from the edges of its cells -------------------------------------------------


def spikes_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """A spike for each cell, as high as the function in its middle.

    The outermost spikes reach a cell further, so that both ends belong to the interval.
    """
    (edges_x,) = edges
    wide = widened(edges_x)
    return spikes(wide[:-1], wide[1:], _in_the_middle(function, edges_x))


def steps_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """The same with shared edges; the first and the last cell reach to infinity."""
    (edges_x,) = edges
    return staircase(edges_x[1:-1], _in_the_middle(function, edges_x))


def sigmoids_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """The same with sigmoids, which have units at both ends of the interval too.

    Beyond each end stands one more cell, of a height that makes the function's own value at the end
    the mean of two heights: there the sum is as near as inside.
    """
    (edges_x,) = edges
    inside = _in_the_middle(function, edges_x)
    ends = 2 * values(function, edges_x[[0, -1], None]) - inside[[0, -1]]
    heights = np.concatenate([ends[:1], inside, ends[1:]])
    width = np.diff(edges_x)
    around = np.concatenate([width[:1], (width[1:] + width[:-1]) / 2, width[-1:]])
    return staircase(edges_x, heights, "sigmoid", STEEPNESS / around)


def hats_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """Straight lines through the function at the edges."""
    (knots,) = edges
    return piecewise_linear(knots, values(function, knots[:, None]))


def widened(edges: Any) -> Any:
    """The same edges, the outermost moved outwards by the width of their cell."""
    ends = edges[0] - (edges[1] - edges[0]), edges[-1] + (edges[-1] - edges[-2])
    return np.concatenate([[ends[0]], edges[1:-1], [ends[1]]])


def _in_the_middle(function: Callable[..., Any], edges: Any) -> Any:
    return values(function, (edges[:-1, None] + edges[1:, None]) / 2)


# ---- where the cells end ------------------------------------------------------------------------


def equal_edges(bounds: Bounds, cells: int) -> tuple[Any, ...]:
    """The edges of cells of one width: `(cells + 1,)` for each coordinate."""
    return tuple(np.linspace(low, high, cells + 1) for low, high in bounds)


def adapted_edges(
    function: Callable[..., Any], bounds: Bounds, cells: int, order: int
) -> tuple[Any, ...]:
    """Edges that lie close where a function of one coordinate changes fast.

    order  of the derivative that bounds the error in a cell: 1 of constant pieces, 2 of straight
           ones. Each cell gets the same share of the integral of abs(derivative) ** (1 / order).
    """
    x = grid(bounds, 4001)
    change = np.abs(np.diff(values(function, x), order)) ** (1 / order)
    middle = np.interp(np.linspace(0, 1, len(x) - 1), np.linspace(0, 1, len(change)), change)
    # No cell is wider than 20 times an equal one, also where the function is constant.
    shares = middle + 0.05 * np.mean(middle) + np.finfo(float).tiny
    passed = np.concatenate([[0], np.cumsum(shares)]) / np.sum(shares)
    edges = np.interp(np.linspace(0, 1, cells + 1), passed, x[:, 0])
    return (np.concatenate([x[:1, 0], edges[1:-1], x[-1:, 0]]),)

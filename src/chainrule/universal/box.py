"""Networks of two inputs, built of threshold units and of hats over a grid of cells (UN-04).

A second hidden layer is needed: one layer of threshold units gives sums of half-planes, and no
finite sum of them is a tower, which is 0 outside a bounded place. Two layers make one of a sum that
passes a threshold: the second layer is a logical AND of the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.nn import Dense, Sequential, activation
from chainrule.nn.activations import Chosen
from chainrule.universal.approximation import values
from chainrule.universal.interval import widened


#: Steepness of the sigmoids of both hidden layers: of the first over the width of a cell.
STEEPNESS = 40.0


def towers(
    rectangles: Any, heights: Any, activate: Chosen = "step", steepness: float = 1.0
) -> Sequential:
    """A sum of towers: each 4 units that see the sides, and 1 that fires inside all of them.

    rectangles  `(towers, 4)`: left, right, bottom, top of each; its height counts for
                left < x ≤ right and bottom < y ≤ top
    heights     `(towers,)`
    activate    of both hidden layers, one that rises from 0 to 1
    steepness   what the sums of both layers are multiplied by
    return      takes `(batch, 2)`, gives `(batch, 1)`
    ValueError for other shapes.
    """
    rectangles = np.atleast_2d(np.asarray(rectangles, np.float64))
    heights = np.atleast_1d(np.asarray(heights, np.float64))
    if rectangles.shape != (len(heights), 4):
        raise ValueError(
            f"towers: rectangles {rectangles.shape} and heights {heights.shape}; expected "
            "(towers, 4), the left, right, bottom and top of each, and (towers,)"
        )
    count = len(heights)
    sees_x = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1]], count, axis=1)
    sides = _layer(sees_x, -rectangles.T.ravel(), activate, steepness)
    # Inside, left and bottom are passed, right and top are not: a sum of 2, elsewhere 1 or less.
    inside = np.concatenate([sign * np.eye(count) for sign in (1.0, -1, 1, -1)])
    both = _layer(inside, np.full(count, -1.5), activate, steepness)
    return Sequential((sides, both, Dense(heights[:, None], np.zeros(1))))


def terraces(
    x_edges: Any, y_edges: Any, heights: Any, activate: Chosen = "step", steepness: float = 1.0
) -> Sequential:
    """Towers side by side, whose sides are shared: the staircase of two inputs.

    The first hidden layer has a unit for each edge; the second one for each cell but the first,
    which fires in all cells to the right and above: it is worth what its own cell adds.
    x_edges    `(columns - 1,)`, rising
    y_edges    `(rows - 1,)`, rising
    heights    `(columns, rows)`; the outermost cells reach to infinity
    activate   of both hidden layers, one that rises from 0 to 1
    steepness  what the sums of both layers are multiplied by; x and y count in cells, of the least
               width there is
    ValueError where heights have another shape.
    """
    x_edges, y_edges = np.asarray(x_edges, np.float64), np.asarray(y_edges, np.float64)
    heights = np.asarray(heights, np.float64)
    columns, rows = len(x_edges) + 1, len(y_edges) + 1
    if heights.shape != (columns, rows):
        raise ValueError(
            f"terraces: heights {heights.shape} for {len(x_edges)} and {len(y_edges)} edges; "
            f"expected ({columns}, {rows})"
        )
    steep = np.concatenate([_over_width(edges, steepness) for edges in (x_edges, y_edges)])
    edges = np.concatenate([x_edges, y_edges])
    axes = np.repeat(np.eye(2), [len(x_edges), len(y_edges)], axis=1)
    passed = Dense(axes * steep, -edges * steep, activation(activate))
    column, row = (place.ravel()[1:] for place in np.indices((columns, rows)))
    cells = np.arange(columns * rows - 1)
    weight = np.zeros((len(edges), len(cells)))
    weight[column[column > 0] - 1, cells[column > 0]] = 1
    weight[len(x_edges) + row[row > 0] - 1, cells[row > 0]] = 1
    beyond = _layer(weight, 0.5 - weight.sum(axis=0), activate, steepness)
    added = np.diff(np.diff(heights, axis=0, prepend=0), axis=1, prepend=0).ravel()
    return Sequential((passed, beyond, Dense(added[1:, None], added[:1])))


def piecewise_linear(x_knots: Any, y_knots: Any, heights: Any) -> Sequential:
    """Triangles through points over a grid: the sum of hats, each `height` at its own knot.

    Every cell is cut by its rising diagonal; a hat is 1 at its knot and 0 at all others. With p and
    q the distances from the knot in cells it is relu(1 - (|p| + |q| + |p - q|) / 2): the first
    hidden layer has the absolute values, two ReLUs each, the second one unit for each hat. One
    hidden layer makes no hat: the kinks of its units run along whole lines.
    x_knots  `(columns,)`, evenly spaced, rising; y_knots `(rows,)`; heights `(columns, rows)`
    ValueError where heights have another shape or knots are not evenly spaced.
    """
    axes = [np.asarray(knots, np.float64) for knots in (x_knots, y_knots)]
    heights, sizes = np.asarray(heights, np.float64), tuple(len(knots) for knots in axes)
    even = min(sizes) > 1 and all(
        np.allclose(np.diff(knots), knots[1] - knots[0]) for knots in axes
    )
    if heights.shape != sizes or not even:
        raise ValueError(
            f"piecewise_linear: heights {heights.shape} for {sizes[0]} and {sizes[1]} knots; "
            "expected one height a knot, and two or more knots an axis, evenly spaced"
        )
    (columns, rows), first = sizes, np.array([knots[0] for knots in axes])
    per_width = 1 / np.array([knots[1] - knots[0] for knots in axes])
    diagonals = columns + rows - 1
    # p, q and p - q, counted from the first knot, each from all lines that pass knots.
    kinds = np.repeat([[1.0, 0, 1], [0, 1, -1]], [columns, rows, diagonals], axis=1)
    places = np.concatenate([np.arange(columns), np.arange(rows), np.arange(diagonals) + 1 - rows])
    weight = kinds * per_width[:, None]
    bias = -first @ weight - places
    lines = Dense(np.hstack([weight, -weight]), np.hstack([bias, -bias]), activation("relu"))
    column, row = (place.ravel() for place in np.indices(sizes))
    touched = np.zeros((len(places), columns * rows))
    hats = np.arange(columns * rows)
    for line in (column, columns + row, columns + rows + column - row + rows - 1):
        touched[line, hats] = -0.5
    hidden = Dense(np.vstack([touched, touched]), np.ones(len(hats)), activation("relu"))
    return Sequential((lines, hidden, Dense(heights.reshape(-1, 1), np.zeros(1))))


def _layer(weight: Any, bias: Any, activate: Chosen, steepness: float) -> Dense:
    return Dense(steepness * weight, steepness * bias, activation(activate))


def _over_width(edges: Any, steepness: float) -> Any:
    least = np.min(np.diff(edges)) if len(edges) > 1 else 1.0
    return np.full(len(edges), steepness / least)


# ---- of a function, from the edges of its cells -------------------------------------------------


def towers_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """A tower on each cell, as high as the function in its middle.

    The outermost towers reach a cell further, so that the border belongs to the box.
    """
    heights = _in_the_middle(function, edges)
    x_edges, y_edges = (widened(axis) for axis in edges)
    column, row = (place.ravel() for place in np.indices(heights.shape))
    sides = x_edges[column], x_edges[column + 1], y_edges[row], y_edges[row + 1]
    return towers(np.stack(sides, axis=1), heights.ravel())


def steps_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """Terraces, each as high as the function in the middle of its cell."""
    x_edges, y_edges = edges
    return terraces(x_edges[1:-1], y_edges[1:-1], _in_the_middle(function, edges))


def sigmoids_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """The same with steep sigmoids in both layers."""
    x_edges, y_edges = edges
    heights = _in_the_middle(function, edges)
    return terraces(x_edges[1:-1], y_edges[1:-1], heights, "sigmoid", STEEPNESS)


def hats_of(function: Callable[..., Any], edges: tuple[Any, ...]) -> Sequential:
    """Triangles through the function at the corners of the cells."""
    x_knots, y_knots = edges
    return piecewise_linear(x_knots, y_knots, _at(function, edges))


def _in_the_middle(function: Callable[..., Any], edges: tuple[Any, ...]) -> Any:
    return _at(function, tuple((axis[:-1] + axis[1:]) / 2 for axis in edges))


def _at(function: Callable[..., Any], axes: tuple[Any, ...]) -> Any:
    """The values at the points of a grid `(columns, rows)`."""
    places = np.meshgrid(*axes, indexing="ij")
    return values(function, np.stack(places, axis=-1).reshape(-1, 2)).reshape(places[0].shape)

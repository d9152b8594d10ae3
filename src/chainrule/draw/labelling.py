"""Where the labels of edges are best read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from chainrule.draw.layering import Layering
from chainrule.draw.routing import Columns, Point, Size

# of the way that a label can move in its gap, best first
_PLACES = (0.5, 0.375, 0.625, 0.25, 0.75, 0.125, 0.875, 0.0, 1.0)
_ASIDE = 0.01  # penalty of every later place, in overlaps of a label with an edge
_SLOPE = 0.3  # penalty of a slope of one
_OVERLAP = 3.0  # penalty of covering another label
_ROUNDS = 3

Spot = tuple[int, Point, float]  # (column left of the gap, centre, penalty)


def labels(
    layering: Layering, routes: Sequence[Sequence[Point]], where: Columns, size: Size
) -> tuple[list[Point], set[int]]:
    """The point of every route where a label of this size, centred, covers the least.

    Labels stand in the gaps between columns, apart from other edges and labels where that can be
    done. Also the gaps where labels still cover each other, each by the column left of it.
    """
    spots = _spots(layering, routes, where, size)
    chosen = [min(options, key=lambda spot: spot[2]) for options in spots]
    taken: list[list[tuple[float, float, int]]] = [[] for _ in layering.columns]
    for edge, (gap, (x, y), _) in enumerate(chosen):
        insort(taken[gap], (y, x, edge))
    for _ in range(_ROUNDS):
        for edge, options in enumerate(spots):
            gap, (x, y), _ = chosen[edge]
            taken[gap].remove((y, x, edge))
            costs = [penalty + _covered(taken[g], point, size) for g, point, penalty in options]
            chosen[edge] = options[costs.index(min(costs))]
            gap, (x, y), _ = chosen[edge]
            insort(taken[gap], (y, x, edge))
    crowded = {
        gap for gap, point, _ in chosen if _covered(taken[gap], point, size) > _OVERLAP * 1.02
    }
    return [point for _, point, _ in chosen], crowded


def _spots(
    layering: Layering, routes: Sequence[Sequence[Point]], where: Columns, size: Size
) -> list[list[Spot]]:
    """The places that the label of every edge can take, with how much other edges are covered."""
    layer = {item: index for index, column in enumerate(layering.columns) for item in column}
    passing: list[list[int]] = [[] for _ in layering.columns]
    for edge, chain in enumerate(layering.chains):
        for item in chain[:-1]:
            passing[layer[item]].append(edge)
    spots: list[list[Spot]] = [[] for _ in routes]
    for gap, edges in enumerate(passing):
        if not edges:
            continue
        left, right = where.right[gap], where.left[gap + 1]
        margin = min(size[0], right - left) / 2
        slopes = [abs(_height(routes[e], right) - _height(routes[e], left)) for e in edges]
        for index, place in enumerate(_PLACES):
            x = left + margin + place * (right - left - 2 * margin)
            heights = [_height(routes[edge], x) for edge in edges]
            ranked = sorted(heights)
            for edge, y, slope in zip(edges, heights, slopes, strict=True):
                penalty = _ASIDE * index + _SLOPE * slope / (right - left) + _near(ranked, y, size)
                spots[edge].append((gap, (x, y), penalty))
    return spots


def _height(route: Sequence[Point], x: float) -> float:
    """The y of the route at x; routes go from left to right."""
    index = min(max(bisect_right(route, (x, 0.0)), 1), len(route) - 1)
    (a, b), (c, d) = route[index - 1], route[index]
    return b + (d - b) * min(max((x - a) / (c - a), 0.0), 1.0)


def _near(ranked: Sequence[float], y: float, size: Size) -> float:
    """How much of the other edges, at the heights `ranked`, a label around y covers."""
    reach = max(size[1], 1.0)
    others = ranked[bisect_left(ranked, y - reach) : bisect_right(ranked, y + reach)]
    return sum(1 - abs(other - y) / reach for other in others) - 1


def _covered(
    taken: Sequence[tuple[float, float, int]], point: Point, size: Size
) -> float:
    """The penalty of a label here beside the labels at these heights and x."""
    x, y = point
    width, height = max(size[0], 1.0), max(size[1], 1.0)
    low = bisect_left(taken, (y - height,))
    high = bisect_right(taken, (y + height,))
    return _OVERLAP * sum(
        (1 - abs(other_y - y) / height) * max(0.0, 1 - abs(other_x - x) / width)
        for other_y, other_x, _ in taken[low:high]
    )

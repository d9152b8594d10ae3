"""Where the columns of a layering stand, and the points that its edges pass."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

from chainrule.draw.layout.layering import Layering, neighbours


Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[float, float]

_STEEPEST = 2.0  # rise over run at which a gap between columns is widened
_CLEAR = 3.0  # heights of a label between the ends of two edges: nearer, a gap is widened
_WIDEST = 2.0  # of the gap that was asked for
_PORTS = 9.0  # least distance of two arrowheads, where the border has room for it
_MARGIN = 4.0  # between the outermost arrowhead and the corner
_ROUND = 1e-6  # pixels; nearer is level


@dataclass(frozen=True)
class Column:
    """The left and right borders of a column, as wide as its widest box."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """The x of the centres of its boxes."""
        return (self.left + self.right) / 2


def columns(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float], least: float, label: float
) -> list[Column]:
    """Columns with gaps of `least` between them, or up to twice that where it is needed.

    Edges are not to be too steep, nor so near to others at both ends that labels of the height
    `label` collide.
    """
    wanted = [least] * len(layering.columns)
    after, before = neighbours(layering.items, layering.segments)
    for u, v in layering.segments:
        layer, _ = layering.places[u]
        leaving = [abs(y[v] - y[other]) for other in after[u] if other != v]
        arriving = [abs(y[u] - y[other]) for other in before[v] if other != u]
        apart = max(1.0, min(leaving, default=math.inf), min(arriving, default=math.inf))
        crowded = least * _CLEAR * label / apart
        wanted[layer] = max(wanted[layer], abs(y[u] - y[v]) / _STEEPEST, crowded)
    gaps = [min(gap, _WIDEST * least) for gap in wanted]
    result = []
    left = 0.0
    for items, gap in zip(layering.columns, gaps, strict=True):
        right = left + max((sizes[item][0] for item in items if item < layering.boxes), default=0.0)
        result.append(Column(left, right))
        left = right + gap
    return result


def routes(
    layering: Layering,
    sizes: Sequence[Size],
    y: Sequence[float],
    where: Sequence[Column],
    bundle: float,
) -> list[list[Point]]:
    """For every edge, the points from its source's right border to its target's left border.

    Edges leave at the middle of the border and arrive at different points of it. In columns they
    keep clear of other boxes; edges between the same two neighbours pass points that are `bundle`
    apart.
    """
    column = [where[layer] for layer, _ in layering.places]
    ports = _ports(layering, sizes, y, where)
    leaving, arriving = _stubs(layering, sizes, y, where)
    bows = _bows(layering, bundle)
    result = []
    for edge, (source, *dummies, target) in enumerate(layering.chains):
        port = y[target] + ports[edge]
        points = [(column[source].middle + sizes[source][0] / 2, y[source])]
        if source in leaving:
            points.append((column[source].right, y[source]))
        if edge in bows:
            middle = (column[source].right + column[target].left) / 2
            points.append((middle, (y[source] + port) / 2 + bows[edge]))
        for dummy in dummies:
            points += [(column[dummy].left, y[dummy]), (column[dummy].right, y[dummy])]
        if target in arriving:
            points.append((column[target].left, port))
        points.append((column[target].middle - sizes[target][0] / 2, port))
        result.append(_without_needless(points))
    return result


def _ports(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float], where: Sequence[Column]
) -> list[float]:
    """The height above the target's centre at which every edge arrives, heading for the centre."""
    arriving: dict[int, list[int]] = {}
    for edge, chain in enumerate(layering.chains):
        arriving.setdefault(chain[-1], []).append(edge)
    ports = [0.0] * len(layering.chains)
    for target, edges in arriving.items():
        edges.sort(key=lambda edge: (layering.places[layering.chains[edge][-2]], edge))
        width, height = sizes[target]
        layer, _ = layering.places[target]
        run = where[layer].middle - where[layer - 1].right
        rises = [y[layering.chains[edge][-2]] - y[target] for edge in edges]
        aims = [rise * width / 2 / run for rise in rises]
        for edge, port in zip(edges, _spread(aims, max(height / 2 - _MARGIN, 0.0)), strict=True):
            ports[edge] = port
    return ports


def _spread(aims: Sequence[float], reach: float) -> list[float]:
    """Points near `aims`, in their order, apart, within `reach` of 0; a single level one stays."""
    level = [index for index, aim in enumerate(aims) if abs(aim) < _ROUND]
    if len(aims) < 2 or len(level) != 1:
        return _between(aims, -reach, reach)
    most = max(level[0], len(aims) - 1 - level[0])
    step = min(_PORTS, reach / most)
    above, below = aims[: level[0]], aims[level[0] + 1 :]
    return [*_between(above, -reach, -step), 0.0, *_between(below, step, reach)]


def _between(aims: Sequence[float], low: float, high: float) -> list[float]:
    """Points near `aims`, in their order, apart as far as there is room between the two ends."""
    last = len(aims) - 1
    step = min(_PORTS, (high - low) / max(last, 1))
    near = [
        min(max(aim, low + step * index), high - step * (last - index))
        for index, aim in enumerate(aims)
    ]
    down = accumulate(near, lambda upper, point: max(upper + step, point))
    up = list(accumulate(reversed(near), lambda lower, point: min(lower - step, point)))
    return [(p + q) / 2 for p, q in zip(down, reversed(up), strict=True)]


def _stubs(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float], where: Sequence[Column]
) -> tuple[set[int], set[int]]:
    """The boxes whose edges leave, and those whose edges arrive, level up to the column's border.

    They are narrower than the column, and an edge straight to them might meet their neighbour.
    """
    above, below = _room(layering, sizes, y)
    leaving: set[int] = set()
    arriving: set[int] = set()
    for u, v in layering.segments:
        left, right = where[layering.places[u][0]], where[layering.places[v][0]]
        slope = (y[v] - y[u]) / (right.left - left.right)
        ends = ((u, left, slope, leaving), (v, right, -slope, arriving))
        for item, column, rise, stubs in ends:
            room = (below if rise > 0 else above).get(item, math.inf)
            if item < layering.boxes:
                run = (column.right - column.left - sizes[item][0]) / 2
                stubs.update([item] if abs(rise) * run > room else [])
    return leaving, arriving


def _room(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float]
) -> tuple[Mapping[int, float], Mapping[int, float]]:
    """Half the free height between an item and its upper, and its lower neighbour."""
    above: dict[int, float] = {}
    below: dict[int, float] = {}
    for upper, lower in (pair for items in layering.columns for pair in pairwise(items)):
        boxes = [sizes[item][1] for item in (upper, lower) if item < layering.boxes]
        below[upper] = above[lower] = (y[lower] - y[upper] - sum(boxes) / 2) / 2
    return above, below


def _bows(layering: Layering, bundle: float) -> dict[int, float]:
    """How far aside every edge passes that has the same source and target as another one."""
    parallel: dict[tuple[int, ...], list[int]] = {}
    for edge, chain in enumerate(layering.chains):
        parallel.setdefault(chain, []).append(edge)
    return {
        edge: (index - (len(edges) - 1) / 2) * bundle
        for edges in parallel.values()
        if len(edges) > 1
        for index, edge in enumerate(edges)
    }


def _without_needless(points: Sequence[Point]) -> list[Point]:
    """The points, less those that are repeated or lie on a straight line between the others."""
    kept: list[Point] = []
    for x, y in points:
        if kept and abs(kept[-1][0] - x) + abs(kept[-1][1] - y) < _ROUND:
            continue
        if len(kept) > 1:
            (a, b), (c, d) = kept[-2:]
            if abs((c - a) * (y - b) - (x - a) * (d - b)) < _ROUND * (x - a):
                kept.pop()
        kept.append((x, y))
    return kept

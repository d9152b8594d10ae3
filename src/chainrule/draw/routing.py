"""Where the columns of a layering stand, and the points that its edges pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.draw.layering import Layering

Point = tuple[float, float]
Size = tuple[float, float]

_STEEPEST = 2.0  # rise over run at which a gap between columns is widened
_WIDEST = 2.0  # of the gap that was asked for
_PORTS = 9.0  # least distance of two arrowheads, where the border has room for it
_MARGIN = 4.0  # between the outermost arrowhead and the corner
_ROUND = 1e-6  # pixels; nearer is level


@dataclass(frozen=True)
class Columns:
    """The left and right borders of the columns, as wide as their widest boxes."""

    left: tuple[float, ...]
    right: tuple[float, ...]


def gaps(layering: Layering, y: Sequence[float], least: float) -> list[float]:
    """The width of the gap right of every column: `least`, or up to twice that for steep edges."""
    widths = [least] * len(layering.columns)
    layer = _layers(layering)
    for u, v in layering.segments():
        run = min(abs(y[u] - y[v]) / _STEEPEST, _WIDEST * least)
        widths[layer[u]] = max(widths[layer[u]], run)
    return widths


def columns(layering: Layering, sizes: Sequence[Size], widths: Sequence[float]) -> Columns:
    """Columns as wide as their widest boxes, with gaps of these widths to the right of them."""
    left = []
    right = []
    x = 0.0
    for column, width in zip(layering.columns, widths, strict=True):
        left.append(x)
        x += max((sizes[item][0] for item in column if item < layering.boxes), default=0.0)
        right.append(x)
        x += width
    return Columns(tuple(left), tuple(right))


def routes(
    layering: Layering,
    sizes: Sequence[Size],
    y: Sequence[float],
    where: Columns,
    bundle: float,
) -> list[list[Point]]:
    """For every edge, the points from its source's right border to its target's left border.

    Edges leave at the middle of the border and arrive at different points of it. In columns they
    keep clear of other boxes; edges between the same two neighbours pass points that are `bundle`
    apart.
    """
    layer = _layers(layering)
    ports = _ports(layering, sizes, y, where)
    leaving, arriving = _stubs(layering, sizes, y, where)
    bows = _bows(layering, bundle)
    result = []
    for edge, chain in enumerate(layering.chains):
        source, target = chain[0], chain[-1]
        first, last = layer[source], layer[target]
        start = (where.left[first] + where.right[first] + sizes[source][0]) / 2
        end = (where.left[last] + where.right[last] - sizes[target][0]) / 2
        port = y[target] + ports[edge]
        points = [(start, y[source])]
        if source in leaving:
            points.append((where.right[first], y[source]))
        if edge in bows:
            middle = (where.right[first] + where.left[last]) / 2
            points.append((middle, (y[source] + port) / 2 + bows[edge]))
        for dummy in chain[1:-1]:
            points.append((where.left[layer[dummy]], y[dummy]))
            points.append((where.right[layer[dummy]], y[dummy]))
        if target in arriving:
            points.append((where.left[last], port))
        points.append((end, port))
        result.append(_without_needless(points))
    return result


def _layers(layering: Layering) -> dict[int, int]:
    return {item: index for index, column in enumerate(layering.columns) for item in column}


def _ports(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float], where: Columns
) -> list[float]:
    """The height above the target's centre at which every edge arrives, heading for the centre."""
    layer = _layers(layering)
    place = {item: index for column in layering.columns for index, item in enumerate(column)}
    arriving: dict[int, list[int]] = {}
    for edge, chain in enumerate(layering.chains):
        arriving.setdefault(chain[-1], []).append(edge)
    ports = [0.0] * len(layering.chains)
    for target, edges in arriving.items():
        edges.sort(key=lambda edge: (place[layering.chains[edge][-2]], edge))
        width, height = sizes[target]
        column = layer[target]
        run = (where.left[column] + where.right[column]) / 2 - where.right[column - 1]
        rises = [y[layering.chains[edge][-2]] - y[target] for edge in edges]
        aims = [rise * width / 2 / run for rise in rises]
        for edge, port in zip(edges, _spread(aims, height / 2 - _MARGIN), strict=True):
            ports[edge] = port
    return ports


def _spread(aims: Sequence[float], reach: float) -> list[float]:
    """Points near `aims`, in their order, apart, within `reach` of 0; a single level one stays."""
    reach = max(reach, 0.0)
    last = len(aims) - 1
    level = [index for index, aim in enumerate(aims) if abs(aim) < _ROUND]
    pinned = level[0] if len(level) == 1 else None
    most = last / 2 if pinned is None else max(pinned, last - pinned)
    step = min(_PORTS, reach / most) if most else 0.0
    low = []
    high = []
    for index in range(len(aims)):
        least, greatest = step * index - reach, reach - step * (last - index)
        if pinned is not None and index <= pinned:
            greatest = min(greatest, step * (index - pinned))
        if pinned is not None and index >= pinned:
            least = max(least, step * (index - pinned))
        low.append(least)
        high.append(greatest)
    down = [min(max(aim, p), q) for aim, p, q in zip(aims, low, high, strict=True)]
    up = list(down)
    for index in range(1, len(aims)):
        down[index] = max(down[index], down[index - 1] + step)
        up[last - index] = min(up[last - index], up[last - index + 1] - step)
    return [(p + q) / 2 for p, q in zip(down, up, strict=True)]


def _stubs(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float], where: Columns
) -> tuple[set[int], set[int]]:
    """The boxes whose edges leave, and those whose edges arrive, level up to the column's border.

    They are narrower than the column, and an edge straight to them might meet their neighbour.
    """
    layer = _layers(layering)
    above, below = _room(layering, sizes, y)
    leaving, arriving = set(), set()
    for u, v in layering.segments():
        k = layer[u]
        slope = (y[v] - y[u]) / (where.left[k + 1] - where.right[k])
        for item, boxes, rise in ((u, leaving, slope), (v, arriving, -slope)):
            if item >= layering.boxes:
                continue
            column = where.right[layer[item]] - where.left[layer[item]]
            room = below[item] if rise > 0 else above[item]
            if abs(rise) * (column - sizes[item][0]) / 2 > room:
                boxes.add(item)
    return leaving, arriving


def _room(
    layering: Layering, sizes: Sequence[Size], y: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Half the free height above and below every item, which it shares with its neighbour."""
    above = [math.inf] * layering.items
    below = [math.inf] * layering.items
    for column in layering.columns:
        for upper, lower in zip(column, column[1:], strict=False):
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

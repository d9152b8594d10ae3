"""Layered layout of a directed acyclic graph, from left to right (Sugiyama's method)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainrule.draw.layout.layering import Edge, Layering, proper_layering
from chainrule.draw.layout.ordering import ordered
from chainrule.draw.layout.placement import placed
from chainrule.draw.layout.routing import Point, Size, columns, routes


_LABEL_MARGIN = 12.0  # pixels on both sides of a label between two columns
_BUNDLE = 16.0  # least distance of parallel edges in the middle of their way


@dataclass(frozen=True)
class Layout:
    """Where to draw boxes and edges: pixels, x to the right, y downwards, nothing below zero."""

    positions: tuple[Point, ...]  # the centre of every box
    routes: tuple[tuple[Point, ...], ...]  # of every edge, from its source's border to its target's
    width: float
    height: float


def layered(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    layer_gap: float = 70,
    node_gap: float = 26,
    edge_label: Size = (0, 0),
) -> Layout:
    """Place boxes of these sizes (width, height) in columns so that every edge goes to the right.

    Edges are pairs (source, target) of indices into `sizes`; a pair may occur several times.
    Boxes of one column are `node_gap` apart or more, columns `layer_gap` or more; `edge_label` is
    the (width, height) of the text on an edge, for which room is left. Edges arrive at a box in
    the order they are given in unless that costs a crossing. The same arguments give the same
    layout. ValueError for an edge that names no box, and for a cycle.
    """
    _check(sizes, edges)
    flat = proper_layering(len(sizes), edges)
    bundle = max(_BUNDLE, edge_label[1])
    heights = _heights(flat, sizes, edges, edge_label[1], bundle)
    drafts = [(order, placed(order, heights, node_gap)) for order in ordered(flat)]
    order, y = min(drafts, key=lambda draft: _rise(*draft))
    gap = max(layer_gap, edge_label[0] + 2 * _LABEL_MARGIN)
    where = columns(order, sizes, y, gap, edge_label[1])
    paths = routes(order, sizes, y, where, bundle)
    boxes = list(zip(y, (height for _, height in sizes), strict=False))
    ends = [height for path in paths for _, height in path]
    top = min([*ends, *(middle - height / 2 for middle, height in boxes)], default=0.0)
    bottom = max([*ends, *(middle + height / 2 for middle, height in boxes)], default=0.0)
    return Layout(
        positions=tuple(
            (where[order.places[box][0]].middle, y[box] - top) for box in range(len(sizes))
        ),
        routes=tuple(tuple((x, height - top) for x, height in path) for path in paths),
        width=where[-1].right if where else 0.0,
        height=bottom - top,
    )


def crossings(layout: Layout) -> int:
    """The number of pairs of route pieces that cross; touching at an end is no crossing."""
    pieces = [(edge, *ends) for edge, route in enumerate(layout.routes) for ends in pairwise(route)]
    pieces.sort(key=lambda piece: piece[1])
    total = 0
    for index, (edge, start, end) in enumerate(pieces):
        for other, first, second in pieces[index + 1 :]:
            if first[0] >= end[0]:
                break
            total += edge != other and _cross(start, end, first, second)
    return total


def _check(sizes: Sequence[Size], edges: Sequence[Edge]) -> None:
    for index, (source, target) in enumerate(edges):
        if not (0 <= source < len(sizes) and 0 <= target < len(sizes)):
            raise ValueError(
                f"layered: edge {index} is {source} -> {target}, but there are {len(sizes)} boxes; "
                f"edges are pairs of indices from 0 to {len(sizes) - 1}"
            )


def _heights(
    flat: Layering, sizes: Sequence[Size], edges: Sequence[Edge], label: float, bundle: float
) -> list[float]:
    """The height to keep free for every item: itself, its bundles, half the labels on a side."""
    heights = [height for _, height in sizes]
    for pair, count in Counter(edges).items():
        for box in pair:
            heights[box] = max(heights[box], count * bundle)
    for side in zip(*edges, strict=True):
        for box, count in Counter(side).items():
            heights[box] = max(heights[box], count * label / 2)
    return heights + [label] * (flat.items - flat.boxes)


def _rise(order: Layering, y: Sequence[float]) -> float:
    return math.fsum(abs(y[u] - y[v]) for u, v in order.segments)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        area = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return area if abs(area) > 1e-6 else 0.0

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0

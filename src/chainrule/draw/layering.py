"""Layers of a directed acyclic graph: every edge points to a later layer, and edges are short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Edge = tuple[int, int]


@dataclass(frozen=True)
class Layering:
    """A graph whose items stand in columns, every edge cut where it passes a column.

    Items below `boxes` are the boxes of the graph; the others are dummies, one for every column
    that an edge passes between its source and its target.
    """

    boxes: int
    columns: tuple[tuple[int, ...], ...]  # the items of every layer, from top to bottom
    chains: tuple[tuple[int, ...], ...]  # for every edge: its source, its dummies, its target

    @property
    def items(self) -> int:
        """The number of boxes and dummies."""
        return sum(len(column) for column in self.columns)

    def segments(self) -> list[Edge]:
        """The pieces of the edges between neighbouring columns, edge by edge."""
        return [piece for chain in self.chains for piece in zip(chain, chain[1:], strict=False)]


def proper_layering(boxes: int, edges: Sequence[Edge]) -> Layering:
    """Columns with the smallest total edge length; the order in a column means nothing yet.

    A source stands directly left of its first consumer. ValueError if the edges form a cycle.
    """
    layer = assign_layers(boxes, edges)
    columns: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for box in range(boxes):
        columns[layer[box]].append(box)
    chains = []
    dummy = boxes
    for source, target in edges:
        chain = [source]
        for column in columns[layer[source] + 1 : layer[target]]:
            column.append(dummy)
            chain.append(dummy)
            dummy += 1
        chains.append((*chain, target))
    return Layering(boxes, tuple(map(tuple, columns)), tuple(chains))


def assign_layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of every node `0 ... count-1`: integers from 0 with the smallest total edge length.

    Starts at the longest-path layers, then moves to the right, together, the set of nodes that
    gains most: a closure of largest weight (Picard, Management Science 22, 1976). The total is
    L-natural convex, so that a layering which no such step improves is optimal (Murota, Discrete
    Convex Analysis, 2003). ValueError if the edges form a cycle.
    """
    after, before = neighbours(count, edges)
    order = topological_order(count, edges)
    layer = [0] * count
    for node in order:
        layer[node] = max((layer[source] + 1 for source in before[node]), default=0)
    for node in reversed(order):
        if len(after[node]) > len(before[node]):
            layer[node] = min(layer[target] for target in after[node]) - 1
    gain = [len(after[node]) - len(before[node]) for node in range(count)]
    while moving := _closure(gain, layer, after):
        step = min(
            layer[target] - layer[node] - 1
            for node in moving
            for target in after[node]
            if target not in moving
        )
        for node in moving:
            layer[node] += step
    return layer


def neighbours(count: int, edges: Sequence[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    """The targets and the sources of every node, repeated as often as the edge is."""
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
        before[target].append(source)
    return after, before


def topological_order(count: int, edges: Sequence[Edge]) -> list[int]:
    """The nodes, every source before its targets. ValueError that names a cycle if there is one."""
    after, before = neighbours(count, edges)
    missing = [len(sources) for sources in before]
    order = [node for node in range(count) if not missing[node]]
    for node in order:
        for target in after[node]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    if len(order) == count:
        return order
    node = next(node for node in range(count) if missing[node])
    walk: list[int] = []
    while node not in walk:
        walk.append(node)
        node = next(source for source in before[node] if missing[source])
    cycle = [node, *reversed(walk[walk.index(node) :])]
    raise ValueError(
        f"layered: the edges form the cycle {' -> '.join(map(str, cycle))}; "
        "only acyclic graphs have layers, remove or reverse one of these edges"
    )


def _closure(gain: Sequence[int], layer: Sequence[int], after: Sequence[list[int]]) -> set[int]:
    """The nodes that gain most, together, when they move right by one; empty if no set gains.

    They are closed under edges of length one, and are the source side of a minimum cut: nodes
    with a gain supply it, nodes with a loss absorb it, and it flows along edges of length one.
    """
    supply = list(gain)
    flow: list[dict[int, int]] = [{} for _ in gain]  # flow[target][source]
    stuck: set[int] = set()
    for start in range(len(gain)):
        while supply[start] > 0 and start not in stuck:
            parent = _search(start, supply, layer, after, flow, stuck)
            end = next(reversed(parent))
            if supply[end] >= 0:
                stuck.update(parent)
                break
            _augment(start, end, parent, supply, layer, flow)
    return stuck


def _search(
    start: int,
    supply: Sequence[int],
    layer: Sequence[int],
    after: Sequence[list[int]],
    flow: Sequence[dict[int, int]],
    stuck: set[int],
) -> dict[int, int]:
    """The nodes that flow from `start` can reach, with their parents; ends at one that absorbs."""
    parent = {start: start}
    stack = [start]
    while stack:
        node = stack.pop()
        tight = [target for target in after[node] if layer[target] == layer[node] + 1]
        returns = [source for source, amount in flow[node].items() if amount]
        for other in (*tight, *returns):
            if other in parent or other in stuck:
                continue
            parent[other] = node
            if supply[other] < 0:
                return parent
            stack.append(other)
    return parent


def _augment(
    start: int,
    end: int,
    parent: dict[int, int],
    supply: list[int],
    layer: Sequence[int],
    flow: Sequence[dict[int, int]],
) -> None:
    path = [end]
    while path[-1] != start:
        path.append(parent[path[-1]])
    steps = [(node, other) for other, node in zip(path, path[1:], strict=False)]
    returned = [flow[node][other] for node, other in steps if layer[other] < layer[node]]
    amount = min([supply[start], -supply[end], *returned])
    supply[start] -= amount
    supply[end] += amount
    for node, other in steps:
        if layer[other] < layer[node]:
            flow[node][other] -= amount
        else:
            flow[other][node] = flow[other].get(node, 0) + amount

"""Layers of a directed acyclic graph: every edge leads to a later layer, and edges are short."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


Edge = tuple[int, int]


@dataclass(frozen=True)
class Layering:
    """A graph whose items stand in columns; in every column that an edge passes it has a dummy.

    Items below `boxes` are the boxes of the graph, the others are dummies.
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
        return [segment for chain in self.chains for segment in pairwise(chain)]

    def places(self) -> list[tuple[int, int]]:
        """Of every item, the index of its column and its index in the column."""
        places = [(0, 0)] * self.items
        for layer, column in enumerate(self.columns):
            for index, item in enumerate(column):
                places[item] = layer, index
        return places


def proper_layering(boxes: int, edges: Sequence[Edge]) -> Layering:
    """Columns with the smallest total edge length; the order inside a column means nothing yet.

    A source stands directly left of its first consumer. ValueError if the edges form a cycle.
    """
    layer = _layers(boxes, edges)
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


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """Layers with the smallest total edge length.

    Starts at the earliest layers and moves to the right, together, the nodes that gain most: a
    closure of largest weight (Picard, Management Science 22, 1976). The total is L-natural-convex,
    so that layers which no such step improves are optimal (Murota, Discrete Convex Analysis, 2003).
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
    while moving := _closure(gain, after, layer):
        leaving = [(u, v) for u in moving for v in after[u] if v not in moving]
        step = min(layer[v] - layer[u] - 1 for u, v in leaving)
        for node in moving:
            layer[node] += step
    return layer


def _closure(gain: Sequence[int], after: Sequence[list[int]], layer: Sequence[int]) -> set[int]:
    """The nodes that gain most when they move right by one; empty if no set of nodes gains.

    They are the source side of a minimum cut: nodes that gain supply a flow, nodes that lose
    absorb it, and it runs along the edges of length one.
    """
    spare = list(gain)
    flow: list[Counter[int]] = [Counter() for _ in gain]  # flow[target][source]
    closed: set[int] = set()
    for start in range(len(gain)):
        while spare[start] > 0 and start not in closed:
            parent = {start: start}
            stack = [start]
            while stack and spare[node := stack[-1]] >= 0:
                tight = [target for target in after[node] if layer[target] == layer[node] + 1]
                back = [source for source, amount in flow[node].items() if amount]
                stack.pop()
                fresh = [n for n in (*back, *tight) if n not in parent and n not in closed]
                parent.update(dict.fromkeys(fresh, node))
                stack.extend(fresh)
            if not stack:
                closed.update(parent)
                break
            node = stack[-1]
            spare[start] -= 1
            spare[node] += 1
            while node != start:
                source, target = parent[node], node
                if layer[source] < layer[target]:
                    flow[target][source] += 1
                else:
                    flow[source][target] -= 1
                node = source
    return closed

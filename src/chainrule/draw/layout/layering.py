"""Layers of a directed acyclic graph: every edge leads to a later layer, and edges are short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np


Edge: TypeAlias = tuple[int, int]


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

    @cached_property
    def segments(self) -> list[Edge]:
        """The pieces of the edges between neighbouring columns, edge by edge."""
        return [segment for chain in self.chains for segment in pairwise(chain)]

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Of every item, the index of its column and its index in the column."""
        places = {
            item: (layer, index)
            for layer, column in enumerate(self.columns)
            for index, item in enumerate(column)
        }
        return [places[item] for item in range(len(places))]


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
    """Of all layers with the smallest total edge length, the earliest.

    A linear program, whose vertices are integer (Gansner, Koutsofios, North and Vo, IEEE Trans.
    Software Engineering 19, 1993).
    """
    topological_order(count, edges)
    if not edges:
        return [0] * count
    # Loaded here, because `import chainrule` loads NumPy and nothing heavier.
    from scipy.optimize import linprog  # pyright: ignore[reportMissingTypeStubs]
    from scipy.sparse import csr_array  # pyright: ignore[reportMissingTypeStubs]

    rows = np.arange(len(edges))
    sources, targets = np.asarray(edges).T
    shape = (len(edges), count)
    step = csr_array((np.ones(len(edges)), (rows, sources)), shape)
    step -= csr_array((np.ones(len(edges)), (rows, targets)), shape)
    # The total length counts more than what all nodes together gain by standing earlier: no set of
    # nodes moves by one for less than a whole edge length.
    cost = np.ones(count) - (count + 1) * step.sum(axis=0)
    solution = linprog(cost, A_ub=step, b_ub=-np.ones(len(edges)), method="highs")
    return np.rint(solution.x).astype(int).tolist()

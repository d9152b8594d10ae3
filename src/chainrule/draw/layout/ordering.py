"""Orders inside the columns of a layering with few crossings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations, pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.draw.layout.layering import Layering, neighbours


_Array: TypeAlias = npt.NDArray[np.float64]
_Orders: TypeAlias = list[list[int]]  # of every column: its items, numbered from 0, top to bottom

_STARTS = 24
_SHUFFLED = 0.5  # of the columns of a good order, in a new start
_PATIENCE = 2  # rounds without improvement until a start is given up
_EFFORT = 40_000  # items that all starts together may sift; one pass at least
_TIES = 6  # orders of equal cost to choose from, at most


@dataclass(frozen=True)
class _Part:
    """A connected part of a layering, with an empty column before the first and after the last.

    The cost of an order is `crossing * crossings + inversions`. An inversion is a pair of inputs of
    one box that arrive against the order they were given in.
    """

    columns: list[list[int]]
    joins: list[_Array]  # (column k, column k - 1): the number of segments between two items
    inversions: list[_Array]  # (upper, lower): those that this order of two items causes
    crossing: float


def ordered(layering: Layering) -> list[Layering]:
    """The layering with its columns in the best orders found: one to six, all of the same cost.

    Cost is the number of crossings, then of inputs that arrive in another order than their edges
    were given in. Barycentre sweeps (Sugiyama, Tagawa and Toda, IEEE Trans. SMC 11, 1981) from
    several starts, refined by sifting (Matuszewski, Schönfeld and Molitor, Graph Drawing 1999).
    Later starts are the best orders so far with some columns shuffled (iterated local search).
    Parts that are not connected stand one above the other.
    """
    found = [(part, _best(part)) for part in _parts(layering)]
    drafts = []
    for draft in range(max((len(best) for _, best in found), default=1)):
        columns: list[list[int]] = [[] for _ in layering.columns]
        for part, best in found:
            inner = zip(part.columns, best[draft % len(best)], strict=True)
            ranked = [[items[number] for number in order] for items, order in inner]
            for column, items in zip(columns, ranked[1:-1], strict=True):
                column.extend(items)
        drafts.append(replace(layering, columns=tuple(map(tuple, columns))))
    return drafts


def _parts(layering: Layering) -> list[_Part]:
    """The connected parts, their items in the order of a depth-first walk from the last output."""
    after, before = neighbours(layering.items, layering.segments)
    parts = []
    seen: set[int] = set()
    for start in reversed(range(layering.boxes)):
        if start in seen:
            continue
        columns: list[list[int]] = [[] for _ in range(len(layering.columns) + 2)]
        stack = [start]
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                columns[layering.places[item][0] + 1].append(item)
                stack.extend(reversed([*before[item], *after[item]]))
        parts.append(_part(columns, before))
    return parts[::-1]


def _part(columns: list[list[int]], before: Sequence[Sequence[int]]) -> _Part:
    number = {item: index for column in columns for index, item in enumerate(column)}
    inversions = [np.zeros((len(column), len(column))) for column in columns]
    joins = [np.zeros((0, 0))]
    for k, (left, column) in enumerate(pairwise(columns)):
        join = np.zeros((len(column), len(left)))
        for item in column:
            for source in before[item]:
                join[number[item], number[source]] += 1
            for first, second in combinations(before[item], 2):
                inversions[k][number[second], number[first]] += first != second
        joins.append(join)
    return _Part(columns, joins, inversions, 1 + sum(float(pairs.sum()) for pairs in inversions))


def _best(part: _Part) -> list[_Orders]:
    """The cheapest orders found from several starts, in the order they were found."""
    generator = random.Random(0)
    start: _Orders = [list(range(len(column))) for column in part.columns]
    best: list[_Orders] = []
    least = _cost(part, start) + 1
    passes = _EFFORT // sum(map(len, start)) + 1
    for _ in range(_STARTS):
        cost, orders, used = _descend(part, start, passes)
        passes -= used
        if cost < least:
            least, best = cost, []
        if cost == least and orders not in best:
            best.append(orders)
        if passes <= 0 or not least:
            break
        start = [
            generator.sample(order, len(order)) if generator.random() < _SHUFFLED else order
            for order in generator.choice(best)
        ]
    return best[:_TIES]


def _descend(part: _Part, start: _Orders, passes: int) -> tuple[float, _Orders, int]:
    """The cost and the orders that sweeping and sifting lead to, and the passes it took."""
    orders = [list(order) for order in start]
    best, least = start, _cost(part, start)
    used = idle = 0
    forward = True
    while least and idle < _PATIENCE and used < passes:
        _sweep(part, orders, forward)
        improving = True
        while improving and used < passes:
            improving = _sift(part, orders)
            used += 1
        cost = _cost(part, orders)
        idle += 1
        if cost < least:
            best, least, idle = [list(order) for order in orders], cost, 0
        forward = not forward
    return least, best, used


def _sweep(part: _Part, orders: _Orders, forward: bool) -> None:
    """Sort every column by the mean height of the neighbours on one side; the other if none."""
    heights = [(np.argsort(order) + 0.5) / (len(order) + 1e-9) for order in orders]
    inner = range(1, len(orders) - 1)
    for k in inner if forward else reversed(inner):
        left = part.joins[k], heights[k - 1]
        right = part.joins[k + 1].T, heights[k + 1]
        mean = heights[k]
        for join, height in (right, left) if forward else (left, right):
            degree = join.sum(axis=1)
            mean = np.where(degree > 0, join @ height / np.maximum(degree, 1), mean)
        orders[k].sort(key=mean.tolist().__getitem__)
        heights[k] = (np.argsort(orders[k]) + 0.5) / len(orders[k])


def _sift(part: _Part, orders: _Orders) -> bool:
    """Move every item to its best place in its column; whether any moved."""
    places = [np.argsort(order) for order in orders]
    moved = False
    for k in range(1, len(orders) - 1):
        order = orders[k]
        crossed = _crossed(part.joins[k], places[k - 1])
        crossed = crossed + _crossed(part.joins[k + 1].T, places[k + 1])
        costs = part.crossing * crossed + part.inversions[k]
        gains = (costs.T - costs).tolist()
        for item in tuple(order):
            place = order.index(item)
            others = order[:place] + order[place + 1 :]
            totals = list(accumulate(map(gains[item].__getitem__, others), initial=0.0))
            if min(totals) < totals[place]:
                best = min(range(len(order)), key=lambda to: (totals[to], abs(to - place)))
                others.insert(best, item)
                order[:] = others
                moved = True
        places[k] = np.argsort(order)
    return moved


def _cost(part: _Part, orders: _Orders) -> float:
    total = 0.0
    for k in range(1, len(orders)):
        crossed = _crossed(part.joins[k], np.argsort(orders[k - 1]))
        costs = part.crossing * crossed + part.inversions[k]
        total += float(np.triu(costs[np.ix_(orders[k], orders[k])], 1).sum())
    return total


def _crossed(join: _Array, place: npt.NDArray[np.integer]) -> _Array:
    """How many segments cross when an item (row) stands above another one (column)."""
    return join @ (place[:, None] > place) @ join.T

"""Orders inside the columns of a layering with few crossings."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from .layering import Layering, neighbours

_Order = tuple[tuple[int, ...], ...]

_STARTS = 24  # random starting orders
_PATIENCE = 4  # rounds without improvement until a start is given up
_EFFORT = 20_000  # items that all starts together may sift, about a second; one pass at least
_REACH = 12  # places that sifting moves an item in either direction
_TIES = 6  # orders of equal cost to choose from


@dataclass(frozen=True)
class _Problem:
    """The cost of an order is `crossing * crossings + inversions`.

    An inversion is a pair of inputs of one box that arrive against the order they were given in.
    """

    before: Sequence[Sequence[int]]
    after: Sequence[Sequence[int]]
    inversions: Sequence[Counter[int]]  # [upper][lower]: those that this order of the two causes
    crossing: int


def ordered(layering: Layering) -> list[Layering]:
    """The layering with its columns in the best orders found: all cost the same, at most six.

    Cost is the number of crossings, then of inputs that arrive in another order than their edges
    were given in. Barycentre sweeps (Sugiyama, Tagawa and Toda, IEEE Trans. SMC 11, 1981) from
    several starts, each refined by sifting (Matuszewski, Schönfeld and Molitor, GD 1999).
    Parts that are not connected stand one above the other.
    """
    after, before = neighbours(layering.items, layering.segments())
    inversions = _inversions(layering)
    crossing = 1 + sum(counter.total() for counter in inversions)
    problem = _Problem(before, after, inversions, crossing)
    parts = [_best(problem, columns) for columns in _components(layering, before, after)]
    count = max((len(part) for part in parts), default=0)
    stacks = [[part[min(k, len(part) - 1)] for part in parts] for k in range(count)]
    return [
        replace(layering, columns=tuple(sum(pieces, ()) for pieces in zip(*stack, strict=True)))
        for stack in stacks
    ] or [layering]


def crossings(columns: Sequence[Sequence[int]], segments: Iterable[tuple[int, int]]) -> int:
    """The number of crossings between neighbouring columns, for segments that join them."""
    place = {item: index for column in columns for index, item in enumerate(column)}
    layer = {item: index for index, column in enumerate(columns) for item in column}
    total = 0
    passed: list[list[int]] = [[] for _ in columns]
    for source, target in sorted(segments, key=lambda pair: (place[pair[0]], place[pair[1]])):
        seen = passed[layer[source]]
        index = bisect_right(seen, place[target])
        total += len(seen) - index
        seen.insert(index, place[target])
    return total


def _inversions(layering: Layering) -> list[Counter[int]]:
    inputs: dict[int, list[int]] = {}
    for chain in layering.chains:
        inputs.setdefault(chain[-1], []).append(chain[-2])
    inversions: list[Counter[int]] = [Counter() for _ in range(layering.items)]
    for items in inputs.values():
        for first, second in combinations(items, 2):
            if first != second:
                inversions[second][first] += 1
    return inversions


def _components(
    layering: Layering, before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> list[list[list[int]]]:
    """The columns of every connected part, its items in the order of a depth-first walk."""
    layer = {item: index for index, column in enumerate(layering.columns) for item in column}
    parts = []
    seen: set[int] = set()
    for start in sorted(layer):
        if start in seen:
            continue
        columns: list[list[int]] = [[] for _ in layering.columns]
        stack = [start]
        while stack:
            item = stack.pop()
            if item in seen:
                continue
            seen.add(item)
            columns[layer[item]].append(item)
            stack.extend(reversed([*before[item], *after[item]]))
        parts.append(columns)
    return parts


def _best(problem: _Problem, columns: list[list[int]]) -> list[_Order]:
    """The cheapest orders found from several starts, in the order they were found."""
    size = sum(map(len, columns))
    generator = random.Random(0)
    starts = [columns, [column[::-1] for column in columns]]
    starts += [[generator.sample(c, len(c)) for c in columns] for _ in range(_STARTS)]
    best: list[_Order] = []
    least = _cost(problem, columns) + 1
    passes = _EFFORT // size + 1
    for start in starts:
        if passes <= 0 or len(best) == _TIES:
            break
        cost, order, used = _descend(problem, start, passes)
        passes -= used
        if cost < least:
            least, best = cost, []
        if cost == least and order not in best:
            best.append(order)
    return best


def _descend(
    problem: _Problem, columns: list[list[int]], passes: int
) -> tuple[int, _Order, int]:
    """The cost and the order that sweeping and sifting lead to, and the passes it took."""
    columns = [list(column) for column in columns]
    least = _cost(problem, columns)
    best = tuple(map(tuple, columns))
    used = idle = 0
    forward = True
    while least and idle < _PATIENCE and used < passes:
        _sweep(problem, columns, forward)
        improving = True
        while improving and used < passes:
            improving = _sift(problem, columns)
            used += 1
        cost = _cost(problem, columns)
        idle += 1
        if cost < least:
            least, best, idle = cost, tuple(map(tuple, columns)), 0
        forward = not forward
    return least, best, used


def _cost(problem: _Problem, columns: list[list[int]]) -> int:
    items = [item for column in columns for item in column]
    place = {item: index for column in columns for index, item in enumerate(column)}
    segments = [(item, other) for item in items for other in problem.after[item]]
    inversions = sum(
        count
        for upper in items
        for lower, count in problem.inversions[upper].items()
        if lower in place and place[upper] < place[lower]
    )
    return problem.crossing * crossings(columns, segments) + inversions


def _sweep(problem: _Problem, columns: list[list[int]], forward: bool) -> None:
    """Sort every column by the mean height of the neighbours on one side; the other if none."""
    height = {
        item: (index + 0.5) / len(column)
        for column in columns
        for index, item in enumerate(column)
    }
    sides = (problem.before, problem.after) if forward else (problem.after, problem.before)
    for column in columns if forward else reversed(columns):
        mean = {}
        for item in column:
            fixed = sides[0][item] or sides[1][item] or [item]
            mean[item] = sum(height[other] for other in fixed) / len(fixed)
        column.sort(key=mean.__getitem__)
        for index, item in enumerate(column):
            height[item] = (index + 0.5) / len(column)


def _sift(problem: _Problem, columns: list[list[int]]) -> bool:
    """Move every item to the best place within reach in its column; whether any moved."""
    place = {item: index for column in columns for index, item in enumerate(column)}
    moved = False
    for column in columns:
        sides = {
            item: [
                sorted(place[other] for other in side[item])
                for side in (problem.before, problem.after)
            ]
            for item in column
        }
        for item in tuple(column):
            moved |= _sift_item(problem, column, item, sides)
        for index, item in enumerate(column):
            place[item] = index
    return moved


def _sift_item(
    problem: _Problem, column: list[int], item: int, sides: dict[int, list[list[int]]]
) -> bool:
    def cost(upper: int, lower: int) -> int:
        crossed = sum(
            bisect_left(below, end)
            for above, below in zip(sides[upper], sides[lower], strict=True)
            for end in above
        )
        return problem.crossing * crossed + problem.inversions[upper][lower]

    start = column.index(item)
    best, least = start, 0
    change = 0
    for index in range(start - 1, max(start - _REACH, 0) - 1, -1):
        change += cost(item, column[index]) - cost(column[index], item)
        if change < least:
            best, least = index, change
    change = 0
    for index in range(start + 1, min(start + _REACH, len(column) - 1) + 1):
        change += cost(column[index], item) - cost(item, column[index])
        if change < least:
            best, least = index, change
    column.insert(best, column.pop(start))
    return best != start

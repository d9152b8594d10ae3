"""Orders inside the columns of a layering with few crossings."""

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from chainrule.draw.layering import Layering, neighbours


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
    """The layering with its columns in the best orders found: one to six, all of the same cost.

    Cost is the number of crossings, then of inputs that arrive in another order than their edges
    were given in. Barycentre sweeps (Sugiyama, Tagawa and Toda, IEEE Trans. SMC 11, 1981) from
    several starts, refined by sifting (Matuszewski, Schönfeld and Molitor, Graph Drawing 1999).
    Parts that are not connected stand one above the other.
    """
    after, before = neighbours(layering.items, layering.segments())
    inputs: dict[int, list[int]] = {}
    for chain in layering.chains:
        inputs.setdefault(chain[-1], []).append(chain[-2])
    inversions: list[Counter[int]] = [Counter() for _ in range(layering.items)]
    for items in inputs.values():
        for first, second in combinations(items, 2):
            if first != second:
                inversions[second][first] += 1
    crossing = 1 + sum(counter.total() for counter in inversions)
    problem = _Problem(before, after, inversions, crossing)
    parts = [_best(problem, columns) for columns in _parts(layering, problem)]
    return [
        replace(layering, columns=tuple(sum(pieces, ()) for pieces in zip(*stack, strict=True)))
        for stack in zip(*(part * (_TIES // len(part)) for part in parts), strict=False)
    ] or [layering]


def crossings(columns: Sequence[Sequence[int]], segments: Iterable[tuple[int, int]]) -> int:
    """The number of crossings of segments, each of which joins two neighbouring columns."""
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


def _parts(layering: Layering, problem: _Problem) -> list[list[list[int]]]:
    """The columns of every connected part, its items in the order of a depth-first walk."""
    places = layering.places()
    parts = []
    seen: set[int] = set()
    for start in range(layering.boxes):
        if start in seen:
            continue
        columns: list[list[int]] = [[] for _ in layering.columns]
        stack = [start]
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                columns[places[item][0]].append(item)
                stack.extend(reversed([*problem.before[item], *problem.after[item]]))
        parts.append(columns)
    return parts


def _best(problem: _Problem, columns: list[list[int]]) -> list[_Order]:
    """The cheapest orders found from several starts, in the order they were found."""
    generator = random.Random(0)
    best: list[_Order] = []
    least = _cost(problem, columns) + 1
    passes = _EFFORT // sum(map(len, columns)) + 1
    start = columns
    for _ in range(1 + _STARTS):
        cost, order, used = _descend(problem, start, passes)
        passes -= used
        if cost < least:
            least, best = cost, []
        if cost == least and order not in best:
            best.append(order)
        if passes <= 0 or len(best) == _TIES:
            break
        start = [generator.sample(column, len(column)) for column in columns]
    return best


def _descend(
    problem: _Problem, start: list[list[int]], passes: int
) -> tuple[int, _Order, int]:
    """The cost and the order that sweeping and sifting lead to, and the passes it took."""
    columns = [list(column) for column in start]
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
    place = {item: index for column in columns for index, item in enumerate(column)}
    segments = [(item, other) for item in place for other in problem.after[item]]
    inversions = sum(
        count
        for upper in place
        for lower, count in problem.inversions[upper].items()
        if place[upper] < place[lower]
    )
    return problem.crossing * crossings(columns, segments) + inversions


def _sweep(problem: _Problem, columns: list[list[int]], forward: bool) -> None:
    """Sort every column by the mean height of the neighbours on one side; the other if none."""
    height: dict[int, float] = {}

    def measure(column: list[int]) -> None:
        height.update((item, (index + 0.5) / len(column)) for index, item in enumerate(column))

    for column in columns:
        measure(column)
    sides = (problem.before, problem.after) if forward else (problem.after, problem.before)
    for column in columns if forward else reversed(columns):
        mean = {}
        for item in column:
            fixed = sides[0][item] or sides[1][item] or [item]
            mean[item] = sum(height[other] for other in fixed) / len(fixed)
        column.sort(key=mean.__getitem__)
        measure(column)


def _sift(problem: _Problem, columns: list[list[int]]) -> bool:
    """Move every item to the best place within reach in its column; whether any moved."""
    place = {item: index for column in columns for index, item in enumerate(column)}
    moved = False
    for column in columns:
        ends = {
            item: [sorted(place[o] for o in side[item]) for side in (problem.before, problem.after)]
            for item in column
        }
        for item in tuple(column):
            moved |= _sift_item(problem, column, item, ends)
        place.update((item, index) for index, item in enumerate(column))
    return moved


def _sift_item(
    problem: _Problem, column: list[int], item: int, ends: dict[int, list[list[int]]]
) -> bool:
    def cost(upper: int, lower: int) -> int:
        crossed = sum(
            bisect_left(below, end)
            for above, below in zip(ends[upper], ends[lower], strict=True)
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

"""Heights of the items of an ordered layering: straight edges, boxes centred on their inputs."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from .layering import Edge, Layering, neighbours, topological_order

_DECAY = 3.0  # how much stiffer an edge pulls than one that ends a step further from the leaves
_STEPS = 3  # after which edges are no longer softer
_MINOR = 0.2  # stiffness of an edge from an input that counts less than another one
_NEARLY = 0.5  # of the gap between boxes: an edge that rises less is made level
_ROUNDS = 500  # of relaxation, at most
_PASSES = 6  # over all rooms, in one round
_STILL = 0.0005  # of the gap between boxes: a round that moves no block further is the last


@dataclass(frozen=True)
class _System:
    """Blocks of items that stand level, the springs between them and the room they need."""

    block: Sequence[int]  # of every item
    springs: Sequence[tuple[int, int, float]]  # (block, block, stiffness)
    rooms: Sequence[tuple[int, int, float]]  # (upper, lower, distance), in topological order
    weight: Sequence[float]  # of every block: the stiffness of its springs together


def placed(layering: Layering, heights: Sequence[float], gap: float) -> list[float]:
    """The y of every item's centre; items of one column are at least `gap` apart, border to border.

    Edges are springs under separation constraints (a quadratic program), stiffer to the left, so
    that boxes are centred on their inputs. Long edges, boxes with one neighbour on a side and
    edges that would rise very little are level.
    """
    principal = _principal(layering)
    system = _system(layering, _level(layering, principal), heights, gap)
    y = _relaxed(system, [0.0] * layering.items, gap)
    rise = {(u, v): abs(y[u] - y[v]) for u, v in layering.segments()}
    nearly = sorted((s for s in rise if rise[s] < _NEARLY * gap), key=rise.__getitem__)
    system = _system(layering, _level(layering, [*principal, *nearly]), heights, gap)
    return _relaxed(system, y, gap)


def _ranks(layering: Layering) -> list[int]:
    """How much every item counts as an input: 0 computed boxes, 1 dummies and shared leaves,

    2 leaves with one consumer.
    """
    after, before = neighbours(layering.items, layering.segments())
    return [
        0 if item < layering.boxes and before[item] else 1 if len(set(after[item])) > 1 or before[item] else 2
        for item in range(layering.items)
    ]


def _principal(layering: Layering) -> list[Edge]:
    """The segments that ought to be level, the most important first.

    They join two dummies, or the middle input of one item to the middle output of another, among
    those that count most.
    """
    segments = list(dict.fromkeys(layering.segments()))
    place = {item: index for column in layering.columns for index, item in enumerate(column)}
    rank = _ranks(layering)
    after, before = neighbours(layering.items, segments)

    def middle(others: list[int]) -> int | None:
        least = min(rank[other] for other in others)
        best = sorted((o for o in others if rank[o] == least), key=place.__getitem__)
        return best[len(best) // 2] if len(best) % 2 else None

    inner = [(u, v) for u, v in segments if min(u, v) >= layering.boxes]
    mutual = [(u, v) for u, v in segments if middle(before[v]) == u and middle(after[u]) == v]
    return [*inner, *mutual]


def _level(layering: Layering, candidates: Sequence[Edge]) -> list[Edge]:
    """The candidates, less those that cross an earlier one or meet it on one side of an item."""
    layer = {item: index for index, column in enumerate(layering.columns) for item in column}
    place = {item: index for column in layering.columns for index, item in enumerate(column)}
    taken: list[list[Edge]] = [[] for _ in layering.columns]
    chosen = []
    for u, v in candidates:
        row = taken[layer[u]]
        ends = (place[u], place[v])
        index = bisect(row, ends)
        around = [*row[max(index - 1, 0) : index], ends, *row[index : index + 1]]
        if all(p < r and q < s for (p, q), (r, s) in zip(around, around[1:], strict=False)):
            row.insert(index, ends)
            chosen.append((u, v))
    return chosen


def _system(
    layering: Layering, level: Sequence[Edge], heights: Sequence[float], gap: float
) -> _System:
    partner = {v: u for u, v in level}
    block = [0] * layering.items
    count = 0
    for column in layering.columns:
        for item in column:
            if item in partner:
                block[item] = block[partner[item]]
                continue
            block[item] = count
            count += 1
    rooms: dict[Edge, float] = {}
    for column in layering.columns:
        for upper, lower in zip(column, column[1:], strict=False):
            pair = block[upper], block[lower]
            distance = (heights[upper] + heights[lower]) / 2 + gap
            rooms[pair] = max(rooms.get(pair, 0.0), distance)
    rank = {b: index for index, b in enumerate(topological_order(count, list(rooms)))}
    ordered_rooms = sorted(((a, b, d) for (a, b), d in rooms.items()), key=lambda r: rank[r[0]])
    springs = _springs(layering, block)
    weight = [1e-300] * count
    for a, b, stiffness in springs:
        weight[a] += stiffness
        weight[b] += stiffness
    return _System(block, springs, ordered_rooms, weight)


def _springs(layering: Layering, block: Sequence[int]) -> list[tuple[int, int, float]]:
    _, before = neighbours(layering.items, layering.segments())
    rank = _ranks(layering)
    depth = [0] * layering.items
    springs = []
    for item in (item for column in layering.columns for item in column):
        if not before[item]:
            continue
        depth[item] = 1 + max(depth[other] for other in before[item])
        stiffness = _DECAY ** -min(depth[item], _STEPS)
        least = min(rank[other] for other in before[item])
        for other in before[item]:
            if block[other] != block[item]:
                share = 1 if rank[other] == least else _MINOR
                springs.append((block[other], block[item], stiffness * share))
    return springs


def _relaxed(system: _System, start: Sequence[float], gap: float) -> list[float]:
    """The y of every item where the springs are at rest, nearly, and all rooms kept exactly.

    Projected gradient descent, scaled by the weights; the projection is Hildreth's (Naval Research
    Logistics Quarterly 4, 1957), its multipliers carried on from round to round.
    """
    size = [0] * len(system.weight)
    y = [0.0] * len(system.weight)
    for item, b in enumerate(system.block):
        size[b] += 1
        y[b] += start[item]
    y = _feasible(system, [total / number for total, number in zip(y, size, strict=True)])
    force = [0.0] * len(system.rooms)
    for _ in range(_ROUNDS):
        moved = _projected(system, _descended(system, y), force)
        largest = max((abs(p - q) for p, q in zip(moved, y, strict=True)), default=0.0)
        y = moved
        if largest < _STILL * gap:
            break
    y = _feasible(system, y)
    return [y[b] for b in system.block]


def _descended(system: _System, y: Sequence[float]) -> list[float]:
    pull = [0.0] * len(y)
    for a, b, stiffness in system.springs:
        tension = stiffness * (y[b] - y[a])
        pull[a] += tension
        pull[b] -= tension
    return [place + p / (2 * w) for place, p, w in zip(y, pull, system.weight, strict=True)]


def _projected(system: _System, y: list[float], force: list[float]) -> list[float]:
    """Push blocks apart, in inverse proportion to their weights; `force` is updated in place."""
    inverse = [1 / w for w in system.weight]
    for (upper, lower, _), f in zip(system.rooms, force, strict=True):
        y[upper] -= f * inverse[upper]
        y[lower] += f * inverse[lower]
    for _ in range(_PASSES):
        for index, (upper, lower, distance) in enumerate(system.rooms):
            lacking = distance - y[lower] + y[upper]
            change = max(lacking / (inverse[upper] + inverse[lower]), -force[index])
            force[index] += change
            y[upper] -= change * inverse[upper]
            y[lower] += change * inverse[lower]
    return y


def _feasible(system: _System, y: Sequence[float]) -> list[float]:
    """The mean of the least heights not above and the greatest not below that keep all rooms."""
    down = list(y)
    for upper, lower, distance in system.rooms:
        down[lower] = max(down[lower], down[upper] + distance)
    up = list(y)
    for upper, lower, distance in reversed(system.rooms):
        up[upper] = min(up[upper], up[lower] - distance)
    return [(p + q) / 2 for p, q in zip(down, up, strict=True)]

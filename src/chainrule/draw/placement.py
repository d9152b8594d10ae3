"""Heights of the items of an ordered layering: straight edges, boxes centred on their inputs."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainrule.draw.layering import Edge, Layering, neighbours, topological_order


_SOFTER = 3.0  # by how much an edge pulls less than one that ends a step nearer to the leaves
_STEPS = 3  # after which edges are no longer softer
_MINOR = 0.2  # stiffness of an edge from an input that counts less than another one
_NEARLY = 0.5  # of the gap between boxes: an edge that rises less is made level
_ROUNDS = 500  # of relaxation, at most
_PASSES = 6  # over all rooms, in one round
_STILL = 0.0005  # of the gap between boxes: a round that moves no block further is the last

_Spring = tuple[int, int, float]  # (block, block, stiffness)
_Room = tuple[int, int, float]  # (upper block, lower block, least distance)


@dataclass(frozen=True)
class _System:
    block: Sequence[int]  # of every item; the items of a block are level
    springs: Sequence[_Spring]
    rooms: Sequence[_Room]  # those around a block before those below it
    weight: Sequence[float]  # of every block: the stiffness of its springs together


def placed(layering: Layering, heights: Sequence[float], gap: float) -> list[float]:
    """The y of every item's centre; items of one column are at least `gap` apart, border to border.

    Edges are springs under separation constraints (a quadratic program), stiffer near the leaves,
    so that boxes are centred on their inputs. Long edges, those between boxes that are each
    other's principal neighbour, and those that would rise very little are level.
    """
    principal = _principal(layering)
    y = _relaxed(_system(layering, principal, heights, gap), [0.0] * layering.items, gap)
    rise = {(u, v): abs(y[u] - y[v]) for u, v in layering.segments()}
    nearly = [segment for segment in rise if rise[segment] < _NEARLY * gap]
    candidates = [*principal, *sorted(nearly, key=rise.__getitem__)]
    return _relaxed(_system(layering, candidates, heights, gap), y, gap)


def _ranks(layering: Layering) -> list[int]:
    """How items count as inputs: computed boxes first (0), then leaves with one consumer last."""
    after, before = neighbours(layering.items, layering.segments())
    shared = [len(set(targets)) > 1 for targets in after]
    return [
        0 if before[item] and item < layering.boxes else 1 if before[item] or shared[item] else 2
        for item in range(layering.items)
    ]


def _principal(layering: Layering) -> list[Edge]:
    """The segments that ought to be level, the most important first.

    They join two dummies, or the middle input of one item to the middle output of another, among
    those that count most.
    """
    segments = list(dict.fromkeys(layering.segments()))
    place = layering.places()
    rank = _ranks(layering)
    after, before = neighbours(layering.items, segments)

    def middle(others: list[int]) -> int | None:
        least = min(rank[other] for other in others)
        best = sorted((o for o in others if rank[o] == least), key=place.__getitem__)
        return best[len(best) // 2] if len(best) % 2 else None

    inner = [(u, v) for u, v in segments if min(u, v) >= layering.boxes]
    return inner + [(u, v) for u, v in segments if middle(before[v]) == u and middle(after[u]) == v]


def _blocks(layering: Layering, candidates: Sequence[Edge]) -> list[int]:
    """The block of every item, when the candidates are made level as far as that is possible.

    A candidate that crosses an earlier one, or meets it on one side of an item, is not.
    """
    place = layering.places()
    taken: list[list[Edge]] = [[] for _ in layering.columns]
    partner: dict[int, int] = {}
    for u, v in candidates:
        (layer, p), (_, q) = place[u], place[v]
        row = taken[layer]
        index = bisect(row, (p, q))
        around = [*row[max(index - 1, 0) : index], (p, q), *row[index : index + 1]]
        if all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(around)):
            row.insert(index, (p, q))
            partner[v] = u
    block: dict[int, int] = {}
    count = 0
    for item in (item for column in layering.columns for item in column):
        block[item] = block[partner[item]] if item in partner else count
        count += item not in partner
    return [block[item] for item in range(layering.items)]


def _system(
    layering: Layering, level: Sequence[Edge], heights: Sequence[float], gap: float
) -> _System:
    block = _blocks(layering, level)
    count = max(block, default=-1) + 1
    distance: dict[Edge, float] = {}
    for upper, lower in (pair for column in layering.columns for pair in pairwise(column)):
        pair = block[upper], block[lower]
        needed = (heights[upper] + heights[lower]) / 2 + gap
        distance[pair] = max(distance.get(pair, 0.0), needed)
    _, above = neighbours(count, list(distance))
    rooms = [
        (upper, lower, distance[upper, lower])
        for lower in topological_order(count, list(distance))
        for upper in above[lower]
    ]
    springs = _springs(layering, block)
    weight = [1e-9] * count
    for a, b, stiffness in springs:
        weight[a] += stiffness
        weight[b] += stiffness
    return _System(block, springs, rooms, weight)


def _springs(layering: Layering, block: Sequence[int]) -> list[_Spring]:
    _, before = neighbours(layering.items, layering.segments())
    rank = _ranks(layering)
    depth = [0] * layering.items
    springs = []
    for item in (item for column in layering.columns for item in column if before[item]):
        depth[item] = 1 + max(depth[other] for other in before[item])
        stiffness = _SOFTER ** -min(depth[item], _STEPS)
        least = min(rank[other] for other in before[item])
        for other in before[item]:
            share = 1.0 if rank[other] == least else _MINOR
            springs.append((block[other], block[item], stiffness * share))
    return [spring for spring in springs if spring[0] != spring[1]]


def _relaxed(system: _System, start: Sequence[float], gap: float) -> list[float]:
    """The y of every item where the springs are at rest, nearly, and all rooms kept exactly.

    Gradient descent scaled by the weights, projected by Hildreth's method (Naval Research
    Logistics Quarterly 4, 1957) whose multipliers are carried on from round to round.
    """
    members: list[list[float]] = [[] for _ in system.weight]
    for block, height in zip(system.block, start, strict=True):
        members[block].append(height)
    y = _feasible(system, [sum(heights) / len(heights) for heights in members])
    softness = [1 / weight for weight in system.weight]
    push = [0.0] * len(system.rooms)
    for _ in range(_ROUNDS):
        old = list(y)
        for a, b, stiffness in system.springs:
            tension = stiffness * (old[b] - old[a]) / 2
            y[a] += tension * softness[a]
            y[b] -= tension * softness[b]
        _push_apart(system, y, softness, push)
        if max((abs(p - q) for p, q in zip(y, old, strict=True)), default=0.0) < _STILL * gap:
            break
    y = _feasible(system, y)
    return [y[block] for block in system.block]


def _push_apart(
    system: _System, y: list[float], softness: Sequence[float], push: list[float]
) -> None:
    """Move `y` to where the rooms are kept, nearly; `push` is the force that every room exerts."""
    for (upper, lower, _), force in zip(system.rooms, push, strict=True):
        y[upper] -= force * softness[upper]
        y[lower] += force * softness[lower]
    for _ in range(_PASSES):
        for index, (upper, lower, distance) in enumerate(system.rooms):
            lacking = distance - y[lower] + y[upper]
            change = max(lacking / (softness[upper] + softness[lower]), -push[index])
            push[index] += change
            y[upper] -= change * softness[upper]
            y[lower] += change * softness[lower]


def _feasible(system: _System, y: Sequence[float]) -> list[float]:
    """The mean of the least heights not above `y` and the greatest not below it, all rooms kept."""
    down = list(y)
    for upper, lower, distance in system.rooms:
        down[lower] = max(down[lower], down[upper] + distance)
    up = list(y)
    for upper, lower, distance in reversed(system.rooms):
        up[upper] = min(up[upper], up[lower] - distance)
    return [(p + q) / 2 for p, q in zip(down, up, strict=True)]

"""Heights of the items of an ordered layering: straight edges, boxes centred on their inputs."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.draw.layout.layering import Edge, Layering, neighbours, topological_order


_SOFTER = 3.0  # by how much an edge pulls less than one that ends a step nearer to the leaves
_STEPS = 3  # after which edges are no longer softer
_MINOR = 0.2  # stiffness of an edge from an input that counts less than another one
_NEARLY = 0.5  # of the gap between boxes: an edge that rises less is made level
_ROUNDS = 300  # of relaxation, at most
_STILL = 0.05  # pixels: a round that moves nothing further is the last
_RIGID = 0.1  # stiffness of the rooms while they are not yet kept


def placed(layering: Layering, heights: Sequence[float], gap: float) -> list[float]:
    """The y of every item's centre; items of one column are at least `gap` apart, border to border.

    Edges are springs under separation constraints (a quadratic program), stiffer near the leaves,
    so that boxes are centred on their inputs. Long edges, those between boxes that are each
    other's principal neighbour, and those that would rise very little are level.
    """
    principal = _principal(layering)
    y = _at_rest(layering, principal, heights, gap)
    rise = {(u, v): abs(y[u] - y[v]) for u, v in layering.segments}
    nearly = [segment for segment in rise if rise[segment] < _NEARLY * gap]
    level = [*principal, *sorted(nearly, key=rise.__getitem__)]
    return _at_rest(layering, level, heights, gap)


def _ranks(layering: Layering) -> list[int]:
    """How items count as inputs: computed boxes first (0), then leaves with one consumer last."""
    after, before = neighbours(layering.items, layering.segments)
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
    segments = list(dict.fromkeys(layering.segments))
    rank = _ranks(layering)
    after, before = neighbours(layering.items, segments)

    def middle(others: list[int]) -> int | None:
        least = min(rank[other] for other in others)
        best = sorted((o for o in others if rank[o] == least), key=layering.places.__getitem__)
        return best[len(best) // 2] if len(best) % 2 else None

    inner = [(u, v) for u, v in segments if min(u, v) >= layering.boxes]
    return inner + [(u, v) for u, v in segments if middle(before[v]) == u and middle(after[u]) == v]


def _at_rest(
    layering: Layering, level: Sequence[Edge], heights: Sequence[float], gap: float
) -> list[float]:
    """The y of every item where the springs are at rest and all rooms are kept."""
    block = _blocks(layering, level)
    count = max(block, default=-1) + 1
    distance: dict[Edge, float] = {}
    for upper, lower in (pair for column in layering.columns for pair in pairwise(column)):
        pair = block[upper], block[lower]
        needed = (heights[upper] + heights[lower]) / 2 + gap
        distance[pair] = max(distance.get(pair, 0.0), needed)
    y = _relaxed(count, _springs(layering, block), distance)
    y = _apart(y, distance)
    return [y[number] for number in block]


def _blocks(layering: Layering, candidates: Sequence[Edge]) -> list[int]:
    """The block of every item, when the candidates are made level as far as that is possible.

    A candidate that crosses an earlier one, or meets it on one side of an item, is not.
    """
    taken: list[list[Edge]] = [[] for _ in layering.columns]
    partner: dict[int, int] = {}
    for u, v in candidates:
        (layer, p), (_, q) = layering.places[u], layering.places[v]
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


def _springs(layering: Layering, block: Sequence[int]) -> dict[Edge, float]:
    """The stiffness of the springs between every two blocks that edges join."""
    _, before = neighbours(layering.items, layering.segments)
    rank = _ranks(layering)
    depth = [0] * layering.items
    springs: dict[Edge, float] = {}
    for item in (item for column in layering.columns for item in column if before[item]):
        depth[item] = 1 + max(depth[other] for other in before[item])
        stiffness = _SOFTER ** -min(depth[item], _STEPS)
        least = min(rank[other] for other in before[item])
        for other in before[item]:
            share = 1.0 if rank[other] == least else _MINOR
            pair = block[other], block[item]
            if pair[0] != pair[1]:
                springs[pair] = springs.get(pair, 0.0) + stiffness * share
    return springs


def _relaxed(
    count: int, springs: Mapping[Edge, float], distance: Mapping[Edge, float]
) -> list[float]:
    """The y of every block where the springs are at rest, nearly, and the rooms kept, nearly.

    Alternating direction method of multipliers (Boyd et al., Foundations and Trends in Machine
    Learning 3, 2011, section 5.2).
    """
    if not distance:
        return [0.0] * count
    # Loaded here, because `import chainrule` loads NumPy and nothing heavier.
    from scipy.sparse import diags_array, eye_array  # pyright: ignore[reportMissingTypeStubs]
    from scipy.sparse.linalg import splu  # pyright: ignore[reportMissingTypeStubs]

    pull = _differences(count, springs)
    room = _differences(count, distance)
    least = np.array(list(distance.values()))
    energy = pull.T @ diags_array(np.array(list(springs.values()))) @ pull
    # The last term holds the picture as a whole, which neither springs nor rooms do.
    system = energy + _RIGID * (room.T @ room) + 1e-6 * eye_array(count)
    solve = splu(system.tocsc()).solve
    apart, force, y = least, np.zeros(len(least)), np.zeros(count)
    for _ in range(_ROUNDS):
        old = y
        y = solve(room.T @ (_RIGID * apart - force))
        apart = np.maximum(room @ y + force / _RIGID, least)
        force += _RIGID * (room @ y - apart)
        if np.abs(y - old).max() < _STILL:
            break
    return y.tolist()


def _differences(count: int, pairs: Mapping[Edge, float]) -> Any:
    """The sparse matrix (pairs, blocks) that takes heights to the rise of every pair."""
    from scipy.sparse import csr_array  # pyright: ignore[reportMissingTypeStubs]

    rows = np.arange(len(pairs)).repeat(2)
    signs = np.tile([-1.0, 1.0], len(pairs))
    blocks = np.array(list(pairs), int).ravel()
    return csr_array((signs, (rows, blocks)), (len(pairs), count))


def _apart(y: Sequence[float], distance: Mapping[Edge, float]) -> list[float]:
    """The mean of the least heights not above `y` and the greatest not below it, all rooms kept."""
    after, before = neighbours(len(y), list(distance))
    order = topological_order(len(y), list(distance))
    down = list(y)
    for lower in order:
        reached = [down[upper] + distance[upper, lower] for upper in before[lower]]
        down[lower] = max([y[lower], *reached])
    up = list(y)
    for upper in reversed(order):
        reached = [up[lower] - distance[upper, lower] for lower in after[upper]]
        up[upper] = min([y[upper], *reached])
    return [(p + q) / 2 for p, q in zip(down, up, strict=True)]

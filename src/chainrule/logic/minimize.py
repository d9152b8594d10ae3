"""The shortest disjunctions of a Boolean function: its prime implicants, and a cover by them.

A cube fixes some inputs and leaves the others open. All cubes of n inputs are one array of the
shape `(3,) * n`: along an axis, 0 and 1 fix that input and 2 leaves it open.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np


Array: TypeAlias = np.ndarray[Any, Any]

#: The most inputs: there are 3**16 = 43 million cubes.
MOST_INPUTS = 16
#: The most inputs for which the shortest cover is searched for, rather than a short one.
MOST_INPUTS_EXACT = 7
_OPEN = 2


def minimal_cubes(outputs: Array) -> Array:
    """Prime implicants that together are a function, from its outputs `(2**n,)`, bool.

    The cubes are `(terms, n)`, int8: 0 and 1 for a fixed input, 2 for an open one. Up to
    `MOST_INPUTS_EXACT` inputs no disjunction of conjunctions has fewer terms, and of those with
    as few none has fewer literals (Quine 1952, McCluskey 1956, and an integer program for the
    cover). Beyond: the essential prime implicants, then the one that covers most of what is left,
    again and again (Chvátal 1979), without those that turn out superfluous. ValueError for more
    than `MOST_INPUTS` inputs.
    """
    n = int(outputs.size).bit_length() - 1
    if n > MOST_INPUTS:
        raise ValueError(
            f"minimized: {n} inputs, expected {MOST_INPUTS} or fewer; dnf() has no such limit"
        )
    on = outputs.reshape((2,) * n)
    primes = prime_implicants(on)
    is_covered_once = on & (_to_rows(primes, _count_to_two) == 1)
    essential = primes & _to_cubes(is_covered_once, np.logical_or)
    uncovered = on & ~_to_rows(essential, np.logical_or)
    candidates = _digits(primes & ~essential & _to_cubes(uncovered, np.logical_or))
    choose = _smallest_cover if n <= MOST_INPUTS_EXACT else _greedy_cover
    cubes = np.concatenate([_digits(essential), choose(candidates, uncovered.reshape(-1))])
    return cubes[np.lexsort(cubes.T[::-1])] if n else cubes


def prime_implicants(on: Array) -> Array:
    """Which cubes are prime implicants `(3,) * n`, from the outputs `(2,) * n`, bool.

    Those on which the function is 1 everywhere, and on no larger one around them.
    """
    implicants = _to_cubes(on, np.logical_and)
    primes = implicants.copy()
    for axis in range(on.ndim):
        fixed = np.moveaxis(primes, axis, 0)[:_OPEN]
        fixed &= ~np.moveaxis(implicants, axis, 0)[_OPEN]
    return primes


def _to_cubes(rows: Array, combine: Any) -> Array:
    """The rows in each cube, combined: `(2,) * n` -> `(3,) * n`."""
    for axis in range(rows.ndim):
        zero, one = np.moveaxis(rows, axis, 0)
        rows = np.stack([zero, one, combine(zero, one)], axis)
    return rows


def _to_rows(cubes: Array, combine: Any) -> Array:
    """The cubes around each row, combined: `(3,) * n` -> `(2,) * n`."""
    for axis in range(cubes.ndim):
        zero, one, either = np.moveaxis(cubes, axis, 0)
        cubes = np.stack([combine(zero, either), combine(one, either)], axis)
    return cubes


def _count_to_two(a: Array, b: Array) -> Array:
    """0, 1, or 2 for two and more."""
    return np.minimum(np.add(a, b, dtype=np.uint8), 2)


def _digits(cubes: Array) -> Array:
    """The cubes that are true in `(3,) * n`, as `(cubes, n)` of 0, 1 and 2."""
    return np.argwhere(cubes).astype(np.int8)


def _row_numbers(cubes: Array) -> Callable[[int], Array]:
    """A function from the place of a cube in `(cubes, n)` to the numbers of its rows."""
    powers = 2 ** np.arange(cubes.shape[1])[::-1]
    first = (cubes == 1) @ powers
    spans = (cubes == _OPEN) @ powers
    offsets = {int(span): _offsets(span, powers) for span in np.unique(spans)}
    return lambda place: first[place] + offsets[int(spans[place])]


def _offsets(span: int, powers: Array) -> Array:
    """Every sum of the powers of two in `span`."""
    sums = np.zeros(1, np.int64)
    for power in powers[span & powers > 0]:
        sums = np.concatenate([sums, sums + power])
    return sums


def _smallest_cover(candidates: Array, uncovered: Array) -> Array:
    """The fewest candidates, and of those the fewest literals, that hold the uncovered rows."""
    from scipy.optimize import LinearConstraint, milp

    if not len(candidates):
        return candidates
    rows_of = _row_numbers(candidates)
    holds = np.zeros((len(uncovered), len(candidates)))
    for k in range(len(candidates)):
        holds[rows_of(k), k] = 1
    literals = (candidates != _OPEN).sum(axis=1)
    found = milp(
        # One term more costs more than all literals of any cover.
        literals + (literals.sum() + 1),
        constraints=LinearConstraint(holds[uncovered], lb=1),
        integrality=np.ones(len(candidates)),
        bounds=(0, 1),
        options={"mip_rel_gap": 0},
    )
    return candidates[found.x > 0.5]


def _greedy_cover(candidates: Array, uncovered: Array) -> Array:
    """Candidates that hold the uncovered rows, the one with most of what is left first."""
    left = uncovered.copy()
    rows_of = _row_numbers(candidates)
    heap = [(-int(left[rows_of(k)].sum()), k) for k in range(len(candidates))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while left.any():
        _, k = heapq.heappop(heap)
        # Counts only fall: an old one is a bound, and is made anew when it comes to the top.
        count = int(left[rows_of(k)].sum())
        if heap and -count > heap[0][0]:
            heapq.heappush(heap, (-count, k))
            continue
        chosen.append(k)
        left[rows_of(k)] = False
    return candidates[_irredundant([rows_of(k) for k in chosen], uncovered, chosen)]


def _irredundant(rows: list[Array], uncovered: Array, chosen: list[int]) -> list[int]:
    """The chosen, the last first, without those whose uncovered rows the others hold."""
    times = np.zeros(len(uncovered), np.int64)
    for own in rows:
        times[own] += 1
    kept: list[int] = []
    for own, k in zip(reversed(rows), reversed(chosen), strict=True):
        if (times[own[uncovered[own]]] > 1).all():
            times[own] -= 1
        else:
            kept.append(k)
    return kept

"""Sizes and places as formulas: sizes are polynomials of the number of rows, places are linear in
the counters of the loops around them."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.types import BATCH, Shape, Size


@dataclass(frozen=True, slots=True)
class Count:
    """c₀ + c₁·rows + c₂·rows² + ...: a number of elements. No coefficient is below 0."""

    coefficients: tuple[int, ...]

    def __add__(self, other: Count) -> Count:
        longer, shorter = sorted((self.coefficients, other.coefficients), key=len, reverse=True)
        padded = (*shorter, *[0] * (len(longer) - len(shorter)))
        return Count(tuple(a + b for a, b in zip(longer, padded, strict=True)))

    def __mul__(self, other: Count | int) -> Count:
        factor = other.coefficients if isinstance(other, Count) else (other,)
        product = [0] * (len(self.coefficients) + len(factor) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(factor):
                product[i + j] += a * b
        while len(product) > 1 and product[-1] == 0:
            product.pop()
        return Count(tuple(product))

    def __str__(self) -> str:
        names = ["", "·batch", "·batch²", "·batch³"]
        terms = [f"{c}{names[power]}" for power, c in enumerate(self.coefficients) if c]
        return " + ".join(terms).replace("1·batch", "batch") or "0"

    @property
    def fixed(self) -> int | None:
        """The number, where it does not depend on the rows."""
        return self.coefficients[0] if len(self.coefficients) == 1 else None

    def at(self, rows: int) -> int:
        """The number for so many rows."""
        return sum(c * rows**power for power, c in enumerate(self.coefficients))


ONE = Count((1,))
ZERO = Count((0,))


def count(size: Size | int) -> Count:
    """One size of a shape."""
    return Count((0, 1)) if size is BATCH else Count((int(size),))  # pyright: ignore[reportArgumentType]


def elements(shape: Sequence[Size]) -> Count:
    """How many numbers an array of this shape holds."""
    return math.prod(map(count, shape), start=ONE)


def strides(shape: Sequence[Size]) -> tuple[Count, ...]:
    """How far apart neighbours along each axis lie in row-major order."""
    return tuple(elements(shape[axis + 1 :]) for axis in range(len(shape)))


@dataclass(frozen=True, slots=True)
class Place:
    """start + Σ stepₐ · counterₐ over the axes a of a loop nest. Steps may be below 0."""

    start: Step = 0
    steps: tuple[tuple[int, Step], ...] = ()

    def __add__(self, other: Place | int) -> Place:
        if isinstance(other, int):
            return Place(plus(self.start, other), self.steps)
        steps = dict(self.steps)
        for axis, step in other.steps:
            steps[axis] = plus(steps[axis], step) if axis in steps else step
        return Place(plus(self.start, other.start), _sorted(steps))

    def scaled(self, factor: Step) -> Place:
        """The place times a number."""
        if isinstance(factor, Count) and factor.fixed is not None:
            factor = factor.fixed
        steps = _sorted({axis: times(step, factor) for axis, step in self.steps})
        return Place(times(self.start, factor), steps)

    def step(self, axis: int) -> Step:
        """By how much it grows with the counter of one axis."""
        return dict(self.steps).get(axis, 0)

    def __str__(self) -> str:
        terms = [f"{step}·i{axis}" if step != 1 else f"i{axis}" for axis, step in self.steps]
        if self.start != 0 or not terms:
            terms.append(str(self.start))
        return " + ".join(terms)


#: What a counter is multiplied by: a whole number, or one that depends on the number of rows.
Step: TypeAlias = "int | Count"


def plus(x: Step, y: Step) -> Step:
    """The sum of two steps."""
    if isinstance(x, int) and isinstance(y, int):
        return x + y
    total = _as_count(x) + _as_count(y)
    return total if total.fixed is None else total.fixed


def times(x: Step, factor: Step) -> Step:
    """The product of two steps."""
    if isinstance(x, int) and isinstance(factor, int):
        return x * factor
    product = _as_count(x) * _as_count(factor)
    return product if product.fixed is None else product.fixed


def _as_count(step: Step) -> Count:
    return Count((step,)) if isinstance(step, int) else step


def _sorted(steps: Mapping[int, Step]) -> tuple[tuple[int, Step], ...]:
    return tuple((axis, steps[axis]) for axis in sorted(steps) if steps[axis] != 0)


def counter(axis: int) -> Place:
    """The place that the counter of one axis gives."""
    return Place(0, ((axis, 1),))


Index: TypeAlias = tuple[Place, ...]


@functools.lru_cache(maxsize=4096)
def flat(index: Index, shape: Shape) -> Place:
    """The place in row-major order of the element at `index` of an array of `shape`."""
    place = Place()
    for one, stride in zip(index, strides(shape), strict=True):
        place = place + one.scaled(stride)
    return place


def unflat(place: Place, shape: Shape, sizes: Sequence[Size]) -> Index | None:
    """The index into `shape` of what lies at `place` in row-major order, if it is linear too.

    sizes  of the axes of the loop nest
    """
    index: list[Place] = []
    rest = place
    for stride in strides(shape):
        whole, rest = _split(rest, stride)
        if whole is None or not _is_below(rest, stride, sizes):
            return None
        index.append(whole)
    return tuple(index) if rest == Place() else None


def _split(place: Place, stride: Count) -> tuple[Place | None, Place]:
    """The terms that are multiples of `stride`, divided by it, and the other terms."""
    whole: dict[int, Step] = {}
    rest: dict[int, Step] = {}
    for axis, step in place.steps:
        quotient = _divided(step, stride)
        if quotient is None:
            rest[axis] = step
        else:
            whole[axis] = quotient
    if stride.fixed == 0:
        return None, place
    if isinstance(place.start, Count) or stride.fixed is None:
        start = _divided(place.start, stride) if place.start != 0 else 0
        left: Step = place.start if start is None else 0
        return Place(start or 0, _sorted(whole)), Place(left, _sorted(rest))
    start, left = divmod(place.start, stride.fixed)
    return Place(start, _sorted(whole)), Place(left, _sorted(rest))


def _divided(step: Step, stride: Count) -> Step | None:
    if isinstance(step, int) and stride.fixed:
        return step // stride.fixed if step % stride.fixed == 0 else None
    if isinstance(step, Count):
        if step == stride:
            return 1
        if stride.fixed and all(c % stride.fixed == 0 for c in step.coefficients):
            return Count(tuple(c // stride.fixed for c in step.coefficients))
        shift = len(step.coefficients) - len(stride.coefficients)
        top, bottom = step.coefficients[-1], stride.coefficients[-1]
        if shift >= 0 and bottom and top % bottom == 0:
            quotient = Count((*[0] * shift, top // bottom))
            if quotient * stride == step:
                return quotient if quotient.fixed is None else quotient.fixed
    return None


def _is_below(place: Place, stride: Count, sizes: Sequence[Size]) -> bool:
    """Whether a place is from 0 to below `stride`, whatever the counters are."""
    if place == Place():
        return True
    if not isinstance(place.start, int) or place.start < 0:
        return False
    if any(not isinstance(step, int) or step < 0 for _, step in place.steps):
        return False
    reach = place.start
    for axis, step in place.steps:
        size = sizes[axis]
        if size is BATCH:
            # Rows · step is below rows · stride only where the stride has that many rows at least.
            return (
                stride.fixed is None
                and len(place.steps) == 1
                and place.start == 0
                and stride.coefficients[1] >= int(step)  # pyright: ignore[reportArgumentType]
                and sum(stride.coefficients[2:]) >= 0
            )
        reach += int(step) * (int(size) - 1)  # pyright: ignore[reportArgumentType]
    return stride.fixed is not None and reach < stride.fixed
